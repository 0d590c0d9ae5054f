"""Event: a gathering and its sessions; when it takes registrations, who may come, what everyone may read about it."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import SECRET, Model, Versioned, db
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.text import _, locale
from crm.values.japanese import fold

if TYPE_CHECKING:
    from crm.events.questions import Question

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 60
LARGEST_ROOM = 100_000


class EventKind(StrEnum):
    """The nine activities of the consortium in the order of its paper, then the other gatherings."""

    CARE_SEMINAR = "care_seminar"
    NEEDS_SHARING = "needs_sharing"
    WORKSHOP = "workshop"
    HEARING = "hearing"
    SITE_VISIT = "site_visit"
    OBSERVATION = "observation"
    SHADOWING = "shadowing"
    FIELD_TRIAL = "field_trial"
    MEMBER_EXCHANGE = "member_exchange"
    ACADEMIC_SEMINAR = "academic_seminar"
    PUBLIC_LECTURE = "public_lecture"
    SYMPOSIUM = "symposium"
    SCHOOL_SESSION = "school_session"
    OTHER = "other"


class Audience(StrEnum):
    """Who may register: everyone, people of members, or whoever was given the event's own link."""

    PUBLIC = "public"
    MEMBERS = "members"
    INVITATION = "invitation"


class EventState(StrEnum):
    """Being prepared, open to be seen, called off."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class EventLanguage(StrEnum):
    """The language an event is held in."""

    JAPANESE = "ja"
    ENGLISH = "en"
    BOTH = "ja_en"


class Event(Versioned, Model):
    """One gathering. ``online_address`` is for those confirmed only; English texts left empty fall back to the Japanese."""

    __tablename__ = "events"
    __table_args__ = (CheckConstraint("closes_at IS NULL OR opens_at IS NULL OR opens_at < closes_at", name="window"),)

    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[EventKind] = mapped_column(index=True)
    title_en: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    description_en: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    place_en: Mapped[str] = mapped_column(default="")
    online_address: Mapped[str] = mapped_column(default="")
    audience: Mapped[Audience] = mapped_column(default=Audience.PUBLIC)
    language: Mapped[EventLanguage] = mapped_column(default=EventLanguage.JAPANESE)
    opens_at: Mapped[datetime | None] = mapped_column(default=None)
    closes_at: Mapped[datetime | None] = mapped_column(default=None)
    party_limit: Mapped[int] = mapped_column(default=1)
    state: Mapped[EventState] = mapped_column(init=False, default=EventState.DRAFT, index=True)
    published_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    cancelled_reason: Mapped[str] = mapped_column(init=False, default="")
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"), init=False, default=None)
    invitation_key: Mapped[str] = mapped_column(
        init=False, default_factory=lambda: secrets.token_urlsafe(12), info=SECRET
    )

    sessions: Mapped[list[EventSession]] = relationship(
        back_populates="event", order_by="EventSession.starts_at, EventSession.id", default_factory=list, init=False
    )
    questions: Mapped[list[Question]] = relationship(
        back_populates="event", order_by="Question.position, Question.id", default_factory=list, init=False
    )

    def text(self, name: str) -> str:
        """The title, description or place in the language in force; the Japanese where there is no English."""
        english: str = getattr(self, f"{name}_en") if locale() == "en" else ""
        japanese: str = getattr(self, name)
        return english or japanese

    @property
    def begins_at(self) -> datetime | None:
        """When the first session starts."""
        return min((s.starts_at for s in self.sessions), default=None)

    @property
    def is_over(self) -> bool:
        """Whether every session has ended."""
        return bool(self.sessions) and all(s.ends_at <= clock.now() for s in self.sessions)

    @property
    def is_visible(self) -> bool:
        """Whether the public page exists: published, or called off after it was published."""
        return self.state is EventState.PUBLISHED or (
            self.state is EventState.CANCELLED and self.published_at is not None
        )

    @property
    def registration_open(self) -> bool:
        """Whether anyone could register at this moment."""
        return any(self.closed_reason(session) is None for session in self.sessions)

    def closed_reason(self, session: EventSession) -> Any:
        """Why this session takes no registration at this moment, in words; ``None`` when it does."""
        now = clock.now()
        if self.state is EventState.CANCELLED:
            return _("This event has been called off.")
        if self.state is not EventState.PUBLISHED:
            return _("This event has not been published.")
        if session.capacity == 0:
            return _("This session takes no registrations.")
        if self.opens_at is not None and now < self.opens_at:
            return _("Registration has not opened yet.")
        if now >= (self.closes_at or session.starts_at) or now >= session.ends_at:
            return _("Registration has closed.")
        return None

    def change(self, **values: Any) -> None:
        """Give fields new values. Raises ``Refused`` naming the field."""
        slug = values.get("slug")
        if slug is not None and slug != self.slug:
            refuse_slug(slug)
        opens, closes = values.get("opens_at", self.opens_at), values.get("closes_at", self.closes_at)
        if opens is not None and closes is not None and opens >= closes:
            raise Refused(_("Registration must close after it opens."), field="closes_at")
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    def publish(self) -> None:
        """Let everyone see it. Raises ``Refused`` without a session, or when it is not a draft."""
        if self.state is not EventState.DRAFT:
            raise Refused(_("Only a draft can be published."))
        if not self.sessions:
            raise Refused(_("An event needs at least one session before it can be published."))
        self.state, self.published_at = EventState.PUBLISHED, clock.now()

    def call_off(self, reason: str) -> None:
        """Cancel the whole event for good."""
        if self.state is EventState.CANCELLED:
            raise Refused(_("This event has been called off already."))
        if self.is_over:
            raise Refused(_("This event is over and can no longer be called off."))
        self.state, self.cancelled_reason = EventState.CANCELLED, reason


class EventSession(Versioned, Model):
    """One time and room of an event. ``capacity`` in persons: empty means no limit, 0 takes nobody.

    ``seats_kept`` is how many were held when the capacity was lowered below them: nobody was thrown out, and whoever
    recounts can tell this from overselling. ``calendar`` is the session as an .ics file, made anew when it changes.
    """

    __tablename__ = "event_sessions"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order"),
        CheckConstraint("capacity >= 0", name="capacity"),
        Index("ix_event_sessions_event_start", "event_id", "starts_at"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), init=False)
    event: Mapped[Event] = relationship(back_populates="sessions")
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    capacity: Mapped[int | None]
    title: Mapped[str] = mapped_column(default="")
    title_en: Mapped[str] = mapped_column(default="")
    seats_kept: Mapped[int | None] = mapped_column(init=False, default=None)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    calendar: Mapped[StoredFile | None] = relationship(default=None, init=False)

    @property
    def name(self) -> str:
        """The session's own title, if it has one, in the language in force."""
        return (self.title_en if locale() == "en" else "") or self.title

    @property
    def has_started(self) -> bool:
        """Whether it has begun: from then on no seat is offered any more."""
        return self.starts_at <= clock.now()

    def change(self, **values: Any) -> None:
        """Give fields other than the capacity new values. Raises ``Refused`` when it would end before it starts."""
        starts, ends = values.get("starts_at", self.starts_at), values.get("ends_at", self.ends_at)
        if ends <= starts:
            raise Refused(_("A session must end after it starts."), field="ends_at")
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    def holds(self, capacity: int | None, *, taken: int) -> None:
        """Set the capacity; ``taken`` seats stay whoever holds them. Raises ``Refused`` for a negative or huge one."""
        if capacity is not None and not 0 <= capacity <= LARGEST_ROOM:
            raise Refused(_("From %(least)s to %(most)s.", least=0, most=f"{LARGEST_ROOM:,}"), field="capacity")
        self.capacity = capacity
        self.seats_kept = taken if capacity is not None and taken > capacity else None


def adding(slug: str, title: str, kind: EventKind, **values: Any) -> Event:
    """A new draft of the running act. Raises ``Refused`` when the slug is taken or malformed."""
    refuse_slug(slug)
    event = Event(slug=slug, title=title, kind=kind)
    event.change(**values)
    db.session.add(event)
    return event


def add_session(
    event: Event, starts_at: datetime, ends_at: datetime, capacity: int | None, **names: str
) -> EventSession:
    """A new session of an event. Raises ``Refused`` naming the field."""
    if ends_at <= starts_at:
        raise Refused(_("A session must end after it starts."), field="ends_at")
    if event.state is EventState.CANCELLED:
        raise Refused(_("This event has been called off."))
    session = EventSession(event=event, starts_at=starts_at, ends_at=ends_at, capacity=None, **names)
    session.holds(capacity, taken=0)
    db.session.add(session)
    return session


def refuse_slug(slug: str) -> None:
    """Raise ``Refused`` when an address part is malformed or another event has it."""
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
        raise Refused(
            _("Use small letters, digits and single hyphens, at most %(n)s characters.", n=LONGEST_SLUG), field="slug"
        )
    with db.session.no_autoflush:
        if db.session.scalar(sa.select(Event.id).where(Event.slug == slug)) is not None:
            raise Refused(_("Another event has this address."), field="slug")


def free_slug(wanted: str) -> str:
    """``wanted``, with a number behind it when it is taken."""
    taken = set(db.session.scalars(sa.select(Event.slug).where(Event.slug.startswith(wanted, autoescape=True))))
    numbered = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)


def of_slug(slug: str) -> sa.Select[Event]:
    """The event at an address."""
    return sa.select(Event).where(Event.slug == slug)


def visible() -> sa.Select[Event]:
    """Events with a public page that are listed there: not those by invitation."""
    return sa.select(Event).where(Event.state == EventState.PUBLISHED, Event.audience != Audience.INVITATION)


def last_end() -> sa.ScalarSelect[datetime]:
    """When an event's last session ends, to be compared and sorted by."""
    ends = sa.select(sa.func.max(EventSession.ends_at)).where(EventSession.event_id == Event.id)
    return ends.correlate(Event).scalar_subquery()


def first_start() -> sa.ScalarSelect[datetime]:
    """When an event's first session starts."""
    starts = sa.select(sa.func.min(EventSession.starts_at)).where(EventSession.event_id == Event.id)
    return starts.correlate(Event).scalar_subquery()


def called_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the title, address part or place."""
    hay = sa.func.lower(Event.title + " " + Event.title_en + " " + Event.slug + " " + Event.place)
    return sa.and_(
        *(
            sa.or_(hay.contains(word.lower(), autoescape=True), hay.contains(fold(word), autoescape=True))
            for word in words.split()
        )
    )
