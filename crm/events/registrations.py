"""Registration: a person or party on a session's list, from the moment it is made until after the event.

Registered is not attended: the two are separate columns and separate counts. A registration ends by state and is never
deleted; someone who cancelled and registers again stands at the end of the list like everyone else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, SECRET, Model, Versioned, db
from crm.errors import Refused
from crm.events.events import Event, EventSession, EventState
from crm.organisations import naming
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.text import _

LARGEST_PARTY = 50


class RegistrationState(StrEnum):
    """Has a seat, waits for one, was offered one, has none any more."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"


class Ending(StrEnum):
    """Who or what ended it: the person, the office, an offer declined or lapsed, the event called off."""

    PERSON = "person"
    OFFICE = "office"
    DECLINED = "declined"
    LAPSED = "lapsed"
    EVENT = "event"


class Attendance(StrEnum):
    """Whether they came, once someone looked."""

    PRESENT = "present"
    ABSENT = "absent"


class Source(StrEnum):
    """Where a registration came from. Who simply came (walk-in) took no seat that was to be given out."""

    PUBLIC = "public"
    PORTAL = "portal"
    OFFICE = "office"
    PROGRAM = "program"
    WALK_IN = "walk_in"
    IMPORT = "import"


HOLDING = (RegistrationState.CONFIRMED, RegistrationState.OFFERED)
SEATLESS = (Source.WALK_IN, Source.IMPORT)


class Registration(Versioned, Model):
    """One person or party on one session's list; the order of the list is the order of ids, given under the session's lock.

    ``organisation`` is what was typed; ``recognised`` a proposal of who that is, for the office only. ``code`` opens the
    person's own page, ``answers`` are the event's own questions as they were asked. ``came`` is how many of the party came.
    ``made_for`` is the member whose person ``made_by`` registered a colleague in the members' pages; only that member sees it there.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        CheckConstraint("party_size >= 1", name="party"),
        CheckConstraint("came >= 0", name="came"),
        CheckConstraint("(state = 'offered') = (offer_until IS NOT NULL)", name="offer"),
        Index("ix_registrations_list", "session_id", "state", "id"),
        Index("ix_registrations_offers", "offer_until", sqlite_where=sa.text("offer_until IS NOT NULL"),
              postgresql_where=sa.text("offer_until IS NOT NULL")),
    )  # fmt: skip

    session_id: Mapped[int] = mapped_column(ForeignKey("event_sessions.id"), init=False)
    session: Mapped[EventSession] = relationship()
    name: Mapped[str] = mapped_column(info=PERSONAL)
    email: Mapped[str] = mapped_column(index=True, info=PERSONAL)
    organisation: Mapped[str] = mapped_column(default="")
    party_size: Mapped[int] = mapped_column(default=1)
    locale: Mapped[str] = mapped_column(default="ja")
    answers: Mapped[list[Any]] = mapped_column(default_factory=list, info=PERSONAL)
    notice_version: Mapped[str] = mapped_column(default="")
    source: Mapped[Source] = mapped_column(default=Source.PUBLIC)
    recognised_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True, default=None)
    recognised: Mapped[Organisation | None] = relationship(init=False, foreign_keys=[recognised_id])
    made_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True, default=None)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True, default=None)
    made_by: Mapped[Person | None] = relationship(init=False)
    registered_at: Mapped[datetime] = mapped_column(default_factory=lambda: clock.now())

    state: Mapped[RegistrationState] = mapped_column(init=False, default=RegistrationState.WAITING)
    offer_until: Mapped[datetime | None] = mapped_column(init=False, default=None)
    ended_by: Mapped[Ending | None] = mapped_column(init=False, default=None)
    attended: Mapped[Attendance | None] = mapped_column(init=False, default=None)
    came: Mapped[int | None] = mapped_column(init=False, default=None)
    code: Mapped[str] = mapped_column(
        init=False, unique=True, default_factory=lambda: secrets.token_urlsafe(16), info=SECRET
    )

    @property
    def is_live(self) -> bool:
        """Whether it still stands: confirmed, waiting or offered."""
        return self.state is not RegistrationState.CANCELLED

    @property
    def offer_has_lapsed(self) -> bool:
        """Whether its offer's deadline has passed."""
        return self.offer_until is not None and self.offer_until <= clock.now()

    def confirm(self) -> None:
        """Give it its seat. Raises ``Refused`` when it was cancelled."""
        self._refuse_ended()
        self.state, self.offer_until = RegistrationState.CONFIRMED, None

    def offer(self, until: datetime) -> None:
        """Hold a seat for it until a moment; only who waits is offered one."""
        if self.state is not RegistrationState.WAITING:
            raise Refused(_("Only someone who waits can be offered a seat."))
        self.state, self.offer_until = RegistrationState.OFFERED, until

    def cancel(self, ended_by: Ending) -> None:
        """End it; its seat, if it had one, is free. Raises ``Refused`` when it has ended already."""
        self._refuse_ended()
        self.state, self.offer_until, self.ended_by = RegistrationState.CANCELLED, None, ended_by

    def note_attendance(self, attended: Attendance | None, came: int | None = None) -> None:
        """Note whether they came, and how many of the party. Raises ``Refused`` for someone without a seat."""
        if attended is Attendance.PRESENT and self.state is not RegistrationState.CONFIRMED:
            raise Refused(_("Only someone with a confirmed seat can be marked as present."), field="attended")
        persons = {Attendance.PRESENT: self.party_size if came is None else came, Attendance.ABSENT: 0}
        number = None if attended is None else persons[attended]
        if attended is Attendance.PRESENT and not 1 <= (number or 0) <= LARGEST_PARTY:
            raise Refused(_("From %(least)s to %(most)s.", least=1, most=LARGEST_PARTY), field="came")
        if (self.attended, self.came) != (attended, number):
            self.attended, self.came = attended, number

    def correct(self, **values: Any) -> None:
        """Correct name, address or organisation. The party size is not among them: it decides about seats."""
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)
        if "organisation" in values:
            self.recognised_id = recognise(self.organisation)

    def _refuse_ended(self) -> None:
        if self.state is RegistrationState.CANCELLED:
            raise Refused(_("This registration has been cancelled already."))


_GOING_ON = sa.func.coalesce(Organisation.merged_into_id, Organisation.id)  # who was merged means the one that goes on
_NAMED = sa.select(_GOING_ON).where(Organisation.duplicate_key == sa.bindparam("key")).distinct().limit(2)


def recognise(organisation: str) -> int | None:
    """Which organisation (its id) a typed name seems to mean, when exactly one has its key; a proposal, never a merge."""
    key = naming.duplicate_key(organisation) if organisation else ""
    if not key:
        return None
    found = db.session.scalars(_NAMED, {"key": key}).all()
    return found[0] if len(found) == 1 else None


def with_event(code: str) -> Registration | None:
    """The registration whose own page a code opens, with its session and event."""
    return db.session.scalars(_of_code(), {"code": code}).one_or_none()


@cache
def _of_code() -> sa.Select[Registration]:
    whole = joinedload(Registration.session).joinedload(EventSession.event)
    return sa.select(Registration).where(Registration.code == sa.bindparam("code")).options(whole)


def of_event(event: Event) -> sa.Select[Registration]:
    """Every registration for an event's sessions."""
    return sa.select(Registration).join(Registration.session).where(EventSession.event_id == event.id)


def of_session(session: EventSession) -> sa.Select[Registration]:
    """Every registration for a session, in the order of its list."""
    return sa.select(Registration).where(Registration.session_id == session.id).order_by(Registration.id)


def of_organisation(organisation: Organisation) -> sa.Select[Registration]:
    """Registrations in which this organisation was recognised, newest first."""
    return sa.select(Registration).where(Registration.recognised_id == organisation.id).order_by(Registration.id.desc())


def made_for(organisation: Organisation) -> sa.Select[Registration]:
    """What an organisation's people registered in the members' pages, with session and event, the latest session first."""
    whole = contains_eager(Registration.session).joinedload(EventSession.event)
    return (
        sa.select(Registration)
        .join(Registration.session)
        .where(Registration.made_for_id == organisation.id)
        .options(whole)
        .order_by(EventSession.starts_at.desc(), Registration.id)
    )


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in name, mail address or organisation."""
    hay = sa.func.lower(Registration.name + " " + Registration.email + " " + Registration.organisation)
    return sa.and_(*(hay.contains(word.lower(), autoescape=True) for word in words.split()))


def seated() -> sa.ColumnElement[bool]:
    """The condition that a registration holds seats that are given out (not who simply came)."""
    return sa.and_(Registration.state.in_(HOLDING), Registration.source.not_in(SEATLESS))


def breaches() -> Iterator[str]:
    """Sessions with more seats held than there are, and sessions where seats are free while someone waits."""
    held = sa.func.coalesce(sa.func.sum(sa.case((seated(), Registration.party_size), else_=0)), 0)
    first = sa.func.min(sa.case((Registration.state == RegistrationState.WAITING, Registration.id)))
    counted = (
        sa.select(EventSession, Event.slug, Event.state, held, first)
        .join(EventSession.event)
        .outerjoin(Registration, Registration.session_id == EventSession.id)
        .group_by(EventSession.id, Event.id)
        .order_by(EventSession.id)
    )
    for session, slug, state, taken, head in db.session.execute(counted).all():
        capacity = session.capacity
        if capacity is not None and taken > max(capacity, session.seats_kept or 0):
            yield f"events: {slug} session {session.id} holds {taken} seats of {capacity}"
        if head is None or session.has_started or state is not EventState.PUBLISHED:
            continue
        size = db.session.scalar(sa.select(Registration.party_size).where(Registration.id == head)) or 0
        if capacity is None or taken + size <= capacity:
            yield f"events: {slug} session {session.id} has free seats while registration {head} waits"
