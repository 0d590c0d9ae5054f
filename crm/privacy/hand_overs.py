"""HandOver: personal data given to a third party — to whom, when, what of whom, on which ground (第三者提供記録).

個人情報保護法 27条 (consent or one of the exceptions), 29条 (the record, kept three years), 施行規則 20条 (what it says).
Data given to a contractor for our own purpose (委託, 27条5項1号) need not be recorded; it may be.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import Model, db
from crm.errors import Refused
from crm.organisations.people import Person
from crm.text import _


class Ground(StrEnum):
    """本人の同意, 法令, 生命・身体・財産の保護, 公衆衛生・児童の健全育成, 国等への協力, 委託, 共同利用."""

    CONSENT = "consent"
    LAW = "law"
    PROTECTION = "protection"
    PUBLIC_HEALTH = "public_health"
    AUTHORITIES = "authorities"
    ENTRUSTED = "entrusted"
    JOINT_USE = "joint_use"


class HandOver(Model):
    """One hand-over. ``items`` are the kinds of data given (氏名、メールアドレス …), ``persons`` how many people it was about."""

    __tablename__ = "hand_overs"
    __table_args__ = (CheckConstraint("persons >= 1", name="persons"),)

    handed_on: Mapped[date] = mapped_column(index=True)
    recipient: Mapped[str]
    items: Mapped[str]
    ground: Mapped[Ground]
    persons: Mapped[int]
    recipient_address: Mapped[str] = mapped_column(default="")
    recipient_representative: Mapped[str] = mapped_column(default="")
    ground_note: Mapped[str] = mapped_column(default="")
    way: Mapped[str] = mapped_column(default="")
    of_whom: Mapped[list[HandedOver]] = relationship(back_populates="hand_over", default_factory=list, init=False)


class HandedOver(Model):
    """A person whose data was part of a hand-over."""

    __tablename__ = "handed_over"
    __table_args__ = (UniqueConstraint("hand_over_id", "person_id"),)

    hand_over_id: Mapped[int] = mapped_column(ForeignKey("hand_overs.id"), init=False)
    hand_over: Mapped[HandOver] = relationship(back_populates="of_whom")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person] = relationship()


def record(
    recipient: str, items: str, ground: Ground, people: Iterable[Person], *, handed_on: date, persons: int | None = None,
    **values: Any,
) -> HandOver:  # fmt: skip
    """Record a hand-over in the running act. Raises ``Refused`` for a day to come, nobody named, or a ground left unexplained."""
    of_whom = list(dict.fromkeys(people))
    if handed_on > clock.today():
        raise Refused(_("This day is still to come."), field="handed_on")
    if not of_whom:
        raise Refused(_("Name at least one person whose data was given."), field="people")
    if ground is not Ground.CONSENT and not str(values.get("ground_note") or "").strip():
        raise Refused(_("Say which law, contract or reason the hand-over rests on."), field="ground_note")
    number = len(of_whom) if persons is None else persons
    if number < len(of_whom):
        raise Refused(_("More people are named than this number says."), field="persons")
    made = HandOver(
        handed_on=handed_on, recipient=recipient.strip(), items=items.strip(), ground=ground, persons=number, **values
    )
    db.session.add(made)
    db.session.add_all(HandedOver(hand_over=made, person=person) for person in of_whom)
    return made


def of(person: Person) -> list[HandOver]:
    """The hand-overs a person's data was part of, the newest first."""
    mine = sa.select(HandOver).join(HandOver.of_whom).where(HandedOver.person_id == person.id)
    return list(db.session.scalars(mine.order_by(HandOver.handed_on.desc(), HandOver.id.desc())))
