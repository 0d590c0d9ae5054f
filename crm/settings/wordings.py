"""TextVersion: the texts people agree to, each wording with its number and the day it came into force.

An answer or a consent keeps the digest of the words that were shown (個人情報保護法 21条2項); here the digest leads back to the
number, the words and the day. A change of the setting makes the next version; none is ever changed or removed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.db import Model, db
from crm.settings.keys import BY_NAME

VERSIONED = ("texts.privacy", "texts.rules")
SHORT = 12  # the digits of a digest that forms and consents keep


class TextVersion(Model):
    """One wording of one text. ``since`` is the moment it came into force, ``digest`` the SHA-256 of its words."""

    __tablename__ = "text_versions"
    __table_args__ = (UniqueConstraint("key", "number"),)

    key: Mapped[str]
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(index=True)
    words: Mapped[str]
    since: Mapped[datetime]


@dataclass(frozen=True)
class Wording:
    """A text as it is in force: its number, words and short digest; ``since`` is unknown before it was first noted."""

    key: str
    number: int
    words: str
    digest: str
    since: datetime | None


def digest_of(words: str) -> str:
    """The digest of words: SHA-256 in hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()


def versions(key: str) -> list[TextVersion]:
    """Every wording of a text, the newest first."""
    return list(
        db.session.scalars(sa.select(TextVersion).where(TextVersion.key == key).order_by(TextVersion.number.desc()))
    )


def in_force(key: str, words: str) -> Wording:
    """The version these words of a text are: the noted one, or the next to be noted."""
    last = next(iter(versions(key)), None)
    if last is not None and last.words == words:
        return Wording(key, last.number, words, digest_of(words), last.since)
    return Wording(key, last.number + 1 if last else 1, words, digest_of(words), None)


def note(key: str, words: str, *, before: str | None = None) -> TextVersion | None:
    """Note, in the running act, that a text says this from now on; ``None`` when it said so already.

    ``before`` are the words until now: the first change notes them, too, as the version that came before.
    """
    if key not in VERSIONED:
        return None
    known = versions(key)
    if not known and before is not None and before != words:
        known = [_added(key, 1, before)]
    if known and known[0].words == words:
        return None
    return _added(key, known[0].number + 1 if known else 1, words)


def unnoted(words_of: dict[str, str]) -> list[str]:
    """The texts (by key, with the words in force) whose present wording is not noted yet."""
    return [key for key in VERSIONED if in_force(key, words_of[key]).since is None]


def of_digest(digest: str) -> Wording | None:
    """The wording whose digest begins like this (at least 12 digits); a default text nobody changed is its first version."""
    if len(digest) < SHORT:
        return None
    found = db.session.scalars(
        sa.select(TextVersion).where(TextVersion.digest.startswith(digest, autoescape=True)).order_by(TextVersion.id)
    ).first()
    if found is not None:
        return Wording(found.key, found.number, found.words, found.digest, found.since)
    for key in VERSIONED:
        words = BY_NAME[key].default
        if digest_of(words).startswith(digest):
            return Wording(key, 1, words, digest_of(words), None)
    return None


def _added(key: str, number: int, words: str) -> TextVersion:
    made = TextVersion(key=key, number=number, digest=digest_of(words), words=words, since=clock.now())
    db.session.add(made)
    db.session.flush()
    return made
