"""Companies founded on the project's research, in the office."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.history.kinds import Kind
from crm.organisations.organisations import Organisation, named_like
from crm.projects import ventures
from crm.projects.forms import VentureForm
from crm.projects.office import area
from crm.projects.office.keeping import Keeping
from crm.projects.ventures import Venture
from crm.text import _
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


VENTURES = Keeping(
    Venture, VentureForm, name="venture", overview=".venture_list",
    shown="projects/office/venture.html", asked="projects/office/venture_new.html",
    recorded=Kind.VENTURE_RECORDED, changed=Kind.VENTURE_CHANGED, record=ventures.record, proven=False,
)  # fmt: skip


@area.get("/ventures/new")
@requires(Permission.PROJECTS_EDIT)
def new_venture() -> ResponseReturnValue:
    """The form for one more; ``?organisation=`` fills in the name."""
    return VENTURES.blank()


@area.post("/ventures")
@requires(Permission.PROJECTS_EDIT)
def add_venture() -> ResponseReturnValue:
    """Record that a company was founded."""
    return VENTURES.add()


@area.get("/ventures/<int:venture_id>")
@requires(Permission.PROJECTS_READ)
def venture(venture_id: int) -> ResponseReturnValue:
    """One company with its history."""
    return VENTURES.show(venture_id)


@area.post("/ventures/<int:venture_id>")
@requires(Permission.PROJECTS_EDIT)
def save_venture(venture_id: int) -> ResponseReturnValue:
    """Set it right."""
    return VENTURES.save(venture_id)
