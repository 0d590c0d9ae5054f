"""Numbers without gaps, per series and fiscal year.

The counter's row is locked by the act that takes a number and rolls back with it, so a failed act leaves no gap and two
acts at once never share one.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped

from crm.db import Model, db
from crm.history import recording
from crm.values.fiscal_year import FiscalYear


class Counter(Model):
    """The last number taken in a series and fiscal year."""

    __tablename__ = "counters"
    __audited__ = False
    __table_args__ = (UniqueConstraint("series", "fiscal_year"),)

    series: Mapped[str]
    fiscal_year: Mapped[FiscalYear]
    value: Mapped[int]


def next_number(series: str, year: FiscalYear, *, width: int = 4) -> str:
    """The next number, such as ``INV-2026-0001``, taken by the running act. Raises ``RuntimeError`` outside one."""
    return f"{series}-{year.start}-{advance(series, year):0{width}d}"


def next_numbers(series: str, year: FiscalYear, how_many: int, *, width: int = 4) -> list[str]:
    """The next numbers in a row, taken at once by the running act. Raises ``RuntimeError`` outside one."""
    if not how_many:
        return []
    last = advance(series, year, by=how_many)
    return [f"{series}-{year.start}-{n:0{width}d}" for n in range(last - how_many + 1, last + 1)]


def advance(series: str, year: FiscalYear, *, by: int = 1) -> int:
    """The next bare number of a series, taken by the running act. Raises ``RuntimeError`` outside one.

    ``by`` takes several at once and answers the last.
    """
    if recording.running() is None:
        raise RuntimeError("a number is taken inside an act")
    taken = _advance(series, year, by)
    if taken is None:
        insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else postgresql_insert
        first = insert(Counter).values(series=series, fiscal_year=year, value=0).on_conflict_do_nothing()
        db.session.execute(first)  # waits for an act that is adding the same row
        taken = _advance(series, year, by)
    return taken or by


def _advance(series: str, year: FiscalYear, by: int) -> int | None:
    return db.session.scalar(
        sa.update(Counter)
        .where(Counter.series == series, Counter.fiscal_year == year)
        .values(value=Counter.value + by)
        .returning(Counter.value)
        .execution_options(synchronize_session=False)
    )


def last_taken(series: str, year: FiscalYear) -> int:
    """How many numbers a series has given out in a fiscal year."""
    query = sa.select(Counter.value).where(Counter.series == series, Counter.fiscal_year == year)
    return db.session.scalar(query) or 0
