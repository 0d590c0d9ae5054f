"""Moving everything that hangs on one record to another: which columns point at it is read from the tables themselves.

Nothing here knows a table by name. A foreign key that somebody adds tomorrow is moved tomorrow; one whose rows may stand only
once for each record (a unique key) is compared first, and a doubt becomes an objection in words instead of a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any, cast

import sqlalchemy as sa

from crm.db import Model, db
from crm.organisations.table_words import called
from crm.text import _

CHUNK = 400
THE_RECORD = frozenset({"acts", "changes"})
"""What happened stays as it was written down; a timeline reads both records' past instead."""


class Fate(StrEnum):
    """What becomes of a row that hangs on the record that goes: it moves, it stays behind, its own rows join another's."""

    __labelled__ = False

    MOVES = "moves"
    STAYS = "stays"
    JOINS = "joins"


@dataclass(frozen=True)
class Reference:
    """A column by which rows point at a record; ``table_column`` where the column beside it says which table is meant."""

    noun: type[Model]
    attribute: str
    table_column: str = ""

    @property
    def table(self) -> sa.Table:
        """The table the rows stand in."""
        return cast(sa.Table, self.noun.__table__)

    def rows(self, ids: Iterable[int], target: str, also: Any = None) -> list[Any]:
        """The rows that point at any of these records of the table ``target``, by id."""
        found: list[Any] = []
        for some in chunks(ids):
            select = sa.select(self.noun).where(getattr(self.noun, self.attribute).in_(some))
            if self.table_column:
                select = select.where(getattr(self.noun, self.table_column) == target)
            select = select if also is None else select.where(also)
            found += db.session.scalars(select.order_by(self.noun.id)).unique()
        return found

    def pointing(self, ids: Iterable[int], target: str) -> Iterator[int]:
        """The ids of the rows that point at any of these records."""
        for some in chunks(ids):
            select = sa.select(self.noun.id).where(getattr(self.noun, self.attribute).in_(some))
            if self.table_column:
                select = select.where(getattr(self.noun, self.table_column) == target)
            yield from db.session.scalars(select)


@dataclass(frozen=True)
class Move:
    """One row whose column pointed at one record and now points at another."""

    table: str
    row_id: int
    attribute: str
    before: int
    after: int

    def as_json(self) -> list[Any]:
        """As a merge keeps it."""
        return [self.table, self.row_id, self.attribute, self.before, self.after]


@dataclass
class Outcome:
    """What moving would do or did: the moves, the rows that stay behind by table, and why it cannot be done."""

    moves: list[Move] = field(default_factory=list)
    stays: dict[str, set[int]] = field(default_factory=dict)
    objections: list[object] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """What becomes of rows further below, beside it."""
        self.moves += other.moves
        self.objections += other.objections
        for table, ids in other.stays.items():
            self.stays.setdefault(table, set()).update(ids)

    def moved(self) -> dict[str, int]:
        """How many rows of each table move."""
        return {
            table: sum(m.table == table for m in self.moves) for table in dict.fromkeys(m.table for m in self.moves)
        }


RULES: dict[str, str] = {
    "employee_counts": "crm.organisations.merging_rules:of_employee_count",
    "bank_names": "crm.organisations.merging_rules:of_bank_name",
    "portal_access": "crm.organisations.merging_rules:of_portal_access",
    "person_roles": "crm.organisations.merging_rules:of_role",
    "class_periods": "crm.members.merging:of_class_period",
    "membership_terms": "crm.members.merging:of_term",
    "declarations": "crm.members.merging:of_declaration",
}
"""A table's own rule, asked before the general one: ``(row, rows at the survivor) -> Fate | None``, or an objection in words."""


@cache
def nouns() -> dict[str, type[Model]]:
    """Every noun by the name of its table."""
    import_module("crm.schema").load()  # a noun nobody has imported yet points at records all the same
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}


@cache
def references(table: str) -> tuple[Reference, ...]:
    """Every column of every table that points at this table's rows: foreign keys, and pairs of …_table and …_id."""
    return tuple(_references(table))


def _references(table: str) -> Iterator[Reference]:
    for name, noun in nouns().items():
        own = cast(sa.Table, noun.__table__)
        by_column = {c.columns[0].name: c.key for c in sa.inspect(noun).column_attrs if len(c.columns) == 1}
        for column in own.columns:
            if any(key.column.table.name == table for key in column.foreign_keys):
                yield Reference(noun, by_column[column.name])
            pair = column.name.removesuffix("_id") + "_table"
            if column.name.endswith("_id") and pair in own.columns and name not in THE_RECORD:
                yield Reference(noun, by_column[column.name], by_column[pair])


def decide(table: str, old: int, new: int) -> Outcome:
    """What becomes of everything that hangs on record ``old`` when ``new`` takes its place. Nothing is written."""
    outcome = Outcome()
    for reference in references(table):
        rows = reference.rows([old], table)
        if rows:
            _judge(reference, table, rows, old, new, outcome)
    return outcome


def _judge(reference: Reference, table: str, rows: list[Any], old: int, new: int, outcome: Outcome) -> None:
    kept, name = reference.rows([new], table), reference.table.name
    for row in rows:
        fate = _rule(name, row, kept)
        if fate is None:
            fate = _general(reference, table, row, kept)
        if isinstance(fate, Fate):
            if fate is Fate.MOVES:
                outcome.moves.append(Move(name, row.id, reference.attribute, old, new))
                continue
            below = decide(name, row.id, kept[0].id) if fate is Fate.JOINS else Outcome(stays=closure(name, {row.id}))
            outcome.add(below)
            outcome.stays.setdefault(name, set()).add(row.id)
        else:
            outcome.objections.append(fate)


def _rule(name: str, row: Any, kept: list[Any]) -> Any:
    if name not in RULES:
        return None
    module, function = RULES[name].split(":")
    return getattr(import_module(module), function)(row, kept)


def _general(reference: Reference, target: str, row: Any, kept: list[Any]) -> Any:
    """Moves, unless a unique key stands in the way: then the very same stays behind, one of a kind joins, and else a person decides."""
    for columns, condition in _unique_keys(reference):
        others, mine = kept, [row]
        if condition is not None:  # a partial key: only rows it speaks of
            others = reference.rows({getattr(one, reference.attribute) for one in kept}, target, condition)
            ids = {getattr(row, reference.attribute)}
            mine = reference.rows(ids, target, sa.and_(condition, reference.noun.id == row.id))
        same = [one for one in others if mine and all(getattr(one, c) == getattr(row, c) is not None for c in columns)]
        if not same:
            continue
        if _says_the_same(reference, row, same[0]):
            return Fate.STAYS
        if not columns and references(reference.table.name):
            return Fate.JOINS
        return _both_have(reference.table.name, row, columns)
    return Fate.MOVES


def _both_have(table: str, row: Any, columns: list[str]) -> object:
    said = ", ".join(str(getattr(row, column)) for column in columns)
    return _(
        "Both have: %(things)s %(key)s. Cancel, end or correct one of the two first.", things=called(table), key=said
    )


def _unique_keys(reference: Reference) -> Iterator[tuple[list[str], Any]]:
    """The other columns of every unique key this column is part of, with the condition of a partial one."""
    table = reference.table
    by_column = {c.columns[0].name: c.key for c in sa.inspect(reference.noun).column_attrs if len(c.columns) == 1}
    mine = next(name for name, key in by_column.items() if key == reference.attribute)
    keys: list[tuple[list[str], Any]] = [
        ([c.name for c in constraint.columns], None)
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
    ]
    for index in table.indexes:
        if index.unique:
            where = index.dialect_options["sqlite"].get("where")
            keys.append(([c.name for c in index.columns], where))
    for names, condition in keys:
        if mine in names:
            yield [by_column[name] for name in names if name != mine], condition


def _says_the_same(reference: Reference, row: Any, other: Any) -> bool:
    keys = [c.key for c in sa.inspect(reference.noun).column_attrs if isinstance(c.columns[0], sa.Column)]
    keys = [key for key in keys if key not in ("id", "version", reference.attribute)]
    return not references(reference.table.name) and all(getattr(row, key) == getattr(other, key) for key in keys)


def closure(table: str, ids: set[int]) -> dict[str, set[int]]:
    """The ids of everything that hangs on some records, directly or by way of other rows, by table; not the records themselves."""
    seen: dict[str, set[int]] = {}
    waiting: list[tuple[str, set[int]]] = [(table, set(ids))]
    while waiting:
        name, above = waiting.pop()
        for reference in references(name):
            if reference.table.name == table:
                continue  # a record merged earlier stands for itself
            found = set(reference.pointing(above, name)) - seen.get(reference.table.name, set())
            if found:
                seen.setdefault(reference.table.name, set()).update(found)
                waiting.append((reference.table.name, found))
    return seen


def carry_out(moves: Iterable[Move]) -> None:
    """Let every row point at its new record, through the record of acts."""
    by_table: dict[str, list[Move]] = {}
    for move in moves:
        by_table.setdefault(move.table, []).append(move)
    for table, theirs in by_table.items():
        rows = loaded(table, [move.row_id for move in theirs])
        for move in theirs:
            setattr(rows[move.row_id], move.attribute, move.after)
    db.session.flush()
    db.session.expire_all()


def loaded(table: str, ids: Iterable[int]) -> dict[int, Any]:
    """Rows of a table by id; who does not exist any more is not among them."""
    noun = nouns()[table]
    found: dict[int, Any] = {}
    for some in chunks(ids):
        found.update((row.id, row) for row in db.session.scalars(sa.select(noun).where(noun.id.in_(some))).unique())
    return found


def chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    """Ids in pieces a database takes as one list of values."""
    items = sorted(set(ids))
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
