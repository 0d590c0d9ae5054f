"""Bounce: a report that a letter did not arrive, as it was read from the mailbox, each once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, Model, db
from crm.mail.outbox import Letter, LetterState, Trouble


class Weight(StrEnum):
    """What a report means: the address is wrong for good; the letter did not arrive for another reason; it is still tried."""

    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"


class Bounce(Model):
    """One report. ``digest`` is of the message it stood in, so that one read twice is kept once.

    Without ``letter`` it was about no letter of ours: shown, never counted, for anyone can write such a mail.
    """

    __tablename__ = "bounces"
    __audited__ = False

    digest: Mapped[str] = mapped_column(unique=True)
    weight: Mapped[Weight]
    read_at: Mapped[datetime] = mapped_column(default_factory=lambda: clock.now())
    email: Mapped[str] = mapped_column(default="", index=True, info=PERSONAL)
    status: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="", info=PERSONAL)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True, init=False)
    letter: Mapped[Letter | None] = relationship(default=None)

    def mark_letter(self) -> None:
        """The letter it is about did not arrive, unless it is still tried, or failed or was given up otherwise."""
        letter = self.letter
        if letter is None or self.weight is Weight.DELAYED or letter.state is not LetterState.SENT:
            return
        letter.state, letter.wakes_at = LetterState.FAILED, None
        letter.trouble = Trouble.BOUNCED if self.weight is Weight.HARD else Trouble.BOUNCED_SOFTLY
        letter.last_error = " ".join(filter(None, [self.status, self.words]))[:500]


def is_known(digest: str) -> bool:
    """Whether a message with this digest was read before."""
    return db.session.scalar(sa.select(Bounce.id).where(Bounce.digest == digest)) is not None


def of_letter(letter: Letter) -> sa.Select[Bounce]:
    """The reports about a letter, oldest first."""
    return sa.select(Bounce).where(Bounce.letter_id == letter.id).order_by(Bounce.id)
