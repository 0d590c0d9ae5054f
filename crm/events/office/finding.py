"""What an address of the office's event pages means, or 404."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import joinedload, selectinload
from werkzeug.exceptions import NotFound

from crm.db import db
from crm.events.events import Event, EventSession
from crm.events.questions import Question
from crm.events.registrations import Registration

N = TypeVar("N")


def event_or_404(event_id: int) -> Event:
    """An event with its sessions and questions."""
    event = db.session.get(Event, event_id, options=(selectinload(Event.sessions), selectinload(Event.questions)))
    if event is None:
        raise NotFound
    return event


def session_or_404(event: Event, session_id: int) -> EventSession:
    """A session of the event."""
    return _found(next((s for s in event.sessions if s.id == session_id), None))


def question_or_404(event: Event, question_id: int) -> Question:
    """A question of the event's form."""
    return _found(next((q for q in event.questions if q.id == question_id), None))


def registration_or_404(registration_id: int) -> Registration:
    """A registration with its session and event."""
    whole = joinedload(Registration.session).joinedload(EventSession.event)
    return _found(db.session.get(Registration, registration_id, options=(whole, joinedload(Registration.recognised))))


def _found(noun: N | None) -> N:
    if noun is None:
        raise NotFound
    return noun
