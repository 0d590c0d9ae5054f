"""Person: someone at an organisation, with roles and their dates.

An invoice goes to the billing contact and to nobody else; when someone leaves, the role passes to a named successor.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload, validates

from crm.db import PERSONAL, Model, Versioned, db
from crm.errors import Refused
from crm.organisations import naming
from crm.organisations.organisations import LONGEST_KEY, Organisation
from crm.text import _

_search_key = lru_cache(maxsize=2048)(naming.search_key)

UNNAMED = ("ご担当者", "Person in charge")
"""What an import calls someone of whom only a mail address is known, in either language of whoever imported."""


class PersonRole(StrEnum):
    """代表者, 連絡担当, 請求先, 行事担当."""

    REPRESENTATIVE = "representative"
    LIAISON = "liaison"
    BILLING = "billing"
    EVENTS = "events"


class Person(Versioned, Model):
    """Someone we write to. ``locale`` is the language of letters to them."""

    __tablename__ = "people"
    # The order of the list of everyone, and beside it what a search looks at.
    __table_args__ = (Index("ix_people_list", "kana", "name", "id", "search_key"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    name: Mapped[str] = mapped_column(info=PERSONAL)
    kana: Mapped[str] = mapped_column(default="", info=PERSONAL)
    email: Mapped[str] = mapped_column(default="", index=True, info=PERSONAL)
    phone: Mapped[str] = mapped_column(default="", info=PERSONAL)
    department: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="ja")
    left_on: Mapped[date | None] = mapped_column(default=None, init=False)
    portal_rights: Mapped[list[Any] | None] = mapped_column(default=None, init=False)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True, default=None, init=False)
    search_key: Mapped[str] = mapped_column(init=False, default="", info=PERSONAL)
    roles: Mapped[list[RoleAt]] = relationship(back_populates="person", default_factory=list, init=False)

    FOUND_BY: ClassVar[tuple[str, ...]] = ("name", "kana", "email")

    @staticmethod
    def found_by(*said: str | None) -> str:
        """The search key of a name, a reading and a mail address."""
        return " ".join(dict.fromkeys(filter(None, map(_search_key, filter(None, said)))))[:LONGEST_KEY]

    @validates("name", "kana", "email")
    def _keep_key(self, attribute: str, value: str) -> str:
        """The key follows at once, so that it can never disagree, and goes with a person who is erased."""
        persistent = sa.inspect(self).persistent
        said = {name: getattr(self, name) if persistent else self.__dict__.get(name) for name in self.FOUND_BY}
        self.search_key = self.found_by(*{**said, attribute: value}.values())
        return value

    @property
    def known_name(self) -> str:
        """The name; empty for someone of whom only a mail address is known, called by the task."""
        return "" if self.name in UNNAMED else self.name

    def roles_on(self, day: date) -> set[PersonRole]:
        """The roles held on a day."""
        return {r.role for r in self.roles if r.holds_on(day)}

    def is_here_on(self, day: date) -> bool:
        """Whether the person is still with the organisation."""
        return self.left_on is None or day < self.left_on

    def change(self, **values: Any) -> None:
        """Give fields new values. Raises ``Refused`` when a colleague has the mail address."""
        email = values.get("email") or ""
        if email.casefold() != self.email.casefold():
            refuse_known_address(self.organisation, email, besides=self)
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    def takes(self, role: PersonRole, since: date | None) -> RoleAt | None:
        """Give a role from a day on; ``None`` when it is held then already. Raises ``Refused`` for someone who left."""
        day = since or date.max
        if self.left_on is not None and self.left_on <= day:
            raise Refused(_("%(name)s has left and cannot take a role.", name=self.name), field="person")
        if any(r.role is role and r.until is None for r in self.roles):
            return None
        given = RoleAt(person=self, role=role, since=since)
        db.session.add(given)
        return given

    def gives_up(self, role: PersonRole, last_day: date) -> None:
        """End a role; ``last_day`` is the last it is held. Raises ``Refused`` when it is not held then."""
        held = next((r for r in self.roles if r.role is role and r.holds_on(last_day)), None)
        if held is None:
            raise Refused(_("%(name)s does not hold this role on that day.", name=self.name), field="role")
        held.until = last_day

    def leaves(self, day: date, successors: Mapping[PersonRole, Person]) -> list[PersonRole]:
        """Leave the organisation; ``day`` is the first without them. Each role passes to the successor named for it.

        Gives the roles nobody takes over, of which the office must know: without a billing contact no invoice is sent.
        """
        if self.left_on is not None:
            raise Refused(_("%(name)s has left already.", name=self.name), field="left_on")
        held = [r for r in self.roles if r.until is None or r.until >= day]
        self.left_on = day
        for role_at in held:
            role_at.until = day - timedelta(days=1)
            successor = successors.get(role_at.role)
            if successor is self or (successor and successor.organisation is not self.organisation):
                raise Refused(_("The successor must be someone else at the organisation."), field="successor")
            if successor is not None:
                successor.takes(role_at.role, day)
        return [r.role for r in held if r.role not in successors]


class RoleAt(Model):
    """A person's role at their organisation from a day to a day (the last day; open while it lasts).

    Without ``since`` it was held before we knew of it, as with people named in an imported list.
    """

    __tablename__ = "person_roles"
    __table_args__ = (Index("ix_person_roles_person_role", "person_id", "role"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), init=False)
    person: Mapped[Person] = relationship(back_populates="roles")
    role: Mapped[PersonRole]
    since: Mapped[date | None]
    until: Mapped[date | None] = mapped_column(default=None)

    def holds_on(self, day: date) -> bool:
        """Whether the role is held on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def holding(role: PersonRole, day: date) -> sa.Select[Person]:
    """The people who hold a role on a day, those with a mail address first, then by id."""
    return (
        sa.select(Person)
        .join(Person.roles)
        .where(RoleAt.role == role, sa.or_(RoleAt.since.is_(None), RoleAt.since <= day))
        .where(sa.or_(RoleAt.until.is_(None), RoleAt.until >= day))
        .where(sa.or_(Person.left_on.is_(None), Person.left_on > day))
        .order_by(Person.organisation_id, Person.email == "", Person.id)
    )


def at(organisation: Organisation) -> sa.Select[Person]:
    """An organisation's people with their roles, those who left last."""
    return (
        sa.select(Person)
        .where(Person.organisation_id == organisation.id, Person.merged_into_id.is_(None))
        .options(selectinload(Person.roles))
        .order_by(Person.left_on.is_not(None), Person.id)
    )


def adding(organisation: Organisation, name: str, **values: Any) -> Person:
    """A new person of the running act. Raises ``Refused`` when someone there has the same mail address."""
    refuse_known_address(organisation, values.get("email") or "")
    person = Person(organisation=organisation, name=name, **values)
    db.session.add(person)
    return person


def refuse_known_address(organisation: Organisation, email: str, besides: Person | None = None) -> None:
    """Raise ``Refused`` when someone else at the organisation has this mail address."""
    others = [person for person in _present(organisation) if person is not besides]
    if email and any(person.email.casefold() == email.casefold() for person in others):
        raise Refused(_("Someone at this organisation has this mail address already."), field="email")


def _present(organisation: Organisation) -> list[Person]:
    if not sa.inspect(organisation).persistent:
        return []
    return [person for person in db.session.scalars(at(organisation)) if person.left_on is None]
