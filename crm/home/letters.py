"""Letters that look across everything: the record's head, which leaves the house daily."""

from __future__ import annotations

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.history import chain
from crm.mail import outbox
from crm.mail.outbox import Letter, Recipient
from crm.settings.settings import office_setting


def auditor_without_head() -> list[str]:
    """The auditor's address, if one is known and was not yet sent today's head of the record."""
    email: str = office_setting("letters.auditor")
    return [email] if email and not _is_posted(_key()) else []


def record_head(email: str) -> Letter:
    """Today's head of the record, so that a later rewrite is found. The same day's is posted once."""
    head = chain.head(db.session)
    return outbox.post(
        "home/record_head", Recipient(email), key=_key(), day=clock.today(), number=head.number, hash=head.hash
    )  # fmt: skip


def _key() -> str:
    return f"home/record_head:{clock.today()}"


def _is_posted(key: str) -> bool:
    return db.session.scalar(sa.select(Letter.id).where(Letter.key == key)) is not None
