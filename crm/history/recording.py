"""The unit of work: the only module that commits.

``act()`` opens a write, notes what changed, gives the act its place in the chain and commits everything at once. Only
edges, commands, the worker and the demo open one; nouns and use cases never do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, cast

import sqlalchemy as sa
from blinker import Signal
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from crm import clock
from crm.db import Model, canonical, db
from crm.errors import Busy, Stale
from crm.history import commands, noting
from crm.history.kinds import Kind
from crm.history.records import Act, ChainHead, Change
from crm.text import _

CHANGES_AT_ONCE = 2_000  # a long import's changes are written piece by piece, so that they stand in memory once
GENESIS = "0" * 64
"""The hash before the first act; the migrations put it into the head."""
_ACTS, _CHANGES, _HEADS = (cast(sa.Table, noun.__table__) for noun in (Act, Change, ChainHead))
# Put together once: every act carries them out.
_LAST = sa.select(_HEADS.c.number, _HEADS.c.hash).with_for_update()
_WRITTEN, _NEXT, _CHANGED = sa.insert(_ACTS).returning(_ACTS.c.id), sa.update(_HEADS), sa.insert(_CHANGES)
committed = Signal("sent with the kind after an act has been committed")


@dataclass(frozen=True)
class Actor:
    """Who acts: a user, a member's person, a token, the public, a command or the worker."""

    kind: str
    id: int | None = None

    def __str__(self) -> str:
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


PUBLIC = Actor("public")
WORKER = Actor("worker")

PATIENCE_SECONDS = 30  # as long as SQLite itself waits
_queue = RLock()

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Everything written inside the block is written by ``actor``."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def acts_now(actor: Actor | None) -> None:
    """Set who acts for the rest of this context: the web calls it once per request."""
    _acting.set(actor)


def acting() -> Actor | None:
    """Who acts here, if anyone was named."""
    return _acting.get()


@dataclass
class Deed:
    """The running act, as an edge sees it."""

    kind: Kind
    about: Model | None
    note: str
    command: commands.Claim | None = field(default=None, repr=False)
    number: int | None = None

    def leads_to(self, location: str, *, answer: str | None = None) -> None:
        """Where the same form, sent again, shall lead; ``answer`` is an API's body."""
        if self.command is not None:
            self.command.location, self.command.answer = location, answer


_deed: ContextVar[Deed | None] = ContextVar("deed", default=None)


def running() -> Deed | None:
    """The act that is open here, if any."""
    return _deed.get()


@contextmanager
def act(kind: Kind, *, about: Model | None = None, note: str = "") -> Iterator[Deed]:
    """One write, committed with its record when the block ends, rolled back when it raises.

    ``about`` is the row the act is chiefly about (it may be given later as ``deed.about``), ``note`` a person's reason.
    Raises ``RuntimeError`` without an actor or inside another act, ``Stale`` when a row was changed meanwhile, ``Busy`` when
    the database is held by others for too long, ``commands.AlreadyDone`` when the same form was carried out before.
    """
    actor = acting()
    if actor is None:
        raise RuntimeError("an act needs an actor: acting_as(...)")
    if _deed.get() is not None:
        raise RuntimeError("acts do not nest")
    deed = Deed(kind, about, note)
    token = _deed.set(deed)
    try:
        with _unit("act") as session:
            deed.command = commands.take(session, str(actor))
            yield deed
            session.flush()
            commands.settle(session, deed.command)
            _record(session, deed, actor)
    finally:
        _deed.reset(token)
    committed.send(kind)


@contextmanager
def housekeeping() -> Iterator[Session]:
    """A commit for tables outside the record (sessions, counters, delivery); refuses any other change."""
    with _unit("housekeeping") as session:
        yield session
        session.flush()


@contextmanager
def _unit(name: str) -> Iterator[Session]:
    session = db.session
    if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
        raise RuntimeError("something was changed before its act began")
    session.rollback()  # drop the read snapshot: what is decided here must be read here
    with _turn(session):
        yield from _carried_out(session, name)


@contextmanager
def _turn(session: Session) -> Iterator[None]:
    """SQLite lets one write at a time and has the others look again later; those of one process queue here and need not."""
    if session.get_bind().dialect.name != "sqlite":
        yield
    elif _queue.acquire(timeout=PATIENCE_SECONDS):
        try:
            yield
        finally:
            _queue.release()
    else:
        raise Busy


def _carried_out(session: Session, name: str) -> Iterator[Session]:
    session.info.update(unit=name, noted=[])
    try:
        session.connection(execution_options={"crm_writing": True})
        yield session
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise Stale(
            _("Someone else saved this record meanwhile. Nothing was written; please look at it again.")
        ) from error
    except OperationalError as error:
        session.rollback()
        if _is_busy(error):
            raise Busy from error
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.update(unit=None, noted=[])


def _is_busy(error: OperationalError) -> bool:
    """Locked (SQLite), serialisation failure, deadlock or lock time-out (PostgreSQL): worth trying again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in ("40001", "40P01", "55P03") or "locked" in str(error.orig) or "busy" in str(error.orig)


def _record(session: Session, deed: Deed, actor: Actor) -> None:
    """Write the act and its changes, taking the next place in the chain under the head's lock."""
    notes = noting.notes_of(session)
    about = deed.about if deed.about is not None and deed.about.id is not None else None
    connection = session.connection()  # past the identity map: nothing reads these rows again within the act
    head = connection.execute(_LAST).one()
    at, number = clock.now(), head.number + 1
    about_row = (about.__tablename__, about.id) if about is not None else (None, None)
    content = [number, deed.kind.value, str(actor), at.isoformat(), *about_row, deed.note]
    digest = link(head.hash, content, (note.chained() for note in notes))
    written = {
        "number": number, "kind": deed.kind, "actor": str(actor), "at": at, "about_table": about_row[0],
        "about_id": about_row[1], "note": deed.note, "previous": head.hash, "hash": digest,
    }  # fmt: skip
    act_id = connection.execute(_WRITTEN, written).scalar_one()
    connection.execute(_NEXT, {"number": number, "hash": digest})
    deed.number = number
    for start in range(0, len(notes), CHANGES_AT_ONCE):
        some = enumerate(notes[start : start + CHANGES_AT_ONCE], start)
        connection.execute(_CHANGED, [_row(act_id, number, i, note) for i, note in some])


def link(previous: str, content: list[Any], changes: Iterable[list[Any]]) -> str:
    """The hash of an act: SHA-256 over ``[the hash before it, its content, its changes]`` in canonical spelling, piece by piece."""
    whole = hashlib.sha256(f"[{canonical(previous)},{canonical(content)},[".encode())
    for position, change in enumerate(changes):
        whole.update(f"{',' if position else ''}{canonical(change)}".encode())
    whole.update(b"]]")
    return whole.hexdigest()


def _row(act_id: int, number: int, position: int, note: noting.Noted) -> dict[str, Any]:
    return {
        "act_id": act_id, "position": position, "table_name": note.table, "row_id": note.row_id,
        "operation": note.operation, "before": note.before, "after": note.after, "sealed": note.sealed,
        "salt": note.salt, "erased_by": number if note.is_erasing else None,
    }  # fmt: skip


noting.listen()
