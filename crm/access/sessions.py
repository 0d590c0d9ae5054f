"""SignIn: a session as a row, so that it ends when its row does.

The browser holds an opaque token of 256 bits; the row holds its digest. A user may be signed in in several places, sees them
all and can end each. Limits (OWASP ASVS 5.0, V7.1): staff 2 hours idle, 12 hours in all; members 12 hours idle, 30 days in
all; a password without the second factor it needs 10 minutes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship

from crm import clock
from crm.access.users import User
from crm.db import PERSONAL, SECRET, Model, db


@dataclass(frozen=True)
class Limits:
    """How long a session lives: since it was last used, and in all."""

    idle: timedelta
    absolute: timedelta


STAFF_LIMITS = Limits(idle=timedelta(hours=2), absolute=timedelta(hours=12))
MEMBER_LIMITS = Limits(idle=timedelta(hours=12), absolute=timedelta(days=30))
HALFWAY = timedelta(minutes=10)
FRESH = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)
LONGEST_AGENT = 120


class Strength(StrEnum):
    """What was proven: the password, or a second factor as well."""

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"


class SignIn(Model):
    """One place where a user is signed in. ``confirmed_at`` is when the password was last given."""

    __tablename__ = "sign_ins"
    __audited__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, init=False)
    user: Mapped[User] = relationship()
    token_hash: Mapped[str] = mapped_column(unique=True, info=SECRET)
    strength: Mapped[Strength]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(default="", info=PERSONAL)
    agent: Mapped[str] = mapped_column(default="", info=PERSONAL)
    challenge: Mapped[bytes | None] = mapped_column(init=False, default=None, info=SECRET)
    challenge_until: Mapped[datetime | None] = mapped_column(init=False, default=None)

    @property
    def is_proven(self) -> bool:
        """Whether a second factor was given."""
        return self.strength is Strength.SECOND_FACTOR

    def ended_by(self, now: datetime) -> bool:
        """Whether its time is over."""
        limits = STAFF_LIMITS if self.user.is_staff else MEMBER_LIMITS
        return now - self.seen_at > limits.idle or now - self.created_at > limits.absolute

    def is_fresh(self, now: datetime) -> bool:
        """Whether the password was given recently enough to change what protects the account."""
        return now - self.confirmed_at <= FRESH

    def may_still_be_proven(self, now: datetime) -> bool:
        """Whether a sign-in that lacks its second factor may still get it."""
        return now - self.created_at <= HALFWAY


def start(user: User, strength: Strength, *, address: str = "", agent: str = "") -> str:
    """A new session; answers its token, which is kept nowhere."""
    token, now = secrets.token_urlsafe(32), clock.now()
    db.session.add(
        SignIn(user=user, token_hash=_digest(token), strength=strength, created_at=now, seen_at=now, confirmed_at=now,
               address=address[:64], agent=agent[:LONGEST_AGENT])
    )  # fmt: skip
    return token


def find(token: str) -> SignIn | None:
    """The living session a token belongs to, with its user; nothing when it ended or the account is not active."""
    found = (
        sa.select(SignIn)
        .join(SignIn.user)
        .options(contains_eager(SignIn.user))
        .where(SignIn.token_hash == _digest(token))
    )
    sign_in = db.session.scalars(found).one_or_none()
    if sign_in is None or not sign_in.user.is_active or sign_in.ended_by(clock.now()):
        return None
    return sign_in


def renew(sign_in: SignIn, strength: Strength | None = None) -> str:
    """Give a session a new token, and a new strength after the second factor; the old token ends at once."""
    token = secrets.token_urlsafe(32)
    sign_in.token_hash = _digest(token)
    sign_in.challenge = sign_in.challenge_until = None
    if strength is not None and strength is not sign_in.strength:
        sign_in.strength, sign_in.created_at = strength, clock.now()
    return token


def needs_touch(sign_in: SignIn) -> bool:
    """Whether its last use is worth noting anew."""
    return clock.now() - sign_in.seen_at >= SEEN_EVERY


def touch(sign_in: SignIn) -> None:
    """Note that the session is in use."""
    db.session.execute(sa.update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=clock.now()))


def of(user: User) -> list[SignIn]:
    """The user's living sessions, the last used first."""
    rows = sa.select(SignIn).join(SignIn.user).options(contains_eager(SignIn.user)).where(SignIn.user_id == user.id)
    now = clock.now()
    return [
        s for s in db.session.scalars(rows.order_by(SignIn.seen_at.desc(), SignIn.id.desc())) if not s.ended_by(now)
    ]


def end(sign_in_id: int, *, user: User) -> bool:
    """End one of the user's sessions; whether there was one."""
    ended = sa.delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id)
    return db.session.execute(ended.returning(SignIn.id)).one_or_none() is not None


def end_all(user: User, *, keep: SignIn | None = None) -> int:
    """End the user's sessions, but for ``keep``; how many."""
    doomed = sa.delete(SignIn).where(SignIn.user_id == user.id)
    if keep is not None:
        doomed = doomed.where(SignIn.id != keep.id)
    return len(db.session.execute(doomed.returning(SignIn.id)).all())


def prune(now: datetime) -> None:
    """Forget sessions that ended by time."""
    db.session.execute(sa.delete(SignIn).where(SignIn.created_at < now - MEMBER_LIMITS.absolute))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
