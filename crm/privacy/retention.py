"""What need not be kept any longer: one rule a kind, with its source, what it finds today, and how it goes.

個人情報保護法 22条: personal data is erased without delay once it is no longer needed. Nothing goes by itself: a person looks at the
list and lets a rule's rows go, in an act that names the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.announcements.recipients import AnnouncementRecipient
from crm.db import db
from crm.documents.issued import IssuedDocument
from crm.events.events import EventSession
from crm.events.registrations import Registration
from crm.history import erasing as record
from crm.history.records import Change
from crm.mail.outbox import Letter, LetterAttachment, LetterState
from crm.members.applications import Application, ApplicationState
from crm.organisations.people import Person
from crm.privacy import erasing, keeping
from crm.privacy.erasing import ERASED_NAME
from crm.privacy.hand_overs import HandOver
from crm.privacy.requests import OPEN, PrivacyRequest
from crm.settings.settings import office_setting
from crm.text import N_, _

AT_ONCE = 500
ENDED = (LetterState.SENT, LetterState.FAILED, LetterState.DROPPED)


@dataclass(frozen=True)
class Rule:
    """One kind: its words, where the period comes from, what is over it, and how it goes (none: one by one, by hand)."""

    name: str
    words: Any
    source: Any
    over: Callable[[], sa.Select[Any]]
    go: Callable[[list[Any]], None] | None = None

    def count(self) -> int:
        """How many rows are over the period now."""
        inner = self.over().with_only_columns(sa.literal(1)).order_by(None).subquery()
        return db.session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0

    def some(self, most: int = AT_ONCE) -> list[Any]:
        """The first of them."""
        return list(db.session.scalars(self.over().limit(most)).unique())


def carry_out(rule: Rule) -> int:
    """Let what is over a rule's period go, in the running act, at most 500 rows at a time; how many went."""
    rows = rule.some()
    if rule.go is not None and rows:
        rule.go(rows)
    return len(rows) if rule.go is not None else 0


def _before(years: str = "privacy.keep_years") -> datetime:
    day = clock.today()
    return clock.moment_of(keeping.years_after(day, -int(office_setting(years))))


def _blanked(rows: list[Any]) -> None:
    erasing.blank(rows, None)
    record.blank_past({rows[0].__tablename__: [row.id for row in rows]})


def _forgotten(rows: list[Any]) -> None:
    record.blank_past({rows[0].__tablename__: [row.id for row in rows]})


def _deleted(rows: list[Any]) -> None:
    for row in rows:
        for below in row.of_whom:
            db.session.delete(below)
        db.session.delete(row)


def _lapsed() -> sa.Select[Any]:
    """Applications nobody confirmed: their values are gone, but the record still has them."""
    said = sa.exists().where(
        Change.table_name == "applications", Change.row_id == Application.id, Change.salt.is_not(None)
    )
    return sa.select(Application).where(Application.state == ApplicationState.LAPSED, said).order_by(Application.id)


def _declined() -> sa.Select[Any]:
    ended = sa.func.coalesce(Application.decided_at, Application.withdrawn_at)
    closed = (ApplicationState.DECLINED, ApplicationState.WITHDRAWN)
    over = sa.select(Application).where(
        Application.state.in_(closed), ended < _before(), Application.contact_email != ""
    )
    return over.order_by(Application.id)


def _registrations() -> sa.Select[Any]:
    over = sa.select(Registration).join(Registration.session).where(EventSession.ends_at < _before())
    return over.where(Registration.name != ERASED_NAME).order_by(Registration.id)


def _letters() -> sa.Select[Any]:
    with_paper = sa.exists().where(LetterAttachment.letter_id == Letter.id, LetterAttachment.document_id.is_not(None))
    over = sa.select(Letter).where(Letter.posted_at < _before(), Letter.recipient_name != ERASED_NAME, ~with_paper)
    return over.where(Letter.state.in_(ENDED)).order_by(Letter.id)


def _recipients() -> sa.Select[Any]:
    over = sa.select(AnnouncementRecipient).join(AnnouncementRecipient.letter).where(Letter.posted_at < _before())
    return over.where(AnnouncementRecipient.name != ERASED_NAME).order_by(AnnouncementRecipient.id)


def _people() -> sa.Select[Any]:
    left = sa.and_(Person.left_on < clock.day_of(_before()), Person.merged_into_id.is_(None))
    return sa.select(Person).where(left, Person.name != ERASED_NAME).order_by(Person.left_on, Person.id)


def _requests() -> sa.Select[Any]:
    over = sa.select(PrivacyRequest).where(PrivacyRequest.answered_on < clock.day_of(_before()))
    return over.where(PrivacyRequest.state.not_in(OPEN), PrivacyRequest.name != ERASED_NAME).order_by(PrivacyRequest.id)


def _hand_overs() -> sa.Select[Any]:
    over = sa.select(HandOver).where(HandOver.handed_on <= keeping.years_after(clock.today(), -3))
    return over.options(sa.orm.selectinload(HandOver.of_whom)).order_by(HandOver.id)


def _papers() -> sa.Select[Any]:
    """Papers whose year's books need no longer be kept; they are listed, and stay in the register."""
    kept = int(office_setting("privacy.books_years"))
    today = clock.today()
    last = today.year - kept - (0 if (today.month, today.day) > (5, 31) else 1)
    day = sa.func.coalesce(IssuedDocument.transaction_date, IssuedDocument.issued_on)
    return sa.select(IssuedDocument).where(day < _first(last)).order_by(IssuedDocument.id)


def _first(year: int) -> date:
    return date(year, 4, 1)


LAW, OWN = N_("Act on the Protection of Personal Information, Article 22"), N_("the office's own period (settings)")

RULES: tuple[Rule, ...] = (
    Rule("lapsed", _("Applications nobody confirmed: what the record still says of them"), _(LAW), _lapsed, _forgotten),
    Rule("declined", _("Applications declined or withdrawn"), _(OWN), _declined, _blanked),
    Rule("registrations", _("Registrations for events long over: names, addresses, answers; attendance stays counted"), _(OWN),
         _registrations, _blanked),
    Rule("letters", _("Letters without a paper: recipient and text"), _(OWN), _letters, _blanked),
    Rule("recipients", _("Recipients of announcements"), _(OWN), _recipients, _blanked),
    Rule("people", _("People who left; each is looked at and erased by hand"), _(OWN), _people),
    Rule("requests", _("Requests answered: name and words"), _(OWN), _requests, _blanked),
    Rule("hand_overs", _("Records of hand-overs to third parties"),
         _("Act on the Protection of Personal Information, Article 29; three years"), _hand_overs, _deleted),
    Rule("papers", _("Papers whose books need no longer be kept; they stay in the register"),
         _("Corporation Tax Act ordinance, Article 59; Electronic Books Act, Article 7"), _papers),
)  # fmt: skip

BY_NAME = {rule.name: rule for rule in RULES}
