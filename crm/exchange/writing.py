"""Writing spreadsheets and JSON that others can open safely and that come back the same.

A CSV file is in UTF-8 with a byte order mark, which Excel needs to see that it is UTF-8, or in CP932 for programs that
read nothing else. A workbook holds texts as texts, so a phone number keeps its zero and nothing is ever a formula, money
and numbers as numbers, and days as days.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any

from crm import clock, text
from crm.errors import Refused
from crm.exchange.safe_cells import may_run, safe_cell
from crm.exchange.sheets import MAX_CELL_LENGTH
from crm.text import _
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["Unwritable", "csv_bytes", "json_bytes", "json_rows", "safe_cell", "xlsx_bytes"]

FONT = "Yu Gothic"
# The number of Excel's own format @, which keeps what is typed as text.
AS_TEXT = 49
_FORMATS: dict[str, str | int] = {
    "yen": "¥#,##0;[Red]-¥#,##0",
    "number": "#,##0.###;[Red]-#,##0.###",
    "whole": "#,##0",
    "share": "0.0%",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
    "text": AS_TEXT,
}
# XlsxWriter would write the present time into the file; the same rows are to give the same bytes.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_NARROWEST, _WIDEST = 8, 60
# The first rows of a long list say how wide its columns must be.
ROWS_MEASURED = 2_000
# A number in Excel is exact to 15 digits; longer ones are written as text.
_EXACT = 10**15


class Unwritable(Refused):
    """A value cannot stand in this kind of file; the message names the row, the column and the character."""


def csv_bytes(headings: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8-sig") -> bytes:
    """A CSV file of these rows in `utf-8-sig` or `cp932`. Texts stand in quotation marks, numbers do not.

    Days are written 2026-04-01, moments as the clock in Tokyo showed them. Raises `Unwritable` for a character the
    encoding does not have: it is never replaced by "?".
    """
    if encoding not in ("utf-8-sig", "cp932"):
        raise ValueError(f"no CSV is written in {encoding}")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    headings = [str(heading) for heading in headings]
    for number, row in enumerate(chain([headings], rows), start=1):
        cells = [safe_cell(value) if type(value) is str else _csv_cell(value) for value in row]
        texts = "".join([cell for cell in cells if type(cell) is str])
        if "\0" in texts or not _survives(texts, encoding):
            for heading, cell in zip(headings, cells, strict=False):
                if isinstance(cell, str):
                    _check(cell, number, heading, encoding)
        writer.writerow(cells)
    return buffer.getvalue().encode(encoding)


def _csv_cell(value: Any) -> str | int | float:
    plain = _plain(value)
    if isinstance(plain, bool):
        return "TRUE" if plain else "FALSE"
    if isinstance(plain, datetime):
        return plain.strftime("%Y-%m-%d %H:%M")
    if isinstance(plain, date):
        return plain.isoformat()
    return plain if isinstance(plain, int | float) else safe_cell("" if plain is None else str(plain))


def _plain(value: Any) -> Any:
    """A value of ours as what a cell can be: text, number, day, moment without a time zone, or None."""
    match value:
        case Yen():
            return value.amount
        case FiscalYear():
            return value.start
        case DayOrMonth():
            return value.first_day if value.day else str(value)
        case Enum():
            return text.label(value)
        case datetime():
            return value.astimezone(clock.TOKYO).replace(tzinfo=None) if value.tzinfo else value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case None | str() | bool() | int() | float() | date():
            return value
        case _:
            return str(value)


def _check(cell: str, row: int, heading: str, encoding: str) -> None:
    """Raise `Unwritable` unless the text comes back from the encoding as it is."""
    if "\0" not in cell and _survives(cell, encoding):
        return
    # CP932 takes − and 〜 for － and ～: they would come back as others, so they are named like those it lacks.
    wrong = next(character for character in cell if character == "\0" or not _survives(character, encoding))
    raise Unwritable(
        _(
            "Row %(row)s, %(column)s: the character %(character)s (U+%(code)s) cannot be written in %(encoding)s."
            " Please choose UTF-8 or Excel.",
            row=row,
            column=heading,
            character=wrong if wrong.isprintable() else "",
            code=f"{ord(wrong):04X}",
            encoding=encoding.removesuffix("-sig").upper(),
        )
    )


def _survives(piece: str, encoding: str) -> bool:
    if piece.isascii():
        return True
    try:
        return piece.encode(encoding).decode(encoding) == piece
    except UnicodeError:
        return False


def xlsx_bytes(
    title: object,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    kinds: Sequence[str] | None = None,
    *,
    by_rows: bool = False,
) -> bytes:
    """A workbook of one sheet. The same title, headings and rows give the same bytes; ``by_rows`` for long lists (`new_workbook`).

    `kinds` say how each column shows its values: `text`, `yen`, `number`, `whole`, `share`, `day`, `moment`; other kinds
    and columns without one go by the value. Raises `Unwritable` for texts a workbook cannot hold.
    """
    headings = [str(heading) for heading in headings]
    buffer = io.BytesIO()
    with new_workbook(buffer, by_rows=by_rows) as book:
        sheet = book.add_worksheet(sheet_title(str(title)))
        writer = _SheetWriter(book, sheet, headings, list(kinds or ()))
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                writer.put(number, column, _plain(value), is_money=isinstance(value, Yen))
        writer.finish()
    return buffer.getvalue()


def new_workbook(buffer: io.BytesIO, *, by_rows: bool = False) -> Workbook:
    """An empty workbook in our font that never takes a text for a formula, number or address.

    ``by_rows``: rows are written once, in their order, and not kept in memory.
    """
    from xlsxwriter import Workbook  # imported when the first workbook is written, not by every process

    book = Workbook(
        buffer,
        {
            "constant_memory" if by_rows else "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"created": _CREATED})
    book.formats[0].set_font_name(FONT)
    book.formats[0].set_font_size(11)
    return book


def heading_format(book: Workbook, *, required: bool = False) -> Format:
    """How heading cells look; those of required columns are darker."""
    colours: dict[str, str] = {"bg_color": "#0017C1", "font_color": "#FFFFFF"} if required else {"bg_color": "#E8F1FE"}
    return book.add_format(
        {
            "bold": True,
            "font_name": FONT,
            "font_size": 11,
            "bottom": 1,
            "valign": "vcenter",
            "num_format": AS_TEXT,
            **colours,
        }
    )


def sheet_title(title: str) -> str:
    """A title as Excel allows it for a sheet: at most 31 characters, none of []:*?/\\ and no apostrophe at its ends."""
    cleaned = "".join(
        " " if character in "[]:*?/\\" or not character.isprintable() else character for character in title
    )
    return cleaned[:31].strip(" '") or "Sheet1"


class _SheetWriter:
    """Writes cells one by one and remembers how wide each column must be."""

    def __init__(self, book: Workbook, sheet: Worksheet, headings: list[str], kinds: list[str]) -> None:
        self._sheet, self._headings, self._kinds = sheet, headings, kinds
        self._formats = {
            kind: book.add_format({"num_format": code, "font_name": FONT, "font_size": 11, "valign": "top"})
            for kind, code in _FORMATS.items()
        }
        # Marks a text as text for Excel's own editing, too, without changing it (the apostrophe Excel shows on F2).
        quoted = {"quote_prefix": True, "num_format": AS_TEXT, "font_name": FONT, "font_size": 11, "valign": "top"}
        self._quoted = book.add_format(quoted)
        self._widths = [width_of(heading) for heading in headings]
        style = heading_format(book)
        for column, heading in enumerate(headings):
            self._text(0, column, heading, style)

    def put(self, row: int, column: int, value: Any, *, is_money: bool = False) -> None:
        """One cell: a text, number, day or moment, or nothing."""
        kind = self._kinds[column] if column < len(self._kinds) else ""
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float) and abs(value) < _EXACT:
            numeric = kind if kind in ("yen", "number", "whole", "share") else "yen" if is_money else "number"
            self._sheet.write_number(row, column, value, self._formats[numeric])
            self._widen(row, column, f"{value:,}")
        elif isinstance(value, date) and value.year >= 1900:
            self._sheet.write_datetime(
                row, column, value, self._formats["moment" if isinstance(value, datetime) else "day"]
            )
            self._widen(row, column, "2026-04-01 00:00" if isinstance(value, datetime) else "2026-04-01")
        else:
            written = str(value)
            self._text(row, column, written, self._quoted if may_run(written) else self._formats["text"])
            self._widen(row, column, written)

    def finish(self) -> None:
        """Freeze the heading, set the widths, offer a filter."""
        self._sheet.freeze_panes(1, 0)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, min(max(width + 2, _NARROWEST), _WIDEST))
        if self._headings:
            self._sheet.autofilter(0, 0, max(self._sheet.dim_rowmax or 0, 0), len(self._headings) - 1)

    def _text(self, row: int, column: int, written: str, style: Format) -> None:
        heading = self._headings[column] if column < len(self._headings) else ""
        if not written.isascii() or "\0" in written:
            _check(written, row + 1, heading, "utf-8")
        # Only an apostrophe that would be taken for ours on reading is doubled; nothing else is changed.
        cell = safe_cell(written) if written.startswith("'") else written
        if len(cell) > MAX_CELL_LENGTH // 2 and len(cell.encode("utf-16-le")) // 2 > MAX_CELL_LENGTH:
            raise Unwritable(
                _(
                    "Row %(row)s, %(column)s: the text is too long for Excel. Please choose CSV.",
                    row=row + 1,
                    column=heading,
                )
            )
        self._sheet.write_string(row, column, cell, style)

    def _widen(self, row: int, column: int, shown: str) -> None:
        if column < len(self._widths) and row <= ROWS_MEASURED:
            self._widths[column] = max(self._widths[column], width_of(shown))


def width_of(shown: str) -> int:
    """How many half-width characters the longest line takes: a Japanese character takes two."""
    longest = 0
    for line in shown[:400].splitlines():
        longest = max(longest, sum(1 if character < "\u0500" or "｡" <= character <= "ﾟ" else 2 for character in line))
    return longest


def json_rows(keys: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A JSON array of one object for each row, a line each: a long list never stands in memory as objects."""
    buffer = io.BytesIO(b"")
    buffer.write(b"[")
    for number, row in enumerate(rows):
        told = json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False, allow_nan=False)
        buffer.write((",\n" if number else "\n").encode() + told.encode())
    buffer.write(b"\n]\n")
    return buffer.getvalue()


def json_bytes(value: Any) -> bytes:
    """JSON in UTF-8, readable. NaN and Infinity are a defect and raise ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8") + b"\n"
