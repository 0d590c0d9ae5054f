"""Person: someone at an organisation, with roles and their dates.

An invoice goes to the billing contact and to nobody else; when someone leaves, the role passes to a named successor.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned, personal
from crm.organisations.organisations import Organisation


class PersonRole(StrEnum):
    """代表者, 連絡担当, 請求先, 行事担当."""

    REPRESENTATIVE = "representative"
    LIAISON = "liaison"
    BILLING = "billing"
    EVENTS = "events"


class Person(Versioned, Model):
    """Someone we write to. ``locale`` is the language of letters to them."""

    __tablename__ = "people"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    name: Mapped[str] = personal()
    kana: Mapped[str] = personal(default="")
    email: Mapped[str] = personal(default="", index=True)
    phone: Mapped[str] = personal(default="")
    department: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="ja")
    left_on: Mapped[date | None] = mapped_column(default=None, init=False)
    roles: Mapped[list[RoleAt]] = relationship(back_populates="person", default_factory=list, init=False)

    def roles_on(self, day: date) -> set[PersonRole]:
        """The roles held on a day."""
        return {r.role for r in self.roles if r.holds_on(day)}


class RoleAt(Model):
    """A person's role at their organisation from a day to a day (the last day; open while it lasts)."""

    __tablename__ = "person_roles"
    __table_args__ = (Index("ix_person_roles_person_role", "person_id", "role"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), init=False)
    person: Mapped[Person] = relationship(back_populates="roles")
    role: Mapped[PersonRole]
    since: Mapped[date]
    until: Mapped[date | None] = mapped_column(default=None)

    def holds_on(self, day: date) -> bool:
        """Whether the role is held on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


def holding(role: PersonRole, day: date) -> sa.Select[tuple[Person]]:
    """The people who hold a role on a day, those with a mail address first, then by id."""
    return (
        sa.select(Person)
        .join(Person.roles)
        .where(RoleAt.role == role, RoleAt.since <= day, sa.or_(RoleAt.until.is_(None), RoleAt.until >= day))
        .where(sa.or_(Person.left_on.is_(None), Person.left_on > day))
        .order_by(Person.organisation_id, Person.email == "", Person.id)
    )
