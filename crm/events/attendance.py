"""Attendance: who came. Attended is not registered, and both are counted in persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from crm.db import db
from crm.errors import Refused
from crm.events.events import Event, EventSession
from crm.events.registrations import Attendance, Registration, RegistrationState
from crm.text import _


@dataclass(frozen=True)
class Count:
    """A session's attendance: registered and present in persons, the rest in entries of the list."""

    registered: int = 0
    present: int = 0
    absent: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Tick:
    """One line of the attendance page: what was shown, what is ticked now, and how many of the party came."""

    shown: Attendance | None
    ticked: bool
    came: int | None = None


def listed(session: EventSession) -> sa.Select[Registration]:
    """Who may be ticked: everyone with a confirmed seat, by name."""
    return (
        sa.select(Registration)
        .where(Registration.session_id == session.id, Registration.state == RegistrationState.CONFIRMED)
        .order_by(Registration.name, Registration.id)
    )


def take(session: EventSession, ticks: Mapping[int, Tick], *, rest_absent: bool = False) -> int:
    """Note what was ticked and unticked, and with ``rest_absent`` everyone else shown as absent. Gives how many changed.

    Only what differs from what the page showed is written, so two people ticking at two doors do not undo each other.
    """
    rows = db.session.scalars(listed(session).where(Registration.id.in_(ticks))).all()
    if len(rows) < len(ticks):
        raise Refused(_("Someone on this page no longer has a seat. Please look at the list again."))
    return sum(_note(registration, ticks[registration.id], rest_absent) for registration in rows)


def _note(registration: Registration, tick: Tick, rest_absent: bool) -> bool:
    before = (registration.attended, registration.came)
    if tick.ticked:
        if tick.shown is not Attendance.PRESENT or tick.came is not None:
            registration.note_attendance(Attendance.PRESENT, tick.came or registration.came or None)
    elif rest_absent and registration.attended is tick.shown:
        registration.note_attendance(Attendance.ABSENT)
    elif tick.shown is Attendance.PRESENT:
        registration.note_attendance(None)
    return (registration.attended, registration.came) != before


def counts(event: Event) -> dict[int, Count]:
    """The attendance of an event's sessions, by one query."""

    def number(condition: sa.ColumnElement[bool], value: sa.ColumnElement[int] | int) -> sa.ColumnElement[int]:
        return sa.cast(sa.func.coalesce(sa.func.sum(sa.case((condition, value), else_=0)), 0), sa.BigInteger)

    present = Registration.attended == Attendance.PRESENT
    rows = db.session.execute(
        sa.select(
            Registration.session_id,
            number(sa.true(), sa.func.coalesce(Registration.party_size, 0)),
            number(present, sa.func.coalesce(Registration.came, 0)),
            number(Registration.attended == Attendance.ABSENT, 1),
            number(Registration.attended.is_(None), 1),
        )
        .join(Registration.session)
        .where(EventSession.event_id == event.id, Registration.state == RegistrationState.CONFIRMED)
        .group_by(Registration.session_id)
    )
    found = {row[0]: Count(*row[1:]) for row in rows}
    return {session.id: found.get(session.id, Count()) for session in event.sessions}
