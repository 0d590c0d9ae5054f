"""Fee tiers: who qualifies and what a year costs, as dated rows, so that a later board changes a fee without touching history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _
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


@dataclass(frozen=True)
class Published:
    """A tier as the consortium published it."""

    code: str
    name: str
    member_class: MemberClass
    employees_min: int | None
    employees_max: int | None
    annual_fee: Yen


# 令和8年2月10日 報告書 4(3)イ: the fees since the foundation in November 2024.
PUBLISHED_SINCE, PUBLISHED_IN = date(2024, 11, 1), "4(3)イ"
PUBLISHED = (
    Published("corporate_large", "企業会員（社員数101名以上）", MemberClass.CORPORATE, 101, None, Yen(360_000)),
    Published("corporate_small", "企業会員（社員数100名以下）", MemberClass.CORPORATE, 0, 100, Yen(120_000)),
    Published("associate", "准会員", MemberClass.ASSOCIATE, None, None, Yen(0)),
)


def are_there() -> bool:
    """Whether any tier is known; a new database has none."""
    return bool(db.session.scalar(sa.select(sa.exists(sa.select(FeeTier.id)))))


def ensure() -> int:
    """Put the published tiers into a database that has none, within the running act; answers how many were added."""
    if are_there():
        return 0
    for one in PUBLISHED:
        db.session.add(FeeTier(
            code=one.code, name=one.name, member_class=one.member_class, employees_min=one.employees_min,
            employees_max=one.employees_max, annual_fee=one.annual_fee, effective_from=PUBLISHED_SINCE, source=PUBLISHED_IN,
        ))  # fmt: skip
    db.session.flush()
    return len(PUBLISHED)


def decide(tier: FeeTier, *, annual_fee: Yen, effective_from: date, source: str) -> FeeTier:
    """A new fee of a tier from a day on, as the board decided; the rows before it stay.

    Raises ``Refused`` for a day not after the newest row's, one before the fiscal year that runs (past years were billed),
    without a source, or when nothing would change.
    """
    newest = next(row for row in all_tiers() if row.code == tier.code)
    if effective_from <= newest.effective_from:
        raise Refused(_("There is a decision from that day or later already."), field="effective_from")
    if effective_from < FiscalYear.of(clock.today()).first_day:
        raise Refused(_("A fee cannot change for a fiscal year that is over."), field="effective_from")
    if annual_fee == newest.annual_fee:
        raise Refused(_("This is the fee already in force."), field="annual_fee")
    if not source.strip():
        raise Refused(_("Please say which decision this rests on."), field="source")
    row = FeeTier(
        code=tier.code, name=tier.name, member_class=tier.member_class, employees_min=tier.employees_min,
        employees_max=tier.employees_max, annual_fee=annual_fee, effective_from=effective_from, source=source.strip(),
    )  # fmt: skip
    db.session.add(row)
    return row


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
