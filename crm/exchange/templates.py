"""The empty workbook an importer reads, made from the importer's own columns, so that the two cannot disagree."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from crm.exchange.columns import Column, Columns
from crm.exchange.writing import AS_TEXT, FONT, heading_format, new_workbook, sheet_title, width_of
from crm.text import gettext

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_ROWS = 2_000
# Excel's limit for choices written into the rule itself; longer lists would need a range.
_MAX_CHOICE_TEXT = 255


def template(columns: Columns, title: object) -> bytes:
    """An XLSX file: first the sheet to fill in, then one that explains each column.

    Every cell below the headings is a text cell, so that a phone number keeps its zero; where there are words to choose
    from, Excel offers them. The same columns in the same language give the same bytes.
    """
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        _sheet_to_fill(book, book.add_worksheet(sheet_title(str(title))), columns)
        _explanations(book, book.add_worksheet(sheet_title(gettext("How to fill in"))), columns)
    return buffer.getvalue()


def _sheet_to_fill(book: Workbook, sheet: Worksheet, columns: Columns) -> None:
    as_text = book.add_format({"num_format": AS_TEXT, "font_name": FONT, "font_size": 11})
    for position, column in enumerate(columns.columns):
        sheet.set_column(
            position, position, max(14, width_of(column.heading) + 4, width_of(column.example) + 2), as_text
        )
        sheet.write_string(0, position, column.heading, heading_format(book, required=column.required))
        if column.words and len(",".join(column.words)) <= _MAX_CHOICE_TEXT:
            sheet.data_validation(1, position, _ROWS, position, _choice_rule(column))
    sheet.freeze_panes(1, 0)


def _choice_rule(column: Column) -> dict[str, object]:
    return {
        "validate": "list",
        "source": list(column.words),
        "error_title": column.heading[:32],
        "error_message": gettext("Choose one of the words in the list.")[:255],
    }


def _explanations(book: Workbook, sheet: Worksheet, columns: Columns) -> None:
    wrapped = book.add_format(
        {"font_name": FONT, "font_size": 11, "text_wrap": True, "valign": "top", "num_format": AS_TEXT}
    )
    heads = [
        gettext("Column heading"), gettext("Must be filled in"), gettext("What it means"), gettext("Words to choose from"),
        gettext("Example entry"), gettext("Column code"),
    ]  # fmt: skip
    for position, (head, width) in enumerate(zip(heads, (22, 8, 60, 40, 28, 22), strict=True)):
        sheet.set_column(position, position, width)
        sheet.write_string(0, position, head, heading_format(book))
    for row, column in enumerate(columns.columns, start=1):
        cells = [
            column.heading, "○" if column.required else "", str(column.meaning),
            "／".join(column.words), column.example, column.code,
        ]  # fmt: skip
        for position, cell in enumerate(cells):
            sheet.write_string(row, position, cell, wrapped)
    sheet.freeze_panes(1, 0)
