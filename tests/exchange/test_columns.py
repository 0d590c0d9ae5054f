"""Headings and cells as the office writes them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import pytest

from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRows
from crm.exchange.reading import read
from crm.exchange.sheets import Sheet
from crm.exchange.writing import csv_bytes
from crm.values.dates import DayOrMonth
from crm.values.yen import Yen


class Size(StrEnum):
    LARGE = "large"
    SMALL = "small"


COLUMNS = Columns(
    "samples",
    [
        Column("name", "団体名", cells.text(50), required=True),
        Column("kana", "団体名カナ", cells.kana()),
        Column("fee", "会費", cells.yen),
        Column("employees", "社員数", cells.whole()),
        Column("since", "入会日", cells.day),
        Column("begun", "開始日", cells.day_or_month),
        Column("email", "担当者メール", cells.email),
        Column("kind", "種別", cells.Choice({"企業": "company", "大学": "university"})),
        Column("size", "規模", cells.Choice(Size, {"大": Size.LARGE})),
        Column("number", "法人番号", cells.corporate_number),
        Column("bank", "振込名義カナ", cells.several(cells.kana()), blank=()),
        Column("phone", "電話", cells.phone),
    ],
)


def sheet(headings: list[str], *rows: list[str]) -> Sheet:
    return read(csv_bytes(headings, rows))


def value_of(heading: str, cell: str) -> Any:
    read_rows = COLUMNS.read(sheet(["団体名", heading], ["見本", cell]))
    assert not read_rows.errors, str(read_rows.errors[0].message)
    return read_rows.rows[0].values[next(c.code for c in COLUMNS.columns if c.heading == heading)]


def errors(found: ReadRows) -> list[tuple[int, str, str]]:
    return [(error.row, error.column, str(error.message)) for error in found.errors]


@pytest.mark.parametrize(
    ("heading", "cell", "value"),
    [
        ("団体名カナ", "ｶﾌﾞｼｷｶﾞｲｼｬ", "カブシキガイシャ"),
        ("会費", "３６０，０００円", Yen(360000)),
        ("社員数", "１，２００名", 1200),
        ("入会日", "令和8年4月1日", date(2026, 4, 1)),
        ("入会日", "R8.4.1", date(2026, 4, 1)),
        ("開始日", "2025-05", DayOrMonth(2025, 5)),
        ("担当者メール", "ｔａｒｏ@EXAMPLE.jp", "taro@example.jp"),
        ("種別", " 企業 ", "company"),
        ("規模", "large", Size.LARGE),
        ("規模", "大", Size.LARGE),
        ("振込名義カナ", "ｶ)ﾐﾎﾝ／ミホンシヨウテン".replace("ｶ)", ""), ("ミホン", "ミホンシヨウテン")),
        ("振込名義カナ", "", ()),
        ("電話", "0312345678", "0312345678"),
        ("社員数", "", None),
    ],
)
def test_a_cell_is_understood_in_the_many_ways_it_is_typed(heading: str, cell: str, value: object) -> None:
    assert value_of(heading, cell) == value


@pytest.mark.parametrize(
    ("heading", "cell", "words"),
    [
        ("会費", "-5", "negative"),
        ("会費", "1.5", "fractions"),
        ("会費", "12345678901", "ten digits"),
        ("社員数", "-1", "From 0 to"),
        ("社員数", "²", "Only digits"),
        ("社員数", "1_000", "Only digits"),
        ("入会日", "2026-02-30", "no such day"),
        ("入会日", "2026-04", "Write the date"),
        ("担当者メール", "taro", "mail address"),
        ("種別", "会社", "Choose one of: 企業, 大学"),
        ("法人番号", "1234567890123", "check digit"),
        ("団体名カナ", "漢字", "katakana"),
        ("備考", "x", "Known headings: 団体名、団体名カナ"),
    ],
)
def test_what_cannot_be_understood_is_an_error_of_its_cell(heading: str, cell: str, words: str) -> None:
    found = COLUMNS.read(sheet(["団体名", heading], ["見本", ""], ["見本2", cell]))
    row, column, message = errors(found)[0]
    assert (row, column) == (1 if heading == "備考" else 3, heading)
    assert words in message


@pytest.mark.parametrize("name", ["\x00", "\u202e", "\u0007", "\ufffd", "a\nb", "x" * 51])
def test_characters_never_kept_are_an_error_of_their_cell(name: str) -> None:
    rows = Sheet("", "xlsx", ("団体名",), read(b"name\nx\n").rows)
    row = type(rows.rows[0])(2, (f"見本{name}株式会社",))
    found = COLUMNS.read(Sheet("", "xlsx", ("団体名",), (row,)))
    assert [(error.row, error.column) for error in found.errors] == [(2, "団体名")]


def test_headings_are_known_by_code_and_in_any_width() -> None:
    found = COLUMNS.read(sheet([" ＮＡＭＥ ", "団体名ｶﾅ", "社員 数"], ["見本", "ミホン", "5"]))
    assert found.rows[0].values == {"name": "見本", "kana": "ミホン", "employees": 5}


def test_wrong_headings_are_all_told_at_once() -> None:
    found = COLUMNS.read(sheet(["会費", "fee", "謎"], ["1", "2", "3"]))
    assert [(row, column) for row, column, _message in errors(found)] == [(1, "fee"), (1, "謎"), (1, "団体名")]
    assert "twice" in errors(found)[0][2]
    assert "missing" in errors(found)[2][2]
    assert not found.rows
    assert found.count == 1


def test_a_value_without_a_heading_and_a_blank_required_cell_are_errors() -> None:
    found = COLUMNS.read(read("団体名,,電話\nA,x,\n,,03-1234-5678\nC,,,y\n".encode()))
    assert errors(found) == [
        (2, "", "Column 2 has a value but no heading."),
        (3, "団体名", "This must be filled in."),
        (4, "", "Column 4 has a value but no heading."),
    ]
