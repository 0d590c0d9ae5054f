"""Inserting many rows of a noun at once: a few statements instead of an object each, and yet noted for the record.

For what comes in hundreds within one act, such as the invoices of a year. The rows are written past the session: nothing
calls a constructor or a method of the noun, so its module offers the doing (``invoices.issue_all``) and keeps the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from crm.db import Model, db
from crm.history import noting

TRIGGERED = frozenset({"organisations", "people"})
"""Tables whose rows a trigger of the database writes into a search index (migration 0011)."""


def insert_all(noun: type[Model], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of one noun in the running act and note them as a flush would; their ids, in the order of the rows.

    A row says its columns by name; what it leaves out has the noun's default, or is empty. What was added to the session
    before is written first. Raises ``RuntimeError`` outside an act, ``IntegrityError`` as the database refuses a row.
    """
    session = db.session
    unit = session.info.get("unit")
    if unit is None:
        raise RuntimeError("a write outside an act: open act(...) in the edge, command or worker")
    if noun.__audited__ and unit == "housekeeping":
        raise RuntimeError(f"housekeeping may not change {noun.__tablename__}: it belongs in an act")
    if not rows:
        return []
    session.flush()
    defaults = _defaults(noun)
    complete = [{**defaults, **row} for row in rows]
    ids = _written(session.connection(), cast(sa.Table, noun.__table__), complete)
    if noun.__audited__:
        noting.note_inserts(session, noun, ids, complete)
    return ids


def _written(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> list[int]:
    """The ids of the rows, which are written by now; of many they are taken first: being answered them costs far more."""
    plain, answering, last_id = _statements(table)
    if len(rows) == 1:
        return list(connection.execute(answering, rows).scalars())
    ids = _next_ids(connection, table, last_id, len(rows))
    numbered = [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)]
    # A trigger that keeps SQLite's search index is paid for by statement, so there one statement takes a thousand rows.
    many = connection.dialect.name == "sqlite" and table.name in TRIGGERED
    connection.execute(plain.returning(table.c.id) if many else plain, numbered)
    return ids


def _next_ids(connection: sa.Connection, table: sa.Table, last_id: sa.Select[int], how_many: int) -> list[int]:
    """Ids nobody else takes. On SQLite an act has the file to itself, and the next id is one more than the last."""
    if connection.dialect.name == "sqlite":
        last = connection.scalar(last_id) or 0
        return list(range(last + 1, last + 1 + how_many))
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    each = sa.func.generate_series(1, how_many).table_valued("n")
    return list(connection.scalars(sa.select(sa.func.nextval(sequence)).select_from(each)))


@cache
def _statements(table: sa.Table) -> tuple[sa.Insert, Any, sa.Select[int]]:
    """Inserting, inserting and answering the ids, asking for the last id: put together once."""
    insert = sa.insert(table)
    return insert, insert.returning(table.c.id, sort_by_parameter_order=True), sa.select(sa.func.max(table.c.id))


@cache
def _defaults(noun: type[Model]) -> dict[str, Any]:
    """What a column holds when nobody says: its default, the first version, nothing."""
    version = noun.__mapper__.version_id_col
    defaults = {c.name: c.default.arg if c.default is not None else None for c in noun.__table__.columns}
    return {
        name: 1 if version is not None and name == version.name else value
        for name, value in defaults.items()
        if name != "id"
    }
