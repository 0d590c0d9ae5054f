"""Registering: from a filled-in form to a seat, or a place on the waiting list; and giving it up.

Everything is decided under the session's lock and at the moment the form arrives: whether the event is open, whether there
is room, who is next. A page that was opened in time but sent too late is too late.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import letters, seating, waitlist
from crm.events.events import Audience, Event, EventSession, EventState
from crm.events.registrations import (
    LARGEST_PARTY,
    Attendance,
    Ending,
    Registration,
    RegistrationState,
    Source,
    recognise,
)
from crm.members.members import ClassPeriod, Member
from crm.organisations.people import Person
from crm.settings.settings import office_setting
from crm.text import _

WALK_IN_FROM = timedelta(hours=12)


@dataclass(frozen=True)
class Visitor:
    """Who registers. ``answers`` as ``questions.answers`` gives them; ``key`` is the event's own link, if they had it.

    ``made_for_id`` and ``made_by_id``: the organisation and its person who registers a colleague in the members' pages.
    """

    name: str
    email: str
    organisation: str = ""
    party_size: int = 1
    locale: str = "ja"
    answers: Sequence[Mapping[str, Any]] = ()
    notice_version: str = ""
    key: str = field(default="", repr=False)
    made_for_id: int | None = None
    made_by_id: int | None = None


def notice() -> tuple[str, str]:
    """The privacy notice in force and its version, a digest of its words."""
    words = str(office_setting("texts.privacy"))
    return words, hashlib.sha256(words.encode()).hexdigest()[:12]


def register(session_id: int, visitor: Visitor, source: Source = Source.PUBLIC) -> Registration:
    """Give a visitor a seat or a place on the waiting list, and write to them which of the two.

    Raises ``Refused`` when registration is not open at this moment, or not for them. The office may register someone
    outside the time and audience, but not past who waits.
    """
    session = seating.locked(session_id)
    if source is Source.OFFICE:
        _refuse_impossible(session)
    else:
        _refuse_closed(session, visitor)
    _refuse_party(visitor.party_size, LARGEST_PARTY if source is Source.OFFICE else session.event.party_limit)
    registration = _written(session, visitor, source)
    if _has_room(session, visitor.party_size):
        registration.confirm()
    db.session.add(registration)
    db.session.flush()
    if registration.state is RegistrationState.CONFIRMED:
        letters.confirmed(registration)
    else:
        letters.waiting(registration)
    return registration


def walk_in(session_id: int, visitor: Visitor, *, source: Source = Source.WALK_IN) -> Registration:
    """Someone who came without registering: present at once. They take no seat that is given out beforehand."""
    session = seating.locked(session_id)
    if clock.now() < session.starts_at - WALK_IN_FROM:
        raise Refused(_("This session is still to come. Add a registration instead."))
    _refuse_party(visitor.party_size, LARGEST_PARTY)
    registration = _written(session, visitor, source)
    registration.confirm()
    registration.note_attendance(Attendance.PRESENT)
    db.session.add(registration)
    return registration


def cancel(registration_id: int, ended_by: Ending) -> Registration:
    """End a registration, tell the person, and pass its seat on. Raises ``Refused`` when it is too late or has ended."""
    registration = seating.registration_locked(registration_id)
    if ended_by is Ending.PERSON and not may_cancel(registration):
        raise Refused(_("It is too late to cancel here. Please call the office."))
    registration.cancel(ended_by)
    db.session.flush()
    letters.cancelled(registration)
    waitlist.pass_on(registration.session)
    return registration


def may_cancel(registration: Registration) -> bool:
    """Whether the person may still cancel, by the hours the office set; who only waits may until the session starts."""
    hours = office_setting("events.cancel_until_hours") if registration.state is RegistrationState.CONFIRMED else 0
    until = registration.session.starts_at - timedelta(hours=hours)
    return registration.is_live and clock.now() < until


def _has_room(session: EventSession, party_size: int) -> bool:
    """Whether a newcomer is seated at once: there is room and nobody waits. Offers whose time is up are passed on first."""
    if session.capacity is None:
        return True
    seats = seating.seats_of(session)
    if seats.lapses_at is not None and seats.lapses_at <= clock.now():
        waitlist.lapse(session)
        db.session.flush()
        seats = seating.seats_of(session)
    return seats.waiting == 0 and seats.fits(party_size)


def _written(session: EventSession, visitor: Visitor, source: Source) -> Registration:
    return Registration(
        session=session, name=visitor.name, email=visitor.email, organisation=visitor.organisation,
        party_size=visitor.party_size, locale=visitor.locale, answers=list(map(dict, visitor.answers)),
        notice_version=visitor.notice_version, source=source, made_for_id=visitor.made_for_id, made_by_id=visitor.made_by_id,
        recognised_id=visitor.made_for_id or recognise(visitor.organisation),
    )  # fmt: skip


def _refuse_closed(session: EventSession, visitor: Visitor) -> None:
    reason = session.event.closed_reason(session)
    if reason is not None:
        raise Refused(reason, field="session")
    if not is_invited(session.event, visitor.key) and not _is_admitted(session.event, visitor):
        words = {
            Audience.MEMBERS: _("This event is for members. Please use the mail address your organisation gave us."),
            Audience.INVITATION: _("This event is by invitation. Please use the link in your invitation."),
        }
        raise Refused(words[session.event.audience], field="email")


def _refuse_impossible(session: EventSession) -> None:
    if session.event.state is EventState.CANCELLED:
        raise Refused(_("This event has been called off."))
    if session.capacity == 0:
        raise Refused(_("This session takes no registrations."), field="session")
    if session.has_started:
        raise Refused(_("This session has started. Add who came on the attendance page."), field="session")


def _refuse_party(size: int, most: int) -> None:
    if not 1 <= size <= most:
        raise Refused(_("From %(least)s to %(most)s.", least=1, most=most), field="party_size")


def is_invited(event: Event, key: str) -> bool:
    """Whether a link's key is the event's own."""
    return bool(key) and hmac.compare_digest(key.encode(), event.invitation_key.encode())


def _is_admitted(event: Event, visitor: Visitor) -> bool:
    """Whether the audience includes who wants to register."""
    if event.audience is Audience.PUBLIC:
        return True
    return event.audience is Audience.MEMBERS and _is_of_member(visitor)


def _is_of_member(visitor: Visitor) -> bool:
    """Whether a member of today registers them, or we know the mail address as that of someone at one."""
    today = clock.today()
    found = sa.select(Member.id).join(ClassPeriod, ClassPeriod.member_id == Member.id)
    found = found.where(ClassPeriod.since <= today, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= today))
    if visitor.made_for_id is not None:
        found = found.where(Member.organisation_id == visitor.made_for_id)
    else:
        known = sa.func.lower(Person.email) == visitor.email.lower()
        at_one = Person.organisation_id == Member.organisation_id
        found = found.join(Person, at_one).where(known, Person.left_on.is_(None))
    return db.session.scalar(found.limit(1)) is not None
