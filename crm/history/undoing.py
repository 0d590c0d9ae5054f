"""Undoing one act: every row it changed gets its former values back, and what it made is taken away again.

Possible only while nothing came after: a row that a later act changed, or that something else has come to stand on, is
named, and then nothing is undone. The act stays in the record; its undoing is another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm.db import Model, Moment, Money, MonthOrDay, Year, db
from crm.history.kinds import Kind
from crm.history.noting import UNSAID
from crm.history.records import Act, Change
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

CHUNK = 400
FOLLOWING = frozenset({"version", "search_key", "duplicate_key"})
"""Columns that follow from others: they say nothing about who changed what."""


@dataclass(frozen=True)
class Obstacle:
    """Why a row cannot be put back: it was changed by a later act, something stands on it, its values are gone."""

    table: str
    row_id: int
    reason: str  # "changed", "used", "gone", "erased"
    by_act: int | None = None
    column: str = ""


def obstacles(act: Act) -> list[Obstacle]:
    """Everything in the way of undoing an act, by rows; empty when it can be undone."""
    changes = _changes_of(act)
    made = {(c.table_name, c.row_id) for c in changes if c.operation == "insert"}
    return [*_of_values(changes), *_changed_since(act, changes, made), *_used(made)]


def undo(act: Act) -> int:
    """Put everything back in the running act; how many rows. Ask ``obstacles`` first: raises ``RuntimeError`` with any."""
    if found := obstacles(act):
        raise RuntimeError(f"act {act.number} cannot be undone: {found[0]}")
    changes = _changes_of(act)
    rows = _loaded(changes)
    for change in reversed(changes):
        if change.operation == "update":
            _put_back(rows[change.table_name, change.row_id], change.before)
    db.session.flush()
    gone = [rows[c.table_name, c.row_id] for c in reversed(changes) if c.operation == "insert"]
    for row in gone:
        db.session.delete(row)
    db.session.flush()
    db.session.expire_all()
    return len({(c.table_name, c.row_id) for c in changes})


def _changes_of(act: Act) -> list[Change]:
    mine = sa.select(Change).where(Change.act_id == act.id).order_by(Change.position)
    return [change for change in db.session.scalars(mine) if change.table_name in _nouns()]


def _of_values(changes: list[Change]) -> Iterator[Obstacle]:
    """What was taken away cannot be made anew, a secret is not known, and what was erased stays so."""
    for change in changes:
        if change.operation == "delete" or UNSAID in change.before.values():
            yield Obstacle(change.table_name, change.row_id, "gone")
        elif change.erased_by is not None:
            yield Obstacle(change.table_name, change.row_id, "erased", change.erased_by)


def _changed_since(act: Act, changes: list[Change], made: set[tuple[str, int]]) -> Iterator[Obstacle]:
    touched: dict[tuple[str, int], set[str]] = {}
    void = _came_to_nothing(act)
    for change in changes:
        touched.setdefault((change.table_name, change.row_id), set()).update(set(change.after) - FOLLOWING)
    for table, ids in _by_table(touched):
        for some in _chunks(ids):
            later = (
                sa.select(Change, Act.number)
                .join(Act, Act.id == Change.act_id)
                .where(Change.table_name == table, Change.row_id.in_(some), Act.number > act.number)
                .where(Act.id.not_in(void))
                .order_by(Act.number)
            )
            for change, number in db.session.execute(later):
                place = (table, change.row_id)
                both = (set(change.after) | set(change.before)) & touched[place]
                if place in made or both or change.operation == "delete":
                    yield Obstacle(table, change.row_id, "changed", number, min(both, default=""))


def _came_to_nothing(act: Act) -> set[int]:
    """The ids of later acts that were undone, and of those that undid them: together they changed nothing."""
    undoing = sa.select(Act).where(
        Act.kind == Kind.IMPORT_UNDONE, Act.about_table == Act.__tablename__, Act.number > act.number
    )
    pairs = {one.about_id: one.id for one in db.session.scalars(undoing) if one.about_id is not None}
    later = set(db.session.scalars(sa.select(Act.id).where(Act.id.in_(pairs), Act.number > act.number)))
    return {both for past, undone in pairs.items() if past in later for both in (past, undone)}


def _used(made: set[tuple[str, int]]) -> Iterator[Obstacle]:
    """Rows the act made on which rows of other acts stand."""
    for noun in _nouns().values():
        own = noun.__tablename__
        by_column = {
            a.columns[0].name: a.key for a in sa.inspect(noun).column_attrs if isinstance(a.columns[0], sa.Column)
        }
        for column in noun.__table__.columns:
            for key in column.foreign_keys:
                ids = {row_id for table, row_id in made if table == key.column.table.name}
                for some in _chunks(ids):
                    attribute = getattr(noun, by_column[column.name])
                    for row_id, above in db.session.execute(sa.select(noun.id, attribute).where(attribute.in_(some))):
                        if (own, row_id) not in made:
                            yield Obstacle(key.column.table.name, above, "used", column=own)


def _put_back(row: Any, before: dict[str, Any]) -> None:
    columns = {a.key: a.columns[0] for a in sa.inspect(type(row)).column_attrs}
    for key in sorted(before, key=lambda key: key in FOLLOWING):  # keys last: they follow names, and are as they were
        if key != "version" and key in columns:
            value = typed(columns[key].type, before[key])
            if getattr(row, key) != value:
                setattr(row, key, value)


def typed(kind: Any, value: Any) -> Any:
    """A plain JSON value of the record as the value of a column of this type: the reverse of ``noting.plain``."""
    if value is None:
        return None
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    ways: tuple[tuple[type, Any], ...] = (
        (Money, Yen), (Year, FiscalYear), (MonthOrDay, DayOrMonth.parse), (Moment, datetime.fromisoformat),
        (sa.Date, date.fromisoformat),
    )  # fmt: skip
    way = next((way for known, way in ways if isinstance(kind, known)), None)
    return value if way is None else way(value)


def _loaded(changes: list[Change]) -> dict[tuple[str, int], Any]:
    rows: dict[tuple[str, int], Any] = {}
    for table, ids in _by_table({(c.table_name, c.row_id) for c in changes}):
        noun = _nouns()[table]
        lists = [selectinload(getattr(noun, r.key)) for r in sa.inspect(noun).relationships if r.uselist]
        for some in _chunks(ids):
            found = db.session.scalars(sa.select(noun).where(noun.id.in_(some)).options(*lists)).unique()
            rows.update(((table, row.id), row) for row in found)
    return rows


def _nouns() -> dict[str, type[Model]]:
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}


def _by_table(places: Iterable[tuple[str, int]]) -> list[tuple[str, set[int]]]:
    by_table: dict[str, set[int]] = {}
    for table, row_id in places:
        by_table.setdefault(table, set()).add(row_id)
    return list(by_table.items())


def _chunks(ids: set[int]) -> Iterator[list[int]]:
    items = sorted(ids)
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
