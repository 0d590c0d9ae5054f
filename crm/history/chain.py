"""Verifying the record: any later change, removal, insertion or reordering of acts is found.

A chain alone cannot show a cut tail or a full rewrite by whoever owns the database; therefore the head leaves the house with
every backup and, daily, by a letter to the auditor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm.history import noting
from crm.history.recording import GENESIS, link
from crm.history.records import Act, ChainHead, Change

BATCH = 500


@dataclass(frozen=True)
class Head:
    """The end of the record: how many acts there are and the hash of the last."""

    number: int
    hash: str


def head(session: Session) -> Head:
    """The record's end as stored."""
    row = session.scalars(sa.select(ChainHead)).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row.number, row.hash)


def breaches(session: Session) -> Iterator[str]:
    """Each place where the record does not agree with itself, in words; nothing when it is whole."""
    previous, expected = GENESIS, 1
    acts = sa.select(Act).order_by(Act.number).options(sa.orm.selectinload(Act.changes))
    for act in session.scalars(acts.execution_options(yield_per=BATCH)):
        if act.number != expected:
            yield f"acts: number {expected} is missing before {act.number}"
        if act.previous != previous:
            yield f"acts: act {act.number} does not follow the one before it"
        if _hash(act) != act.hash:
            yield f"acts: act {act.number} or its changes were altered"
        yield from _unsealed(act)
        previous, expected = act.hash, act.number + 1
    end = head(session)
    if (end.number, end.hash) != (expected - 1, previous):
        yield f"acts: the record ends at {expected - 1}, its head says {end.number}"
    orphans = session.scalar(
        sa.select(sa.func.count()).select_from(Change).where(Change.act_id.not_in(sa.select(Act.id)))
    )
    if orphans:
        yield f"changes: {orphans} belong to no act"


def _hash(act: Act) -> str:
    content = [
        act.number, act.kind.value, act.actor, act.at.astimezone(UTC).isoformat(), act.about_table, act.about_id, act.note,
    ]  # fmt: skip
    changes = [
        noting.chained(c.table_name, c.row_id, c.operation, c.before, c.after, c.sealed)
        for c in sorted(act.changes, key=lambda change: change.position)
    ]
    return link(act.previous, content, changes)


def _unsealed(act: Act) -> Iterator[str]:
    """Personal values that no longer fit their sealed digests (erased ones have no salt any more)."""
    for change in act.changes:
        if change.salt is None:
            continue
        for column, (before, after) in change.sealed.items():
            seals = (
                noting.seal(change.salt, change.before.get(column)),
                noting.seal(change.salt, change.after.get(column)),
            )
            if seals != (before, after):
                yield f"changes: {change.table_name} {change.row_id} {column} in act {act.number} was altered"
