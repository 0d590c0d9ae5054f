"""Participations in project CHANGE in the office (参画機関)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.finding import the_one
from crm.organisations.organisations import Organisation, OrganisationKind, named_like
from crm.projects import participations
from crm.projects.forms import EvidenceForm, ParticipationForm
from crm.projects.office import area, downloaded, found, uploaded, written
from crm.projects.participations import TOPICS, Participation, topic_name
from crm.text import _
from crm.web.forms import done
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


@area.get("/participations/new")
@requires(Permission.PROJECTS_EDIT)
def new_participation() -> ResponseReturnValue:
    """The form for one more; ``?organisation=`` fills in the name."""
    form = ParticipationForm(data={"organisation": request.args.get("organisation", "")[:200]}).offer_topics()
    return page("projects/office/participation_new.html", form=form)


@area.post("/participations")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_participation() -> ResponseReturnValue:
    """Record that an organisation takes part."""
    form = ParticipationForm().offer_topics()
    if form.validate():
        with form.refusals(), act(Kind.PARTICIPATION_RECORDED) as deed:
            values = _values(form)
            organisation = the_one(values.pop("organisation"), "organisation")
            deed.about = participations.record(organisation, evidence_file=uploaded(), **values)
            db.session.flush()
            return done(url_for(".participation", participation_id=deed.about.id), _("Recorded."))
    return page("projects/office/participation_new.html", 422, form=form)


@area.get("/participations/<int:participation_id>")
@requires(Permission.PROJECTS_READ)
def participation(participation_id: int) -> ResponseReturnValue:
    """One participation with its evidence and history."""
    one = found(Participation, participation_id)
    form = ParticipationForm.of(one)
    form.organisation.data = one.organisation.name
    return _show(one, form.offer_topics(), EvidenceForm(None))


@area.post("/participations/<int:participation_id>")
@requires(Permission.PROJECTS_EDIT)
def save_participation(participation_id: int) -> ResponseReturnValue:
    """Set it right."""
    one, form = found(Participation, participation_id), ParticipationForm().offer_topics()
    if form.validate():
        with form.refusals(), act(Kind.PARTICIPATION_CHANGED, about=one):
            form.check_version(one)
            values = _values(form)
            one.change(**{**values, "organisation": the_one(values["organisation"], "organisation")})
            return done(url_for(".participation", participation_id=participation_id), _("Saved."))
    return _show(found(Participation, participation_id), form, EvidenceForm(None), 422)


@area.post("/participations/<int:participation_id>/evidence")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_participation_evidence(participation_id: int) -> ResponseReturnValue:
    """Put a file to it as evidence."""
    one, form = found(Participation, participation_id), EvidenceForm()
    if form.validate():
        with form.refusals(), act(Kind.EVIDENCE_ADDED, about=one):
            file = uploaded()
            if file is None:
                raise Refused(_("Please choose a file."), field="file")
            one.evidence_file = file
            return done(url_for(".participation", participation_id=participation_id), _("Saved."))
    one = found(Participation, participation_id)
    filled = ParticipationForm(None, obj=one).offer_topics()
    filled.organisation.data = one.organisation.name
    filled.version.data = str(one.version)
    return _show(one, filled, form, 422)


@area.get("/participations/<int:participation_id>/evidence")
@requires(Permission.PROJECTS_READ)
def participation_evidence(participation_id: int) -> ResponseReturnValue:
    """Its evidence file."""
    return downloaded(found(Participation, participation_id).evidence_file)


def _values(form: ParticipationForm) -> dict[str, Any]:
    values = form.values()
    values.pop("file")
    return values


def _show(
    one: Participation, form: ParticipationForm, evidence_form: EvidenceForm, status: int = 200
) -> ResponseReturnValue:
    entries = timeline.of(one)
    return page(
        "projects/office/participation.html", status, participation=one, form=form, evidence_form=evidence_form,
        topic=topic_name(one.topic), entries=entries, names=actor_names(entry.actor for entry in entries),
    )  # fmt: skip
