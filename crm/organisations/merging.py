"""Merging two records that are the same organisation, or the same person: previewed, carried out in one act, undone in one act.

A person decides; the machine only proposes (`duplicates`). Different corporate numbers are different organisations (法人番号法 2条15項)
and are never merged. Everything that hangs on the one moves to the other (`moving`), the sums before are the sums after or nothing
is written, and the merged record stays readable with a link to the one that goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.history import timeline
from crm.history.noting import plain
from crm.organisations import adding_up, merges, moving
from crm.organisations.adding_up import Sums
from crm.organisations.merges import Merge, Thing
from crm.organisations.moving import Move, Outcome
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.organisations.succession import Lineage
from crm.organisations.table_words import called
from crm.text import _

Record = Organisation | Person

OWN = frozenset(
    {"id", "version", "merged_into_id", "organisation_id", "search_key", "duplicate_key", "is_example", "left_on"}
)
"""Columns nobody chooses: the record's own, and keys that follow the name."""
FOLLOWS = {"corporate_number": ("number_",), "kind": ("kind_known",)}
"""Columns that say something about another go with it: the state of a number with the number."""


@dataclass(frozen=True)
class FieldPair:
    """One field as both records say it; ``differs`` when a person must choose."""

    name: str
    kept: Any
    other: Any

    @property
    def differs(self) -> bool:
        """Whether both say something, and not the same."""
        return self.kept not in (None, "") and self.other not in (None, "") and self.kept != self.other

    @property
    def takes_other(self) -> bool:
        """What is proposed: the survivor's value, and the other's where the survivor says nothing."""
        return self.kept in (None, "") and self.other not in (None, "")

    @property
    def is_settled(self) -> bool:
        """Whether nobody is asked: the only corporate number goes on, for a merged record must not hold it any more."""
        return self.name == "corporate_number" and self.takes_other


@dataclass(frozen=True)
class Preview:
    """What a merge would do: the fields side by side, what moves and stays, the sums, and what stands in its way."""

    survivor: Record
    merged: Record
    fields: tuple[FieldPair, ...]
    outcome: Outcome
    kept_sums: Sums
    other_sums: Sums
    sums: Sums

    @property
    def objections(self) -> list[object]:
        """Why it cannot be done yet, each saying what to do first."""
        return self.outcome.objections

    def lines(self) -> list[tuple[object, int, int, int, int]]:
        """For each kind of row: what it is called, how many the survivor has, the other, both, and yen of both."""
        none = adding_up.Sum()
        return [
            (
                called(table),
                self.kept_sums.get(table, none).rows,
                self.other_sums.get(table, none).rows,
                one.rows,
                one.yen,
            )
            for table, one in self.sums.items()
        ]


def preview(survivor: Record, merged: Record) -> Preview:
    """What merging would do. Nothing is written. Raises ``Refused`` for two that can never be one."""
    thing = thing_of(survivor)
    _refuse_hopeless(survivor, merged)
    outcome = moving.decide(thing.value, merged.id, survivor.id)
    outcome.objections += _of_lineage(survivor, merged)
    ids = ((survivor.id,), (merged.id,), (survivor.id, merged.id))
    sums = (adding_up.below(thing.value, *some) for some in ids)
    return Preview(survivor, merged, tuple(field_pairs(survivor, merged)), outcome, *sums)


def merge(survivor: Record, merged: Record, *, take: Iterable[str] = (), reason: str = "") -> Merge:
    """Merge ``merged`` into ``survivor`` in the running act; of the fields in ``take`` the merged record's value goes on.

    Raises ``Refused`` with everything that stands in the way, and when the sums afterwards are not those before.
    """
    for record in sorted((survivor, merged), key=lambda one: one.id):  # so that no two wait for each other
        db.session.refresh(record, with_for_update=True)
    seen = preview(survivor, merged)
    if seen.objections:
        raise Refused(_("They cannot be merged yet: %(why)s", why=" ".join(map(str, seen.objections))))
    figures = adding_up.office_figures()
    thing, name = thing_of(survivor), merged.name
    try:
        chosen = _choose(survivor, merged, seen.fields, set(take))
        moving.carry_out(seen.outcome.moves)
        merged.merged_into_id = survivor.id
        db.session.flush()
    except IntegrityError as error:
        raise Refused(
            _("Both have something of which there may be only one. Please correct one of the two first.")
        ) from error
    db.session.expire_all()
    _refresh_keys(survivor)
    sums = _checked(thing, seen, figures)
    made = Merge(
        thing=thing, survivor_id=survivor.id, merged_id=merged.id, merged_name=name, merged_at=clock.now(), reason=reason.strip(),
        moves=[move.as_json() for move in seen.outcome.moves], chosen=chosen, sums=sums,
    )  # fmt: skip
    db.session.add(made)
    return made


def undo(made: Merge, *, reason: str = "") -> None:
    """Put everything back where it was before a merge, in the running act.

    What was added to the survivor since stays with it. Raises ``Refused`` naming what changed since and makes it impossible.
    """
    db.session.refresh(made, with_for_update=True)
    survivor, merged = sides(made)
    moves = [Move(*move) for move in made.moves]
    standing = _why_not(made, survivor, merged, moves)
    if standing:
        raise Refused(_("This merge cannot be undone: %(why)s", why=" ".join(map(str, standing))))
    moving.carry_out(Move(m.table, m.row_id, m.attribute, m.after, m.before) for m in reversed(moves))
    _put_back(survivor, made.chosen["survivor"])
    db.session.flush()
    _put_back(merged, made.chosen["merged"])
    merged.merged_into_id = None
    db.session.flush()
    db.session.expire_all()
    _refresh_keys(survivor)
    made.undone_at, made.undone_reason = clock.now(), reason.strip()


def why_not_undone(made: Merge) -> list[object]:
    """What makes undoing a merge impossible now, in words; nothing when it can be undone."""
    survivor, merged = sides(made)
    return _why_not(made, survivor, merged, [Move(*move) for move in made.moves])


def sides(made: Merge) -> tuple[Record, Record]:
    """The record that goes on and the merged one."""
    noun = moving.nouns()[made.thing.value]
    return cast(Record, db.session.get_one(noun, made.survivor_id)), cast(
        Record, db.session.get_one(noun, made.merged_id)
    )


def past_of(record: Record, limit: int = 50) -> list[timeline.Entry]:
    """What happened to a record and to those merged into it, newest first: the past of all of them is one past."""
    rows, waiting = [record], [record]
    while waiting:
        one = waiting.pop()
        gone = [
            cast(Record, row)
            for row in db.session.scalars(sa.select(type(one)).where(type(one).merged_into_id == one.id))
        ]
        rows += gone
        waiting += gone
    entries = {entry.number: entry for row in reversed(rows) for entry in timeline.of(row, limit)}
    return sorted(entries.values(), key=lambda entry: entry.number, reverse=True)[:limit]


def thing_of(record: Record) -> Thing:
    """What kind of thing a record is."""
    return Thing(record.__tablename__)


def field_pairs(survivor: Record, merged: Record) -> list[FieldPair]:
    """Every field a person may choose of, as both records say it, read from the table itself."""
    following = tuple(prefix for prefixes in FOLLOWS.values() for prefix in prefixes)
    keys = _columns(survivor)
    return [
        FieldPair(key, getattr(survivor, key), getattr(merged, key))
        for key in keys
        if key not in OWN and not key.startswith(following)
    ]


def _refuse_hopeless(survivor: Record, merged: Record) -> None:
    if survivor.id == merged.id or type(survivor) is not type(merged):
        raise Refused(_("Choose two different records."), field="other")
    for one in (survivor, merged):
        if one.merged_into_id is not None:
            raise Refused(_("%(name)s was merged already.", name=one.name), field="other")
    if isinstance(survivor, Organisation) and isinstance(merged, Organisation):
        numbers = {one.corporate_number for one in (survivor, merged) if one.corporate_number}
        if len(numbers) > 1:
            raise Refused(_("They have different corporate numbers and are different organisations. If one number is wrong, "
                            "correct it first."), field="other")  # fmt: skip
    elif (
        isinstance(survivor, Person)
        and isinstance(merged, Person)
        and survivor.organisation_id != merged.organisation_id
    ):
        raise Refused(_("They are at different organisations. Merge the organisations first, if those are the same."),
                      field="other")  # fmt: skip


def _of_lineage(survivor: Record, merged: Record) -> list[object]:
    """Two records of which one took over the other are two companies, or one that is joined already."""
    if not isinstance(survivor, Organisation):
        return []
    lineage = Lineage.load()
    if lineage.leads(survivor.id, to=merged.id) or lineage.leads(merged.id, to=survivor.id):
        return [_("One is recorded as the successor of the other. They are joined already and need not be merged.")]
    return []


def _choose(survivor: Record, merged: Record, pairs: Iterable[FieldPair], take: set[str]) -> dict[str, Any]:
    """Write the chosen values; gives both sides' fields before and after. A number that may stand once leaves the merged first."""
    before = {side: _plain_fields(one) for side, one in (("survivor", survivor), ("merged", merged))}
    taken = [pair.name for pair in pairs if (pair.name in take or pair.is_settled) and pair.kept != pair.other]
    names = [key for name in taken for key in _with_followers(survivor, name)]
    values = {key: getattr(merged, key) for key in names}
    if "corporate_number" in values and isinstance(merged, Organisation):
        for key in _with_followers(merged, "corporate_number"):
            column = _columns(merged)[key]
            setattr(merged, key, None if column.nullable else "")
        db.session.flush()
    for key, value in values.items():
        setattr(survivor, key, value)
    if isinstance(merged, Person):  # nobody writes to this record any more
        merged.left_on = merged.left_on or clock.today()
    db.session.flush()
    after = {side: _plain_fields(one) for side, one in (("survivor", survivor), ("merged", merged))}
    return {
        side: {key: [old, after[side][key]] for key, old in fields.items() if old != after[side][key]}
        for side, fields in before.items()
    }


def _with_followers(record: Record, name: str) -> list[str]:
    keys = _columns(record)
    return [name, *(key for key in keys if key != name and key.startswith(FOLLOWS.get(name, ())))]


def _columns(record: Record) -> dict[str, sa.Column[Any]]:
    """The record's own columns by name, without those the database computes."""
    mapper = cast(Mapper[Any], sa.inspect(type(record)))
    return {c.key: c.columns[0] for c in mapper.column_attrs if isinstance(c.columns[0], sa.Column)}


def _plain_fields(record: Record) -> dict[str, Any]:
    keys = _columns(record)
    left_out = OWN - {"left_on"}
    return {key: plain(getattr(record, key)) for key in keys if key not in left_out}


def _put_back(record: Record, fields: Mapping[str, list[Any]]) -> None:
    for key, (before, _after) in fields.items():
        setattr(record, key, _typed(record, key, before))


def _typed(record: Record, key: str, value: Any) -> Any:
    kind = _columns(record)[key].type
    if value is None:
        return None
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    if isinstance(kind, sa.Date):
        return date.fromisoformat(value)
    if isinstance(value, str) and kind.python_type is datetime:
        return datetime.fromisoformat(value)
    return value


def _refresh_keys(record: Record) -> None:
    if isinstance(record, Organisation):
        record.refresh_keys()
        db.session.flush()


def _checked(thing: Thing, seen: Preview, figures: list[tuple[Any, int]]) -> dict[str, Any]:
    """Count again: nothing may be missing, and nothing left behind but what was to stay. Raises ``Refused``; then nothing is written."""
    after = adding_up.below(thing.value, seen.survivor.id, seen.merged.id)
    left = moving.closure(thing.value, {seen.merged.id})
    now = adding_up.office_figures()
    same = [number for _words, number in figures] == [number for _words, number in now]
    if seen.sums != after or not same or any(ids - seen.outcome.stays.get(table, set()) for table, ids in left.items()):
        raise Refused(
            _("The sums before and after the merge differ. Nothing was written; please tell whoever runs this system.")
        )
    return {
        "rows": {table: [one.rows, one.yen] for table, one in after.items()}, "moved": seen.outcome.moved(),
        "stays": {table: len(ids) for table, ids in seen.outcome.stays.items()},
        "figures": [[str(words), number] for words, number in now],
    }  # fmt: skip


def _why_not(made: Merge, survivor: Record, merged: Record, moves: list[Move]) -> list[object]:
    if made.undone_at is not None:
        return [_("It was undone already.")]
    if survivor.merged_into_id is not None:
        return [_("%(name)s was itself merged later. Undo that merge first.", name=survivor.name)]
    later = [one for one in merges.into(made.thing, made.survivor_id) if one.id > made.id]
    if later:
        return [_("%(name)s was merged into it later. Undo that merge first.", name=later[0].merged_name)]
    return [*_changed_rows(moves), *_changed_fields(survivor, made)]


def _changed_rows(moves: list[Move]) -> list[object]:
    found: list[object] = []
    for table in dict.fromkeys(move.table for move in moves):
        theirs = [move for move in moves if move.table == table]
        rows = moving.loaded(table, [move.row_id for move in theirs])
        gone = sum(m.row_id not in rows or getattr(rows[m.row_id], m.attribute) != m.after for m in theirs)
        if gone:
            found.append(
                _("%(things)s: %(number)s were removed or given to another since.", things=called(table), number=gone)
            )
    return found


def _changed_fields(survivor: Record, made: Merge) -> list[object]:
    fields = made.chosen["survivor"]
    changed = [key for key, (_old, new) in fields.items() if plain(getattr(survivor, key)) != new]
    return (
        [_("A value that was chosen in the merge was changed since: %(fields)s.", fields=", ".join(changed))]
        if changed
        else []
    )
