"""PortalAccess: which person an account of the members' pages belongs to.

The account opens what the person's organisation may see, and nothing else. It ends when the person leaves; a person who
was shut out may be invited anew and gets another account, for the record names the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from crm import clock
from crm.access import accounts, users
from crm.access.permissions import Role
from crm.access.users import User, UserState
from crm.db import Model, db
from crm.errors import Refused
from crm.organisations.people import Person, PersonRole
from crm.text import _


class PortalAccess(Model):
    """A user of the members' pages is this person at their organisation."""

    __tablename__ = "portal_access"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True, init=False)
    user: Mapped[User] = relationship()
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person] = relationship()


def of(person: Person) -> PortalAccess | None:
    """The person's account that is not closed, with its user."""
    live = sa.select(PortalAccess).join(PortalAccess.user).options(contains_eager(PortalAccess.user))
    return db.session.scalars(
        live.where(PortalAccess.person_id == person.id, User.state != UserState.DISABLED)
        .order_by(PortalAccess.id.desc())
        .limit(1)
    ).one_or_none()


def states_of(people: Iterable[Person]) -> dict[int, UserState]:
    """Whether each of some people has access: the state of their account that is not closed, by the person's id; one query."""
    ids = [person.id for person in people]
    live = sa.select(PortalAccess.person_id, User.state).join(PortalAccess.user).where(User.state != UserState.DISABLED)
    found = db.session.execute(live.where(PortalAccess.person_id.in_(ids)).order_by(PortalAccess.id))
    return {row.person_id: row.state for row in found}


def person_of(user: User) -> Person | None:
    """The person a user of the members' pages is, with the organisation."""
    theirs = sa.select(Person).join(PortalAccess, PortalAccess.person_id == Person.id)
    return db.session.scalars(
        theirs.where(PortalAccess.user_id == user.id).options(joinedload(Person.organisation))
    ).one_or_none()


def invite_person(person: Person) -> User:
    """An account with a letter that asks for a password; another letter while the first was not answered.

    Raises ``Refused`` for someone without a mail address, who left or has an account, and when the address is another's.
    """
    db.session.refresh(person, with_for_update=True)  # two presses of the button make one account
    if not person.is_here_on(clock.today()):
        raise Refused(_("%(name)s has left and cannot be invited.", name=person.name))
    if not person.email:
        raise Refused(_("Please add the mail address of %(name)s first; the invitation goes there.", name=person.name),
                      field="email")  # fmt: skip
    known = of(person)
    if known is not None and known.user.state is UserState.ACTIVE:
        raise Refused(_("%(name)s has access already.", name=person.name))
    if known is not None and known.user.email_key == users.email_key(person.email):
        accounts.invite_again(known.user)
        return known.user
    if known is not None:  # the address was corrected since: the letter went to the wrong one
        accounts.close(known.user)
        db.session.flush()
    user = accounts.invite(email=person.email, name=person.name, role=Role.MEMBER, locale=person.locale)
    db.session.add(PortalAccess(user=user, person=person))
    return user


def end(person: Person) -> bool:
    """Close the person's account, if there is one: sessions and mailed links end at once. Whether there was one."""
    known = of(person)
    if known is None:
        return False
    accounts.close(known.user)
    return True


def leave(person: Person, day: date, successors: Mapping[PersonRole, Person]) -> list[PersonRole]:
    """The person leaves as ``Person.leaves`` says, and their account closes on the day; gives the roles nobody takes."""
    left_over = person.leaves(day, successors)
    if day <= clock.today():
        end(person)
    return left_over


def of_those_who_left(today: date) -> sa.Select[Person]:
    """People who have left and whose account is still open: they named a day to come when they told us."""
    return (
        sa.select(Person)
        .join(PortalAccess, PortalAccess.person_id == Person.id)
        .join(User, User.id == PortalAccess.user_id)
        .where(Person.left_on <= today, User.state != UserState.DISABLED)
        .order_by(Person.id)
    )
