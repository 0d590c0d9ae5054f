"""The waiting list: who is next, and for how long an offer stands.

First come, first served, by party: the first in the list waits until there is room for the whole party, and nobody behind
overtakes it. A freed seat is offered with a deadline; a lapsed offer passes on; more capacity confirms at once. Each of
them tells the person by letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import letters, seating
from crm.events.events import EventSession, EventState
from crm.events.registrations import Ending, Registration, RegistrationState
from crm.settings.settings import office_setting
from crm.text import _


def in_line(session: EventSession) -> sa.Select[Registration]:
    """Who waits for a session, the first first."""
    return (
        sa.select(Registration)
        .where(Registration.session_id == session.id, Registration.state == RegistrationState.WAITING)
        .order_by(Registration.id)
    )


def pass_on(session: EventSession) -> list[Registration]:
    """Offer free seats to who is next; the session is locked. Gives those who were offered one."""
    offered = []
    for registration in _next(session):
        registration.offer(_deadline(session))
        letters.offer(registration)
        offered.append(registration)
    return offered


def promote(session: EventSession) -> list[Registration]:
    """Confirm who is next into seats that were added, and tell them; the session is locked."""
    promoted = []
    for registration in _next(session):
        registration.confirm()
        letters.promoted(registration)
        promoted.append(registration)
    return promoted


def lapse(session: EventSession) -> list[Registration]:
    """End the offers whose time is up and offer their seats on; the session is locked. Gives those that lapsed."""
    standing = sa.select(Registration).where(
        Registration.session_id == session.id,
        Registration.state == RegistrationState.OFFERED,
        Registration.offer_until <= clock.now(),
    )
    lapsed = list(db.session.scalars(standing.order_by(Registration.id)))
    for registration in lapsed:
        registration.cancel(Ending.LAPSED)
        letters.offer_lapsed(registration)
    db.session.flush()
    pass_on(session)
    return lapsed


def accept(registration_id: int) -> Registration:
    """Take the offered seat. Raises ``Refused`` when there is no offer any more or its time is up."""
    registration = seating.registration_locked(registration_id)
    if registration.state is not RegistrationState.OFFERED or registration.offer_has_lapsed:
        raise Refused(_("This offer no longer stands."))
    if registration.session.event.state is not EventState.PUBLISHED:
        raise Refused(_("This event has been called off."))
    registration.confirm()
    letters.confirmed(registration)
    return registration


def decline(registration_id: int) -> Registration:
    """Give the offered seat to the next. Raises ``Refused`` when there is no offer any more."""
    registration = seating.registration_locked(registration_id)
    if registration.state is not RegistrationState.OFFERED:
        raise Refused(_("This offer no longer stands."))
    registration.cancel(Ending.DECLINED)
    db.session.flush()
    pass_on(registration.session)
    return registration


def due_offers(now: datetime) -> list[int]:
    """The sessions with offers whose time is up: each is expired in an act of its own."""
    due = sa.select(Registration.session_id).where(Registration.offer_until <= now).distinct()
    return sorted(db.session.scalars(due))


def expire(session_id: int) -> list[Registration]:
    """End a session's lapsed offers and offer the seats on. Gives those that lapsed; doing it twice changes nothing."""
    return lapse(seating.locked(session_id))


def _next(session: EventSession) -> Iterator[Registration]:
    """Those in line there is room for, in order, until one does not fit. Each must be seated before the next is asked for."""
    if session.has_started or session.event.state is EventState.CANCELLED:
        return
    free = seating.seats_of(session).free
    line = in_line(session)
    for registration in db.session.scalars(line if free is None else line.limit(free)).all():
        if free is not None:
            if registration.party_size > free:
                return
            free -= registration.party_size
        yield registration


def _deadline(session: EventSession) -> datetime:
    """When an offer made now lapses: after the hours the office set, at the latest when the session starts."""
    hours = timedelta(hours=office_setting("events.offer_hours"))
    return min(clock.now() + hours, session.starts_at)
