"""MailedLink: a secret sent to a person's mail address that opens one thing once — an invitation, a new password, a sign-in.

Only its digest is kept. A newer link of the same purpose makes the older ones void.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.access.users import User, UserState
from crm.db import SECRET, Model, db
from crm.errors import Refused
from crm.text import _


class Purpose(StrEnum):
    """What a link opens."""

    __labelled__ = False

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"
    SIGN_IN = "sign_in"


VALID_FOR = {
    Purpose.INVITATION: timedelta(days=7), Purpose.PASSWORD_RESET: timedelta(minutes=30),
    Purpose.SIGN_IN: timedelta(minutes=15),
}  # fmt: skip


class MailedLink(Model):
    """One link that was mailed: whose, for what, until when, and whether it was used."""

    __tablename__ = "mailed_links"
    __audited__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, init=False)
    user: Mapped[User] = relationship()
    purpose: Mapped[Purpose]
    token_hash: Mapped[str] = mapped_column(unique=True, info=SECRET)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)


def make(user: User, purpose: Purpose) -> str:
    """A new link's token; earlier links of this purpose to the user end."""
    void(user, purpose)
    token = secrets.token_urlsafe(32)
    db.session.add(
        MailedLink(user=user, purpose=purpose, token_hash=_digest(token), expires_at=clock.now() + VALID_FOR[purpose])
    )
    return token


def void(user: User, *purposes: Purpose) -> None:
    """End the user's unused links of these purposes, or of all."""
    db.session.flush()
    chosen = purposes or tuple(Purpose)
    db.session.execute(
        sa.delete(MailedLink).where(
            MailedLink.user_id == user.id, MailedLink.purpose.in_(chosen), MailedLink.used_at.is_(None)
        )
    )


def find(token: str, purpose: Purpose) -> MailedLink | None:
    """The link that still opens something, else nothing."""
    return db.session.scalars(_usable(token, purpose)).one_or_none()


def take(token: str, purpose: Purpose) -> User:
    """Use a link up and answer whose it is. Raises ``Refused`` when it was used, is unknown or too old."""
    link = db.session.scalars(_usable(token, purpose).with_for_update(of=MailedLink)).one_or_none()
    if link is None:
        raise Refused(_("This link was used already or is no longer valid."))
    link.used_at = clock.now()
    return link.user


def prune(now: datetime) -> None:
    """Forget links a month after they ended."""
    db.session.execute(sa.delete(MailedLink).where(MailedLink.expires_at < now - timedelta(days=30)))


def _usable(token: str, purpose: Purpose) -> sa.Select[MailedLink]:
    state = UserState.INVITED if purpose is Purpose.INVITATION else UserState.ACTIVE
    return (
        sa.select(MailedLink)
        .join(MailedLink.user)
        .where(MailedLink.token_hash == _digest(token), MailedLink.purpose == purpose)
        .where(MailedLink.used_at.is_(None), MailedLink.expires_at > clock.now(), User.state == state)
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
