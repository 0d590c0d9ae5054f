"""Indicator: what a plan is measured by, with a target for each year and the actuals that were reported to us.

An indicator belongs to a plan: 特許 and 満足 mean other things in the fourth plan than in the third. Values are whole numbers in
the indicator's unit, as the city's tables have them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _
from crm.values.fiscal_year import FiscalYear


class Plan(StrEnum):
    """第3期実施計画 (R4 to R7) and 第4期実施計画 (R8 to R11)."""

    R4 = "R4"
    R8 = "R8"

    @property
    def years(self) -> tuple[FiscalYear, ...]:
        """The fiscal years of the plan."""
        first = FiscalYear.parse(self.value)
        return tuple(first + n for n in range(4))

    @classmethod
    def of(cls, year: FiscalYear) -> Plan | None:
        """The plan a year lies in."""
        return next((plan for plan in cls if year in plan.years), None)


class Counted(StrEnum):
    """How the figures of the years stand to each other: 累計, 年間, 年額."""

    CUMULATIVE = "cumulative"
    YEARLY = "yearly"
    YEARLY_AMOUNT = "yearly_amount"


class Indicator(Versioned, Model):
    """One indicator of a plan. ``key`` is its name for programs; ``counted`` is empty for a share such as occupancy."""

    __tablename__ = "indicators"
    __table_args__ = (UniqueConstraint("plan", "key"),)

    plan: Mapped[Plan]
    key: Mapped[str]
    name: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(default="")
    counted: Mapped[Counted | None] = mapped_column(default=None)
    position: Mapped[int] = mapped_column(default=0)
    targets: Mapped[list[Target]] = relationship(
        back_populates="indicator", order_by="Target.year", default_factory=list, init=False
    )
    readings: Mapped[list[Reading]] = relationship(
        back_populates="indicator", order_by="Reading.year, Reading.as_of", default_factory=list, init=False
    )

    def target_of(self, year: FiscalYear) -> int | None:
        """The target of a year, if one was set."""
        return next((target.value for target in self.targets if target.year == year), None)

    def reading_of(self, year: FiscalYear, as_of: date | None = None) -> Reading | None:
        """The newest reading of a year that is not dated after a day."""
        known = [r for r in self.readings if r.year == year and (as_of is None or r.as_of <= as_of)]
        return max(known, key=lambda reading: reading.as_of, default=None)

    def report(self, year: FiscalYear, value: int, *, as_of: date, source: str, reported_by: str = "") -> Reading:
        """Record an actual; a second one for the same year and day corrects the first. Raises ``Refused``."""
        check_day(year, as_of)
        if not source.strip():
            raise Refused(_("Please say where the figure comes from."), field="source")
        known = next((r for r in self.readings if r.year == year and r.as_of == as_of), None)
        if known is None:
            known = Reading(indicator=self, year=year, value=value, as_of=as_of, source=source, reported_by=reported_by)
            db.session.add(known)
        if (known.value, known.source, known.reported_by) != (value, source, reported_by):
            known.value, known.source, known.reported_by = value, source, reported_by
        return known


class Target(Model):
    """What is aimed at in a year. ``as_of`` is the day on which an actual was asked for and could not be told yet."""

    __tablename__ = "indicator_targets"
    __table_args__ = (UniqueConstraint("indicator_id", "year"),)

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicators.id"), index=True, init=False)
    indicator: Mapped[Indicator] = relationship(back_populates="targets")
    year: Mapped[FiscalYear]
    value: Mapped[int]
    as_of: Mapped[date | None] = mapped_column(default=None)
    source: Mapped[str] = mapped_column(default="")


class Reading(Model):
    """An actual of a year as it was reported: true as of a day, from a source, told by someone."""

    __tablename__ = "indicator_readings"
    __table_args__ = (UniqueConstraint("indicator_id", "year", "as_of"),)

    indicator_id: Mapped[int] = mapped_column(ForeignKey("indicators.id"), index=True, init=False)
    indicator: Mapped[Indicator] = relationship(back_populates="readings")
    year: Mapped[FiscalYear] = mapped_column(index=True)
    value: Mapped[int]
    as_of: Mapped[date]
    source: Mapped[str]
    reported_by: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True)
class Figure:
    """What is known of one year of an indicator: target and actual, and how far they are apart."""

    year: FiscalYear
    target: int | None
    actual: int | None
    as_of: date | None
    source: str
    is_measured: bool = False

    @property
    def difference(self) -> int | None:
        """Actual less target."""
        return None if self.actual is None or self.target is None else self.actual - self.target

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is reached; nothing while one of the two is not known."""
        return None if self.difference is None else self.difference >= 0


def check_day(year: FiscalYear, as_of: date) -> None:
    """Raise ``Refused`` at ``as_of`` when a day lies before the year whose actual is told."""
    if as_of < year.first_day:
        raise Refused(_("The day lies before the fiscal year."), field="as_of")


def all_of(plan: Plan | None = None) -> list[Indicator]:
    """The indicators in the order of the plan, with targets and readings. Three queries."""
    found = sa.select(Indicator).options(selectinload(Indicator.targets), selectinload(Indicator.readings))
    found = found if plan is None else found.where(Indicator.plan == plan)
    return list(db.session.scalars(found.order_by(Indicator.plan, Indicator.position, Indicator.id)))


def target(key: str, year: FiscalYear) -> int | None:
    """The target of an indicator in a year, whatever plan it lies in."""
    found = sa.select(Target.value).join(Indicator).where(Indicator.key == key, Target.year == year)
    return db.session.scalar(found.order_by(Indicator.plan.desc()).limit(1))


def targets(key: str, years: Iterable[FiscalYear]) -> dict[FiscalYear, int]:
    """The targets of an indicator over several years. One query."""
    found = (
        sa.select(Target.year, Target.value).join(Indicator).where(Indicator.key == key, Target.year.in_(list(years)))
    )
    return {row.year: row.value for row in db.session.execute(found.order_by(Indicator.plan))}


def by_key(indicators: Iterable[Indicator]) -> dict[tuple[Plan, str], Indicator]:
    """Indicators by plan and key."""
    return {(one.plan, one.key): one for one in indicators}


def by_goal(indicators: Iterable[Indicator]) -> dict[str, list[Indicator]]:
    """Indicators under the goals they serve, in their order."""
    found: dict[str, list[Indicator]] = defaultdict(list)
    for one in indicators:
        found[one.goal].append(one)
    return dict(found)
