"""Erasure: that a person's data was erased — when, by whom, on which request, how much went, and what stays until when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, db
from crm.organisations.people import Person
from crm.privacy.requests import PrivacyRequest


class Erasure(Model):
    """One erasing. ``gone`` and ``stayed`` count rows by table; of what stays also the law and the day by its rule's name."""

    __tablename__ = "erasures"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person] = relationship()
    erased_at: Mapped[datetime]
    reason: Mapped[str]
    gone: Mapped[dict[str, Any]]
    stayed: Mapped[dict[str, Any]]
    changes_blanked: Mapped[int]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_requests.id"), index=True, init=False)
    request: Mapped[PrivacyRequest | None] = relationship(default=None)


def of(person: Person) -> list[Erasure]:
    """The erasures of a person, the newest first."""
    mine = sa.select(Erasure).where(Erasure.person_id == person.id)
    return list(db.session.scalars(mine.order_by(Erasure.id.desc())))
