"""Announcement (案内メール): one text to a segment, from its draft until it was sent; what was sent is never changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.announcements import wording
from crm.announcements.conditions import Conditions
from crm.announcements.segments import Segment
from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.text import _


class AnnouncementState(StrEnum):
    """Being written; waiting for its time; held back; letters are being posted; all are posted; called off."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"


class Announcement(Versioned, Model):
    """One text to one segment. The English text is for those who read English; left empty, they get the Japanese one.

    ``fixed_at`` is when the recipients were fixed: from then on neither text nor recipients change, and ``conditions`` keeps
    what the segment asked for at that moment.
    """

    __tablename__ = "announcements"
    __table_args__ = (Index("ix_announcements_due", "state", "due_at"),)

    subject: Mapped[str]
    body: Mapped[str]
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id"), index=True, init=False)
    segment: Mapped[Segment] = relationship()
    subject_en: Mapped[str] = mapped_column(default="")
    body_en: Mapped[str] = mapped_column(default="")
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("announcements.id"), index=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=lambda: clock.now())

    state: Mapped[AnnouncementState] = mapped_column(init=False, default=AnnouncementState.DRAFT)
    due_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    fixed_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    sent_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    conditions: Mapped[dict[str, Any] | None] = mapped_column(init=False, default=None)

    @property
    def may_change(self) -> bool:
        """Whether its text and segment may still be changed."""
        return self.fixed_at is None and self.state in (AnnouncementState.DRAFT, AnnouncementState.HELD)

    @property
    def may_be_scheduled(self) -> bool:
        """Whether a time can be given; a held one whose recipients are fixed goes on instead."""
        return self.may_change

    @property
    def may_be_held(self) -> bool:
        """Whether it waits for its time or is under way."""
        return self.state in (AnnouncementState.SCHEDULED, AnnouncementState.SENDING)

    @property
    def may_go_on(self) -> bool:
        """Whether it was held under way."""
        return self.state is AnnouncementState.HELD and self.fixed_at is not None

    @property
    def may_be_cancelled(self) -> bool:
        """Whether anything of it can still be stopped."""
        return self.state not in (AnnouncementState.SENT, AnnouncementState.CANCELLED)

    def text_for(self, locale: str) -> tuple[str, str, str]:
        """Subject, body and the language they are in, for someone who reads ``locale``."""
        if locale == "en" and self.subject_en and self.body_en:
            return self.subject_en, self.body_en, "en"
        return self.subject, self.body, "ja"

    def change(self, *, segment: Segment, **texts: str) -> None:
        """Another text or segment. Raises ``Refused`` naming the field, or once the recipients are fixed."""
        if not self.may_change:
            raise Refused(_("This announcement can no longer be changed. Hold it first, or make a copy."))
        check_texts(**texts)
        for field, value in (("segment", segment), *texts.items()):
            if getattr(self, field) != value:
                setattr(self, field, value)

    def schedule(self, at: datetime) -> None:
        """Let it go at a moment; one that has passed means now. Raises ``Refused`` when it cannot be scheduled."""
        if not self.may_be_scheduled:
            raise Refused(_("Only a draft, or an announcement held before its time, can be scheduled."))
        self.state, self.due_at = AnnouncementState.SCHEDULED, at

    def hold(self) -> None:
        """Keep it, or what is left of it, from going."""
        if not self.may_be_held:
            raise Refused(_("Only an announcement that waits or is under way can be held."))
        self.state = AnnouncementState.HELD

    def go_on(self) -> None:
        """Let the rest of one that was held under way go."""
        if not self.may_go_on:
            raise Refused(_("Only an announcement held under way can go on."))
        self.state = AnnouncementState.SENDING

    def cancel(self) -> None:
        """End it; what was sent was sent. Raises ``Refused`` when it has ended."""
        if not self.may_be_cancelled:
            raise Refused(_("This announcement has ended."))
        self.state = AnnouncementState.CANCELLED

    def fix(self, conditions: Conditions) -> None:
        """Its recipients are fixed; letters are posted from now on."""
        self.state, self.fixed_at, self.conditions = AnnouncementState.SENDING, clock.now(), conditions.as_json()

    def finish(self) -> None:
        """Every recipient's letter is posted."""
        self.state, self.sent_at = AnnouncementState.SENT, clock.now()


def writing(segment: Segment, *, subject: str, body: str, subject_en: str = "", body_en: str = "") -> Announcement:
    """A new draft of the running act. Raises ``Refused`` naming the field."""
    check_texts(subject=subject, body=body, subject_en=subject_en, body_en=body_en)
    made = Announcement(segment=segment, subject=subject, body=body, subject_en=subject_en, body_en=body_en)
    db.session.add(made)
    return made


def copy(announcement: Announcement) -> Announcement:
    """The same text to the same segment, as a new draft."""
    made = Announcement(
        segment=announcement.segment, subject=announcement.subject, body=announcement.body,
        subject_en=announcement.subject_en, body_en=announcement.body_en, copied_from_id=announcement.id,
    )  # fmt: skip
    db.session.add(made)
    return made


def check_texts(*, subject: str, body: str, subject_en: str = "", body_en: str = "") -> None:
    """Raise ``Refused`` naming the field for an empty text, half an English one, or a field nobody knows."""
    for field, words in (("subject", subject), ("body", body)):
        if not words.strip():
            raise Refused(_("This must be filled in."), field=field)
    if bool(subject_en.strip()) != bool(body_en.strip()):
        missing = "body_en" if subject_en.strip() else "subject_en"
        raise Refused(_("The English text needs both a subject and a body."), field=missing)
    for field, words in (("subject", subject), ("body", body), ("subject_en", subject_en), ("body_en", body_en)):
        wording.check(words, field)


def due(at: datetime) -> sa.Select[int]:
    """The ids of announcements whose time has come."""
    return _ids().where(Announcement.state == AnnouncementState.SCHEDULED, Announcement.due_at <= at)


def under_way() -> sa.Select[int]:
    """The ids of announcements whose letters are being posted."""
    return _ids().where(Announcement.state == AnnouncementState.SENDING)


def _ids() -> sa.Select[int]:
    return sa.select(Announcement.id).order_by(Announcement.due_at, Announcement.id)


def saying(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words all occur in the subject or the text."""
    hay = Announcement.subject + " " + Announcement.body
    return sa.and_(*(hay.icontains(word, autoescape=True) for word in words.split()))
