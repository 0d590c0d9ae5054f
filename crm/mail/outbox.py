"""Letter: a mail from the moment it is decided until it is delivered; posting, holding, releasing, trying again.

The text is frozen when the letter is posted, in the recipient's language, and the Message-ID is the letter's own: however
often it is tried, a server that has it already can tell. Letters stand outside the record of acts, for their states are
their own record; what a *person* does to a letter is an act about it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, Model, db
from crm.documents.files import StoredFile
from crm.documents.issued import IssuedDocument
from crm.errors import Refused
from crm.history import inserting
from crm.mail import composing, resting_addresses
from crm.mail.resting_addresses import RestingAddress
from crm.settings.settings import office_setting
from crm.text import _

RESTS_AFTER = 3  # permanent refusals in a row, after which an address is no longer written to unasked


class LetterKind(StrEnum):
    """Transactional letters always go; announcements go to those who agreed and can be ended by one click."""

    TRANSACTIONAL = "transactional"
    ANNOUNCEMENT = "announcement"


class LetterState(StrEnum):
    """Queued, held back, on its way, delivered to the server, to be tried again, given up, not wanted any more."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    DROPPED = "dropped"


class Trouble(StrEnum):
    """Why a letter is held, is tried again or was given up."""

    NO_ADDRESS = "no_address"
    ADDRESS_RESTS = "address_rests"
    BY_HAND = "by_hand"
    BAD_ADDRESS = "bad_address"
    UNFIT = "unfit"
    MISSING_ATTACHMENT = "missing_attachment"
    ADDRESS_REFUSED = "address_refused"
    LETTER_REFUSED = "letter_refused"
    NOT_NOW = "not_now"
    UNREACHABLE = "unreachable"
    DEFECT = "defect"
    BOUNCED = "bounced"
    BOUNCED_SOFTLY = "bounced_softly"
    UNSUBSCRIBED = "unsubscribed"
    CALLED_OFF = "called_off"


ABOUT_THE_ADDRESS = (Trouble.ADDRESS_REFUSED, Trouble.BOUNCED)  # failures that say that nobody can be reached there


@dataclass(frozen=True)
class Recipient:
    """To whom: a mail address (empty when none is known), a name, and the language the person reads (``ja``, ``en``)."""

    email: str
    name: str = ""
    locale: str = "ja"


class Letter(Model):
    """One mail to one recipient.

    ``due_at`` is when it may go or is tried next; ``wakes_at`` is when the worker looks at it: the due time, the end of a
    lease while it is being sent, nothing while it rests. ``trouble`` says why it is held, tried again or failed,
    ``last_error`` what the server answered. ``key`` names a notice to a recipient for a period, which goes once.
    """

    __tablename__ = "letters"
    __audited__ = False
    __table_args__ = (
        Index("ix_letters_waking", "wakes_at", "id", sqlite_where=sa.text("wakes_at IS NOT NULL"),
              postgresql_where=sa.text("wakes_at IS NOT NULL")),
        Index("ix_letters_about", "about_table", "about_id"),
        Index("ix_letters_troubled", "trouble", "recipient_email", sqlite_where=sa.text("trouble IS NOT NULL"),
              postgresql_where=sa.text("trouble IS NOT NULL")),
    )  # fmt: skip

    message_id: Mapped[str] = mapped_column(init=False, unique=True)
    template: Mapped[str] = mapped_column(index=True)
    locale: Mapped[str]
    posted_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    recipient_email: Mapped[str] = mapped_column(index=True, info=PERSONAL)
    recipient_name: Mapped[str] = mapped_column(info=PERSONAL)
    subject: Mapped[str] = mapped_column(info=PERSONAL)
    body: Mapped[str] = mapped_column(info=PERSONAL)
    kind: Mapped[LetterKind] = mapped_column(default=LetterKind.TRANSACTIONAL)
    key: Mapped[str | None] = mapped_column(default=None, unique=True)
    unsubscribe_url: Mapped[str | None] = mapped_column(default=None, info=PERSONAL)
    about_table: Mapped[str | None] = mapped_column(default=None)
    about_id: Mapped[int | None] = mapped_column(default=None)

    state: Mapped[LetterState] = mapped_column(init=False, default=LetterState.QUEUED, index=True)
    wakes_at: Mapped[datetime | None] = mapped_column(init=False, default=None)
    attempts: Mapped[int] = mapped_column(init=False, default=0)
    trouble: Mapped[Trouble | None] = mapped_column(init=False, default=None)
    last_error: Mapped[str] = mapped_column(init=False, default="")
    sent_at: Mapped[datetime | None] = mapped_column(init=False, default=None)

    attachments: Mapped[list[LetterAttachment]] = relationship(
        back_populates="letter", order_by="LetterAttachment.position", default_factory=list, init=False
    )

    def __post_init__(self) -> None:
        self.message_id = _new_message_id()
        self.wakes_at = self.due_at

    @property
    def may_be_held(self) -> bool:
        """Whether it has not left yet and nobody holds it."""
        return self.state in (LetterState.QUEUED, LetterState.RETRY)

    @property
    def is_announcement(self) -> bool:
        return self.kind is LetterKind.ANNOUNCEMENT

    def hold(self, trouble: Trouble = Trouble.BY_HAND) -> None:
        """Keep it from going. Raises ``Refused`` when it is being sent, was sent or was given up."""
        if not self.may_be_held:
            raise Refused(_("Only a letter that waits to be sent can be held."))
        self.state, self.trouble, self.wakes_at = LetterState.HELD, trouble, None

    def drop(self, trouble: Trouble) -> None:
        """Never send it: nobody wants it any more. A letter that is on its way, or has ended, is left."""
        if self.may_be_held or self.state is LetterState.HELD:
            self.state, self.trouble, self.wakes_at = LetterState.DROPPED, trouble, None

    def release(self) -> None:
        """Let a held letter go at its time. Raises ``Refused`` for one that is not held or has no address."""
        if self.state is not LetterState.HELD:
            raise Refused(_("Only a held letter can be released."))
        self._go_on(self.due_at)

    def retry(self) -> None:
        """Try a letter that was given up again, from the first try on. Raises ``Refused`` for any other."""
        if self.state is not LetterState.FAILED:
            raise Refused(_("Only a letter that failed can be sent again."))
        self.attempts = 0
        self._go_on(clock.now())

    def _go_on(self, at: datetime) -> None:
        if not self.recipient_email:
            raise Refused(_("This letter has no mail address. Add one to the contact and post the letter again."))
        self.state, self.trouble, self.due_at, self.wakes_at = LetterState.QUEUED, None, at, at


class LetterAttachment(Model):
    """What goes with a letter: an issued document, which is drawn before it is sent, or a kept file."""

    __tablename__ = "letter_attachments"
    __audited__ = False
    __table_args__ = (CheckConstraint("(document_id IS NULL) <> (file_id IS NULL)", name="one_thing"),)

    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), index=True, init=False)
    letter: Mapped[Letter] = relationship(back_populates="attachments")
    position: Mapped[int]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("issued_documents.id"), index=True, init=False)
    document: Mapped[IssuedDocument | None] = relationship(default=None)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    file: Mapped[StoredFile | None] = relationship(default=None)


def post(
    name: str,
    /,
    to: Recipient,
    *,
    about: Model | None = None,
    documents: Iterable[IssuedDocument] = (),
    files: Iterable[StoredFile] = (),
    key: str | None = None,
    due_at: datetime | None = None,
    kind: LetterKind = LetterKind.TRANSACTIONAL,
    unsubscribe_url: str | None = None,
    **values: Any,
) -> Letter:
    """Post the letter ``name`` (``billing/invoice_issued``) in the running act; it goes when the act has been committed.

    The template sees ``values``, ``recipient`` and ``base_url``. A letter whose ``key`` was posted before is not posted
    again: the earlier one comes back. Without an address, or to one that rests, it is held, so that the office sees it.
    Raises ``LookupError`` without texts in every language, ``ValueError`` for an announcement nobody could end.
    """
    if kind is LetterKind.ANNOUNCEMENT and not unsubscribe_url:
        raise ValueError("an announcement needs an address to unsubscribe at")
    earlier = _of_key(key)
    if earlier is not None:
        return earlier
    words = composing.compose(name, to.locale, recipient=to, **values)
    about_table, about_id = _row(about)
    letter = Letter(
        template=name, recipient_email=to.email.strip(), recipient_name=to.name, locale=to.locale, subject=words.subject,
        body=words.body, posted_at=clock.now(), due_at=due_at or clock.now(), kind=kind, key=key,
        unsubscribe_url=unsubscribe_url, about_table=about_table, about_id=about_id,
    )  # fmt: skip
    _attach(letter, documents, files)
    _hold_if_unreachable(letter)
    return _added(letter)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One of many letters that are posted together; the fields are those of ``post``.

    ``about`` is a table and a row's id, ``documents`` and ``files`` are ids.
    """

    to: Recipient
    about: tuple[str, int]
    documents: Sequence[int] = ()
    files: Sequence[int] = ()
    key: str | None = None
    kind: LetterKind = LetterKind.TRANSACTIONAL
    unsubscribe_url: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def attached(self) -> list[dict[str, int]]:
        """What goes with it, as columns: papers first."""
        return [{"document_id": number} for number in self.documents] + [{"file_id": number} for number in self.files]


def post_all(name: str, drafts: Iterable[Draft]) -> list[int]:
    """Post a letter to many, as ``post`` does one; answers the ids of those that were not posted before.

    The same few statements for any number of them. The caller holds what keeps two acts from posting the same letters.
    """
    drafts, now, signature = list(drafts), clock.now(), office_setting("letters.signature")
    known = _known([d.key for d in drafts if d.key])
    fresh = [d for d in drafts if d.key is None or d.key not in known]
    troubled = _troubled({draft.to.email.strip() for draft in fresh})
    resting = {email for email in troubled if rests(email)}
    ids = inserting.insert_all(Letter, [_as_row(name, draft, now, signature, resting) for draft in fresh])
    inserting.insert_all(LetterAttachment, [
        {"letter_id": letter_id, "position": position, **thing}
        for letter_id, draft in zip(ids, fresh, strict=True) for position, thing in enumerate(draft.attached())
    ])  # fmt: skip
    return ids


def _known(keys: list[str]) -> set[str]:
    """Those of the keys whose letter was posted before."""
    return set(db.session.scalars(sa.select(Letter.key).where(Letter.key.in_(keys)))) if keys else set()


def _as_row(name: str, draft: Draft, now: datetime, signature: str, resting: set[str]) -> dict[str, Any]:
    to, email = draft.to, draft.to.email.strip()
    words = composing.compose(name, to.locale, signature=signature, recipient=to, **draft.values)
    trouble = Trouble.ADDRESS_RESTS if email in resting else None if email else Trouble.NO_ADDRESS
    held = {"state": LetterState.HELD, "trouble": trouble, "wakes_at": None} if trouble else {"wakes_at": now}
    return {
        "message_id": _new_message_id(), "template": name, "locale": to.locale, "posted_at": now, "due_at": now,
        "recipient_email": email, "recipient_name": to.name, "subject": words.subject, "body": words.body,
        "key": draft.key, "about_table": draft.about[0], "about_id": draft.about[1], "kind": draft.kind,
        "unsubscribe_url": draft.unsubscribe_url, **held,
    }  # fmt: skip


def _new_message_id() -> str:
    return f"<{uuid.uuid4()}@{urlsplit(settings().base_url).hostname or 'localhost'}>"


_LETTERS = Letter.__table__.c
_REFUSED = sa.select(_LETTERS.recipient_email).where(
    _LETTERS.recipient_email.in_(sa.bindparam("emails", expanding=True)), _LETTERS.trouble.in_(ABOUT_THE_ADDRESS)
)


def _troubled(emails: set[str]) -> set[str]:
    """Those of the addresses that ever refused a letter: only they need a closer look."""
    return set(db.session.connection().execute(_REFUSED, {"emails": list(emails)}).scalars())


def _hold_if_unreachable(letter: Letter) -> None:
    if not letter.recipient_email:
        letter.hold(Trouble.NO_ADDRESS)
    elif rests(letter.recipient_email):
        letter.hold(Trouble.ADDRESS_RESTS)


def due(at: datetime) -> sa.Select[Letter]:
    """Letters to be sent now: due ones, and those whose sender went away in the middle."""
    return sa.select(Letter).where(Letter.wakes_at <= at).order_by(Letter.wakes_at, Letter.id)


def held() -> sa.Select[Letter]:
    """Letters that wait for a person."""
    return sa.select(Letter).where(Letter.state == LetterState.HELD).order_by(Letter.id)


def is_posted(key: str) -> bool:
    """Whether a letter with this key was posted before."""
    return _of_key(key) is not None


def about(row: Model) -> sa.Select[Letter]:
    """The letters about one thing, newest first."""
    table, row_id = row.__tablename__, row.id
    return sa.select(Letter).where(Letter.about_table == table, Letter.about_id == row_id).order_by(Letter.id.desc())


def _attach(letter: Letter, documents: Iterable[IssuedDocument], files: Iterable[StoredFile]) -> None:
    things = [{"document": document} for document in documents] + [{"file": file} for file in files]
    for position, thing in enumerate(things):
        LetterAttachment(letter=letter, position=position, **thing)


def _row(row: Model | None) -> tuple[str | None, int | None]:
    if row is None:
        return None, None
    if inspect(row).identity is None:
        db.session.add(row)
        db.session.flush()
    return row.__tablename__, row.id


def _of_key(key: str | None) -> Letter | None:
    return None if key is None else db.session.scalars(sa.select(Letter).where(Letter.key == key)).one_or_none()


_FORGIVEN = (
    sa.select(sa.func.coalesce(sa.func.max(RestingAddress.last_letter_id), 0))
    .where(RestingAddress.email == sa.bindparam("email"))
    .scalar_subquery()
)
_ENDED = (
    sa.select(Letter.trouble)
    .where(Letter.recipient_email == sa.bindparam("email"), Letter.id > _FORGIVEN)
    .where(sa.or_(Letter.state == LetterState.SENT, Letter.trouble.in_(ABOUT_THE_ADDRESS)))
    .order_by(Letter.id.desc())
    .limit(RESTS_AFTER)
)


def rests(email: str) -> bool:
    """Whether an address rests, or shall: its last letters were all refused for good or came back, since it was woken."""
    if resting_addresses.resting(email) is not None:
        return True
    last = db.session.scalars(_ENDED, {"email": email}).all()
    return len(last) == RESTS_AFTER and all(trouble in ABOUT_THE_ADDRESS for trouble in last)


def _added(letter: Letter) -> Letter:
    """The letter in the session; when another act posted the same key meanwhile, that one."""
    if letter.key is None:
        db.session.add(letter)
        return letter
    try:
        with db.session.begin_nested():
            db.session.add(letter)
        return letter
    except IntegrityError:
        earlier = _of_key(letter.key)
        if earlier is None:
            raise
        return earlier
