"""Who will be billed for a fiscal year, how much and why — and who is left out, and why. Writes nothing.

Preview, run and repetition ask this one question, so what one sees is what will be billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa

from crm.billing.invoices import Invoice, InvoiceState
from crm.db import db
from crm.members import fees, tiers
from crm.members.fees import FeeBasis
from crm.members.members import ClassPeriod, Member
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations.people import Person, PersonRole, holding
from crm.settings.settings import office_setting
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen, total


class Reason(StrEnum):
    """Why a member is left out of a run."""

    ASSOCIATE = "associate"
    NO_BILLING_CONTACT = "no_billing_contact"
    NO_ADDRESS = "no_address"
    NO_EMPLOYEE_COUNT = "no_employee_count"
    NO_TIER = "no_tier"
    ALREADY_BILLED = "already_billed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Billable:
    """A member that will be billed: by which tier, how much, to whom, and on what that rests."""

    member: Member
    tier: FeeTier
    fee: Yen
    contact: Person
    basis: FeeBasis


@dataclass(frozen=True)
class LeftOut:
    """A member that is not billed, and why."""

    member: Member
    reason: Reason


@dataclass(frozen=True)
class Plan:
    """What a run for the year would do."""

    year: FiscalYear
    billable: Sequence[Billable]
    left_out: Sequence[LeftOut]

    @property
    def total(self) -> Yen:
        """What would be billed together."""
        return total(b.fee for b in self.billable)


@dataclass(frozen=True)
class _Rules:
    """What pricing needs besides the member, read once."""

    year: FiscalYear
    billed: frozenset[int]
    contacts: dict[int, Person]
    tiers: list[FeeTier]
    by_month: bool


def plan(year: FiscalYear, *, on: date, only: Sequence[int] | None = None) -> Plan:
    """Whom a run for ``year`` issued on a day would bill, and whom it leaves out and why; the same few queries for any number.

    ``only`` asks about these members alone, by their ids.
    """
    live = sa.select(Invoice.member_id).where(Invoice.annual_fee_for == year, Invoice.state != InvoiceState.VOID)
    members = _belonging(year)
    if only is not None:
        live, members = live.where(Invoice.member_id.in_(only)), members.where(Member.id.in_(only))
    rules = _Rules(year, frozenset(db.session.scalars(live)), _contacts(on, only), tiers.all_tiers(), fees.by_month())
    found = [_consider(member, rules) for member in db.session.scalars(members)]
    return Plan(year, [f for f in found if isinstance(f, Billable)], [f for f in found if isinstance(f, LeftOut)])


def _consider(member: Member, rules: _Rules) -> Billable | LeftOut:
    held = member.classes_in(rules.year)
    contact = rules.contacts.get(member.organisation_id)
    if member.id in rules.billed:
        return LeftOut(member, Reason.ALREADY_BILLED)
    if not held:
        return LeftOut(member, Reason.WITHDRAWN)
    if not any(p.member_class is MemberClass.CORPORATE for p in held):
        return LeftOut(member, Reason.ASSOCIATE)
    if contact is None:
        return LeftOut(member, Reason.NO_BILLING_CONTACT)
    if not contact.email and not member.organisation.place_for_invoices[1]:
        return LeftOut(member, Reason.NO_ADDRESS)
    return _priced(member, contact, rules)


def _priced(member: Member, contact: Person, rules: _Rules) -> Billable | LeftOut:
    basis = fees.basis(member, rules.year, rules.tiers)
    fee = basis.fee(by_month=rules.by_month) if basis is not None else None
    if basis is not None and basis.tier is not None and fee is not None:
        return Billable(member, basis.tier, fee, contact, basis)
    unknown = basis is None or basis.count is None
    return LeftOut(member, Reason.NO_EMPLOYEE_COUNT if unknown else Reason.NO_TIER)


def _belonging(year: FiscalYear) -> sa.Select[Member]:
    """Everyone who has ever been a member up to the year's end, by member number, with all that pricing needs."""
    members = sa.select(Member).where(Member.classes.any(ClassPeriod.since <= year.last_day))
    return fees.with_basis(members).order_by(Member.number)


def _contacts(day: date, only: Sequence[int] | None) -> dict[int, Person]:
    """The one person of each organisation to whom invoices go: the billing contact, never whoever happens to be left."""
    found = _holders(PersonRole.BILLING, day, only)
    return {**_holders(PersonRole.LIAISON, day, only), **found} if office_setting("billing.to_liaison") else found


def _holders(role: PersonRole, day: date, only: Sequence[int] | None) -> dict[int, Person]:
    people = holding(role, day)
    if only is not None:
        organisations = sa.select(Member.organisation_id).where(Member.id.in_(only))
        people = people.where(Person.organisation_id.in_(organisations))
    return {person.organisation_id: person for person in reversed(db.session.scalars(people).all())}
