"""The turn of the year (年度更新) in the office: the work list, asking for employee figures, and the terms of the new year."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import declarations, fees, letters, terms
from crm.members.fees import FeeBasis
from crm.members.forms import YearForm
from crm.members.members import Member
from crm.members.office import area, found
from crm.members.renewing import Concern, Renewal, concerned, usual_year, worklist
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation, named_like
from crm.text import _, label, ngettext
from crm.values import BadValue
from crm.values.fiscal_year import FiscalYear
from crm.web.forms import Form, back, done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

NOT_WORKED_AT = (Concern.RENEWS, Concern.NEW)  # what needs nobody's attention stands behind what does


@area.get("/renewal")
@requires(Permission.MEMBERS_READ)
def renewal() -> ResponseReturnValue:
    """Each member at the turn of a year: who goes on and what they will pay, what changes and why, what must be asked."""
    year = year_asked()
    rows = worklist(year)
    listing = _listing(year, rows).of(
        sa.select(Member).join(Member.organisation).where(concerned(year)),
        url=lambda m: url_for(".years", member_id=m.id),
    )
    askable = {c.member.id for c in declarations.candidates(year) if c.why_not is None}
    counted = {concern: sum(concern in row.concerns for row in rows) for concern in Concern}
    return listing.exit() or page(
        "members/office/renewal.html", listing=listing, year=year, counted=counted,
        rows={row.member.id: row for row in rows}, by_month=fees.by_month(),
        askable=askable,
    )  # fmt: skip


@area.get("/renewal/terms")
@requires(Permission.MEMBERS_EDIT)
def new_terms() -> ResponseReturnValue:
    """Whose term of a year would be made, whose is there, and who is left out and why."""
    return _new_terms(YearForm(formdata=None, data={"year": year_asked()}))


@area.post("/renewal/terms")
@requires(Permission.MEMBERS_EDIT)
def renew() -> ResponseReturnValue:
    """Make them, all in one act; asked again, those that are missing."""
    form = YearForm()
    if form.validate():
        with form.refusals(), act(Kind.TERMS_RENEWED, note=str(form.year.data)):
            made = terms.renew(form.year.data)
            message = ngettext("%(num)d term was made.", "%(num)d terms were made.", len(made))
            return done(url_for(".renewal", year=form.year.data.start), message)
    return _new_terms(form, 422)


@area.get("/renewal/ask")
@requires(Permission.MEMBERS_EDIT)
def to_ask() -> ResponseReturnValue:
    """Who would be asked for an employee figure, and who would not and why."""
    return _to_ask(YearForm(formdata=None, data={"year": year_asked()}))


@area.post("/renewal/ask")
@requires(Permission.MEMBERS_EDIT)
def ask_all() -> ResponseReturnValue:
    """Ask everyone whose figure is old or missing, by letter; nobody twice within the days the office has set."""
    form = YearForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_ASKED, note=str(form.year.data)):
            asked = declarations.ask_all(form.year.data)
            for declaration in asked:
                letters.employees_asked(declaration)
            message = ngettext("%(num)d member was asked.", "%(num)d members were asked.", len(asked))
            return done(url_for(".renewal", year=form.year.data.start), message)
    return _to_ask(form, 422)


@area.post("/<int:member_id>/ask")
@requires(Permission.MEMBERS_EDIT)
def ask(member_id: int) -> ResponseReturnValue:
    """Ask one member; where it cannot be asked, the reason is shown."""
    member, form = found(member_id), YearForm()
    there = back(url_for(".years", member_id=member_id))
    if not form.validate():
        raise BadRequest("year")
    try:
        with act(Kind.EMPLOYEES_ASKED, about=member, note=str(form.year.data)):
            letters.employees_asked(declarations.ask(member, form.year.data))
            return done(there, _("%(name)s was asked for its employee figure.", name=member.organisation.name))
    except Refused as refusal:
        return done(there, refusal.message, "warning")


def _listing(year: FiscalYear, rows: list[Renewal]) -> Listing:
    """The work list; what follows from figures is computed once, for the filters and the columns alike."""

    def with_concern(concern: Concern) -> list[int]:
        return [row.member.id for row in rows if concern in row.concerns]

    def in_class(wanted: MemberClass) -> list[int]:
        return [row.member.id for row in rows if (basis := row.now or row.before) and basis.member_class is wanted]

    return Listing(
        name=f"renewal-{year.start}",
        title=_("Turn of the year"),
        columns=_columns({row.member.id: row for row in rows}),
        order=[Member.number],
        search=lambda words: sa.or_(named_like(words), Member.number.icontains(words, autoescape=True)),
        filters=[
            Filter("year", _("Fiscal year"), lambda: [(str(y.start), y.era) for y in _years(year)], lambda s, _v: s,
                   default=str(usual_year(clock.today()).start)),
            Filter("note", _("To note"), lambda: [(c.value, label(c)) for c in Concern],
                   lambda s, v: s.where(Member.id.in_(with_concern(Concern(v))))),
            Filter("member_class", _("Class"), lambda: [(c.value, label(c)) for c in MemberClass],
                   lambda s, v: s.where(Member.id.in_(in_class(MemberClass(v))))),
        ],
    )  # fmt: skip


def _columns(of: dict[int, Renewal]) -> list[Column]:
    """The columns of the list as a file; the page draws its own."""
    monthly = fees.by_month()

    def now(value: Any) -> Any:
        return lambda member: None if (basis := of[member.id].now) is None else value(basis)

    return [
        Column("organisation", _("Legal name"), value="organisation.name", sort=Organisation.kana),
        Column("number", _("Member number"), kind="code", sort=Member.number),
        Column("class", _("Class"), value=now(lambda b: b.member_class)),
        Column("tier_before", _("Fee tier before"), value=lambda m: _tier(of[m.id].before)),
        Column("tier", _("Fee tier"), value=lambda m: _tier(of[m.id].now)),
        Column("fee", _("Annual fee"), value=now(lambda b: b.fee(by_month=monthly)), kind="yen"),
        Column("employees", _("Employees"), value=now(lambda b: b.employees), kind="number"),
        Column("counted_on", _("As of"), value=now(lambda b: b.count.on if b.count else None), kind="day"),
        Column("counted_by", _("Source"), value=now(lambda b: b.count.source if b.count else None)),
        Column("concerns", _("To note"), value=lambda m: "・".join(label(c) for c in _noted(of[m.id]))),
        Column("class_from", _("Change of class on"), kind="day",
               value=lambda m: next((after.since for _before, after in of[m.id].class_changes), None)),
        Column("left_on", _("Last day of membership"), value=lambda m: of[m.id].leaves_on, kind="day"),
        Column("asked_on", _("Letter sent on"), value=lambda m: _asked_on(of[m.id]), kind="day"),
    ]  # fmt: skip


def _tier(basis: FeeBasis | None) -> str | None:
    return basis.tier.name if basis is not None and basis.tier is not None else None


def _noted(row: Renewal) -> list[Concern]:
    return sorted(row.concerns, key=lambda c: (c in NOT_WORKED_AT, list(Concern).index(c)))


def _asked_on(row: Renewal) -> Any:
    return clock.day_of(row.declaration.asked_at) if row.declaration is not None else None


def _new_terms(form: Form, status: int = 200) -> ResponseReturnValue:
    year = form["year"].data or usual_year(clock.today())
    rows = worklist(year)
    return page(
        "members/office/new_terms.html", status, form=form, year=year, made=sum(row.has_term for row in rows),
        to_make=[row for row in rows if row.now is not None and not row.has_term],
        left_out=[row for row in rows if row.now is None], by_month=fees.by_month(),
        unknown=sum(row.needs_figure for row in rows),
    )  # fmt: skip


def _to_ask(form: Form, status: int = 200) -> ResponseReturnValue:
    year = form["year"].data or usual_year(clock.today())
    candidates = declarations.candidates(year)
    return page(
        "members/office/ask_figures.html", status, form=form, year=year, asked=[c for c in candidates if c.why_not is None],
        left_out=[c for c in candidates if c.why_not is not None],
    )  # fmt: skip


def _years(year: FiscalYear) -> list[FiscalYear]:
    now = FiscalYear.of(clock.today())
    return sorted({now - 1, now, now + 1, year}, key=lambda one: one.start)


def year_asked() -> FiscalYear:
    """The fiscal year of the address, by default the one the office works at. 400 for what is no year."""
    written = request.args.get("year", "")
    try:
        return FiscalYear.parse(written) if written.strip() else usual_year(clock.today())
    except BadValue as error:
        raise BadRequest("year") from error
