"""What a flush changed, noted for the record: nobody calls a logging function, nobody forgets to."""

from __future__ import annotations

import enum
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from crm.db import Model, canonical
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

UNSAID = "…"  # stands for the value of a secret column


@dataclass(frozen=True)
class Noted:
    """One row's change as it will be recorded."""

    table: str
    row_id: int
    operation: str
    before: dict[str, Any]
    after: dict[str, Any]
    sealed: dict[str, Any]
    salt: str | None
    is_erasing: bool = False

    def forgotten(self) -> Noted:
        """The same change without the personal values: what is erased must not be written down once more by the erasing."""
        if not self.sealed:
            return self
        before = {key: value for key, value in self.before.items() if key not in self.sealed}
        after = {key: value for key, value in self.after.items() if key not in self.sealed}
        return replace(self, before=before, after=after, salt=None, is_erasing=True)

    def chained(self) -> list[Any]:
        """What of this change the act's hash covers: plain values, and digests for what is personal."""
        return chained(self.table, self.row_id, self.operation, self.before, self.after, self.sealed)


def chained(
    table: str, row_id: int, operation: str, before: dict[str, Any], after: dict[str, Any], sealed: dict[str, Any]
) -> list[Any]:
    """The canonical content of a change, without the personal values themselves."""
    if not sealed:
        return [table, row_id, operation, before, after, sealed]
    return [
        table,
        row_id,
        operation,
        {k: v for k, v in before.items() if k not in sealed},
        {k: v for k, v in after.items() if k not in sealed},
        sealed,
    ]


def seal(salt: str, value: Any) -> str:
    """The salted digest of one personal value."""
    return hmac.digest(salt.encode(), canonical(value).encode(), "sha256").hex()


def plain(value: Any) -> Any:
    """A column's value as plain JSON: yen and years as numbers, dates as ISO, moments in UTC, bytes by digest."""
    kind: type = type(value)
    way = _plainly(kind)
    return value if way is None else way(value)


@cache
def _plainly(kind: type) -> Callable[[Any], Any] | None:
    return next((way for known, way in _WAYS.items() if issubclass(kind, known)), None)


_WAYS: dict[type, Callable[[Any], Any]] = {
    enum.Enum: lambda value: value.value,
    Yen: lambda value: value.amount,
    FiscalYear: lambda value: value.start,
    DayOrMonth: str,
    datetime: lambda value: value.astimezone(UTC).isoformat(),
    date: lambda value: value.isoformat(),
    bytes: lambda value: "sha256:" + hashlib.sha256(value).hexdigest(),
}


def notes_of(session: Session) -> list[Noted]:
    """The changes noted in the session's running unit of work."""
    notes: list[Noted] = session.info.setdefault("noted", [])
    return notes


def _note(session: Session, _context: Any) -> None:
    if session.info.get("unit") is None:
        raise RuntimeError("a write outside an act: open act(...) in the edge, command or worker")
    for operation, rows in (("insert", session.new), ("update", session.dirty), ("delete", session.deleted)):
        for row in rows:
            noted = _change(row, operation)
            if noted is not None:
                if session.info["unit"] == "housekeeping":
                    raise RuntimeError(f"housekeeping may not change {noted.table}: it belongs in an act")
                notes_of(session).append(noted.forgotten() if session.info.get("erasing") else noted)


def note_inserts(session: Session, noun: type[Model], ids: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> None:
    """Note rows of a noun that were inserted past the session, as a flush would; each says all columns but its id by name."""
    columns, table, notes = _columns(noun), noun.__tablename__, notes_of(session)
    shown = [key for key, is_secret, _is_personal in columns if not is_secret and key != "id"]
    secret = [key for key, is_secret, _is_personal in columns if is_secret]
    personal = [key for key, _is_secret, is_personal in columns if is_personal]
    for row_id, row in zip(ids, rows, strict=True):
        after = {"id": row_id, **{key: plain(row[key]) for key in shown}}
        after.update((key, None if row[key] is None else UNSAID) for key in secret)
        salt = secrets.token_hex(16) if personal else None
        nothing = seal(salt, None) if salt else ""
        sealed = {key: [nothing, seal(salt, after[key])] for key in personal} if salt else {}
        notes.append(Noted(table, row_id, "insert", {}, after, sealed, salt))


def _change(row: Any, operation: str) -> Noted | None:
    if not isinstance(row, Model) or not row.__audited__:
        return None
    state = inspect(row)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    salt = None
    for key, is_secret, is_personal in _columns(type(row)):
        old = None
        if operation == "update":
            history = state.attrs[key].history
            if not history.has_changes():
                continue
            old = plain(history.deleted[0]) if history.deleted else None
        new = plain(getattr(row, key)) if operation != "delete" else None
        if operation == "delete":
            old = plain(getattr(row, key))
        if is_secret:
            old, new = (None if old is None else UNSAID), (None if new is None else UNSAID)
        if operation != "insert":
            before[key] = old
        if operation != "delete":
            after[key] = new
        if is_personal:
            salt = salt or secrets.token_hex(16)
            sealed[key] = [seal(salt, old), seal(salt, new)]
    if operation == "update" and not after:
        return None
    return Noted(row.__tablename__, row.id, operation, before, after, sealed, salt)


@cache
def _columns(noun: type[Model]) -> tuple[tuple[str, bool, bool], ...]:
    """The columns of a noun that are kept by it, not computed by the database: name, whether secret, whether personal."""
    kept = [(a.key, a.columns[0]) for a in inspect(noun).column_attrs if isinstance(a.columns[0], Column)]
    return tuple((key, bool(column.info.get("secret")), bool(column.info.get("personal"))) for key, column in kept)


def _refuse_bulk(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete) or state.bind_mapper is None:
        return
    if getattr(state.bind_mapper.class_, "__audited__", False):
        raise RuntimeError(f"a bulk change of {state.bind_mapper.class_.__tablename__} would skip the record")


def _guard_flush(session: Session, _context: Any, _instances: Any) -> None:
    if session.info.get("unit") is None and (
        session.new or session.deleted or any(map(session.is_modified, session.dirty))
    ):
        raise RuntimeError("a write outside an act: open act(...) in the edge, command or worker")


def listen() -> None:
    """Note the changes of every session of this application. Called once, when the module that commits is imported."""
    event.listen(Session, "before_flush", _guard_flush)
    event.listen(Session, "after_flush", _note)
    event.listen(Session, "do_orm_execute", _refuse_bulk)
