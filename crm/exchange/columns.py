"""The columns an importer knows, and what a sheet says under them.

A heading is recognised as the office writes it (団体名) or by its code (name), in any width, blanks around it ignored. An
unknown heading is an error that lists the known ones: a column silently passed over is data silently lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.errors import Refused
from crm.exchange.cells import Choice
from crm.exchange.sheets import Row, Sheet
from crm.text import _
from crm.values import BadValue, japanese


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its code, its heading, and how a cell that is not blank is understood (`crm.exchange.cells`).

    `meaning` and `example` stand in the template. `choices` are the words a cell may hold, taken from a `Choice` by
    itself. `blank` is the value of a blank cell.
    """

    code: str
    heading: str
    parse: Callable[[str], Any]
    required: bool = False
    meaning: object = ""
    choices: Sequence[str] = ()
    example: str = ""
    blank: Any = None

    @property
    def words(self) -> tuple[str, ...]:
        """The words to choose from, or none where anything may be written."""
        return self.parse.words if isinstance(self.parse, Choice) and not self.choices else tuple(self.choices)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one cell: the row as the file counts it, the heading, and a message to be shown to the person."""

    row: int
    column: str
    message: object

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "column": self.column, "message": str(self.message)}


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row understood: the values by column code, only of columns the file has."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadRows:
    """All rows of a sheet. A row with an error is not among `rows`; `count` counts it all the same."""

    rows: list[ReadRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    count: int = 0


class Columns:
    """What one kind of import reads."""

    def __init__(self, kind: str, columns: Sequence[Column]) -> None:
        self.kind = kind
        self.columns = tuple(columns)
        self._known = {_key(name): column for column in columns for name in (column.heading, column.code)}

    def __getitem__(self, code: str) -> Column:
        """The column with this code. Raises KeyError."""
        return next((column for column in self.columns if column.code == code), None) or self._no_such(code)

    def _no_such(self, code: str) -> Column:
        raise KeyError(f"{self.kind} has no column {code}")

    def heading(self, code: str | None) -> str:
        """The heading of a code, for an error that names its field; other names stay as they are."""
        return next((column.heading for column in self.columns if column.code == code), code or "")

    def read(self, sheet: Sheet) -> ReadRows:
        """Every row of a sheet understood, and every error found, by rows. With wrong headings no row is read."""
        found, errors = self._recognised(sheet.headings)
        answer = ReadRows(errors=errors, count=len(sheet.rows))
        if not errors:
            known: dict[tuple[int, str], Any] = {}
            for row in sheet.rows:
                values, wrong = self._values(row, found, known)
                answer.errors.extend(wrong)
                if not wrong:
                    answer.rows.append(ReadRow(row.number, values))
        return answer

    def _recognised(self, headings: Sequence[str]) -> tuple[list[Column | None], list[RowError]]:
        """The column behind each heading, None for an empty heading."""
        found: list[Column | None] = []
        errors: list[RowError] = []
        for heading in headings:
            column = self._known.get(_key(heading)) if heading.strip() else None
            if heading.strip() and column is None:
                known = "、".join(known.heading for known in self.columns)
                message = _("The heading is not known. Known headings: %(known)s.", known=known)
                errors.append(RowError(1, heading.strip(), message))
            elif column is not None and column in found:
                errors.append(RowError(1, heading.strip(), _("The heading appears twice.")))
            found.append(column)
        for column in self.columns:
            if column.required and column not in found:
                errors.append(RowError(1, column.heading, _("The column is missing.")))
        return found, errors

    def _values(
        self, row: Row, found: Sequence[Column | None], known: dict[tuple[int, str], Any]
    ) -> tuple[dict[str, Any], list[RowError]]:
        """A row's values and what is wrong. ``known`` are cells understood before: a list says the same words again and again."""
        values: dict[str, Any] = {}
        errors: list[RowError] = []
        for position, cell in enumerate(row.cells):
            column = found[position] if position < len(found) else None
            if column is None:
                if cell.strip():
                    message = _("Column %(number)s has a value but no heading.", number=position + 1)
                    errors.append(RowError(row.number, "", message))
                continue
            try:
                if (position, cell) not in known:
                    known[position, cell] = _value(column, cell)
                values[column.code] = known[position, cell]
            except (BadValue, Refused) as problem:
                errors.append(RowError(row.number, column.heading, spoken(problem)))
        return values, errors


def spoken(problem: BadValue | Refused) -> object:
    """The message of a problem, to be shown in the reader's language."""
    return problem.message if isinstance(problem, Refused) else _(str(problem))


def _value(column: Column, cell: str) -> Any:
    if cell.strip():
        return column.parse(cell)
    if column.required:
        raise Refused(_("This must be filled in."))
    return column.blank


def _key(heading: str) -> str:
    return "".join(japanese.fold(heading).split())
