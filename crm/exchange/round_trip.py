"""A list that goes out to Excel and comes back corrected: what differs is known cell by cell before anything is written.

Every row carries its ID and the version it was read at. A row somebody else saved since is not overwritten, a column that is
only there to be read is not written, and a file with one wrong cell writes nothing. A package declares its list once:

    PEOPLE = RoundTrip("people", _("People"), Kind…, fields=(Field("name", …),), load=…, version=…, write=…)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from crm import clock
from crm.errors import Refused
from crm.exchange.columns import RowError, spoken
from crm.exchange.sheets import Row, Sheet
from crm.text import LOCALES, _, label, ngettext, speaking
from crm.values import BadValue, japanese
from crm.values.yen import Yen

ID, VERSION = "id", "version"
HEADINGS: dict[str, Any] = {ID: "ID", VERSION: _("Version (do not change)")}
MOST = 20_000  # rows of one file


@dataclass(frozen=True)
class Field:
    """One column. ``value`` reads it of a record; without ``parse`` it is only there to be read. ``blank`` is an empty cell's value."""

    code: str
    heading: Any
    value: Callable[[Any], Any]
    parse: Callable[[str], Any] | None = None
    kind: str = "text"
    blank: Any = ""
    required: bool = False
    words: Callable[[], Sequence[str]] = tuple

    def parsed(self, cell: str) -> Any:
        """The value a cell means. Raises ``BadValue`` or ``Refused``."""
        if cell.strip():
            assert self.parse is not None
            return self.parse(cell)
        if self.required:
            raise Refused(_("This must be filled in."))
        return self.blank


@dataclass(frozen=True)
class RoundTrip:
    """One list. ``load`` gives records by id, ``version`` what is compared with the file, ``write`` changes one in the running act.

    ``called`` names a record before people; ``rows`` are all there are, narrowed by words to search for.
    """

    kind: str
    title: Any
    fields: tuple[Field, ...]
    rows: Callable[[str], Iterable[Any]]
    load: Callable[[Iterable[int]], Mapping[int, Any]]
    version: Callable[[Any], str]
    write: Callable[[Any, dict[str, Any]], None]
    called: Callable[[Any], str]


@dataclass(frozen=True)
class CellChange:
    """One cell that says something else than we know."""

    code: str
    heading: Any
    old: str
    new: str


@dataclass(frozen=True)
class RowEdit:
    """One record with the cells that change."""

    row: int
    record_id: int
    name: str
    record: Any
    values: dict[str, Any]
    cells: tuple[CellChange, ...]


@dataclass(frozen=True)
class Edits:
    """What a file would change: its edits, what it says in vain, and what is wrong; with an error nothing is written."""

    trip: RoundTrip
    count: int
    edits: list[RowEdit] = field(default_factory=list)
    ignored: list[RowError] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    @property
    def cells(self) -> int:
        """How many cells change."""
        return sum(len(edit.cells) for edit in self.edits)

    def as_json(self) -> dict[str, Any]:
        """Everything a person was shown, to be compared when they confirm it."""
        return {
            "rows": self.count,
            "edits": [[e.row, e.record_id, [[c.code, c.old, c.new] for c in e.cells]] for e in self.edits],
            "ignored": [error.as_json() for error in self.ignored], "errors": [error.as_json() for error in self.errors],
        }  # fmt: skip

    def carry_out(self) -> None:
        """Write every edit in the running act. Raises ``Refused`` naming the first wrong cell; whoever opened the act lets it fail."""
        if self.errors:
            raise _refusal(len({error.row for error in self.errors}), self.errors[0])
        for edit in self.edits:
            try:
                self.trip.write(edit.record, edit.values)
            except (Refused, BadValue) as problem:
                heading = _heading(self.trip, getattr(problem, "field", None) or "")
                raise _refusal(1, RowError(edit.row, heading, spoken(problem))) from problem


def edits(trip: RoundTrip, sheet: Sheet) -> Edits:
    """What a sheet that came back would change; nothing is written."""
    found, errors = _recognised(trip, sheet.headings)
    if len(sheet.rows) > MOST:
        errors.append(RowError(1, "", _("At most %(n)s rows.", n=f"{MOST:,}")))
    plan = Edits(trip, len(sheet.rows), errors=errors)
    if errors:
        return plan
    placed = _identified(found, sheet.rows, plan)
    records = trip.load({record_id for record_id, _row in placed})
    for record_id, row in placed:
        record = records.get(record_id)
        if record is None:
            plan.errors.append(
                RowError(row.number, "ID", _("We have no record with this ID. New rows come in by “Import”."))
            )
        else:
            _compare(plan, found, row, record_id, record)
    plan.errors.sort(key=lambda error: error.row)
    return plan


def headings(trip: RoundTrip) -> list[str]:
    """The headings of the workbook, the ID and version first."""
    return [str(HEADINGS[ID]), str(HEADINGS[VERSION]), *(_written(one) for one in trip.fields)]


def cells_of(trip: RoundTrip, record: Any) -> list[Any]:
    """One record as a row of the workbook."""
    return [record.id, trip.version(record), *(_cell(one.value(record)) for one in trip.fields)]


def shown(value: Any) -> str:
    """A value as the sheet says it and a person reads it."""
    match value:
        case None:
            return ""
        case Enum():
            return str(label(value))
        case Yen():
            return str(value.amount)
        case datetime():
            return f"{value.astimezone(clock.TOKYO):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _cell(value: Any) -> Any:
    """A value as a cell: numbers and days as such, everything else as text."""
    if isinstance(value, Yen):
        return value.amount
    return value if isinstance(value, date | int) and not isinstance(value, datetime | Enum | bool) else shown(value)


def _written(one: Field) -> str:
    return str(one.heading) if one.parse else str(_("%(heading)s (read only)", heading=one.heading))


def _recognised(trip: RoundTrip, names: Sequence[str]) -> tuple[dict[int, str], list[RowError]]:
    """The code behind each column by its place, and what is wrong with the headings."""
    known: dict[str, str] = {}
    for locale in LOCALES:
        with speaking(locale):
            for of, heading in (*HEADINGS.items(), *((one.code, one.heading) for one in trip.fields)):
                known[_key(str(heading))] = known[_key(of)] = of
            known.update((_key(_written(one)), one.code) for one in trip.fields)
    found: dict[int, str] = {}
    errors: list[RowError] = []
    for place, name in enumerate(names):
        code: str | None = known.get(_key(name)) if name.strip() else None
        if name.strip() and code is None:
            words = "、".join(str(one.heading) for one in trip.fields)
            errors.append(
                RowError(1, name.strip(), _("The heading is not known. Known headings: %(known)s.", known=words))
            )
        elif code is not None and code in found.values():
            errors.append(RowError(1, name.strip(), _("The heading appears twice.")))
        elif code is not None:
            found[place] = code
    missing = [str(HEADINGS[code]) for code in (ID, VERSION) if code not in found.values()]
    errors += [RowError(1, heading, _("The column is missing.")) for heading in missing]
    return found, errors


def _identified(found: dict[int, str], rows: Sequence[Row], plan: Edits) -> list[tuple[int, Row]]:
    """The rows with the id each says; ids that are none or come twice are errors."""
    place = next(place for place, code in found.items() if code == ID)
    placed: list[tuple[int, Row]] = []
    seen: dict[int, int] = {}
    for row in rows:
        said = japanese.narrow(row.cells[place]).strip() if place < len(row.cells) else ""
        if not (said.isascii() and said.isdecimal() and len(said) < 19):
            plan.errors.append(
                RowError(row.number, "ID", _("The ID is missing or no number. New rows come in by “Import”."))
            )
        elif seen.setdefault(int(said), row.number) != row.number:
            plan.errors.append(
                RowError(row.number, "ID", _("The file says the same already in row %(row)s.", row=seen[int(said)]))
            )
        else:
            placed.append((int(said), row))
    return placed


def _compare(plan: Edits, found: dict[int, str], row: Row, record_id: int, record: Any) -> None:
    """Put the row's differences into the plan, or say why they cannot be."""
    trip = plan.trip
    said = {code: row.cells[place] if place < len(row.cells) else "" for place, code in found.items()}
    values: dict[str, Any] = {}
    changes: list[CellChange] = []
    for one in trip.fields:
        if one.code not in said:
            continue
        cell, old = said[one.code], shown(one.value(record))
        if cell.strip() == old.strip():
            continue  # untouched, also where it could not be typed like that today
        if one.parse is None:
            _leave_out(plan, one, row, cell, old)
            continue
        try:
            new = one.parsed(cell)
        except (BadValue, Refused) as problem:
            plan.errors.append(RowError(row.number, str(one.heading), spoken(problem)))
            continue
        if new != _reread(one, old):
            values[one.code] = new
            changes.append(CellChange(one.code, one.heading, old, shown(new)))
    name = trip.called(record)
    if changes and japanese.narrow(said[VERSION]).strip() != trip.version(record):
        message = _(
            "Somebody saved %(name)s after this file was exported. Export it again and repeat the change.", name=name
        )
        plan.errors.append(RowError(row.number, str(HEADINGS[VERSION]), message))
    elif changes:
        plan.edits.append(RowEdit(row.number, record_id, name, record, values, tuple(changes)))


def _leave_out(plan: Edits, one: Field, row: Row, cell: str, old: str) -> None:
    """Say that a cell of a column that is only read says something else, which is not written."""
    if _key(cell) != _key(old):
        message = _("This column is only read; “%(cell)s” is left out.", cell=cell[:100])
        plan.ignored.append(RowError(row.number, str(one.heading), message))


def _reread(one: Field, old: str) -> Any:
    """What the untouched cell would mean; something that could not be typed today differs from everything."""
    try:
        return one.parsed(old)
    except (BadValue, Refused):
        return object() if old.strip() else one.blank


def _heading(trip: RoundTrip, code: str) -> str:
    return next((str(one.heading) for one in trip.fields if one.code == code), code)


def _refusal(count: int, first: RowError) -> Refused:
    nothing = ngettext(
        "Nothing was imported: %(num)d row has an error.", "Nothing was imported: %(num)d rows have errors.", count
    )
    return Refused(
        _(
            "%(count)s Row %(row)s, %(column)s: %(message)s",
            count=nothing,
            row=first.row,
            column=first.column,
            message=first.message,
        )
    )


def _key(text: str) -> str:
    return "".join(japanese.fold(text).split())
