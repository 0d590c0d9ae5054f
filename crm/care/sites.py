"""CareSite (ケア現場): one place where care is given, of what kind, of which group, known from where."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned
from crm.organisations.organisations import Organisation


class SiteKind(StrEnum):
    """病院, 診療所, 訪問看護, 介護施設, 職能団体, その他."""

    HOSPITAL = "hospital"
    CLINIC = "clinic"
    HOME_VISIT_NURSING = "home_visit_nursing"
    CARE_FACILITY = "care_facility"
    PROFESSIONAL_BODY = "professional_body"
    OTHER = "other"


class CareSite(Versioned, Model):
    """One site. ``organisation`` is the body in law behind it, where we know it."""

    __tablename__ = "care_sites"
    __table_args__ = (UniqueConstraint("name", "group_name"),)

    name: Mapped[str]
    kind: Mapped[SiteKind] = mapped_column(index=True)
    group_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation | None] = relationship(default=None)

    def change(self, **values: object) -> None:
        """Set it right."""
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the name, the group or the note."""
    texts = (CareSite.name, CareSite.group_name, CareSite.note)
    return sa.and_(*(sa.or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in words.split()))
