"""Merge: two records were one and the same; one goes on, the other stays readable as merged (統合済み), and it can be undone.

A merge keeps what it did row by row, so that undoing it puts every row back where it was.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import PERSONAL, Model, Versioned, db


class Thing(StrEnum):
    """What is merged: 団体, 人. The value is the name of the table."""

    __labelled__ = False

    ORGANISATIONS = "organisations"
    PEOPLE = "people"


class Merge(Versioned, Model):
    """One merge. ``moves`` are (table, row, column, before, after), ``chosen`` the fields that took another value, both sides
    before and after; ``sums`` what was counted before and after."""

    __tablename__ = "merges"
    __table_args__ = (
        Index("ix_merges_survivor", "thing", "survivor_id"),
        Index("ix_merges_merged", "thing", "merged_id"),
    )

    thing: Mapped[Thing]
    survivor_id: Mapped[int]
    merged_id: Mapped[int]
    merged_name: Mapped[str] = mapped_column(info=PERSONAL)
    merged_at: Mapped[datetime]
    reason: Mapped[str]
    moves: Mapped[list[Any]]
    chosen: Mapped[dict[str, Any]] = mapped_column(info=PERSONAL)
    sums: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    undone_reason: Mapped[str] = mapped_column(default="", init=False)


def into(thing: Thing, survivor_id: int) -> list[Merge]:
    """The merges in force into a record, newest first."""
    select = sa.select(Merge).where(Merge.thing == thing, Merge.survivor_id == survivor_id, Merge.undone_at.is_(None))
    return list(db.session.scalars(select.order_by(Merge.id.desc())))


def of_merged(thing: Thing, merged_id: int) -> Merge | None:
    """The merge in force in which a record went into another."""
    select = sa.select(Merge).where(Merge.thing == thing, Merge.merged_id == merged_id, Merge.undone_at.is_(None))
    return db.session.scalars(select.order_by(Merge.id.desc()).limit(1)).first()
