"""Unsubscribing: whoever holds the link of a letter stops announcements to its address at once, and may take that back.

The link is signed and opens nothing else. A click on it only shows a page; stopping is a POST, by the page's button or by the
mail program (RFC 8058). Everyone with that mail address is meant, on whatever record they stand and in capitals or not.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from crm import clock
from crm.access import links
from crm.announcements.letters import LINK
from crm.announcements.recipients import AnnouncementRecipient
from crm.db import db
from crm.errors import Refused
from crm.mail.outbox import Letter, LetterKind, LetterState, Trouble
from crm.organisations import consent_texts, consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person
from crm.text import _


@dataclass(frozen=True)
class Subscription:
    """Whom a link is for: the recipient's row, and everyone with its address; ``None`` for a letter that was a test."""

    recipient: AnnouncementRecipient | None
    people: tuple[Person, ...]

    @property
    def email(self) -> str:
        """The mail address it is about."""
        return self.recipient.email if self.recipient is not None else ""

    @property
    def stands(self) -> bool:
        """Whether anyone at the address agrees to announcements now."""
        standing = consents.standing_of(self.people)
        return any(Purpose.ANNOUNCEMENTS in purposes for purposes in standing.values())


def of(token: str) -> Subscription:
    """Whom a link is for. Raises ``Refused`` for one that is not ours."""
    recipient_id = links.read(LINK, token)
    if recipient_id == 0:
        return Subscription(None, ())
    recipient = db.session.get(AnnouncementRecipient, recipient_id)
    if recipient is None:
        raise Refused(_("This link is not valid or has expired."))
    theirs = sa.and_(sa.func.lower(Person.email) == recipient.email.lower(), Person.email != "")
    same = sa.select(Person).where(sa.or_(theirs, Person.id == recipient.person_id))
    return Subscription(recipient, tuple(db.session.scalars(same.order_by(Person.id))))


def stop(subscription: Subscription) -> bool:
    """End the consent of everyone at the address and drop what is on its way to it; whether anything changed."""
    recipient = subscription.recipient
    if recipient is None:
        return False
    note = f"announcement {recipient.announcement_id}"
    ended = [
        consent for person in subscription.people
        for consent in consents.withdraw(person, Purpose.ANNOUNCEMENTS, way=Way.MAILED_LINK, note=note)
    ]  # fmt: skip
    if ended or recipient.unsubscribed_at is None:
        recipient.unsubscribed_at = clock.now()
    alike = (one.email for one in subscription.people if one.email.lower() == recipient.email.lower())
    for letter in db.session.scalars(_on_their_way({recipient.email, *alike})):
        letter.drop(Trouble.UNSUBSCRIBED)
    return bool(ended)


def again(subscription: Subscription) -> None:
    """Take stopping back: a new consent to the words on the page. Raises ``Refused`` for the link of a test."""
    recipient = subscription.recipient
    if recipient is None:
        raise Refused(_("This was a test letter; nobody is subscribed through it."))
    words, version = consent_texts.wording(Purpose.ANNOUNCEMENTS), consent_texts.version(Purpose.ANNOUNCEMENTS)
    for person in subscription.people:
        consents.record(
            person, Purpose.ANNOUNCEMENTS, text_version=version, way=Way.MAILED_LINK, wording=words,
            evidence=f"announcement {recipient.announcement_id}",
        )  # fmt: skip
    recipient.unsubscribed_at = None


def _on_their_way(emails: set[str]) -> sa.Select[Letter]:
    states = (LetterState.QUEUED, LetterState.RETRY, LetterState.HELD)
    return sa.select(Letter).where(
        Letter.recipient_email.in_(emails), Letter.kind == LetterKind.ANNOUNCEMENT, Letter.state.in_(states)
    ).with_for_update()  # fmt: skip
