"""Companies founded on the project's research, in the office."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.finding import the_one
from crm.organisations.organisations import Organisation, named_like
from crm.projects import ventures
from crm.projects.forms import VentureForm
from crm.projects.office import area, found
from crm.projects.ventures import Venture
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.templating import page

LISTING = Listing(
    name="ventures",
    title=_("Ventures"),
    columns=[
        Column("organisation", _("Company"), value="organisation.name", sort=Organisation.name),
        Column("founded", _("Founded in fiscal year"), kind="year", sort=Venture.founded),
        Column("business", _("Business")),
        Column("outcome", _("What became of it")),
        Column("note", _("Note")),
    ],
    order=[Venture.founded, Venture.id],
    search=lambda words: sa.or_(named_like(words), Venture.business.icontains(words, autoescape=True)),
)


@area.get("/ventures")
@requires(Permission.PROJECTS_READ)
def venture_list() -> ResponseReturnValue:
    """Every company founded, the oldest first."""
    select = sa.select(Venture).join(Venture.organisation).options(joinedload(Venture.organisation))
    listing = LISTING.of(select, url=lambda one: url_for(".venture", venture_id=one.id))
    return listing.exit() or page("projects/office/ventures.html", listing=listing)


@area.get("/ventures/new")
@requires(Permission.PROJECTS_EDIT)
def new_venture() -> ResponseReturnValue:
    """The form for one more."""
    return page("projects/office/venture_new.html", form=VentureForm())


@area.post("/ventures")
@requires(Permission.PROJECTS_EDIT)
def add_venture() -> ResponseReturnValue:
    """Record that a company was founded."""
    form = VentureForm()
    if form.validate():
        with form.refusals(), act(Kind.VENTURE_RECORDED) as deed:
            values = form.values()
            organisation = the_one(values.pop("organisation"), "organisation")
            deed.about = ventures.record(organisation, values.pop("founded"), **values)
            db.session.flush()
            return done(url_for(".venture", venture_id=deed.about.id), _("Recorded."))
    return page("projects/office/venture_new.html", 422, form=form)


@area.get("/ventures/<int:venture_id>")
@requires(Permission.PROJECTS_READ)
def venture(venture_id: int) -> ResponseReturnValue:
    """One company with its history."""
    one = found(Venture, venture_id)
    form = VentureForm.of(one)
    form.organisation.data = one.organisation.name
    return _show(one, form)


@area.post("/ventures/<int:venture_id>")
@requires(Permission.PROJECTS_EDIT)
def save_venture(venture_id: int) -> ResponseReturnValue:
    """Set it right."""
    one, form = found(Venture, venture_id), VentureForm()
    if form.validate():
        with form.refusals(), act(Kind.VENTURE_CHANGED, about=one):
            form.check_version(one)
            values = form.values()
            values.pop("organisation")
            one.change(**values)
            return done(url_for(".venture", venture_id=venture_id), _("Saved."))
    return _show(found(Venture, venture_id), form, 422)


def _show(one: Venture, form: VentureForm, status: int = 200) -> ResponseReturnValue:
    entries = timeline.of(one)
    names = actor_names(entry.actor for entry in entries)
    return page("projects/office/venture.html", status, venture=one, form=form, entries=entries, names=names)
