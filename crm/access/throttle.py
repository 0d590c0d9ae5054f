"""Slows guessing down: attempts counted in rows, so that several workers count together.

An attempt is counted before it is judged and given back when it was right, so people behind one office address do not stop
each other. Nothing locks for good: a window passes. Subjects are kept as digests. The limits, with those of Flask-Limiter in
``web.safety`` as a coarse shield before them, are all there are (OWASP ASVS 5.0, V6.1.1):

- password: 10 in 5 minutes for an account, 10 for an address, 1,000 over all; who signed in from the same browser before is
  counted apart from strangers, so strangers cannot keep the owner out;
- second factor: 5 in 5 minutes, 20 in an hour, 50 in a day for an account;
- letters asked for: 5 in a day for an account (links to sign in: 6 in an hour), 10 in an hour for an address;
- passkeys instead of a password: 20 in 5 minutes for an address;
- mailed links and API tokens that do not exist: 30 in 5 minutes for an address.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.db import Model, db


@dataclass(frozen=True)
class Limit:
    """So many attempts in so many seconds."""

    name: str
    times: int
    seconds: int


PASSWORD_ACCOUNT = Limit("password.account", 10, 300)
PASSWORD_ADDRESS = Limit("password.address", 10, 300)
PASSWORD_ALL = Limit("password.all", 1000, 300)
FACTOR = (Limit("factor.minutes", 5, 300), Limit("factor.hour", 20, 3600), Limit("factor.day", 50, 86400))
LETTER_ACCOUNT = Limit("letter.account", 5, 86400)
LINK_ACCOUNT = Limit("link.account", 6, 3600)
PASSKEY_ADDRESS = Limit("passkey.address", 20, 300)
LETTER_ADDRESS = Limit("letter.address", 10, 3600)
UNKNOWN_TOKEN = Limit("token.address", 30, 300)

Draw = tuple[Limit, str]


class Attempts(Model):
    """How many attempts a subject made in one window of a limit."""

    __tablename__ = "attempts"
    __audited__ = False
    __table_args__ = (UniqueConstraint("subject", "window_start"),)

    subject: Mapped[str]
    window_start: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int]


def counted(*draws: Draw) -> int:
    """Count one attempt against each limit, in a ``housekeeping()``; 0 when all allow it, else the seconds to wait."""
    return max((_wait(limit) for limit, value in draws if _count(limit, value, 1) > limit.times), default=0)


def give_back(*draws: Draw) -> None:
    """An attempt that was right does not count."""
    for limit, value in draws:
        _count(limit, value, -1)


def prune(now: datetime) -> None:
    """Forget windows that are over."""
    db.session.execute(sa.delete(Attempts).where(Attempts.window_start < now - timedelta(days=2)))


def _count(limit: Limit, value: str, change: int) -> int:
    """Change a count in one statement, which both engines carry out one after the other; the count after it."""
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else postgresql_insert
    row = insert(Attempts).values(subject=_subject(limit, value), window_start=_window(limit), count=max(change, 0))
    raised = row.on_conflict_do_update(
        index_elements=[Attempts.subject, Attempts.window_start],
        set_={"count": sa.case((Attempts.count + change < 0, 0), else_=Attempts.count + change)},
    )
    return int(db.session.execute(raised.returning(Attempts.count)).scalar_one())


def _subject(limit: Limit, value: str) -> str:
    return f"{limit.name}:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _window(limit: Limit) -> datetime:
    seconds = int(clock.now().timestamp())
    return datetime.fromtimestamp(seconds - seconds % limit.seconds, UTC)


def _wait(limit: Limit) -> int:
    return limit.seconds - int(clock.now().timestamp()) % limit.seconds
