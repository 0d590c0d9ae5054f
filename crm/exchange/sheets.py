"""A sheet: what a spreadsheet file says, as rows of texts, and how large one may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crm.errors import Refused
from crm.exchange.safe_cells import as_stored
from crm.text import _

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 100_000
MAX_COLUMNS = 200
# A grid is kept in memory as a whole, so rows times columns is bounded, too.
MAX_CELLS = 500_000
# The most characters one cell of Excel can hold.
MAX_CELL_LENGTH = 32_767


class Unreadable(Refused):
    """The file cannot be read as a spreadsheet; the message says why and where. Nothing was taken from it."""

    def __init__(self, message: object) -> None:
        super().__init__(message, field="file")


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank. `number` counts from 1 as spreadsheet programs show it; the heading is row 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A read file: its headings and the rows below, blank rows left out.

    `cells` of a row are as many as the headings, more only if the file has cells beyond its headings. `form` is how the
    file was understood: `utf-8`, `cp932` or `xlsx`. `lines` is the number of lines of a CSV file, to compare with the
    number of rows; 0 for a workbook.
    """

    name: str
    form: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: int = 0


def sheet_of(grid: Iterable[Sequence[str]], *, name: str, form: str, lines: int = 0) -> Sheet:
    """A grid of texts as a sheet: blank rows and blank cells at the end dropped, our safety quotes taken off.

    Raises `Unreadable` for an empty first row and for more than `MAX_ROWS`, `MAX_COLUMNS` or `MAX_CELL_LENGTH`.
    """
    headings: tuple[str, ...] = ()
    rows: list[Row] = []
    cells_so_far = 0
    for number, texts in enumerate(grid, start=1):
        cells = _trimmed(texts, number)
        cells_so_far += max(len(cells), len(headings))
        if number > MAX_ROWS or cells_so_far > MAX_CELLS:
            raise too_large()
        if number == 1:
            headings = cells
        elif cells:
            rows.append(Row(number, cells + ("",) * (len(headings) - len(cells))))
    if not headings:
        raise Unreadable(_("The first row is empty. It must hold the headings."))
    return Sheet(name, form, headings, tuple(rows), lines)


def too_large() -> Unreadable:
    """The refusal of a file with too many rows, columns or cells."""
    return Unreadable(
        _(
            "The file is too large: at most %(rows)s rows, %(columns)s columns and %(cells)s cells.",
            rows=f"{MAX_ROWS:,}",
            columns=MAX_COLUMNS,
            cells=f"{MAX_CELLS:,}",
        )
    )


def _trimmed(texts: Sequence[str], number: int) -> tuple[str, ...]:
    """The cells up to the last one that is not blank."""
    last = len(texts)
    while last and not texts[last - 1].strip():
        last -= 1
    if last > MAX_COLUMNS:
        raise too_large()
    for column, text in enumerate(texts[:last], start=1):
        if len(text) > MAX_CELL_LENGTH:
            raise Unreadable(
                _(
                    "Row %(row)s, column %(column)s: the cell is too long, at most %(most)s characters.",
                    row=number,
                    column=column,
                    most=f"{MAX_CELL_LENGTH:,}",
                )
            )
    return tuple(as_stored(text) for text in texts[:last])
