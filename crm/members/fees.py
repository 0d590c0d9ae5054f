"""What a fiscal year costs a member, and why: the tier, the employee figure it rests on and how old that is [4(3)イ]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from crm.members import tiers
from crm.members.members import Member, MembershipTerm
from crm.members.tiers import FeeTier, MemberClass, counting_day
from crm.organisations.organisations import EmployeeCount, Organisation
from crm.settings.settings import office_setting
from crm.values.fiscal_year import FiscalYear
from crm.values.period import Period
from crm.values.yen import Yen


@dataclass(frozen=True)
class FeeBasis:
    """A member's fee for a year. ``day`` is the day whose employee count decides; ``tier`` is empty when none is known."""

    year: FiscalYear
    member_class: MemberClass
    day: date
    begins: date
    tier: FeeTier | None
    count: EmployeeCount | None
    is_fixed: bool

    @property
    def employees(self) -> int | None:
        """The employee figure the tier follows from; none for associates and where nobody told one."""
        return self.count.employees if self.count is not None else None

    @property
    def days_old(self) -> int | None:
        """How many days before the counting day the figure was true; 0 when it is of that day or later."""
        return None if self.count is None else max(0, (self.day - self.count.on).days)

    def fee(self, *, by_month: bool) -> Yen | None:
        """What the year costs; ``by_month`` as the office's setting ``fees.part_year`` says."""
        if self.tier is None or not by_month:
            return None if self.tier is None else self.tier.annual_fee
        months = Period(self.begins, self.year.last_day).months_in(self.year.period)
        return self.tier.annual_fee if months == 12 else self.tier.annual_fee.part(months, 12)


def basis(member: Member, year: FiscalYear, rows: list[FeeTier] | None = None) -> FeeBasis | None:
    """What a member's fee for a year rests on; ``None`` when they do not belong in it. ``rows`` are all dated tiers."""
    held = member.classes_in(year)
    if not held:
        return None
    corporate = [p for p in held if p.member_class is MemberClass.CORPORATE]
    member_class = MemberClass.CORPORATE if corporate else MemberClass.ASSOCIATE
    begins = max((corporate or held)[0].since, year.first_day)
    day = counting_day(year, begins)
    term = next((t for t in member.terms if t.year == year), None)
    fixed = term.fixed_tier if term is not None else None
    count = member.organisation.employees_on(day) if corporate else None
    in_force = tiers.in_force(day, rows)
    tier = fixed or tiers.tier_for(member_class, None if count is None else count.employees, in_force)
    return FeeBasis(year, member_class, day, begins, tier, count, is_fixed=fixed is not None)


@dataclass(frozen=True)
class ExpectedFee:
    """What someone who is not a member yet would pay for the year they join in, and on what that rests.

    ``tier`` is empty when no employee figure is known; ``months`` are those from the month of joining on.
    """

    year: FiscalYear
    tier: FeeTier | None
    employees: int | None
    counted_on: date | None
    months: int
    amount: Yen | None


def expected(
    member: Member | None, member_class: MemberClass, *, on: date, figures: Mapping[date, int]
) -> ExpectedFee | None:
    """What an organisation that becomes a member on a day will be billed for that year; ``None`` for an associate member.

    ``member`` is the membership it had before, ``figures`` are its employee counts by day. ``basis`` says the same once the
    membership stands: monthly shares count from the month of joining, that month included (設定 ``fees.part_year``).
    """
    if member_class is not MemberClass.CORPORATE:
        return None
    year = FiscalYear.of(on)
    before = [p.since for p in member.classes_in(year) if p.member_class is MemberClass.CORPORATE] if member else []
    begins = max(min([*before, on]), year.first_day)
    day = counting_day(year, begins)
    known = [d for d in figures if d <= day]
    counted_on = max(known) if known else min(figures, default=None)
    employees = None if counted_on is None else figures[counted_on]
    tier = tiers.tier_for(member_class, employees, tiers.in_force(day))
    months = Period(begins, year.last_day).months_in(year.period)
    share = FeeBasis(year, member_class, day, begins, tier, None, is_fixed=False).fee(by_month=by_month())
    return ExpectedFee(year, tier, employees, counted_on, months, share)


def by_month() -> bool:
    """Whether who joins during the year pays monthly shares."""
    return bool(office_setting("fees.part_year") == "monthly")


def with_basis(select: sa.Select[Member]) -> sa.Select[Member]:
    """The same members with everything ``basis`` looks at, in a few queries however many they are."""
    return select.join(Member.organisation).options(
        contains_eager(Member.organisation).selectinload(Organisation.employee_counts),
        selectinload(Member.classes),
        selectinload(Member.terms).joinedload(MembershipTerm.fixed_tier),
    )
