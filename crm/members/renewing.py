"""The turn of the year: what each member will pay and why, who crosses 100/101, how old their figure is — shown before the run."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from crm.db import db
from crm.members import fees, tiers
from crm.members.fees import FeeBasis
from crm.members.members import ClassPeriod, Member
from crm.values.fiscal_year import FiscalYear

OLD_AFTER_DAYS = 365  # a figure that was not asked for since the last renewal


@dataclass(frozen=True)
class Renewal:
    """One member at the turn of the year. ``before`` is the year before, ``None`` for a newcomer."""

    member: Member
    before: FeeBasis | None
    now: FeeBasis
    has_term: bool

    @property
    def crosses(self) -> bool:
        """Whether the tier, of an unchanged class, is another than the year before: 100/101 was crossed or fixed by hand."""
        if self.before is None or self.before.tier is None or self.now.tier is None:
            return False
        return self.before.member_class is self.now.member_class and self.before.tier.code != self.now.tier.code

    @property
    def changes_class(self) -> bool:
        """Whether the class is another than the year before."""
        return self.before is not None and self.before.member_class is not self.now.member_class

    @property
    def needs_figure(self) -> bool:
        """Whether nobody told how many employees a paying member has."""
        return self.now.tier is None

    @property
    def is_old(self) -> bool:
        """Whether the figure is older than a year on the counting day."""
        return (self.now.days_old or 0) > OLD_AFTER_DAYS


def outlook(year: FiscalYear) -> list[Renewal]:
    """Everyone who belongs in a fiscal year, by member number, with the fee of it and of the year before. Writes nothing."""
    belongs = Member.classes.any(sa.and_(
        ClassPeriod.since <= year.last_day, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= year.first_day)
    ))  # fmt: skip
    rows = tiers.all_tiers()
    members = db.session.scalars(fees.with_basis(sa.select(Member).where(belongs)).order_by(Member.number)).unique()
    found = []
    for member in members:
        now = fees.basis(member, year, rows)
        assert now is not None
        has_term = any(term.year == year for term in member.terms)
        found.append(Renewal(member, fees.basis(member, year - 1, rows), now, has_term))
    return found
