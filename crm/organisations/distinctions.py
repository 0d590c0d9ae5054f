"""Distinction: two records that look alike and are not the same, because a person looked and said so, with the reason.

What was decided is not proposed again; the decision can be taken back, and then it is proposed as before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.db import PERSONAL, Model, db
from crm.errors import Refused
from crm.organisations.merges import Thing
from crm.text import _


class Distinction(Model):
    """Two records of one table, the lower id first; without ``taken_back_at`` they stand apart."""

    __tablename__ = "distinctions"
    __table_args__ = (
        UniqueConstraint("thing", "lower_id", "upper_id"),
        CheckConstraint("lower_id < upper_id", name="in_order"),
    )

    thing: Mapped[Thing]
    lower_id: Mapped[int]
    upper_id: Mapped[int]
    decided_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(info=PERSONAL)
    taken_back_at: Mapped[datetime | None] = mapped_column(default=None, init=False)


def set_apart(thing: Thing, one_id: int, other_id: int, reason: str) -> Distinction:
    """Remember that two records are not the same, in the running act. Raises ``Refused`` without a reason."""
    if not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    if one_id == other_id:
        raise Refused(_("Choose two different records."), field="other")
    known = of(thing, one_id, other_id)
    if known is None:
        lower, upper = sorted((one_id, other_id))
        known = Distinction(thing=thing, lower_id=lower, upper_id=upper, decided_at=clock.now(), reason=reason.strip())
        db.session.add(known)
    elif known.taken_back_at is not None:
        known.decided_at, known.reason, known.taken_back_at = clock.now(), reason.strip(), None
    return known


def take_back(known: Distinction) -> None:
    """Propose the two again. Raises ``Refused`` when that was done already."""
    if known.taken_back_at is not None:
        raise Refused(_("This decision was taken back already."))
    known.taken_back_at = clock.now()


def of(thing: Thing, one_id: int, other_id: int) -> Distinction | None:
    """What was ever decided about two records."""
    lower, upper = sorted((one_id, other_id))
    select = sa.select(Distinction).where(Distinction.thing == thing)
    return db.session.scalars(select.where(Distinction.lower_id == lower, Distinction.upper_id == upper)).one_or_none()


def concerning(thing: Thing, record_id: int) -> list[Distinction]:
    """The decisions in force about a record."""
    select = sa.select(Distinction).where(Distinction.thing == thing, Distinction.taken_back_at.is_(None))
    mine = sa.or_(Distinction.lower_id == record_id, Distinction.upper_id == record_id)
    return list(db.session.scalars(select.where(mine).order_by(Distinction.id)))


def apart_from(thing: Thing, record_id: int) -> set[int]:
    """The ids of those a record was told apart from."""
    return {one.upper_id if one.lower_id == record_id else one.lower_id for one in concerning(thing, record_id)}


def told_apart(thing: Thing, lower: Any, upper: Any) -> sa.ColumnElement[bool]:
    """The condition that a pair of ids stands apart by a decision in force."""
    return sa.exists().where(
        Distinction.thing == thing, Distinction.lower_id == lower, Distinction.upper_id == upper,
        Distinction.taken_back_at.is_(None),
    )  # fmt: skip


def set_all_apart(thing: Thing, record_id: int, others: Iterable[int], reason: str) -> None:
    """Remember that a record is none of some others: whoever added it has looked at them."""
    for other in others:
        set_apart(thing, record_id, other, reason)
