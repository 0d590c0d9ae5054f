"""Arranging an event: publishing, more or less room, another time, calling off, and last year's once more.

Whatever changes who has a seat tells everyone concerned in the same act.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import calendars, events, letters, questions, seating, waitlist
from crm.events.events import Event, EventSession
from crm.events.registrations import Ending, Registration, RegistrationState
from crm.text import _


def publish(event: Event) -> None:
    """Open the event to the public, its calendar files ready."""
    event.publish()
    db.session.flush()
    calendars.refresh(event)


def change(event: Event, **values: object) -> None:
    """Change an event's own fields; those registered hear of another place."""
    moved = (event.place, event.online_address)
    event.change(**values)
    db.session.flush()
    calendars.refresh(event)
    if moved != (event.place, event.online_address):
        for session in event.sessions:
            _tell_of_change(session)


def add_session(
    event: Event, starts_at: datetime, ends_at: datetime, capacity: int | None, **names: str
) -> EventSession:
    """Another session of an event. Raises ``Refused`` naming the field."""
    session = events.add_session(event, starts_at, ends_at, capacity, **names)
    db.session.flush()
    calendars.refresh(event)
    return session


def change_session(session_id: int, *, capacity: int | None, **values: object) -> EventSession:
    """Give a session another time, title or capacity; those registered hear of another time."""
    session = seating.locked(session_id)
    before = (session.starts_at, session.ends_at)
    if capacity != session.capacity:
        change_capacity(session_id, capacity)
    session.change(**values)
    db.session.flush()
    calendars.refresh(session.event)
    if before != (session.starts_at, session.ends_at):
        _tell_of_change(session)
    return session


def change_capacity(session_id: int, capacity: int | None) -> EventSession:
    """More room confirms who waits, in order, and tells them; less room throws nobody out."""
    session = seating.locked(session_id)
    session.holds(capacity, taken=seating.seats_of(session).taken)
    db.session.flush()
    waitlist.promote(session)
    return session


def remove_session(session: EventSession) -> None:
    """Take away a session nobody ever registered for. Raises ``Refused`` for any other, or the last of a published event."""
    seating.locked(session.id)
    if db.session.scalar(sa.select(Registration.id).where(Registration.session_id == session.id).limit(1)) is not None:
        raise Refused(_("This session has registrations and cannot be removed. Set its capacity to 0 to close it."))
    if session.event.published_at is not None and len(session.event.sessions) == 1:
        raise Refused(_("A published event keeps at least one session."))
    session.event.sessions.remove(session)
    db.session.delete(session)


def call_off(event: Event, reason: str) -> list[Registration]:
    """Cancel the whole event: every standing registration ends and everyone is told. Gives those told."""
    for session in sorted(event.sessions, key=lambda s: s.id):  # in one order everywhere, so that two acts cannot block
        seating.locked(session.id)
    event.call_off(reason)
    told = list(_standing([s.id for s in event.sessions]))
    for registration in told:
        registration.cancel(Ending.EVENT)
        letters.event_cancelled(registration)
    return told


def repeat(event: Event, slug: str, first_day: date) -> Event:
    """The same event as a new draft, its sessions and window moved so that the first session falls on ``first_day``."""
    begins = event.begins_at
    days = first_day - clock.day_of(begins) if begins is not None else timedelta(0)

    def moved(moment: datetime) -> datetime:
        local = moment.astimezone(clock.TOKYO)
        return clock.moment_of(local.date() + days, local.time())

    copied = (
        "title_en", "description", "description_en", "place", "place_en", "online_address", "audience", "language",
        "party_limit",
    )  # fmt: skip
    given = {"opens_at": event.opens_at, "closes_at": event.closes_at}
    window = {name: moved(moment) for name, moment in given.items() if moment is not None}
    again = events.adding(slug, event.title, event.kind, **{n: getattr(event, n) for n in copied}, **window)
    db.session.flush()
    again.copied_from_id = event.id
    for session in event.sessions:
        names = {"title": session.title, "title_en": session.title_en}
        events.add_session(again, moved(session.starts_at), moved(session.ends_at), session.capacity, **names)
    for question in event.questions:
        asked = ("text_en", "help", "help_en", "is_required", "options", "options_en")
        questions.adding(again, question.kind, question.text, **{n: getattr(question, n) for n in asked})
    return again


def _tell_of_change(session: EventSession) -> None:
    if not session.has_started:
        for registration in _standing([session.id]):
            letters.session_changed(registration)


def _standing(session_ids: list[int]) -> sa.ScalarResult[Registration]:
    return db.session.scalars(
        sa.select(Registration)
        .where(Registration.session_id.in_(session_ids), Registration.state != RegistrationState.CANCELLED)
        .order_by(Registration.id)
    )
