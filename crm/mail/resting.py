"""Letting an address rest after three letters in a row came back or were refused for good, and waking it by hand.

Only failures that are about the address count: the server refused it (SMTP 5xx at RCPT), or a report says so. A full mailbox,
a letter taken for spam, a server that is away are noted with their letter and count for nothing. A letter that arrived
begins the row anew.
"""

from __future__ import annotations

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.mail.outbox import ABOUT_THE_ADDRESS, RESTS_AFTER, Letter, LetterKind, LetterState, Trouble, rests
from crm.mail.resting_addresses import RestingAddress, is_resting, resting


def due() -> list[str]:
    """The addresses that have failed often enough and do not rest yet."""
    often = (
        sa.select(Letter.recipient_email)
        .where(Letter.trouble.in_(ABOUT_THE_ADDRESS), ~is_resting(sa.cast(Letter.recipient_email, sa.Text)))
        .group_by(Letter.recipient_email)
        .having(sa.func.count() >= RESTS_AFTER)
        .order_by(Letter.recipient_email)
    )
    return [email for email in db.session.scalars(often).all() if rests(email)]


def rest(email: str) -> RestingAddress:
    """Let an address rest, in the running act; an address that rests already is left as it is."""
    already = resting(email)
    if already is not None:
        return already
    last = db.session.scalars(_failures(email).limit(1)).first()
    made = RestingAddress(email=email, since=clock.now(), last_error=last.last_error if last is not None else "")
    db.session.add(made)
    return made


def wake(rest_: RestingAddress, reason: str, *, release: bool) -> list[Letter]:
    """Write to an address again; with ``release`` the letters that waited for it go now and are given back.

    Announcements that waited are left: they were for that day. Raises ``Refused`` without a reason.
    """
    last = db.session.scalar(sa.select(sa.func.max(Letter.id)).where(_failed(rest_.email)))
    rest_.wake(reason, last_letter_id=last or 0)
    waiting = list(db.session.scalars(held_for(rest_.email))) if release else []
    for letter in waiting:
        letter.release()
    return waiting


def held_for(email: str) -> sa.Select[Letter]:
    """The letters, announcements apart, that are held because their address rests."""
    return sa.select(Letter).where(
        Letter.recipient_email == email, Letter.state == LetterState.HELD, Letter.trouble == Trouble.ADDRESS_RESTS,
        Letter.kind == LetterKind.TRANSACTIONAL,
    ).order_by(Letter.id)  # fmt: skip


def _failures(email: str) -> sa.Select[Letter]:
    return sa.select(Letter).where(_failed(email)).order_by(Letter.id.desc())


def _failed(email: str) -> sa.ColumnElement[bool]:
    return sa.and_(Letter.recipient_email == email, Letter.trouble.in_(ABOUT_THE_ADDRESS))
