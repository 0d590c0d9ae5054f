"""ApplicationDraft: an application that was begun and put aside, to be gone on with under a mailed link.

It is the applicant's, not the office's: it stands outside the record, nobody in the office sees it, and it is forgotten after
as many days as an application nobody confirms. Who goes on under the link has shown that the mail address is theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, SECRET, Model, db
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.members.applications import Application, derived_token, token_digest
from crm.settings.settings import office_setting
from crm.text import _

LINKS, WITHIN = 3, timedelta(hours=1)  # nobody's mailbox is filled through our form


class ApplicationDraft(Model):
    """What was typed so far, as it was typed. ``application`` is what became of it; then nothing typed is kept here."""

    __tablename__ = "application_drafts"
    __audited__ = False

    email: Mapped[str] = mapped_column(info=PERSONAL)
    typed: Mapped[dict[str, Any]] = mapped_column(info=PERSONAL)
    locale: Mapped[str] = mapped_column(default="ja")
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    evidence: Mapped[StoredFile | None] = relationship(default=None)
    seed: Mapped[str] = mapped_column(init=False, info=SECRET)
    token_hash: Mapped[str] = mapped_column(init=False, unique=True, info=SECRET)
    saved_at: Mapped[datetime] = mapped_column(init=False, index=True)
    application_id: Mapped[int | None] = mapped_column(
        ForeignKey("applications.id"), default=None, init=False, index=True
    )
    application: Mapped[Application | None] = relationship(default=None, init=False)

    def __post_init__(self) -> None:
        self.seed, self.saved_at = secrets.token_urlsafe(24), clock.now()
        self.token_hash = token_digest(self.token)

    @property
    def token(self) -> str:
        """The secret in the mailed link."""
        return derived_token("draft", self.seed)

    @property
    def url(self) -> str:
        """Where the applicant goes on."""
        return f"{settings().base_url}/join/draft/{self.token}"

    @property
    def kept_until(self) -> datetime:
        """When it is forgotten, unless it is saved again or sent before."""
        return self.saved_at + _kept()

    @property
    def proves_address(self) -> bool:
        """Whether who came by the link has shown that the mail address of the application is theirs."""
        return self.application is not None and self.application.contact_email.casefold() == self.email.casefold()

    def save(self, typed: Mapping[str, Any], evidence: StoredFile | None = None) -> None:
        """Put aside again; a file attached before stays unless another comes."""
        self.typed, self.saved_at = dict(typed), clock.now()
        if evidence is not None:
            self.evidence = evidence

    def became(self, application: Application) -> None:
        """It was sent: the link leads to the application from now on."""
        self.application, self.typed, self.evidence = application, {}, None


def begin(*, email: str, typed: Mapping[str, Any], locale: str, evidence: StoredFile | None = None) -> ApplicationDraft:
    """A new draft of the running act. Raises ``Refused`` when this address was mailed links again and again."""
    lately = sa.select(sa.func.count(ApplicationDraft.id)).where(
        ApplicationDraft.email == email, ApplicationDraft.saved_at > clock.now() - WITHIN
    )
    if (db.session.scalar(lately) or 0) >= LINKS:
        raise Refused(_("We have mailed several links to this address already. Please go on under one of them."),
                      field="contact_email")  # fmt: skip
    draft = ApplicationDraft(email=email, typed=dict(typed), locale=locale, evidence=evidence)
    db.session.add(draft)
    db.session.flush()
    return draft


def lock(draft: ApplicationDraft) -> None:
    """Whoever else sends it waits. Raises ``Refused`` when it was sent meanwhile, as from another window."""
    db.session.refresh(draft, with_for_update=True)
    if draft.application_id is not None:
        raise Refused(_("This application was sent already."))


def of_token(token: str) -> ApplicationDraft | None:
    """The draft a link opens, unless its time is over."""
    found = sa.select(ApplicationDraft).where(ApplicationDraft.token_hash == token_digest(token))
    draft = db.session.scalars(found).one_or_none()
    return draft if draft is not None and (draft.application_id or draft.kept_until > clock.now()) else None


def prune(now: datetime) -> None:
    """Forget drafts nobody went on with."""
    db.session.execute(sa.delete(ApplicationDraft).where(ApplicationDraft.saved_at < now - _kept()))


def _kept() -> timedelta:
    return timedelta(days=office_setting("members.unconfirmed_days"))
