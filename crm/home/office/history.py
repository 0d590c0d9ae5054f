"""The record, for whoever may read it: who did what, when, to which thing, before and after."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access import users
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.history import chain
from crm.history.kinds import Kind
from crm.history.records import Act, Change
from crm.text import _
from crm.values import dates
from crm.web.audiences import office_area
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

area = office_area("history", __name__)

ACTS = Listing(
    "history",
    title=_("History"),
    columns=[
        Column("number", _("No."), "number", kind="number", sort=Act.number),
        Column("at", _("When"), "at", kind="moment", sort=Act.at),
        Column("kind", _("What was done"), "kind"),
        Column("actor", _("Who"), lambda act: _names().get(act.actor) or users.actor_words(act.actor)),
        Column("about", _("About"), lambda act: f"{act.about_table} {act.about_id}" if act.about_table else ""),
        Column("note", _("Remark"), "note"),
    ],
    order=[Act.number.desc()],
    search=lambda words: sa.or_(
        Act.note.icontains(words, autoescape=True), Act.actor.icontains(words, autoescape=True)
    ),
    filters=[
        choice_filter("kind", _("What was done"), Act.kind, Kind),
        Filter("since", _("Since"), lambda: _recent(), lambda s, v: s.where(Act.at >= clock.moment_of(dates.parse(v)))),
    ],
)


@area.get("")
@requires(Permission.HISTORY_READ)
def index() -> ResponseReturnValue:
    """The acts, newest first."""
    acts = sa.select(Act)
    table, row = request.args.get("table", ""), request.args.get("row", "")
    if table and row.isdecimal() and len(row) < 19:
        touched = sa.select(Change.act_id).where(Change.table_name == table, Change.row_id == int(row))
        acts = acts.where(sa.or_(Act.id.in_(touched), sa.and_(Act.about_table == table, Act.about_id == int(row))))
    listing = ACTS.of(acts, url=lambda act: f"{request.path}/{act.number}")
    return listing.exit() or page("home/office/history.html", listing=listing, head=chain.head(db.session))


@area.get("/<int:number>")
@requires(Permission.HISTORY_READ)
def show(number: int) -> ResponseReturnValue:
    """One act with every row it changed."""
    act = db.session.scalars(
        sa.select(Act).where(Act.number == number).options(selectinload(Act.changes))
    ).one_or_none()
    if act is None:
        raise NotFound
    return page("home/office/act.html", act=act, names=users.actor_names([act.actor]))


@area.post("/verify")
@requires(Permission.HISTORY_READ)
def verify() -> ResponseReturnValue:
    """Recompute the whole chain and say whether it holds."""
    found = list(chain.breaches(db.session))
    return page("home/office/history_verified.html", breaches=found, head=chain.head(db.session))


def _names() -> dict[str, str]:
    if "actor_names" not in g:
        g.actor_names = users.actor_names(f"user:{i}" for i in db.session.scalars(sa.select(users.User.id)))
    names: dict[str, str] = g.actor_names
    return names


def _recent() -> list[tuple[str, Any]]:
    today = clock.today()
    first = today.replace(day=1)
    return [(today.isoformat(), _("Today")), (first.isoformat(), _("This month"))]
