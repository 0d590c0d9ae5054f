"""Delivery: claims due letters, sends them, backs off, gives up and says so.

A letter is claimed by one statement that works on both databases and is committed before anything is sent; no transaction
is open while the server is spoken to. A sender that dies leaves its letter *sending*; when the lease has run out it is
taken up again, with the same Message-ID. A letter that can never go is parked with its reason, and the others go on.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from crm import clock
from crm.config import settings
from crm.db import db
from crm.errors import Busy
from crm.history.recording import housekeeping
from crm.mail import messages, smtp_door
from crm.mail.messages import Unfit
from crm.mail.outbox import Letter, LetterState, Trouble
from crm.mail.smtp_door import Door

log = logging.getLogger("crm.mail")

LEASE = timedelta(seconds=60)
PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
TRIES = len(PAUSES) + 1
GIVES_UP_AFTER = 3  # connections refused in a row: the server is down, the other letters need not find out
LONGEST_ERROR = 500
WRITES = 5  # how often an outcome is written again when the database is busy: forgetting it would send the letter twice


class Outcome(StrEnum):
    """What came of one try."""

    __labelled__ = False

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"


@dataclass
class Tally:
    """What one round did: letters sent, to be tried again, given up; and those that wait for a person or a mail server."""

    sent: int = 0
    retry: int = 0
    failed: int = 0
    held: int = 0

    @property
    def tried(self) -> int:
        """How many letters this round took up."""
        return self.sent + self.retry + self.failed

    def as_dict(self) -> dict[str, int]:
        """For ``crm mail deliver``."""
        return asdict(self)

    def count(self, outcome: Outcome) -> None:
        """One more."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


@dataclass(frozen=True)
class Claim:
    """A letter that is ours until ``until``; ``attempt`` counts this try."""

    letter_id: int
    attempt: int
    until: datetime


def deliver_once(*, most: int | None = None) -> Tally:
    """Send what is due until nothing is due, or ``most`` letters. Without ``CRM_SMTP_URL`` letters wait, counted as held."""
    tally, url = Tally(), settings().smtp_url
    if url is not None:
        with Door(url) as door:
            _send_due(door, tally, most)
    tally.held = _waiting(url is None)
    return tally


def _send_due(door: Door, tally: Tally, most: int | None) -> None:
    refused = 0
    while refused < GIVES_UP_AFTER and (most is None or tally.tried < most):
        claim = _claim()
        if claim is None:
            return
        trouble, words = _try(door, claim)
        refused = refused + 1 if trouble is Trouble.UNREACHABLE else 0
        tally.count(_conclude(claim, trouble, words))


def _claim() -> Claim | None:
    """Take the letter that waits longest. What another worker holds is passed over (SQLite needs no lock: writers queue)."""
    now = clock.now()
    first = (
        sa.select(Letter.id).where(Letter.wakes_at <= now).order_by(Letter.wakes_at, Letter.id).limit(1)
        .with_for_update(skip_locked=True).scalar_subquery()
    )  # fmt: skip
    taking = (
        sa.update(Letter).where(Letter.id == first)
        .values(state=LetterState.SENDING, wakes_at=now + LEASE, attempts=Letter.attempts + 1)
        .returning(Letter.id, Letter.attempts)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if db.session.scalar(sa.select(Letter.id).where(Letter.wakes_at <= now).limit(1)) is None:
        return None  # looking costs no lock: an idle worker holds nobody back
    with housekeeping() as session:
        row = session.execute(taking).one_or_none()
    return None if row is None else Claim(row.id, row.attempts, now + LEASE)


def _try(door: Door, claim: Claim) -> tuple[Trouble | None, str]:
    """One try outside of any transaction: nothing when the server took the letter, else why not and its words."""
    if claim.attempt > TRIES:
        return Trouble.DEFECT, "its sender went away each time"
    try:
        envelope = messages.envelope(db.session.get_one(Letter, claim.letter_id))
        db.session.rollback()  # all is read; nothing is kept open while a server makes us wait
        door.send(envelope)
    except Unfit as error:
        return error.trouble, str(error)
    except smtp_door.AddressRefused as error:
        return Trouble.ADDRESS_REFUSED, str(error)
    except smtp_door.LetterRefused as error:
        return Trouble.LETTER_REFUSED, str(error)
    except smtp_door.NotNow as error:
        return Trouble.NOT_NOW, str(error)
    except smtp_door.Unreachable as error:
        return Trouble.UNREACHABLE, str(error)
    except Exception as error:
        log.exception("defect while sending letter %s", claim.letter_id)
        return Trouble.DEFECT, f"{type(error).__name__}: {error}"
    finally:
        db.session.rollback()
    return None, ""


FINAL = frozenset({
    Trouble.BAD_ADDRESS, Trouble.UNFIT, Trouble.MISSING_ATTACHMENT, Trouble.ADDRESS_REFUSED, Trouble.LETTER_REFUSED,
})  # fmt: skip


def _conclude(claim: Claim, trouble: Trouble | None, words: str) -> Outcome:
    """Write down what came of a try."""
    if trouble is None:
        values = {
            "state": LetterState.SENT,
            "sent_at": clock.now(),
            "wakes_at": None,
            "trouble": None,
            "last_error": "",
        }
        _write(sa.update(Letter).where(Letter.id == claim.letter_id).values(values))
        return Outcome.SENT
    failed = trouble in FINAL or claim.attempt >= TRIES
    next_try = None if failed else clock.now() + PAUSES[claim.attempt - 1]
    values = {
        "state": LetterState.FAILED if failed else LetterState.RETRY, "trouble": trouble, "wakes_at": next_try,
        "last_error": words[:LONGEST_ERROR],
    }  # fmt: skip
    if next_try is not None:
        values["due_at"] = next_try
    still_ours = (Letter.id == claim.letter_id, Letter.state == LetterState.SENDING, Letter.wakes_at == claim.until)
    _write(sa.update(Letter).where(*still_ours).values(values))
    log.warning("letter %s: %s (try %s): %s", claim.letter_id, trouble.value, claim.attempt, words)
    return Outcome.FAILED if failed else Outcome.RETRY


def _write(change: sa.Update) -> None:
    for left in reversed(range(WRITES)):
        try:
            with housekeeping() as session:
                session.execute(change.execution_options(synchronize_session=False))
            return
        except Busy:
            if not left:
                raise


def _waiting(without_server: bool) -> int:
    """Letters held, and without a mail server also those that are due."""
    waits = Letter.state == LetterState.HELD
    if without_server:
        waits = sa.or_(waits, Letter.wakes_at <= clock.now())
    return db.session.scalar(sa.select(sa.func.count()).select_from(Letter).where(waits)) or 0
