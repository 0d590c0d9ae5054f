"""Act and Change: the record itself, append-only. Nothing here is ever updated; a trigger in the database refuses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model
from crm.history.kinds import Kind


class Act(Model):
    """One write: its number without gaps, who, what, when, about which row, and its place in the chain."""

    __tablename__ = "acts"
    __audited__ = False
    __table_args__ = (Index("ix_acts_about", "about_table", "about_id"),)

    number: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[Kind] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    about_table: Mapped[str | None]
    about_id: Mapped[int | None]
    note: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]
    changes: Mapped[list[Change]] = relationship(
        back_populates="act", order_by="Change.position", init=False, default_factory=list
    )


class Change(Model):
    """What one act did to one row: the columns before and after, as plain JSON values.

    ``sealed`` holds, for columns about a person, the salted digests that stand in the chain in place of the values.
    """

    __tablename__ = "changes"
    __audited__ = False
    __table_args__ = (Index("ix_changes_row", "table_name", "row_id"),)

    act_id: Mapped[int] = mapped_column(ForeignKey("acts.id"), index=True)
    act: Mapped[Act] = relationship(back_populates="changes", init=False)
    position: Mapped[int]
    table_name: Mapped[str]
    row_id: Mapped[int]
    operation: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    sealed: Mapped[dict[str, Any]]
    salt: Mapped[str | None]
    erased_by: Mapped[int | None]


class ChainHead(Model):
    """The last number and hash of the record: the row every act locks while it takes its place."""

    __tablename__ = "chain_heads"
    __audited__ = False

    number: Mapped[int]
    hash: Mapped[str]
