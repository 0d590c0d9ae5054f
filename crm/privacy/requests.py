"""PrivacyRequest: what someone asks for about their own data (開示・訂正・利用停止・消去), until it is answered.

個人情報保護法 33条 (開示, also of hand-over records), 34条 (訂正), 35条 (利用停止・消去), 37条 (the procedure): answered without delay
after it was checked that the person is who they say. The days the office gives itself are a setting.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, Model, Versioned, db
from crm.documents.numbering import next_number
from crm.errors import Refused
from crm.organisations.people import Person
from crm.settings.settings import office_setting
from crm.text import _
from crm.values.fiscal_year import FiscalYear

SERIES = "PRV"


class RequestKind(StrEnum):
    """開示, 第三者提供記録の開示, 訂正, 利用停止, 消去."""

    DISCLOSURE = "disclosure"
    HAND_OVERS = "hand_overs"
    CORRECTION = "correction"
    STOP_USE = "stop_use"
    ERASURE = "erasure"


class RequestState(StrEnum):
    """受付, 本人確認済, 回答済, 取下げ."""

    RECEIVED = "received"
    CHECKED = "checked"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class RequestOutcome(StrEnum):
    """What was answered: 応じた, 一部応じた, 応じない, 該当データなし."""

    GRANTED = "granted"
    PARTLY = "partly"
    DECLINED = "declined"
    NOTHING_HELD = "nothing_held"


OPEN = (RequestState.RECEIVED, RequestState.CHECKED)
NEEDS_REASON = frozenset({RequestOutcome.PARTLY, RequestOutcome.DECLINED})  # 36条: the reason is explained


class PrivacyRequest(Versioned, Model):
    """One request. ``identity_how`` says by what it was checked who asks; no copy of an identity paper is kept."""

    __tablename__ = "privacy_requests"

    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[RequestKind]
    received_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(info=PERSONAL)
    email: Mapped[str] = mapped_column(default="", info=PERSONAL)
    wish: Mapped[str] = mapped_column(default="", info=PERSONAL)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True, init=False)
    person: Mapped[Person | None] = relationship(default=None)
    state: Mapped[RequestState] = mapped_column(default=RequestState.RECEIVED, init=False, index=True)
    identity_how: Mapped[str] = mapped_column(default="", init=False)
    checked_on: Mapped[date | None] = mapped_column(default=None, init=False)
    outcome: Mapped[RequestOutcome | None] = mapped_column(default=None, init=False)
    reason: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    answered_on: Mapped[date | None] = mapped_column(default=None, init=False)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.state in OPEN

    def is_late(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.is_open and self.due_on < today

    def check_identity(self, how: str, *, person: Person | None, on: date) -> None:
        """Note by what it was checked who asks, and who they are among the people we know.

        Raises ``Refused`` once it is closed, without saying how, and for a day before it came or to come.
        """
        self._refuse_closed()
        self._refuse_day(on, "checked_on")
        if not how.strip():
            raise Refused(_("Please say by what it was checked who asks."), field="identity_how")
        self.identity_how, self.checked_on, self.person = how.strip(), on, person or self.person
        self.state = RequestState.CHECKED

    def answer(self, outcome: RequestOutcome, reason: str, *, on: date) -> None:
        """Close it with an answer. Raises ``Refused`` before the identity was checked, and without a reason where one is owed (36条)."""
        self._refuse_closed()
        self._refuse_day(on, "answered_on")
        if self.state is not RequestState.CHECKED:
            raise Refused(_("Check first that the person is who they say."), field="outcome")
        if outcome in NEEDS_REASON and not reason.strip():
            raise Refused(_("Please give the reason; the person is to be told (Article 36)."), field="reason")
        self.outcome, self.reason, self.answered_on = outcome, reason.strip(), on
        self.state = RequestState.ANSWERED

    def withdraw(self, on: date) -> None:
        """The person takes it back. Raises ``Refused`` once it is closed."""
        self._refuse_closed()
        self.state, self.answered_on = RequestState.WITHDRAWN, on

    def _refuse_closed(self) -> None:
        if not self.is_open:
            raise Refused(_("This request is closed already."))

    def _refuse_day(self, on: date, field: str) -> None:
        if not self.received_on <= on <= clock.today():
            raise Refused(_("The day must lie between the day the request came and today."), field=field)


def receive(
    kind: RequestKind, name: str, *, received_on: date, person: Person | None = None, **values: Any
) -> PrivacyRequest:
    """Enter a request in the running act; its number and last day follow. Raises ``Refused`` for a day to come, or no name."""
    if received_on > clock.today():
        raise Refused(_("This day is still to come."), field="received_on")
    if not name.strip():
        raise Refused(_("A name is needed."), field="name")
    due = received_on + timedelta(days=int(office_setting("privacy.answer_days")))
    made = PrivacyRequest(
        number=next_number(SERIES, FiscalYear.of(clock.today())), kind=kind, received_on=received_on, due_on=due,
        name=name.strip(), person=person, **values,
    )  # fmt: skip
    db.session.add(made)
    return made


def waiting() -> sa.Select[PrivacyRequest]:
    """Requests without an answer, the most urgent first."""
    return sa.select(PrivacyRequest).where(PrivacyRequest.state.in_(OPEN)).order_by(PrivacyRequest.due_on)


def late(today: date) -> sa.Select[PrivacyRequest]:
    """Requests whose last day has passed."""
    return waiting().where(PrivacyRequest.due_on < today)


def of(person: Person) -> list[PrivacyRequest]:
    """What a person asked for, the newest first."""
    mine = sa.select(PrivacyRequest).where(PrivacyRequest.person_id == person.id)
    return list(db.session.scalars(mine.order_by(PrivacyRequest.id.desc())))
