"""Belonging from year to year: admitting, renewing, withdrawing, changing class — each a dated row, so that a gap stays visible."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm import clock
from crm.db import db
from crm.documents.numbering import advance
from crm.errors import Refused
from crm.members import fees
from crm.members.members import ClassPeriod, Member, MembershipTerm, TermState, belonging_in, counted_on
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.values.fiscal_year import FiscalYear

SERIES = "M"
NUMBERS_FOR_LIFE = FiscalYear(2024)  # the consortium's first year [4(3)イ]; member numbers are one series for all years
LONGEST_NUMBER = 30


def admit(
    organisation: Organisation, member_class: MemberClass, *, on: date, number: str | None = None,
    reserved: Collection[str] = (),
) -> Member:  # fmt: skip
    """Make an organisation a member from a day on, with its number for life and the term of that fiscal year.

    A former member returns under the old number; the gap stays. ``number`` is given when the office has one already,
    ``reserved`` are numbers that must not be given out. Raises ``Refused`` when the organisation is a member on that day or
    later or was merged into another, or the number belongs to another.
    """
    if organisation.id is not None:  # two at once would both find no member
        mine = sa.select(Organisation.merged_into_id).where(Organisation.id == organisation.id).with_for_update()
        if db.session.scalar(mine) is not None:
            raise Refused(_("%(name)s was merged into another. Please work with that one.", name=organisation.name),
                          field="organisation")  # fmt: skip
    member = of(organisation)
    if member is None:
        member = Member(organisation=organisation, number=_number(number, reserved))
        db.session.add(member)
    elif any(p.until is None or p.until >= on for p in member.classes):
        raise Refused(_("%(name)s is a member already.", name=organisation.name), field="joined_on")
    elif number and number != member.number:
        raise Refused(_("%(name)s was a member under the number %(number)s.", name=organisation.name, number=member.number),
                      field="member_number")  # fmt: skip
    _begin(member, member_class, since=on)
    term = term_of(member, FiscalYear.of(on))
    assert term is not None
    if term.state is TermState.WITHDRAWN:  # back within the year they left in: one term a year, the days tell the gap
        _go_on(term)
    db.session.flush()
    return member


def of(organisation: Organisation) -> Member | None:
    """The membership of an organisation, running or ended."""
    return db.session.scalars(sa.select(Member).where(Member.organisation == organisation)).one_or_none()


def term_of(member: Member, year: FiscalYear) -> MembershipTerm | None:
    """The member's term of a fiscal year, made when it is not there yet; ``None`` when they do not belong in that year.

    Who is 企業会員 on any day of the year has a corporate term.
    """
    held = member.classes_in(year)
    if not held:
        return None
    term = next((t for t in member.terms if t.year == year), None)
    if term is None:
        term = MembershipTerm(
            member=member, year=year, member_class=_class_of(held),
            starts_on=max(held[0].since, year.first_day), ends_on=min(held[-1].until or year.last_day, year.last_day),
        )  # fmt: skip
        db.session.add(term)
    return term


def withdraw(
    member: Member, *, asked_on: date, effective_on: date, reason: str, decided_on: date | None = None
) -> None:  # fmt: skip
    """End a membership on a day, the last of it (by default 31 March, the caller's choice).

    ``asked_on`` is the day of the request, ``decided_on`` that of its acceptance, if known. Changes of class planned for later
    are dropped; ones that took effect stand. Raises ``Refused`` when the membership does not run on that day, something of it
    that has happened lies after it, or a day is to come that should have been.
    """
    _refuse_days(asked_on, decided_on)
    current = _running(member, effective_on)
    if current is None:
        raise Refused(_("The membership does not run on that day."), field="effective_on")
    if not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    later = [p for p in member.classes if p.since > effective_on]
    begun = next((p for p in later if p.since <= clock.today()), None)
    if begun is not None:
        raise Refused(
            _("The class changed on %(day)s, after that day.", day=f"{begun.since:%Y-%m-%d}"), field="effective_on"
        )
    for planned in later:
        member.classes.remove(planned)
        db.session.delete(planned)
    current.until = effective_on
    last_year = FiscalYear.of(effective_on)
    term_of(member, last_year)
    for term in member.terms:
        if term.year >= last_year:
            _end(term, asked_on, decided_on, reason.strip())


def stay(member: Member) -> None:
    """Take back a withdrawal that has not taken effect. Raises ``Refused`` when there is none."""
    last = member.classes[-1] if member.classes else None
    if last is None or last.until is None or last.until < clock.today():
        raise Refused(_("There is no withdrawal that could be taken back."))
    ended = FiscalYear.of(last.until)
    last.until = None
    for term in member.terms:
        if term.year >= ended:
            _go_on(term)


def change_class(member: Member, to: MemberClass, *, on: date, reason: str) -> None:
    """准会員 becomes 企業会員, or the reverse, from a day on. A withdrawal asked for stands."""
    current = _running(member, on)
    if current is None or current.since >= on:
        raise Refused(_("The class can only change after the membership began and before it ends."), field="on")
    if any(p.since > on for p in member.classes):
        raise Refused(_("A later change of class is recorded already."), field="on")
    if current.member_class is to:
        raise Refused(_("The member is in this class already."), field="to")
    until, current.until = current.until, on - timedelta(days=1)
    _begin(member, to, since=on, until=until, reason=reason.strip())
    for term in member.terms:
        if term.year >= FiscalYear.of(on):
            _follow(term)


def keep_class(member: Member) -> None:
    """Take back a change of class that is planned and has not taken effect. Raises ``Refused`` when there is none."""
    planned = member.planned_class(clock.today())
    if planned is None:
        raise Refused(_("There is no change of class that could be taken back."))
    before = member.classes[member.classes.index(planned) - 1]
    since, before.until = planned.since, planned.until
    member.classes.remove(planned)
    db.session.delete(planned)
    for term in member.terms:
        if term.year >= FiscalYear.of(since):
            _follow(term)


def fix_tier(term: MembershipTerm, tier: FeeTier | None, *, reason: str) -> None:
    """Set a term's tier by hand with a reason, or give it back to the rule."""
    if tier is not None and tier.member_class is not term.member_class:
        raise Refused(_("This tier belongs to another class."), field="tier")
    if tier is not None and not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    term.fixed_tier, term.fixed_reason = tier, reason.strip() if tier is not None else ""


def tier_of(term: MembershipTerm, tiers: list[FeeTier] | None = None) -> FeeTier | None:
    """The tier a term is billed by: the one fixed by hand, else that of the employee count on the counting day [4(3)イ].

    ``tiers`` are all dated rows (``tiers.all_tiers()``), to save reading them again.
    """
    basis = fees.basis(term.member, term.year, tiers)
    return basis.tier if basis is not None else None


def renew(year: FiscalYear) -> list[MembershipTerm]:
    """Make the terms of everyone who belongs in a fiscal year and has none yet; safe to ask twice, also at the same time."""
    waiting = sa.select(Member.id).where(without_term(year)).order_by(Member.id).with_for_update()
    ids = set(db.session.scalars(waiting))  # whoever else makes them waits here; then they see the terms made here
    eager = (selectinload(Member.classes), selectinload(Member.terms))
    still = sa.select(Member).where(without_term(year)).options(*eager).order_by(Member.number)
    found = [member for member in db.session.scalars(still) if member.id in ids]
    return [term for member in found if (term := term_of(member, year)) is not None]


def without_term(year: FiscalYear) -> sa.ColumnElement[bool]:
    """The condition that a member belongs on some day of a fiscal year and its term is not made yet."""
    there = sa.select(MembershipTerm.member_id).where(MembershipTerm.year == year)
    return sa.and_(belonging_in(year), Member.id.not_in(there))


def count(day: date) -> dict[MemberClass, int]:
    """How many members of each class belong on a day."""
    found = {c: n for c, n in db.session.execute(counted_on(day))}  # noqa: C416  (rows are not quite tuples)
    return {c: found.get(c, 0) for c in MemberClass}


def breaches() -> Iterator[str]:
    """Members whose days of membership overlap, and terms that lie outside their year or say another class than the days."""
    everyone = sa.select(Member).options(selectinload(Member.classes), selectinload(Member.terms))
    for member in db.session.scalars(everyone.order_by(Member.id)):
        for earlier, later in zip(member.classes, member.classes[1:], strict=False):
            if earlier.until is None or earlier.until >= later.since:
                yield f"members: the days of {member.number} overlap"
        for term in member.terms:
            held = member.classes_in(term.year)
            if term.starts_on < term.year.first_day or term.ends_on > term.year.last_day:
                yield f"membership_terms: term {term.id} of {member.number} lies outside its year"
            elif not held and term.state is TermState.ACTIVE:
                yield f"membership_terms: term {term.id} of {member.number} runs in a year without membership"
            elif held and term.member_class is not _class_of(held):
                yield f"membership_terms: term {term.id} of {member.number} says another class than the days"


def _running(member: Member, day: date) -> ClassPeriod | None:
    return next((p for p in member.classes if p.since <= day and (p.until is None or day <= p.until)), None)


def _begin(
    member: Member, member_class: MemberClass, *, since: date, until: date | None = None, reason: str = ""
) -> None:
    period = ClassPeriod(member=member, member_class=member_class, since=since, until=until, reason=reason)
    db.session.add(period)


def _class_of(held: list[ClassPeriod]) -> MemberClass:
    corporate = any(p.member_class is MemberClass.CORPORATE for p in held)
    return MemberClass.CORPORATE if corporate else MemberClass.ASSOCIATE


def _follow(term: MembershipTerm) -> None:
    """Class and days of a term as the days of membership say; a tier of another class no longer holds."""
    held = term.member.classes_in(term.year)
    if not held:
        return
    term.member_class = _class_of(held)
    term.starts_on = max(held[0].since, term.year.first_day)
    term.ends_on = min(held[-1].until or term.year.last_day, term.year.last_day)
    if term.fixed_tier is not None and term.fixed_tier.member_class is not term.member_class:
        term.fixed_tier, term.fixed_reason = None, ""


def _refuse_days(asked_on: date, decided_on: date | None) -> None:
    if asked_on > clock.today():
        raise Refused(_("This day is still to come."), field="asked_on")
    if decided_on is not None and decided_on > clock.today():
        raise Refused(_("This day is still to come."), field="decided_on")
    if decided_on is not None and decided_on < asked_on:
        raise Refused(_("It cannot be accepted before it was asked for."), field="decided_on")


def _end(term: MembershipTerm, asked_on: date, decided_on: date | None, reason: str) -> None:
    """The term of the year someone leaves in, or of a later one that had been made already."""
    _follow(term)
    term.state, term.withdrawal_reason = TermState.WITHDRAWN, reason
    term.withdrawal_asked_on, term.withdrawal_decided_on = asked_on, decided_on


def _go_on(term: MembershipTerm) -> None:
    _follow(term)
    term.state, term.withdrawal_reason = TermState.ACTIVE, ""
    term.withdrawal_asked_on = term.withdrawal_decided_on = None


def _number(wanted: str | None, reserved: Collection[str]) -> str:
    if wanted:
        if len(wanted) > LONGEST_NUMBER:
            raise Refused(_("At most %(n)s characters.", n=LONGEST_NUMBER), field="member_number")
        if db.session.scalar(sa.select(Member.id).where(Member.number == wanted)):
            raise Refused(_("The member number %(number)s is taken.", number=wanted), field="member_number")
        return wanted
    while True:  # numbers the office brought along are skipped
        number = f"{SERIES}-{advance(SERIES, NUMBERS_FOR_LIFE):04d}"
        if number not in reserved and not db.session.scalar(sa.select(Member.id).where(Member.number == number)):
            return number
