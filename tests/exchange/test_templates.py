"""The template and the importer cannot disagree."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from crm.exchange import cells
from crm.exchange.columns import Column, Columns
from crm.exchange.reading import read
from crm.exchange.templates import template
from crm.text import _

COLUMNS = Columns(
    "samples",
    [
        Column(
            "name", "団体名", cells.text(), required=True, meaning=_("The name as registered."), example="見本株式会社"
        ),
        Column("kind", "種別", cells.Choice({"企業": 1, "大学": 2})),
        Column("phone", "電話", cells.phone),
    ],
)


def test_the_importer_reads_its_own_template() -> None:
    sheet = read(template(COLUMNS, "団体"))
    assert sheet.headings == ("団体名", "種別", "電話")
    assert not COLUMNS.read(sheet).errors
    assert not sheet.rows


def test_a_filled_template_keeps_the_zero_of_a_phone_number_and_offers_the_choices() -> None:
    book = load_workbook(io.BytesIO(template(COLUMNS, "団体")))
    sheet = book.worksheets[0]
    assert sheet.column_dimensions["A"].number_format == "@"  # one entry for all columns alike
    rule = sheet.data_validations.dataValidation[0]
    assert rule.formula1 == '"企業,大学"'
    assert str(rule.sqref).startswith("B2:")
    sheet.append(["A", "大学", "0312345678"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert COLUMNS.read(read(buffer.getvalue())).rows[0].values == {"name": "A", "kind": 2, "phone": "0312345678"}


def test_the_second_sheet_explains_each_column() -> None:
    rows = list(load_workbook(io.BytesIO(template(COLUMNS, "団体"))).worksheets[1].values)
    assert rows[1] == ("団体名", "○", "The name as registered.", "", "見本株式会社", "name")
    assert rows[2][3] == "企業／大学"


def test_the_same_columns_give_the_same_bytes() -> None:
    assert template(COLUMNS, "団体") == template(COLUMNS, "団体")
