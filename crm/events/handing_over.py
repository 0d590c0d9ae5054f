"""Registrations for coming events pass on when their holder's task does: the seat stays, another person sits in it."""

from __future__ import annotations

import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import letters
from crm.events.events import EventSession
from crm.events.registrations import Registration, RegistrationState
from crm.mail import outbox
from crm.mail.outbox import Trouble
from crm.organisations.people import Person
from crm.text import _

LETTERS = {
    RegistrationState.CONFIRMED: letters.confirmed,
    RegistrationState.WAITING: letters.waiting,
    RegistrationState.OFFERED: letters.offer,
}


def open_of(person: Person, day: date) -> list[tuple[str, str]]:
    """A person's live registrations, by their mail address, for sessions on a day or later: (id, the event and its day)."""
    if not person.email:
        return []
    begins = clock.moment_of(max(day, clock.today()))
    mine = sa.select(Registration).join(Registration.session).where(
        sa.func.lower(Registration.email) == person.email.lower(), EventSession.starts_at >= begins,
        Registration.state != RegistrationState.CANCELLED,
    )  # fmt: skip
    select = mine.options(joinedload(Registration.session).joinedload(EventSession.event)).order_by(
        EventSession.starts_at
    )
    return [
        (str(one.id), f"{one.session.event.text('title')} {clock.day_of(one.session.starts_at):%Y-%m-%d}")
        for one in db.session.scalars(select)
    ]


def pass_on(person: Person, registration_id: str, successor: Person) -> None:
    """Let another person have a registration: the place in the list and the party stay, the own page gets another address.

    What the predecessor answered about themselves is not shown to the successor. Raises ``Refused`` without a mail address.
    """
    registration = db.session.get_one(Registration, int(registration_id))
    if not successor.email:
        raise Refused(_("To take over registrations, the successor needs a mail address."), field="email")
    for letter in db.session.scalars(outbox.about(registration)):
        letter.drop(Trouble.CALLED_OFF)
    registration.correct(name=successor.name, email=successor.email)
    registration.locale, registration.answers = successor.locale, []
    registration.code = secrets.token_urlsafe(16)
    db.session.flush()
    LETTERS[registration.state](registration)
