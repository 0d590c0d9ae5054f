"""AnnouncementRecipient: one person on the list of one announcement, fixed when it was sent, and what became of their letter.

Nobody is written to twice: of one announcement an address has one place. Like letters, recipients stand outside the record of
acts: their list is written once, and their letters' states are their own record.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.announcements.announcements import Announcement
from crm.announcements.choosing import WhyNot
from crm.db import PERSONAL, Model, db
from crm.mail.outbox import Letter, LetterState, Trouble
from crm.organisations.people import Person


class Outcome(StrEnum):
    """What became of a recipient's letter: it waits, went, was not taken, came back; they said stop; they were left out."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    SKIPPED = "skipped"


class AnnouncementRecipient(Model):
    """One person. ``address`` is the mail address as the list compares it, empty for who is left out with a reason."""

    __tablename__ = "announcement_recipients"
    __audited__ = False
    __table_args__ = (UniqueConstraint("announcement_id", "address"),)

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"), index=True, init=False)
    announcement: Mapped[Announcement] = relationship()
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person] = relationship()
    organisation_name: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="", info=PERSONAL)
    email: Mapped[str] = mapped_column(default="", info=PERSONAL)
    address: Mapped[str | None] = mapped_column(default=None, info=PERSONAL)
    why_not: Mapped[WhyNot | None] = mapped_column(default=None)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True, init=False)
    letter: Mapped[Letter | None] = relationship(default=None)
    unsubscribed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)


OUTCOME: sa.ColumnElement[str] = sa.case(
    (AnnouncementRecipient.unsubscribed_at.is_not(None), Outcome.UNSUBSCRIBED.value),
    (AnnouncementRecipient.why_not == WhyNot.UNSUBSCRIBED, Outcome.UNSUBSCRIBED.value),
    (AnnouncementRecipient.why_not.is_not(None), Outcome.SKIPPED.value),
    (Letter.state == LetterState.SENT, Outcome.SENT.value),
    (Letter.trouble.in_([Trouble.BOUNCED, Trouble.BOUNCED_SOFTLY]), Outcome.BOUNCED.value),
    (Letter.state == LetterState.FAILED, Outcome.FAILED.value),
    (Letter.state == LetterState.DROPPED, Outcome.SKIPPED.value),
    else_=Outcome.WAITING.value,
).label("outcome")
"""The outcome of a recipient, in a select that has joined their letter."""


def listed(announcement: Announcement) -> sa.Select[AnnouncementRecipient, str]:
    """The recipients of an announcement with what became of their letters, in the order of the list."""
    return _with_outcome(AnnouncementRecipient, OUTCOME).where(AnnouncementRecipient.announcement_id == announcement.id)


def outcomes(announcement: Announcement) -> dict[Outcome, int]:
    """How many recipients had which outcome, every outcome named; one query."""
    mine = AnnouncementRecipient.announcement_id == announcement.id
    rows: Any = db.session.execute(_with_outcome(OUTCOME, sa.func.count()).where(mine).group_by(OUTCOME)).all()
    found = {Outcome(name): number for name, number in rows}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def waiting(announcement_id: int) -> sa.Select[AnnouncementRecipient]:
    """The recipients whose letters are not posted yet, in the order of the list."""
    return (
        sa.select(AnnouncementRecipient)
        .where(AnnouncementRecipient.announcement_id == announcement_id)
        .where(AnnouncementRecipient.why_not.is_(None), AnnouncementRecipient.letter_id.is_(None))
        .order_by(AnnouncementRecipient.id)
    )


def letters_of(announcement_id: int) -> sa.Select[int | None]:
    """The ids of the letters of an announcement."""
    return sa.select(AnnouncementRecipient.letter_id).where(
        AnnouncementRecipient.announcement_id == announcement_id, AnnouncementRecipient.letter_id.is_not(None)
    )


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in name, address or organisation."""
    hay = AnnouncementRecipient.name + " " + AnnouncementRecipient.email + " " + AnnouncementRecipient.organisation_name
    return sa.and_(*(hay.icontains(word, autoescape=True) for word in words.split()))


def _with_outcome(*entities: object) -> sa.Select[AnnouncementRecipient, str]:
    select: sa.Select[AnnouncementRecipient, str] = sa.select(*entities)  # type: ignore[call-overload]
    return select.select_from(AnnouncementRecipient).outerjoin(Letter, Letter.id == AnnouncementRecipient.letter_id)
