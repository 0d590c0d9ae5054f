"""Segment: saved conditions with a name; whom they choose is worked out whenever it is asked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.announcements.conditions import Conditions
from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _


class Segment(Versioned, Model):
    """A name, what it is for, and its conditions."""

    __tablename__ = "segments"

    name: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str] = mapped_column(default="")
    stored: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)

    @property
    def conditions(self) -> Conditions:
        """What makes a person belong."""
        return Conditions.of(self.stored)

    def change(self, name: str, purpose: str, conditions: Conditions) -> None:
        """Another name, purpose or other conditions. Raises ``Refused`` naming the field."""
        conditions.check()
        _refuse_known_name(name, besides=self)
        for field, value in (("name", name), ("purpose", purpose), ("stored", conditions.as_json())):
            if getattr(self, field) != value:
                setattr(self, field, value)


def adding(name: str, purpose: str, conditions: Conditions) -> Segment:
    """A new segment of the running act. Raises ``Refused`` naming the field."""
    conditions.check()
    _refuse_known_name(name)
    made = Segment(name=name, purpose=purpose, stored=conditions.as_json())
    db.session.add(made)
    return made


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the name or the purpose."""
    hay = Segment.name + " " + Segment.purpose
    return sa.and_(*(hay.icontains(word, autoescape=True) for word in words.split()))


def every() -> list[Segment]:
    """All segments by name."""
    return list(db.session.scalars(sa.select(Segment).order_by(Segment.name, Segment.id)))


def _refuse_known_name(name: str, besides: Segment | None = None) -> None:
    if not name.strip():
        raise Refused(_("This must be filled in."), field="name")
    known = db.session.scalars(sa.select(Segment.id).where(Segment.name == name)).first()
    if known is not None and (besides is None or known != besides.id):
        raise Refused(_("There is a segment of this name already."), field="name")
