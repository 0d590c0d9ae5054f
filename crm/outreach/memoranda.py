"""Memorandum (MoU): an agreement to cooperate with a university or institute, with its dates where they are known."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _
from crm.values.dates import DayOrMonth


class Memorandum(Versioned, Model):
    """One memorandum with one partner."""

    __tablename__ = "memoranda"

    partner: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    signed: Mapped[DayOrMonth | None] = mapped_column(default=None)
    ends: Mapped[DayOrMonth | None] = mapped_column(default=None)
    source: Mapped[str] = mapped_column(default="")


def record(
    partner: str,
    *,
    note: str = "",
    signed: DayOrMonth | None = None,
    ends: DayOrMonth | None = None,
    source: str = "",
) -> Memorandum:
    """Record a memorandum in the running act. Raises ``Refused`` naming the field."""
    if not partner.strip():
        raise Refused(_("This must be filled in."), field="partner")
    if signed is not None and ends is not None and ends.last_day < signed.first_day:
        raise Refused(_("The end lies before the start."), field="ends")
    memorandum = Memorandum(partner=partner.strip(), note=note, signed=signed, ends=ends, source=source)
    db.session.add(memorandum)
    return memorandum


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the partner or the note."""
    texts = (Memorandum.partner, Memorandum.note)
    return sa.and_(*(sa.or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in words.split()))
