"""Seats: the lock under which they are given and freed, and how many are held.

Whoever gives, frees or recounts seats calls ``locked`` first and reads only afterwards: on PostgreSQL the session's row is
locked until the act commits, on SQLite the act itself is the only writer. Counts are never stored. The lock comes before
the record's own (the chain's head), in every act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import attributes

from crm.db import db
from crm.errors import Refused
from crm.events.events import Event, EventSession
from crm.events.registrations import Registration, RegistrationState, seated
from crm.text import _


class Availability(StrEnum):
    """What a session's page says: seats to be had, only the waiting list, or nothing."""

    OPEN = "open"
    WAITING_LIST = "waiting_list"
    CLOSED = "closed"


@dataclass(frozen=True)
class Seats:
    """A session's list in numbers of persons. ``lapses_at`` is when the first standing offer ends."""

    capacity: int | None
    confirmed: int = 0
    offered: int = 0
    waiting: int = 0
    lapses_at: datetime | None = None

    @property
    def taken(self) -> int:
        """Seats given out or held for someone."""
        return self.confirmed + self.offered

    @property
    def free(self) -> int | None:
        """Seats that can be given out; ``None`` without limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)

    def fits(self, party_size: int) -> bool:
        """Whether a party can be seated together."""
        return self.free is None or party_size <= self.free


def availability(session: EventSession, seats: Seats) -> Availability:
    """What someone who wants to register for a session at this moment may expect."""
    if session.event.closed_reason(session) is not None:
        return Availability.CLOSED
    return Availability.OPEN if seats.fits(1) and not seats.waiting else Availability.WAITING_LIST


def locked(session_id: int) -> EventSession:
    """The session with its event, read anew under its lock. Raises ``Refused`` when there is none."""
    session = db.session.scalars(_LOCKING, {"id": session_id}).one_or_none()
    if session is None:
        raise Refused(_("There is no such session."), field="session")
    # Not in one statement with the lock: PostgreSQL would show the event as it was before the wait.
    event = db.session.scalars(_EVENT, {"id": session.event_id}).one()
    attributes.set_committed_value(session, "event", event)
    return session


def registration_locked(registration_id: int) -> Registration:
    """A registration, read anew under its session's lock. Raises ``Refused`` when there is none."""
    session_id = db.session.scalar(sa.select(Registration.session_id).where(Registration.id == registration_id))
    if session_id is None:
        raise Refused(_("There is no such registration."))
    locked(session_id)
    return db.session.get_one(Registration, registration_id, populate_existing=True)


def seats_of(session: EventSession) -> Seats:
    """The session's list in numbers, as of now."""
    return seats_by_session([session])[session.id]


def seats_by_session(sessions: list[EventSession]) -> dict[int, Seats]:
    """The lists of several sessions in numbers, by one query."""
    found = (
        {row[0]: row[1:] for row in db.session.execute(_COUNTED, {"ids": [s.id for s in sessions]})} if sessions else {}
    )
    return {s.id: Seats(s.capacity, *found.get(s.id, ())) for s in sessions}


def _persons(*conditions: Any) -> sa.ColumnElement[int]:
    """How many persons of the registrations that satisfy the conditions. PostgreSQL sums to NUMERIC, hence the cast."""
    summed = sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*conditions), Registration.party_size), else_=0)), 0)
    return sa.cast(summed, sa.BigInteger)


# Put together once: every registration asks them, and putting them together takes longer than answering them.
_LOCKING = (
    sa.select(EventSession)
    .where(EventSession.id == sa.bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_EVENT = sa.select(Event).where(Event.id == sa.bindparam("id")).execution_options(populate_existing=True)
_COUNTED = (
    sa.select(
        Registration.session_id,
        _persons(Registration.state == RegistrationState.CONFIRMED, seated()),
        _persons(Registration.state == RegistrationState.OFFERED),
        _persons(Registration.state == RegistrationState.WAITING),
        sa.func.min(Registration.offer_until),
    )
    .where(Registration.session_id.in_(sa.bindparam("ids", expanding=True)))
    .where(Registration.state != RegistrationState.CANCELLED)
    .group_by(Registration.session_id)
)
