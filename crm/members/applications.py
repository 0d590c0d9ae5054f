"""Application: an organisation asks to become a member.

unconfirmed → (its mail address is confirmed) submitted → accepted, declined, or returned with remarks; who corrected it
under the same link is submitted again. Where the board decides, the office passes an application on, and it is accepted with
the day and the minutes of the approval. Until it is decided the applicant may withdraw it. One that is never confirmed lapses:
what it said is taken out of it, and nothing opens it any more; the empty row keeps its id from being given again.

The link's token is derived from the application's own seed, so that every letter can carry the same one; the database holds
its digest and a seed that is worth nothing without the operator's key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, SECRET, Model, Versioned, db
from crm.documents.files import StoredFile
from crm.documents.numbering import next_number
from crm.errors import Refused
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import naming
from crm.organisations.organisations import OrganisationKind
from crm.settings.settings import office_setting
from crm.text import _, label
from crm.values.fiscal_year import FiscalYear

SERIES = "APP"
WRITTEN = (
    "name", "kana", "postal_code", "address", "phone", "representative", "contact_name", "contact_email", "contact_department",
    "industry", "billing_name", "billing_email", "billing_department", "remark",
)  # fmt: skip
"""What an applicant writes in words."""
LABELS = {
    "name": _("Legal name"), "kana": _("Reading"), "corporate_number": _("Corporate number"), "employees": _("Employees"),
    "employees_on": _("As of"), "evidence": _("Proof of the number of employees"), "member_class": _("Class of membership"),
    "address": _("Address"), "phone": _("Telephone"), "representative": _("Representative"),
    "contact_name": _("Contact person"), "billing_name": _("Billing contact"), "kind": _("Kind"), "industry": _("Industry"),
    "postal_code": _("Postal code"),
}  # fmt: skip
"""What the fields of the form are called, where the office remarks on one or compares them."""


class ApplicationState(StrEnum):
    """Where an application stands."""

    UNCONFIRMED = "unconfirmed"
    SUBMITTED = "submitted"
    BOARD = "board"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


# Where the applicant may still withdraw, and where the office still has something to decide.
OPEN = frozenset(
    {ApplicationState.UNCONFIRMED, ApplicationState.SUBMITTED, ApplicationState.BOARD, ApplicationState.RETURNED}
)
UNDECIDED = frozenset({ApplicationState.SUBMITTED, ApplicationState.BOARD})


class Application(Versioned, Model):
    """What the applicant filled in, what they agreed to, and what became of it.

    ``rules_text`` and ``privacy_text`` are the texts as they were shown and agreed to (個人情報保護法 21条2項), the digests
    their SHA-256. ``evidence`` is the proof of the employee figure. ``field_remarks`` are the office's remarks by field.
    ``board_on`` and ``minutes`` say when and where the board approved. ``member`` is set by acceptance.
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
    rules_text: Mapped[str] = mapped_column(default="")
    privacy_text: Mapped[str] = mapped_column(default="")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    evidence: Mapped[StoredFile | None] = relationship(default=None)

    state: Mapped[ApplicationState] = mapped_column(default=ApplicationState.UNCONFIRMED, init=False, index=True)
    number: Mapped[str | None] = mapped_column(default=None, init=False, unique=True)
    seed: Mapped[str] = mapped_column(init=False, info=SECRET)
    token_hash: Mapped[str] = mapped_column(init=False, unique=True, info=SECRET)
    search_key: Mapped[str] = mapped_column(init=False, default="")
    sent_at: Mapped[datetime] = mapped_column(init=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    submitted_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    returned_remark: Mapped[str] = mapped_column(default="", init=False)
    field_remarks: Mapped[dict[str, Any] | None] = mapped_column(default=None, init=False)
    reviewed_by: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    reviewed_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    opinion: Mapped[str] = mapped_column(default="", init=False)
    board_on: Mapped[date | None] = mapped_column(default=None, init=False)
    minutes: Mapped[str] = mapped_column(default="", init=False)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    withdrawn_reason: Mapped[str] = mapped_column(default="", init=False)
    decision_reason: Mapped[str] = mapped_column(default="", init=False)
    decided_by: Mapped[str] = mapped_column(default="", init=False, info=PERSONAL)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), default=None, init=False, index=True)
    member: Mapped[Member | None] = relationship(default=None, init=False)

    def __post_init__(self) -> None:
        self.seed, self.sent_at = secrets.token_urlsafe(24), clock.now()
        self.token_hash = token_digest(self.token)
        self._keep_key()

    @property
    def token(self) -> str:
        """The secret in the applicant's link: the same for the life of the application and of the operator's key."""
        return derived_token("application", self.seed)

    @property
    def url(self) -> str:
        """The applicant's own link."""
        return f"{settings().base_url}/join/{self.token}"

    @property
    def is_waiting(self) -> bool:
        """Whether the office has to decide, or to note what the board decided."""
        return self.state in UNDECIDED

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether the applicant may still take it back."""
        return self.state in OPEN

    def days_waiting(self, today: date) -> int | None:
        """How many days it has lain with the office or the applicant since it was last sent; none once it is closed."""
        if self.state not in OPEN:
            return None
        return (today - clock.day_of(self.submitted_at or self.sent_at)).days

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

    def lapse(self) -> None:
        """Nobody confirmed the address in time: forget what was written. Raises ``Refused`` when it was confirmed."""
        if self.state is not ApplicationState.UNCONFIRMED:
            raise Refused(_("This application was confirmed already."))
        for field in WRITTEN:
            setattr(self, field, "")
        self.employees, self.corporate_number, self.evidence, self.seed = 0, None, None, secrets.token_urlsafe(24)
        self.token_hash = token_digest(self.token)
        self._keep_key()
        self.state = ApplicationState.LAPSED

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
        self.field_remarks = None

    def give_back(self, *, remark: str, by: str, fields: Mapping[str, str] | None = None) -> None:
        """Return it with a remark, one for a field, or both; the applicant corrects it.

        Raises ``Refused`` without any or when it does not wait.
        """
        said = {name: text.strip() for name, text in (fields or {}).items() if text.strip()}
        self._decide(by)
        if not (remark.strip() or said):
            raise Refused(_("Please tell the applicant what to correct."), field="remark")
        self.state, self.returned_remark, self.field_remarks = ApplicationState.RETURNED, remark.strip(), said or None

    def decline(self, *, reason: str, by: str) -> None:
        """Decline it with a reason, which the applicant is told. Raises ``Refused`` without one or when it does not wait."""
        self._decide(by)
        if not reason.strip():
            raise Refused(_("Please give the reason."), field="reason")
        self.state, self.decision_reason = ApplicationState.DECLINED, reason.strip()

    def pass_on(self, *, opinion: str, by: str) -> None:
        """The office has reviewed it; the board decides. Raises ``Refused`` when it was passed on or decided already."""
        if self.state is not ApplicationState.SUBMITTED:
            raise Refused(self._why_not())
        self.state, self.opinion = ApplicationState.BOARD, opinion.strip()
        self.reviewed_by, self.reviewed_at = by, clock.now()

    def accept(self, member: Member, *, by: str, board_on: date | None = None, minutes: str = "") -> None:
        """Note that it made a member, and on which day by which minutes the board approved, where it decides.

        Raises ``Refused`` when it does not wait, or the board's approval is missing or lies in the future.
        """
        self.refuse_undecidable()
        if self.state is ApplicationState.BOARD:
            if board_on is None:
                raise Refused(_("Please give the day on which the board approved."), field="board_on")
            if board_on > clock.today():
                raise Refused(_("This day is still to come."), field="board_on")
            if not minutes.strip():
                raise Refused(_("Please say where the approval is recorded, such as the minutes."), field="minutes")
            self.board_on, self.minutes = board_on, minutes.strip()
        self._decide(by)
        self.state, self.member = ApplicationState.ACCEPTED, member

    def withdraw(self, reason: str = "") -> None:
        """The applicant takes it back. Raises ``Refused`` once it was decided."""
        if not self.may_be_withdrawn:
            raise Refused(self._why_not())
        self.state, self.withdrawn_at = ApplicationState.WITHDRAWN, clock.now()
        self.withdrawn_reason = reason.strip()

    def refuse_undecidable(self) -> None:
        """Raise ``Refused`` when it does not wait for a decision, or for the board's while nobody passed it on."""
        if not self.is_waiting:
            raise Refused(self._why_not())
        if self.state is ApplicationState.SUBMITTED and board_decides():
            raise Refused(_("The board decides about applications. Please pass it on to the board first."))

    def _decide(self, by: str) -> None:
        if not self.is_waiting:
            raise Refused(self._why_not())
        self.decided_by, self.decided_at = by, clock.now()

    def _why_not(self) -> object:
        """Why nothing can be decided: who was there before, if anyone was."""
        if self.state is ApplicationState.WITHDRAWN:
            return _("The applicant has withdrawn this application.")
        before = self.reviewed_by if self.state is ApplicationState.BOARD else self.decided_by
        if before and self.state is not ApplicationState.SUBMITTED:
            return _("%(name)s was faster: this application is “%(state)s”. Nothing was written.", name=before,
                     state=label(self.state))  # fmt: skip
        return _("This application does not wait for a decision.")

    def _keep_key(self) -> None:
        self.search_key = " ".join(map(naming.search_key, filter(None, [self.name, self.kana])))


def apply(*, locale: str, **values: Any) -> Application:
    """A new application of the running act, still unconfirmed. The texts agreed to are those in force."""
    application = Application(**{**values, **texts_agreed(), "locale": locale})
    db.session.add(application)
    db.session.flush()
    return application


def text_digests() -> dict[str, str]:
    """The versions of rules and privacy notice in force, by the field that keeps them."""
    return {field: value for field, value in texts_agreed().items() if field.endswith("_digest")}


def texts_agreed() -> dict[str, str]:
    """Rules and privacy notice as in force, with their digests, by the fields that keep them."""
    texts = {"rules": office_setting("texts.rules"), "privacy": office_setting("texts.privacy")}
    digests = {f"{name}_digest": hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    return {**{f"{name}_text": text for name, text in texts.items()}, **digests}


def board_decides() -> bool:
    """Whether an application needs the board's approval."""
    return bool(office_setting("members.approval") == "board")


def lock(application: Application) -> None:
    """Whoever else decides about it waits; it is read anew, so that the second sees what the first decided."""
    db.session.refresh(application, with_for_update=True)


def of_token(token: str) -> Application | None:
    """The application a link opens."""
    return db.session.scalars(kept().where(Application.token_hash == token_digest(token))).one_or_none()


def renew_link(application: Application) -> None:
    """Let the link in the next letter open it, even after the operator's key was changed."""
    digest = token_digest(application.token)
    if application.token_hash != digest:
        application.token_hash = digest


def kept() -> sa.Select[Application]:
    """All that still say something."""
    return sa.select(Application).where(Application.state != ApplicationState.LAPSED)


def waiting() -> sa.Select[Application]:
    """What the office has to decide, oldest first."""
    return (
        sa.select(Application)
        .where(Application.state == ApplicationState.SUBMITTED)
        .order_by(Application.submitted_at, Application.id)
    )


def overdue(now: datetime) -> sa.Select[Application]:
    """Those whose address nobody confirmed within the days the office gives them."""
    sent_before = now - timedelta(days=office_setting("members.unconfirmed_days"))
    return sa.select(Application).where(
        Application.state == ApplicationState.UNCONFIRMED, Application.sent_at < sent_before
    )


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words occur in the name, the reading or the number."""
    keys = [naming.search_key(word) for word in words.split()]
    by_name = sa.and_(*(Application.search_key.contains(key, autoescape=True) for key in keys if key))
    columns = (Application.number, Application.contact_name, Application.contact_email)
    return sa.or_(by_name, *(column.icontains(words, autoescape=True) for column in columns))


def label_of(name: str) -> object:
    """What a field of the form is called."""
    return LABELS.get(name, name)


def derived_token(purpose: str, seed: str) -> str:
    """The secret of a mailed link: the same for the life of a seed and of the operator's key."""
    return hmac.new(settings().secret_key.encode(), f"{purpose}:{seed}".encode(), hashlib.sha256).hexdigest()


def token_digest(token: str) -> str:
    """What the database holds of a link's secret."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
