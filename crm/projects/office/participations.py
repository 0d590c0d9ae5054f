"""Participations in project CHANGE in the office (参画機関)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.history.kinds import Kind
from crm.organisations.organisations import Organisation, OrganisationKind, named_like
from crm.projects import participations
from crm.projects.forms import ParticipationForm
from crm.projects.office import area, written
from crm.projects.office.keeping import Keeping
from crm.projects.participations import TOPICS, Participation, topic_name
from crm.text import _
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.safety import takes_files
from crm.web.templating import page

TOPIC_VALUES = {str(topic): topic for topic in TOPICS}

LISTING = Listing(
    name="participations",
    title=_("Participants of CHANGE"),
    columns=[
        Column("organisation", _("Organisation"), value="organisation.name", sort=Organisation.name),
        Column("organisation_kind", _("Kind"), value="organisation.kind", sort=Organisation.kind),
        Column("topic", _("Topic"), value=lambda one: topic_name(one.topic), sort=Participation.topic),
        Column("since", _("Since"), value=lambda one: written(one.since), sort=Participation.since),
        Column("until", _("Until"), value=lambda one: written(one.until), sort=Participation.until),
        Column("evidence", _("Evidence")),
    ],
    order=[Participation.topic, Organisation.kana, Organisation.name, Participation.id],
    search=lambda words: sa.or_(named_like(words), Participation.title.icontains(words, autoescape=True)),
    filters=[
        Filter(
            "topic",
            _("Topic"),
            lambda: [(str(topic), topic_name(topic)) for topic in TOPICS],
            lambda select, value: select.where(Participation.topic == TOPIC_VALUES[value]),
        ),
        choice_filter("kind", _("Kind"), Organisation.kind, OrganisationKind),
    ],
)


@area.get("/")
@requires(Permission.PROJECTS_READ)
def index() -> ResponseReturnValue:
    """Who takes part in what."""
    select = sa.select(Participation).join(Participation.organisation)
    select = select.options(joinedload(Participation.organisation))
    listing = LISTING.of(select, url=lambda one: url_for(".participation", participation_id=one.id))
    return listing.exit() or page("projects/office/participations.html", listing=listing)


PARTICIPATIONS = Keeping(
    Participation, ParticipationForm, name="participation", overview=".index",
    shown="projects/office/participation.html", asked="projects/office/participation_new.html",
    recorded=Kind.PARTICIPATION_RECORDED, changed=Kind.PARTICIPATION_CHANGED, record=participations.record,
)  # fmt: skip


@area.get("/participations/new")
@requires(Permission.PROJECTS_EDIT)
def new_participation() -> ResponseReturnValue:
    """The form for one more; ``?organisation=`` fills in the name."""
    return PARTICIPATIONS.blank()


@area.post("/participations")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_participation() -> ResponseReturnValue:
    """Record that an organisation takes part."""
    return PARTICIPATIONS.add()


@area.get("/participations/<int:participation_id>")
@requires(Permission.PROJECTS_READ)
def participation(participation_id: int) -> ResponseReturnValue:
    """One participation with its evidence and history."""
    return PARTICIPATIONS.show(participation_id)


@area.post("/participations/<int:participation_id>")
@requires(Permission.PROJECTS_EDIT)
def save_participation(participation_id: int) -> ResponseReturnValue:
    """Set it right."""
    return PARTICIPATIONS.save(participation_id)


@area.post("/participations/<int:participation_id>/evidence")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_participation_evidence(participation_id: int) -> ResponseReturnValue:
    """Put a file to it as evidence."""
    return PARTICIPATIONS.add_evidence(participation_id)


@area.get("/participations/<int:participation_id>/evidence")
@requires(Permission.PROJECTS_READ)
def participation_evidence(participation_id: int) -> ResponseReturnValue:
    """Its evidence file."""
    return PARTICIPATIONS.evidence(participation_id)
