"""RestingAddress: a mail address that three letters in a row could not reach, and which is not written to unasked any more.

The office sees whom it can no longer reach. An address is woken by hand, with a reason; who gets another address is reached
again by itself, for it is the address that rests and not the person.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.db import PERSONAL, Model, db
from crm.errors import Refused
from crm.text import _


class RestingAddress(Model):
    """One rest of one address, as it stands in the letters; it is over when ``woken_at`` is set.

    ``last_letter_id`` is the last letter that failed when it was woken: those up to it no longer count.
    """

    __tablename__ = "resting_addresses"
    __table_args__ = (
        Index("ix_resting_addresses_resting", "email", unique=True, sqlite_where=sa.text("woken_at IS NULL"),
              postgresql_where=sa.text("woken_at IS NULL")),
    )  # fmt: skip

    email: Mapped[str] = mapped_column(index=True, info=PERSONAL)
    since: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(default="", info=PERSONAL)
    last_letter_id: Mapped[int] = mapped_column(default=0)
    woken_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    woken_reason: Mapped[str] = mapped_column(default="", init=False)

    @property
    def is_over(self) -> bool:
        """Whether the address is written to again."""
        return self.woken_at is not None

    def wake(self, reason: str, *, last_letter_id: int) -> None:
        """End the rest. Raises ``Refused`` without a reason, or when it is over."""
        if self.is_over:
            raise Refused(_("This address is written to again already."))
        if not reason.strip():
            raise Refused(_("Please give the reason."), field="reason")
        self.woken_at, self.woken_reason, self.last_letter_id = clock.now(), reason.strip(), last_letter_id


def resting(email: str) -> RestingAddress | None:
    """The rest of an address, ``None`` while it is written to."""
    return db.session.scalars(_open().where(RestingAddress.email == email)).one_or_none()


def among(emails: Collection[str]) -> set[str]:
    """Those of some addresses that rest."""
    wanted = list(emails)
    return (
        {rest.email for rest in db.session.scalars(_open().where(RestingAddress.email.in_(wanted)))}
        if wanted
        else set()
    )


def is_resting(email: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that the address in a column rests."""
    return sa.exists().where(RestingAddress.email == email, RestingAddress.woken_at.is_(None))


def _open() -> sa.Select[RestingAddress]:
    return sa.select(RestingAddress).where(RestingAddress.woken_at.is_(None))
