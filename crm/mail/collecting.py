"""Collecting what came back: reads the mailbox of reports, notes each once and marks the letter it is about.

Each report is committed before its mail is marked as dealt with. A process that dies in between reads the mail again and
finds it known, so nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from crm.config import settings
from crm.db import db
from crm.history.recording import housekeeping
from crm.mail import bounce_reports, bounces, mailbox_door
from crm.mail.bounce_reports import Report
from crm.mail.bounces import Bounce
from crm.mail.outbox import Letter

log = logging.getLogger("crm.mail")


@dataclass
class Tally:
    """What one look into the mailbox found: reports by weight, those about no letter of ours, mails that are no reports."""

    hard: int = 0
    soft: int = 0
    delayed: int = 0
    unknown: int = 0
    other: int = 0

    @property
    def read(self) -> int:
        """How many mails were dealt with."""
        return self.hard + self.soft + self.delayed + self.unknown + self.other

    def __add__(self, more: Tally) -> Tally:
        return Tally(*(getattr(self, one.name) + getattr(more, one.name) for one in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """For ``crm mail bounces``."""
        return {"read": self.read, **asdict(self)}


def collect() -> Tally:
    """Read what waits in the mailbox; nothing without ``CRM_BOUNCES_URL``. Raises ``mailbox_door.NoMailbox``."""
    tally, url = Tally(), settings().bounces_url
    if url is None:
        return tally
    with mailbox_door.opened(url) as mails:
        for mail in mails:
            report = bounce_reports.read(mail.raw)
            name = "other" if report is None else _note(report, hashlib.sha256(mail.raw).hexdigest())
            mail.mark(report is not None)
            setattr(tally, name, getattr(tally, name) + 1)
    return tally


def _note(report: Report, digest: str) -> str:
    """Keep a report and mark its letter; answers under what it counts."""
    with housekeeping() as session:
        if bounces.is_known(digest):
            return report.weight.value
        letter = _letter(report)
        email = letter.recipient_email if letter is not None else report.email
        bounce = Bounce(
            digest=digest, weight=report.weight, email=email, status=report.status, words=report.words, letter=letter
        )
        session.add(bounce)
        bounce.mark_letter()
    log.info("a letter came back (%s): %s %s", report.weight.value, report.status, report.words)
    return report.weight.value if letter is not None else "unknown"


def _letter(report: Report) -> Letter | None:
    """The letter it is about; the surest of the Message-IDs it names that is one of ours."""
    found = db.session.scalars(
        sa.select(Letter).where(Letter.message_id.in_(report.message_ids)).with_for_update()
    ).all()
    return min(found, key=lambda letter: report.message_ids.index(letter.message_id), default=None)
