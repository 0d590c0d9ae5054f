"""Adding up what hangs on a record: rows of every table below it and the yen they carry, so that a merge can show it lost nothing.

The tables and their amounts are read from the tables themselves, like what `moving` moves. Beside it stand the office's own
figures (members, billed, received, registrations), which upper packages count.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from crm.db import Money, db
from crm.organisations import moving

FIGURES = ("crm.members.merging:figures", "crm.billing.merging:figures", "crm.events.merging:figures")
"""Each gives the office's figures as (words, number): of the whole office, before and after the same."""


@dataclass(frozen=True)
class Sum:
    """How many rows of a table hang on a record, and the yen in them."""

    rows: int = 0
    yen: int = 0


Sums = dict[str, Sum]


def below(table: str, *records: int) -> Sums:
    """Everything that hangs on some records together, by table; what hangs on several of them counts once."""
    return {name: _sum(name, ids) for name, ids in sorted(moving.closure(table, set(records)).items())}


def office_figures() -> list[tuple[Any, int]]:
    """The figures of the whole office that a merge must not move."""
    found: list[tuple[Any, int]] = []
    for path in FIGURES:
        module, function = path.split(":")
        found += getattr(import_module(module), function)()
    return found


def _sum(name: str, ids: set[int]) -> Sum:
    table: Any = moving.nouns()[name].__table__
    amounts = [column for column in table.columns if isinstance(column.type, Money)]
    yen = 0
    for some in moving.chunks(ids) if amounts else ():
        sums = (sa.func.coalesce(sa.func.sum(sa.cast(column, sa.BigInteger)), 0) for column in amounts)
        yen += sum(int(value) for value in db.session.execute(sa.select(*sums).where(table.c.id.in_(some))).one())
    return Sum(len(ids), yen)
