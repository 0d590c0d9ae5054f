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


def advance(series: str, year: FiscalYear) -> int:
    """The next bare number of a series, taken by the running act. Raises ``RuntimeError`` outside one."""
    if recording.running() is None:
        raise RuntimeError("a number is taken inside an act")
    taken = _advance(series, year)
    if taken is None:
        insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else postgresql_insert
        first = insert(Counter).values(series=series, fiscal_year=year, value=0).on_conflict_do_nothing()
        db.session.execute(first)  # waits for an act that is adding the same row
        taken = _advance(series, year)
    return taken or 1


def _advance(series: str, year: FiscalYear) -> int | None:
    return db.session.scalar(
        sa.update(Counter)
        .where(Counter.series == series, Counter.fiscal_year == year)
        .values(value=Counter.value + 1)
        .returning(Counter.value)
        .execution_options(synchronize_session=False)
    )


def last_taken(series: str, year: FiscalYear) -> int:
    """How many numbers a series has given out in a fiscal year."""
    query = sa.select(Counter.value).where(Counter.series == series, Counter.fiscal_year == year)
    return db.session.scalar(query) or 0
