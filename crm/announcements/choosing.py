"""Choosing: whom conditions mean today, and why some of them cannot be written to. A handful of queries, however many people.

Everyone whom the conditions describe is on the list; who has no address, did not agree, or has an address that rests stands
there with the reason instead of being left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, selectinload

from crm import clock
from crm.announcements.conditions import Belonging, Conditions
from crm.db import db
from crm.events.events import Event, EventSession
from crm.events.registrations import Attendance, Registration
from crm.mail.resting_addresses import is_resting
from crm.members import fees, tiers
from crm.members.members import ClassPeriod, Member, belonging, in_class
from crm.organisations import consents
from crm.organisations.consents import Purpose
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, RoleAt
from crm.values.fiscal_year import FiscalYear


class WhyNot(StrEnum):
    """Why someone a segment means is not written to."""

    NO_ADDRESS = "no_address"
    NO_CONSENT = "no_consent"
    ADDRESS_RESTS = "address_rests"
    SAME_ADDRESS = "same_address"
    ADDRESS_CHANGED = "address_changed"
    UNSUBSCRIBED = "unsubscribed"
    CALLED_OFF = "called_off"
    LEFT = "left"


@dataclass(frozen=True)
class Count:
    """How many people conditions mean, and how many of them can be written to."""

    meant: int
    written_to: int

    @property
    def left_out(self) -> int:
        """How many of them cannot."""
        return self.meant - self.written_to


@cache
def why_not() -> sa.ColumnElement[str | None]:
    """Why a person is not written to, as a column called ``reason``; empty for who is."""
    return sa.case(
        (Person.email == "", WhyNot.NO_ADDRESS.value),
        (~consents.consenting(Purpose.ANNOUNCEMENTS), WhyNot.NO_CONSENT.value),
        (is_resting(sa.cast(Person.email, sa.Text)), WhyNot.ADDRESS_RESTS.value),
        else_=sa.null(),
    ).label("reason")


def reason(row: sa.Row[Person, str | None]) -> WhyNot | None:
    """Why the person of a row of ``chosen`` is not written to."""
    return None if row[1] is None else WhyNot(row[1])


def chosen(conditions: Conditions, day: date | None = None) -> sa.Select[Person, str | None]:
    """Everyone the conditions mean on a day (today), with their organisation and why they are not written to, unordered."""
    day = day or clock.today()
    select = (
        sa.select(Person, why_not())
        .join(Person.organisation)
        .options(contains_eager(Person.organisation))
        .where(sa.or_(Person.left_on.is_(None), Person.left_on > day), Person.merged_into_id.is_(None))
    )
    for condition in (*_of_the_person(conditions, day), *_of_the_organisation(conditions, day)):
        select = select.where(condition)
    return select


def in_order(select: sa.Select[Person, str | None]) -> sa.Select[Person, str | None]:
    """The same people in the order they are listed and written to."""
    return select.order_by(Organisation.kana, Organisation.name, Person.kana, Person.name, Person.id)


@dataclass(frozen=True)
class Entry:
    """One person of a list as it is fixed."""

    person_id: int
    name: str
    email: str
    organisation: str
    why_not: WhyNot | None


def entries(conditions: Conditions) -> Iterator[Entry]:
    """Everyone the conditions mean today, in order; columns instead of objects, for there may be very many."""
    columns = (Person.id, Person.name, Person.email, Organisation.name, why_not())
    rows: Any = db.session.execute(in_order(chosen(conditions)).with_only_columns(*columns))
    for person_id, name, email, organisation, why in rows:
        yield Entry(person_id, name, email, organisation, None if why is None else WhyNot(why))


def count(conditions: Conditions) -> Count:
    """How many people the conditions mean today, by one query besides those the membership needs."""
    people = chosen(conditions).with_only_columns(Person.id, why_not()).order_by(None).subquery()
    meant, left_out = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(people.c.reason)).select_from(people)
    ).one()
    return Count(meant, meant - left_out)


def _of_the_person(conditions: Conditions, day: date) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if conditions.roles:
        held = sa.and_(
            RoleAt.role.in_(conditions.roles), sa.or_(RoleAt.since.is_(None), RoleAt.since <= day),
            sa.or_(RoleAt.until.is_(None), RoleAt.until >= day),
        )  # fmt: skip
        found.append(Person.roles.any(held))
    if conditions.languages:
        found.append(Person.locale.in_(conditions.languages))
    if conditions.consent is not None:
        found.append(consents.consenting(conditions.consent))
    if conditions.reachable:
        found.append(sa.and_(Person.email != "", ~is_resting(sa.cast(Person.email, sa.Text))))
    if conditions.asks_about_attendance:
        found.append(_attended(conditions))
    return found


def _attended(conditions: Conditions) -> sa.ColumnElement[bool]:
    """Whether someone with the person's mail address was present."""
    came = (
        sa.select(Registration.id)
        .join(EventSession, EventSession.id == Registration.session_id)
        .join(Event, Event.id == EventSession.event_id)
        .where(Registration.email == Person.email, Person.email != "", Registration.attended == Attendance.PRESENT)
    )  # fmt: skip
    if conditions.attended_event is not None:
        came = came.where(Event.id == conditions.attended_event)
    if conditions.attended_kind is not None:
        came = came.where(Event.kind == conditions.attended_kind)
    if conditions.attended_since is not None:
        came = came.where(EventSession.starts_at >= clock.moment_of(conditions.attended_since))
    return came.correlate(Person).exists()


def _of_the_organisation(conditions: Conditions, day: date) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if conditions.kinds:
        found.append(Organisation.kind.in_(conditions.kinds))
    if conditions.industries:
        found.append(Organisation.industry.in_(conditions.industries))
    if conditions.belonging is Belonging.NEVER:
        found.append(~sa.exists().where(Member.organisation_id == Organisation.id))
    if conditions.asks_about_membership:
        found.append(Organisation.id.in_(_members(conditions, day)))
    return found


def _members(conditions: Conditions, day: date) -> sa.Select[int] | list[int]:
    """The organisations whose membership fits: a query; where the fee or the days of membership are asked for, their ids."""
    select = sa.select(Member)
    if conditions.belonging is Belonging.FORMER:
        begun = Member.classes.any(ClassPeriod.since <= day)
        select = select.where(~belonging(day), begun)
    elif conditions.belonging is Belonging.MEMBERS or conditions.classes or conditions.tiers:
        select = select.where(belonging(day))
    if conditions.classes:
        select = select.where(sa.or_(*(in_class(day, one) for one in conditions.classes)))
    if not _needs_reading(conditions):
        return select.with_only_columns(Member.organisation_id)
    if conditions.tiers:
        select = fees.with_basis(select)
    else:
        select = select.options(selectinload(Member.classes))
    members, rows, year = db.session.scalars(select).unique().all(), tiers.all_tiers(), FiscalYear.of(day)
    return [m.organisation_id for m in members if _days_fit(m, conditions) and _tier_fits(m, conditions, year, rows)]


def _needs_reading(conditions: Conditions) -> bool:
    days = (conditions.joined_from, conditions.joined_to, conditions.left_from, conditions.left_to)
    return bool(conditions.tiers or any(days))


def _days_fit(member: Member, conditions: Conditions) -> bool:
    return _within(member.joined_on, conditions.joined_from, conditions.joined_to) and _within(
        member.left_on, conditions.left_from, conditions.left_to
    )


def _within(day: date | None, first: date | None, last: date | None) -> bool:
    if first is None and last is None:
        return True
    return day is not None and (first is None or first <= day) and (last is None or day <= last)


def _tier_fits(member: Member, conditions: Conditions, year: FiscalYear, rows: list[tiers.FeeTier]) -> bool:
    """By the rule that bills them (``fees.basis``), so that a segment and an invoice never disagree about a tier."""
    if not conditions.tiers:
        return True
    basis = fees.basis(member, year, rows)
    return basis is not None and basis.tier is not None and basis.tier.code in conditions.tiers


def industries() -> list[str]:
    """The industries that occur, for the form."""
    named = aliased(Organisation)
    found = sa.select(named.industry).where(named.industry != "", named.merged_into_id.is_(None)).distinct()
    return sorted(db.session.scalars(found))
