"""What stays when a person's data is erased, why, and until when: one rule for each table the law or a record asks to keep.

Everything without a rule here goes. The books are stronger than the wish to be erased: what a law orders kept is needed
(個人情報保護法 22条, 35条5項; 法人税法施行規則 59条, 電子帳簿保存法 7条, 個人情報保護法 29条, 特定電子メール法 施行規則 4条).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.documents.issued import IssuedDocument
from crm.mail.outbox import Letter, LetterAttachment, LetterKind
from crm.organisations.consents import Consent, Purpose
from crm.privacy.finding import Whom
from crm.privacy.hand_overs import HandOver
from crm.privacy.requests import PrivacyRequest
from crm.settings.settings import office_setting
from crm.values.fiscal_year import FiscalYear


class KeptBy(StrEnum):
    """The rule by which something stays."""

    BOOKS = "books"
    HAND_OVER_RECORD = "hand_over_record"
    CONSENT_RECORD = "consent_record"
    REQUEST_RECORD = "request_record"


@dataclass(frozen=True)
class Stay:
    """Why a row stays; ``until`` is the last day it must, unknown where the record has no end."""

    kept_by: KeptBy
    until: date | None


def books_until(day: date) -> date:
    """The last day the papers of a day's fiscal year must be kept: 7 or 10 years from two months after its end (同規則 59条)."""
    end = FiscalYear.of(day).last_day
    return date(end.year + int(office_setting("privacy.books_years")), 5, 31)


def years_after(day: date, years: int) -> date:
    """The same day so many years on; the 28th of February for the 29th."""
    is_leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, day.month, 28 if is_leap else day.day)


def stay_of(row: Any, who: Whom) -> Stay | None:
    """Why a row about the person stays; ``None`` when it goes."""
    rule = RULES.get(row.__tablename__)
    return rule(row, who) if rule else None


def _paper(paper: IssuedDocument, _who: Whom) -> Stay:
    return Stay(KeptBy.BOOKS, books_until(paper.transaction_date or paper.issued_on))


def _letter(letter: Letter, _who: Whom) -> Stay | None:
    """The mail a paper was sent with is transaction data (電子取引) as the paper is."""
    sent_with = (
        sa.select(IssuedDocument).join(LetterAttachment, LetterAttachment.document_id == IssuedDocument.id)
        .where(LetterAttachment.letter_id == letter.id)
    )  # fmt: skip
    untils = [books_until(paper.transaction_date or paper.issued_on) for paper in db.session.scalars(sent_with)]
    return Stay(KeptBy.BOOKS, max(untils)) if untils else None


def _consent(consent: Consent, who: Whom) -> Stay | None:
    """The record of an opt-in is kept until a month after the last mail it allowed (特定電子メール法 施行規則 4条2項)."""
    if consent.purpose is not Purpose.ANNOUNCEMENTS:
        return None
    last = db.session.scalar(
        sa.select(sa.func.max(Letter.sent_at)).where(
            Letter.kind == LetterKind.ANNOUNCEMENT, sa.func.lower(Letter.recipient_email).in_(who.addresses)
        )
    )
    until = clock.day_of(last) + timedelta(days=31) if last else None
    return Stay(KeptBy.CONSENT_RECORD, until) if until and until >= clock.today() else None


def _request(request: PrivacyRequest, _who: Whom) -> Stay:
    until = years_after(request.answered_on, int(office_setting("privacy.keep_years"))) if request.answered_on else None
    return Stay(KeptBy.REQUEST_RECORD, until)


def _handed_over(row: Any, _who: Whom) -> Stay:
    hand_over: HandOver = row.hand_over
    return Stay(KeptBy.HAND_OVER_RECORD, hand_over_until(hand_over))


def hand_over_until(hand_over: HandOver) -> date:
    """The last day a hand-over's record is kept: three years (29条2項, 施行規則 21条)."""
    return years_after(hand_over.handed_on, 3) - timedelta(days=1)


RULES: dict[str, Callable[[Any, Whom], Stay | None]] = {
    "consents": _consent,
    "handed_over": _handed_over,
    "issued_documents": _paper,
    "letters": _letter,
    "privacy_requests": _request,
}
