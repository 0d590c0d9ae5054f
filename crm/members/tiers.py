"""Fee tiers: who qualifies and what a year costs, as dated rows, so that a later board changes a fee without touching history."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen


class MemberClass(StrEnum):
    """企業会員 and 准会員."""

    CORPORATE = "corporate"
    ASSOCIATE = "associate"


class FeeTier(Versioned, Model):
    """What a class and size of member pays a year, from a day on. ``employees_max`` empty means no upper limit."""

    __tablename__ = "fee_tiers"
    __table_args__ = (
        UniqueConstraint("code", "effective_from"),
        CheckConstraint("annual_fee >= 0", name="fee_not_negative"),
    )

    code: Mapped[str]
    name: Mapped[str]
    member_class: Mapped[MemberClass]
    employees_min: Mapped[int | None]
    employees_max: Mapped[int | None]
    annual_fee: Mapped[Yen]
    effective_from: Mapped[date]
    source: Mapped[str] = mapped_column(default="")

    def fits(self, employees: int) -> bool:
        """Whether a company of this size belongs here; 100 and 101 are the edge."""
        return (self.employees_min or 0) <= employees and (
            self.employees_max is None or employees <= self.employees_max
        )


def all_tiers() -> list[FeeTier]:
    """Every dated row, by code and day."""
    return list(db.session.scalars(sa.select(FeeTier).order_by(FeeTier.code, FeeTier.effective_from.desc())))


def in_force(day: date, rows: list[FeeTier] | None = None) -> list[FeeTier]:
    """The tiers as they stood on a day: of each code the newest row not after it. ``rows`` saves reading them again."""
    newest: dict[str, FeeTier] = {}
    for row in all_tiers() if rows is None else rows:
        if row.effective_from <= day:
            newest.setdefault(row.code, row)
    return list(newest.values())


def tier_for(member_class: MemberClass, employees: int | None, tiers: list[FeeTier]) -> FeeTier | None:
    """The tier of a class and size among ``tiers``; ``None`` when a corporate member's size is not known."""
    fitting = [t for t in tiers if t.member_class is member_class]
    if member_class is MemberClass.ASSOCIATE:
        return next(iter(fitting), None)
    return None if employees is None else next((t for t in fitting if t.fits(employees)), None)


def counting_day(year: FiscalYear, joined_on: date) -> date:
    """The day whose employee count decides: the year's first day, or the day of joining within it."""
    return max(year.first_day, joined_on)
