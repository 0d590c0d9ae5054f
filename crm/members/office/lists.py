"""The list of members, today or on any day; how many they were."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.members import fees, terms, tiers
from crm.members.members import ClassPeriod, Member, Standing, belonging, in_class
from crm.members.office import area
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations.organisations import Organisation, named_like
from crm.text import _, label
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

EARLIEST = FiscalYear(2024)  # the consortium was founded in November 2024


def _listing(day: date) -> Listing:
    """The list as it stands on a day; the dated tiers are read once for all rows."""
    rows, year, monthly = tiers.all_tiers(), FiscalYear.of(day), fees.by_month()

    def fee_of(member: Member) -> Any:
        basis = fees.basis(member, year, rows)
        return basis.fee(by_month=monthly) if basis else None

    return Listing(
        name="members",
        title=_("Members"),
        columns=[
            Column("organisation", _("Legal name"), value="organisation.name", sort=Organisation.kana),
            Column("number", _("Member number"), kind="code", sort=Member.number),
            Column("class", _("Class"), value=lambda m: m.class_on(day) or (m.classes[-1].member_class if m.classes else None)),
            Column("standing", _("Standing"), value=lambda m: m.standing_on(day), kind="status"),
            Column("industry", _("Industry"), value="organisation.industry", sort=Organisation.industry),
            Column("fee", _("Annual fee"), value=fee_of, kind="yen"),
            Column("joined_on", _("Day of joining"), value="joined_on", kind="day"),
            Column("left_on", _("Last day of membership"), value="left_on", kind="day"),
        ],
        order=[Member.number],
        search=lambda words: sa.or_(named_like(words), Member.number.icontains(words, autoescape=True)),
        filters=[
            Filter("member_class", _("Class"), lambda: [(c.value, label(c)) for c in MemberClass],
                   lambda s, v: s.where(in_class(day, MemberClass(v)))),
            Filter("standing", _("Standing"), lambda: [(x.value, label(x)) for x in Standing],
                   lambda s, v: s.where(_stands(Standing(v), day))),
            Filter("tier", _("Fee tier"), lambda: [(t.code, t.name) for t in tiers.in_force(day, rows)],
                   lambda s, v: s.where(Member.id.in_(_paying(v, year, rows)))),
        ],
    )  # fmt: skip


def _stands(standing: Standing, day: date) -> sa.ColumnElement[bool]:
    here = belonging(day)
    ends = Member.classes.any(sa.and_(ClassPeriod.since <= day, ClassPeriod.until >= day))
    later = Member.classes.any(ClassPeriod.since > day)
    return {
        Standing.MEMBER: sa.and_(here, sa.or_(~ends, later)),
        Standing.LEAVING: sa.and_(here, ends, ~later),
        Standing.COMING: sa.and_(~here, later),
        Standing.LEFT: sa.and_(~here, ~later),
    }[standing]


def _paying(code: str, year: FiscalYear, rows: list[FeeTier]) -> list[int]:
    """The members whose tier of a year is this one; it follows from figures, so it is computed."""
    members = db.session.scalars(fees.with_basis(sa.select(Member))).unique()
    found = ((m.id, fees.basis(m, year, rows)) for m in members)
    return [id_ for id_, basis in found if basis is not None and basis.tier is not None and basis.tier.code == code]


@area.get("/")
@requires(Permission.MEMBERS_READ)
def index() -> ResponseReturnValue:
    """The members; with ``?on=`` who they were on a day."""
    day = day_asked("on")
    select = fees.with_basis(sa.select(Member))
    if day is not None:
        select = select.where(belonging(day))
    listing = _listing(day or clock.today()).of(select, url=lambda m: url_for(".show", member_id=m.id))
    return listing.exit() or page(
        "members/office/index.html", listing=listing, on=day, counted=terms.count(day or clock.today())
    )


@area.get("/counts")
@requires(Permission.MEMBERS_READ)
def counts() -> ResponseReturnValue:
    """How many members of each class on a day, and at the end of each fiscal year."""
    day = day_asked("on") or clock.today()
    first, last = EARLIEST, FiscalYear.of(max(day, clock.today()))
    years = [first + n for n in range(min(last - first + 1, 60))]
    by_year = [
        (year, min(year.last_day, clock.today()), terms.count(min(year.last_day, clock.today()))) for year in years
    ]
    return page("members/office/counts.html", on=day, counted=terms.count(day), by_year=by_year)


def day_asked(name: str) -> date | None:
    """A day of the address, in either calendar; ``None`` when it is not given. 400 for what is no day."""
    written = request.args.get(name, "").strip()
    try:
        return dates.parse(written) if written else None
    except BadValue as error:
        raise BadRequest(name) from error
