"""The same form sent twice has one effect.

A form carries a key made when it was shown. The first arrival writes the key with the effect, in one transaction; a second
one waits for it, finds the row and is sent where the first one went. The same key with other content is refused.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm import clock
from crm.db import Model
from crm.errors import Refused
from crm.text import _


class Command(Model):
    """A form or API call that was carried out: its key, a digest of its content, and where it led."""

    __tablename__ = "commands"
    __audited__ = False
    __table_args__ = (UniqueConstraint("key", "actor", "route"),)

    key: Mapped[str]
    actor: Mapped[str]
    route: Mapped[str]
    fingerprint: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    location: Mapped[str | None] = mapped_column(default=None)
    answer: Mapped[str | None] = mapped_column(default=None)


_COMMANDS = cast(sa.Table, Command.__table__)
# Put together once: every form that is sent carries them out.
_CLAIMS = {
    "sqlite": sqlite_insert(_COMMANDS).on_conflict_do_nothing().returning(_COMMANDS.c.id),
    "postgresql": postgresql_insert(_COMMANDS).on_conflict_do_nothing().returning(_COMMANDS.c.id),
}
_SETTLED = (
    sa.update(_COMMANDS)
    .where(_COMMANDS.c.id == sa.bindparam("claimed"))
    .values(location=sa.bindparam("location"), answer=sa.bindparam("answer"))
)


@dataclass
class Incoming:
    """What arrived: set by the web for the request, taken by the first act in it."""

    key: str
    route: str
    fingerprint: str
    taken: bool = False


@dataclass
class Claim:
    """A command the running act has claimed: its row, and what the act says it leads to."""

    id: int
    location: str | None = None
    answer: str | None = None


class AlreadyDone(Exception):
    """This very command was carried out before; ``location`` and ``answer`` are what it led to."""

    def __init__(self, location: str | None, answer: str | None) -> None:
        super().__init__("already done")
        self.location = location
        self.answer = answer


class KeyReused(Refused):
    """The key was used for other content."""


incoming: ContextVar[Incoming | None] = ContextVar("incoming", default=None)


def take(session: Session, actor: str) -> Claim | None:
    """Claim the arriving command in the running transaction. Raises ``AlreadyDone`` or ``KeyReused``."""
    arrived = incoming.get()
    if arrived is None or arrived.taken:
        return None
    arrived.taken = True
    values = {"key": arrived.key, "actor": actor, "route": arrived.route, "fingerprint": arrived.fingerprint}
    connection = session.connection()
    claimed = connection.execute(_CLAIMS[connection.dialect.name], {**values, "at": clock.now()}).scalar()
    if claimed is not None:
        return Claim(claimed)
    same = sa.select(Command).where(Command.key == arrived.key, Command.actor == actor, Command.route == arrived.route)
    command = session.scalars(same).one()
    if command.fingerprint != arrived.fingerprint:
        raise KeyReused(_("This form was already sent with other content. Please open it again."))
    raise AlreadyDone(command.location, command.answer)


def settle(session: Session, claim: Claim | None) -> None:
    """Keep with the command what the act led to, in the act's own transaction."""
    if claim is not None and (claim.location is not None or claim.answer is not None):
        session.connection().execute(
            _SETTLED, {"claimed": claim.id, "location": claim.location, "answer": claim.answer}
        )


def prune(session: Session, before: datetime) -> None:
    """Forget commands older than ``before``; their forms are long closed."""
    session.execute(sa.delete(Command).where(Command.at < before))
