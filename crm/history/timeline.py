"""What happened to this thing, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crm.db import Model, db
from crm.history.kinds import Kind
from crm.history.records import Act, Change


@dataclass(frozen=True)
class Entry:
    """One act as a timeline shows it; ``changes`` are column, before, after of the row asked about."""

    number: int
    at: datetime
    kind: Kind
    actor: str
    note: str
    changes: tuple[tuple[str, Any, Any], ...]


def of(row: Model, limit: int = 50) -> list[Entry]:
    """The acts that were about this row or changed it, newest first."""
    table = row.__tablename__
    touched = sa.select(Change.act_id).where(Change.table_name == table, Change.row_id == row.id)
    about = sa.and_(Act.about_table == table, Act.about_id == row.id)
    acts = db.session.scalars(
        sa.select(Act).where(sa.or_(about, Act.id.in_(touched))).order_by(Act.number.desc()).limit(limit)
    ).all()
    changes = db.session.scalars(
        sa.select(Change).where(
            Change.act_id.in_([a.id for a in acts]), Change.table_name == table, Change.row_id == row.id
        )
    ).all()
    by_act: dict[int, list[Change]] = {}
    for change in changes:
        by_act.setdefault(change.act_id, []).append(change)
    return [
        Entry(act.number, act.at, act.kind, act.actor, act.note, tuple(_lines(by_act.get(act.id, [])))) for act in acts
    ]


def _lines(changes: list[Change]) -> list[tuple[str, Any, Any]]:
    return [
        (column, change.before.get(column), change.after.get(column))
        for change in changes
        if change.operation == "update"
        for column in change.after
    ]
