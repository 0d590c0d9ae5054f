"""A passkey instead of a password, for members: the browser offers the account, the device verifies the person.

Device and person together are two factors. The challenge is a row of its own until it is used, once, within five minutes, and
only by the browser it was given to, which carries its number.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.access import second_factor
from crm.access.second_factor import CHALLENGE_STANDS
from crm.access.users import User
from crm.db import SECRET, Model, db


class PasskeyChallenge(Model):
    """What a browser that nobody signed in on yet was asked to sign."""

    __tablename__ = "passkey_challenges"
    __audited__ = False

    challenge: Mapped[bytes] = mapped_column(unique=True, info=SECRET)
    until: Mapped[datetime] = mapped_column(index=True)


def options() -> tuple[int, dict[str, Any]]:
    """A new challenge's number, for the browser's cookie, and what the browser needs to offer its passkeys."""
    asked = PasskeyChallenge(challenge=secrets.token_bytes(32), until=clock.now() + CHALLENGE_STANDS)
    db.session.add(asked)
    db.session.flush()
    return asked.id, second_factor.request_options(asked.challenge, [])


def judge(number: int, answer: str) -> User:
    """The member whose passkey answered. Raises ``Refused``; the challenge is used up either way when it commits."""
    challenge = take(number)
    key = second_factor.passkey_named_in(answer)
    if challenge is None or key is None or not key.user.is_active or key.user.is_staff:
        raise second_factor.no_passkey()
    second_factor.verify(key, answer, challenge)
    return key.user


def take(number: int) -> bytes | None:
    """The challenge of a number, once; nothing when it was used or is too old."""
    taken = sa.delete(PasskeyChallenge).where(PasskeyChallenge.id == number)
    found = db.session.execute(taken.returning(PasskeyChallenge.challenge, PasskeyChallenge.until)).one_or_none()
    return found.challenge if found is not None and clock.now() <= found.until else None


def prune(now: datetime) -> None:
    """Forget challenges nobody used."""
    db.session.execute(sa.delete(PasskeyChallenge).where(PasskeyChallenge.until < now - timedelta(hours=1)))
