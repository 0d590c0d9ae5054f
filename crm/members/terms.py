"""Belonging from year to year: admitting, renewing, withdrawing, changing class — each a dated row, so that a gap stays visible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import sqlalchemy as sa

from crm.db import db
from crm.documents.numbering import advance
from crm.errors import Refused
from crm.members.members import ClassPeriod, Member, MembershipTerm, TermState, counted_on
from crm.members.tiers import FeeTier, MemberClass, counting_day, in_force, tier_for
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.values.fiscal_year import FiscalYear

SERIES = "M"
NUMBERS_FOR_LIFE = FiscalYear(2024)  # the consortium's first year [4(3)イ]; member numbers are one series for all years


def admit(organisation: Organisation, member_class: MemberClass, *, on: date, number: str | None = None) -> Member:
    """Make an organisation a member from a day on, with its number for life and the term of that fiscal year.

    A former member returns under the old number; the gap stays. ``number`` is given when the office has one already. Raises
    ``Refused`` when the organisation is a member on that day or later, or the number belongs to another.
    """
    member = db.session.scalars(sa.select(Member).where(Member.organisation == organisation)).one_or_none()
    if member is None:
        member = Member(organisation=organisation, number=_number(number))
        db.session.add(member)
    elif any(p.until is None or p.until >= on for p in member.classes):
        raise Refused(_("%(name)s is a member already.", name=organisation.name), field="joined_on")
    elif number and number != member.number:
        raise Refused(_("%(name)s was a member under the number %(number)s.", name=organisation.name, number=member.number),
                      field="member_number")  # fmt: skip
    ClassPeriod(member=member, member_class=member_class, since=on)
    db.session.flush()
    term_of(member, FiscalYear.of(on))
    return member


def term_of(member: Member, year: FiscalYear) -> MembershipTerm | None:
    """The member's term of a fiscal year, made when it is not there yet; ``None`` when they do not belong in that year.

    Who is 企業会員 on any day of the year has a corporate term.
    """
    held = member.classes_in(year)
    if not held:
        return None
    term = next((t for t in member.terms if t.year == year), None)
    if term is None:
        corporate = any(p.member_class is MemberClass.CORPORATE for p in held)
        term = MembershipTerm(
            member=member, year=year, member_class=MemberClass.CORPORATE if corporate else MemberClass.ASSOCIATE,
            starts_on=max(held[0].since, year.first_day), ends_on=min(held[-1].until or year.last_day, year.last_day),
        )  # fmt: skip
    return term


def withdraw(member: Member, *, asked_on: date, effective_on: date, reason: str) -> None:
    """End a membership on a day (by default 31 March, the caller's choice). Raises ``Refused`` when it does not run then."""
    current = next((p for p in member.classes if p.until is None or p.until >= effective_on), None)
    if current is None or current.since > effective_on:
        raise Refused(_("The membership does not run on that day."), field="effective_on")
    if not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    current.until = effective_on
    for later in [p for p in member.classes if p.since > effective_on]:
        db.session.delete(later)
    for term in member.terms:
        if term.year == FiscalYear.of(effective_on):
            term.state, term.ends_on = TermState.WITHDRAWN, effective_on
            term.withdrawal_asked_on, term.withdrawal_reason = asked_on, reason


def change_class(member: Member, to: MemberClass, *, on: date, reason: str) -> None:
    """准会員 becomes 企業会員, or the reverse, from a day on."""
    current = next((p for p in member.classes if p.until is None), None)
    if current is None or current.since >= on:
        raise Refused(_("The class can only change after the membership began."), field="on")
    if current.member_class is to:
        raise Refused(_("The member is in this class already."), field="to")
    current.until = on - timedelta(days=1)
    ClassPeriod(member=member, member_class=to, since=on, reason=reason)
    for term in member.terms:
        if term.year == FiscalYear.of(on):
            term.member_class = to


def fix_tier(term: MembershipTerm, tier: FeeTier | None, *, reason: str) -> None:
    """Set a term's tier by hand with a reason, or give it back to the rule."""
    if tier is not None and tier.member_class is not term.member_class:
        raise Refused(_("This tier belongs to another class."), field="tier")
    if tier is not None and not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    term.fixed_tier, term.fixed_reason = tier, reason if tier is not None else ""


def tier_of(term: MembershipTerm, tiers: list[FeeTier] | None = None) -> FeeTier | None:
    """The tier a term is billed by: the one fixed by hand, else that of the employee count on the counting day [4(3)イ]."""
    if term.fixed_tier is not None:
        return term.fixed_tier
    day = counting_day(term.year, term.starts_on)
    count = term.member.organisation.employees_on(day)
    return tier_for(
        term.member_class, None if count is None else count.employees, in_force(day) if tiers is None else tiers
    )


def count(day: date) -> dict[MemberClass, int]:
    """How many members of each class belong on a day."""
    found = dict(db.session.execute(counted_on(day)).tuples().all())
    return {c: found.get(c, 0) for c in MemberClass}


def _number(wanted: str | None) -> str:
    if wanted:
        if db.session.scalar(sa.select(Member.id).where(Member.number == wanted)):
            raise Refused(_("The member number %(number)s is taken.", number=wanted), field="member_number")
        return wanted
    while True:  # numbers the office brought along are skipped
        number = f"{SERIES}-{advance(SERIES, NUMBERS_FOR_LIFE):04d}"
        if not db.session.scalar(sa.select(Member.id).where(Member.number == number)):
            return number


def breaches() -> Iterator[str]:
    """Members whose days of membership overlap, or whose term lies outside its year."""
    for member in db.session.scalars(sa.select(Member).options(sa.orm.selectinload(Member.classes))):
        for earlier, later in zip(member.classes, member.classes[1:], strict=False):
            if earlier.until is None or earlier.until >= later.since:
                yield f"members: the days of {member.number} overlap"
    for term in db.session.scalars(sa.select(MembershipTerm)):
        if term.starts_on < term.year.first_day or term.ends_on > term.year.last_day:
            yield f"membership_terms: term {term.id} lies outside its year"
