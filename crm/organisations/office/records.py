"""The list of organisations, one organisation, adding and correcting it, its employee counts and its history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import duplicates, merging, organisations, people, searching, succession
from crm.organisations.forms import EmployeesForm, NewOrganisationForm, OrganisationForm
from crm.organisations.office import area, found
from crm.organisations.office.likenesses import PLACES, keep_apart, newly_alike, places
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page


def _industries() -> list[tuple[str, str]]:
    return [(industry, industry) for industry in organisations.industries()]


LISTING = Listing(
    name="organisations",
    title=_("Organisations"),
    columns=[
        Column("name", _("Legal name"), sort=Organisation.name),
        Column("kana", _("Reading"), sort=Organisation.kana),
        Column("kind", _("Kind"), sort=Organisation.kind),
        Column("industry", _("Industry"), sort=Organisation.industry),
        Column("corporate_number", _("Corporate number"), sort=Organisation.corporate_number),
        Column("address", _("Address")),
    ],
    order=[Organisation.kana, Organisation.name, Organisation.id],
    search=searching.organisations,
    filters=[
        choice_filter("kind", _("Kind"), Organisation.kind, OrganisationKind),
        Filter("industry", _("Industry"), _industries, lambda s, v: s.where(Organisation.industry == v)),
    ],
)


@area.get("/")
@requires(Permission.ORGANISATIONS_READ)
def index() -> ResponseReturnValue:
    """Everyone we know, by reading."""
    standing = sa.select(Organisation).where(Organisation.merged_into_id.is_(None))
    listing = LISTING.of(standing, url=lambda one: url_for(".show", organisation_id=one.id))
    return listing.exit() or page("organisations/office/index.html", listing=listing)


@area.get("/new")
@requires(Permission.ORGANISATIONS_EDIT)
def new() -> ResponseReturnValue:
    """The form for one more."""
    return page("organisations/office/new.html", form=NewOrganisationForm(), proposals=[])


@area.post("/")
@requires(Permission.ORGANISATIONS_EDIT)
def add() -> ResponseReturnValue:
    """Add one; whoever it could be is shown first."""
    form = NewOrganisationForm()
    proposals: list[duplicates.Proposal] = []
    if form.validate():
        values = form.values()
        is_another = values.pop("is_another")
        proposals = duplicates.proposals(values["name"], values["corporate_number"], **places(values))
        if proposals and not is_another:
            form.refuse(Refused(_("Someone like this is known already. Please look first.")))
        else:
            with form.refusals(), act(Kind.ORGANISATION_ADDED) as deed:
                deed.about = organisations.adding(**values)
                db.session.flush()
                keep_apart(deed.about, proposals)
                return done(url_for(".show", organisation_id=deed.about.id), _("Added."))
    return page("organisations/office/new.html", 422, form=form, proposals=proposals)


@area.get("/<int:organisation_id>")
@requires(Permission.ORGANISATIONS_READ)
def show(organisation_id: int) -> ResponseReturnValue:
    """What is known of one, at a glance."""
    return _overview(found(organisation_id), EmployeesForm(data={"on": clock.today()}))


@area.get("/<int:organisation_id>/edit")
@requires(Permission.ORGANISATIONS_EDIT)
def edit(organisation_id: int) -> ResponseReturnValue:
    """The form to correct it."""
    organisation = found(organisation_id)
    form = OrganisationForm.of(organisation)
    return page("organisations/office/edit.html", form=form, organisation=organisation, proposals=[])


@area.post("/<int:organisation_id>/edit")
@requires(Permission.ORGANISATIONS_EDIT)
def save(organisation_id: int) -> ResponseReturnValue:
    """Correct it; someone who saved meanwhile is not overwritten."""
    organisation = found(organisation_id)
    form = NewOrganisationForm()
    proposals: list[duplicates.Proposal] = []
    if form.validate():
        values = form.values()
        is_another = values.pop("is_another")
        proposals = newly_alike(organisation, values)
        if proposals and not is_another:
            form.refuse(Refused(_("Someone like this is known already. Please look first.")))
        else:
            with form.refusals(), act(Kind.ORGANISATION_CHANGED, about=organisation):
                form.check_version(organisation)
                organisation.change(**values, kind_known=True)
                keep_apart(organisation, proposals)
                return done(url_for(".show", organisation_id=organisation.id), _("Saved."))
    context = {"form": form, "organisation": found(organisation_id), "proposals": proposals}
    return page("organisations/office/edit.html", 422, **context)


@area.get("/<int:organisation_id>/history")
@requires(Permission.HISTORY_READ)
def history(organisation_id: int) -> ResponseReturnValue:
    """What happened to it."""
    organisation = found(organisation_id)
    entries = merging.past_of(organisation)
    names = actor_names(entry.actor for entry in entries)
    return page("organisations/office/history.html", organisation=organisation, entries=entries, names=names)


def _overview(organisation: Organisation, form: EmployeesForm, status: int = 200) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "organisation": organisation,
        "form": form,
        "people": db.session.scalars(people.at(organisation)).all(),
        "successions": succession.concerning(organisation),
        "proposals": _proposals(organisation),
        "on": clock.today(),
    }
    return page("organisations/office/show.html", status, **context)


def _proposals(organisation: Organisation) -> list[duplicates.Proposal]:
    if organisation.merged_into_id is not None:
        return []
    here = {name: getattr(organisation, name) for name in PLACES}
    return duplicates.proposals(organisation.name, organisation.corporate_number, besides=organisation.id, **here)
