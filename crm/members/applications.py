"""Application: an organisation asks to become a member.

unconfirmed → (its mail address is confirmed) submitted → accepted, declined, or returned with a remark; who corrected it
under the same link is submitted again. The link's token is derived from the application's own seed, so that every letter can
carry the same one; the database holds its digest and a seed that is worth nothing without the operator's key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, SECRET, Model, Versioned, db
from crm.documents.numbering import next_number
from crm.errors import Refused
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import naming
from crm.organisations.organisations import OrganisationKind
from crm.settings.settings import office_setting
from crm.text import _
from crm.values.fiscal_year import FiscalYear

SERIES = "APP"


class ApplicationState(StrEnum):
    """Where an application stands."""

    UNCONFIRMED = "unconfirmed"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Application(Versioned, Model):
    """What the applicant filled in, what they agreed to, and what became of it.

    ``rules_digest`` and ``privacy_digest`` are SHA-256 of the texts as they were shown. ``member`` is set by acceptance.
    """

    __tablename__ = "applications"
    __table_args__ = (CheckConstraint("employees >= 0", name="employees_not_negative"),)

    name: Mapped[str]
    kana: Mapped[str]
    kind: Mapped[OrganisationKind]
    member_class: Mapped[MemberClass]
    employees: Mapped[int]
    employees_on: Mapped[date]
    postal_code: Mapped[str]
    address: Mapped[str]
    phone: Mapped[str]
    rules_digest: Mapped[str]
    privacy_digest: Mapped[str]
    representative: Mapped[str] = mapped_column(info=PERSONAL)
    contact_name: Mapped[str] = mapped_column(info=PERSONAL)
    contact_email: Mapped[str] = mapped_column(info=PERSONAL)
    corporate_number: Mapped[str | None] = mapped_column(default=None)
    industry: Mapped[str] = mapped_column(default="")
    contact_department: Mapped[str] = mapped_column(default="")
    billing_same: Mapped[bool] = mapped_column(default=True)
    billing_name: Mapped[str] = mapped_column(default="", info=PERSONAL)
    billing_email: Mapped[str] = mapped_column(default="", info=PERSONAL)
    billing_department: Mapped[str] = mapped_column(default="")
    remark: Mapped[str] = mapped_column(default="")
    locale: Mapped[str] = mapped_column(default="ja")

    state: Mapped[ApplicationState] = mapped_column(default=ApplicationState.UNCONFIRMED, init=False, index=True)
    number: Mapped[str | None] = mapped_column(default=None, init=False, unique=True)
    seed: Mapped[str] = mapped_column(init=False, info=SECRET)
    token_hash: Mapped[str] = mapped_column(init=False, unique=True, info=SECRET)
    search_key: Mapped[str] = mapped_column(init=False, default="")
    sent_at: Mapped[datetime] = mapped_column(init=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    submitted_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    returned_remark: Mapped[str] = mapped_column(default="", init=False)
    decision_reason: Mapped[str] = mapped_column(default="", init=False)
    decided_by: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), default=None, init=False, index=True)
    member: Mapped[Member | None] = relationship(default=None, init=False)

    def __post_init__(self) -> None:
        self.seed, self.sent_at = secrets.token_urlsafe(24), clock.now()
        self.token_hash = _digest(self.token)
        self._keep_key()

    @property
    def token(self) -> str:
        """The secret in the applicant's link: the same for the life of the application and of the operator's key."""
        return hmac.new(settings().secret_key.encode(), f"application:{self.seed}".encode(), hashlib.sha256).hexdigest()

    @property
    def url(self) -> str:
        """The applicant's own link."""
        return f"{settings().base_url}/join/{self.token}"

    @property
    def is_waiting(self) -> bool:
        """Whether the office has to decide."""
        return self.state is ApplicationState.SUBMITTED

    @property
    def billing_contact(self) -> tuple[str, str, str]:
        """Name, mail address and department that invoices go to."""
        if self.billing_same:
            return self.contact_name, self.contact_email, self.contact_department
        return self.billing_name or self.contact_name, self.billing_email, self.billing_department

    def confirm(self) -> None:
        """The applicant followed the mailed link: the address is theirs. Raises ``Refused`` the second time."""
        if self.state is not ApplicationState.UNCONFIRMED:
            raise Refused(_("This application was confirmed already."))
        self.confirmed_at = self.submitted_at = clock.now()
        self.number = next_number(SERIES, FiscalYear.of(clock.today()))
        self.state = ApplicationState.SUBMITTED

    def correct(self, **values: Any) -> None:
        """The applicant corrects a returned application and sends it again; the mail address stays the confirmed one."""
        if self.state is not ApplicationState.RETURNED:
            raise Refused(_("This application cannot be changed any more."))
        if values.get("contact_email", self.contact_email) != self.contact_email:
            raise Refused(_("The mail address was confirmed and stays. Please tell the office if it changed."),
                          field="contact_email")  # fmt: skip
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)
        self._keep_key()
        self.state, self.submitted_at = ApplicationState.SUBMITTED, clock.now()

    def give_back(self, *, remark: str, by: str) -> None:
        """Return it with a remark; the applicant corrects it. Raises ``Refused`` without one or when it does not wait."""
        self._decide(by)
        if not remark.strip():
            raise Refused(_("Please tell the applicant what to correct."), field="remark")
        self.state, self.returned_remark = ApplicationState.RETURNED, remark.strip()

    def decline(self, *, reason: str, by: str) -> None:
        """Decline it with a reason, which the applicant is told. Raises ``Refused`` without one or when it does not wait."""
        self._decide(by)
        if not reason.strip():
            raise Refused(_("Please give the reason."), field="reason")
        self.state, self.decision_reason = ApplicationState.DECLINED, reason.strip()

    def accept(self, member: Member, *, by: str) -> None:
        """Note that it made a member. Raises ``Refused`` when it does not wait."""
        self._decide(by)
        self.state, self.member = ApplicationState.ACCEPTED, member

    def _decide(self, by: str) -> None:
        if not self.is_waiting:
            raise Refused(_("This application does not wait for a decision."))
        self.decided_by, self.decided_at = by, clock.now()

    def _keep_key(self) -> None:
        self.search_key = " ".join(map(naming.search_key, filter(None, [self.name, self.kana])))


def apply(*, locale: str, **values: Any) -> Application:
    """A new application of the running act, still unconfirmed. Its texts' digests are those in force."""
    application = Application(**{**values, **text_digests(), "locale": locale})
    db.session.add(application)
    db.session.flush()
    return application


def text_digests() -> dict[str, str]:
    """The versions of rules and privacy notice in force, by the field that keeps them."""
    texts = {"rules_digest": office_setting("texts.rules"), "privacy_digest": office_setting("texts.privacy")}
    return {field: hashlib.sha256(text.encode()).hexdigest() for field, text in texts.items()}


def of_token(token: str) -> Application | None:
    """The application a link opens."""
    return db.session.scalars(sa.select(Application).where(Application.token_hash == _digest(token))).one_or_none()


def renew_link(application: Application) -> None:
    """Let the link in the next letter open it, even after the operator's key was changed."""
    digest = _digest(application.token)
    if application.token_hash != digest:
        application.token_hash = digest


def waiting() -> sa.Select[Application]:
    """What the office has to decide, oldest first."""
    return (
        sa.select(Application)
        .where(Application.state == ApplicationState.SUBMITTED)
        .order_by(Application.submitted_at, Application.id)
    )


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words occur in the name, the reading or the number."""
    keys = [naming.search_key(word) for word in words.split()]
    by_name = sa.and_(*(Application.search_key.contains(key, autoescape=True) for key in keys if key))
    return sa.or_(by_name, Application.number.icontains(words, autoescape=True))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
