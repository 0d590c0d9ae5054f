"""The workbook of a list that is to come back: the ID and version first, what is only read in grey, words to choose from as lists.

Opened by Excel as they are meant: texts as texts (a postal code keeps its zero), numbers as numbers, days as days.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from crm.exchange.round_trip import RoundTrip, cells_of, headings
from crm.exchange.safe_cells import may_run, safe_cell
from crm.exchange.writing import AS_TEXT, FONT, heading_format, new_workbook, sheet_title, width_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

GREY = "#F2F2F2"
MEASURED = 500
KINDS: dict[str, str | int] = {"text": AS_TEXT, "day": "yyyy-mm-dd", "number": "#,##0", "id": "0"}
LONGEST_LIST = 255  # characters Excel takes for a list of words


def workbook(trip: RoundTrip, records: Iterable[Any]) -> bytes:
    """The workbook of these records. The same records give the same bytes."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        sheet = book.add_worksheet(sheet_title(str(trip.title)))
        read_only = [True, True, *(one.parse is None for one in trip.fields)]
        names = headings(trip)
        widths = [width_of(name) for name in names]
        for column, name in enumerate(names):
            sheet.write_string(0, column, name, heading_format(book, required=not read_only[column]))
        cells = _Cells(book, sheet, ["id", "text", *(one.kind for one in trip.fields)], read_only)
        last = 0
        for last, record in enumerate(records, start=1):
            for column, value in enumerate(cells_of(trip, record)):
                cells.put(last, column, value)
                if last <= MEASURED:
                    widths[column] = max(widths[column], width_of(str(value)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(max(width + 2, 8), 60))
        for place, one in enumerate(trip.fields, start=2):
            words = list(one.words())
            if words and last and len(",".join(words)) <= LONGEST_LIST:
                sheet.data_validation(1, place, last, place, {"validate": "list", "source": words})
        sheet.freeze_panes(1, 3)
        sheet.autofilter(0, 0, last, len(names) - 1)
    return buffer.getvalue()


class _Cells:
    """Writes cells as what they are: days, numbers, texts; grey where they are only to be read."""

    def __init__(self, book: Workbook, sheet: Worksheet, kinds: list[str], read_only: list[bool]) -> None:
        self._sheet, self._kinds, self._read_only = sheet, kinds, read_only
        look = {"font_name": FONT, "font_size": 11, "valign": "top"}
        self._formats = {
            (kind, grey): book.add_format({**look, "num_format": code, **({"bg_color": GREY} if grey else {})})
            for kind, code in KINDS.items()
            for grey in (True, False)
        }
        self._quoted = book.add_format({**look, "num_format": AS_TEXT, "quote_prefix": True})

    def put(self, row: int, column: int, value: Any) -> None:
        """One cell; an empty one that may be filled in has the format of its column, so that Excel takes a text for a text."""
        grey = self._read_only[column]
        if isinstance(value, date):
            self._sheet.write_datetime(row, column, value, self._formats["day", grey])
        elif isinstance(value, int):
            self._sheet.write_number(row, column, value, self._formats["id" if column == 0 else "number", grey])
        elif value != "":
            style = self._quoted if may_run(value) and not grey else self._formats["text", grey]
            self._sheet.write_string(row, column, safe_cell(value) if value.startswith("'") else value, style)
        elif not grey:
            kind = self._kinds[column]
            self._sheet.write_blank(row, column, None, self._formats[kind if kind in KINDS else "text", grey])
