"""What goes out is safe to open and comes back the same."""

from __future__ import annotations

import contextlib
import io
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from crm.exchange.reading import read
from crm.exchange.safe_cells import as_stored, safe_cell
from crm.exchange.writing import Unwritable, csv_bytes, sheet_title, xlsx_bytes
from crm.values import BadValue
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from crm.values.japanese import clean_text
from crm.values.yen import Yen

HEADINGS = ["団体名", "電話", "備考"]
DANGEROUS = [
    "=1+1", "+81-3", "-1+1|cmd", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠A1", "\t=1", "\r=1", "\n=1", " =1", "　=1",
    "'=1", "''=1", "−1", "=HYPERLINK(\"http://x\")",
]  # fmt: skip


def kept(text: str) -> bool:
    """Whether the application would store the text at all."""
    try:
        clean_text(text, multiline=True)
    except BadValue:
        return False
    return "\r" not in text


texts = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("=+-@＝＋－＠'\t\n,\";髙﨑𠮷葛\U000e0100ｶﾞ　~〜−\ufeff")),
    max_size=12,
).filter(kept)


def rows_of(data: bytes) -> list[list[str]]:
    sheet = read(data)
    return [list(row.cells) for row in sheet.rows]


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
@example([("'=x", "''=x"), ("'x", "'"), ("-5", "'-5"), ("_x0041_", "_x000D_")])
@example([("\ufeff", "a\n,,,\n"), (" a ", "0312345678")])
def test_texts_come_back_from_csv_and_workbook_exactly(pairs: list[tuple[str, str]]) -> None:
    rows = [["x", *pair, "z"] for pair in pairs]
    headings = ["id", "a", "b", "end"]
    assert rows_of(csv_bytes(headings, rows)) == rows
    assert rows_of(xlsx_bytes("見本", headings, rows)) == rows


@given(st.lists(texts, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_cp932_gives_the_same_text_back_or_says_what_it_cannot_write(cells: list[str]) -> None:
    rows = [["見本", cell, "z"] for cell in cells]
    with contextlib.suppress(Unwritable):
        assert rows_of(csv_bytes(["団体名", "a", "終"], rows, "cp932")) == rows


@pytest.mark.parametrize("text", ["鷗", "𠮷", "a〜", "−5", "葛\U000e0100", "﨟é"])
def test_a_character_cp932_lacks_is_named_with_its_row_and_never_a_question_mark(text: str) -> None:
    with pytest.raises(Unwritable, match=r"Row 3, 電話: the character .* \(U\+[0-9A-F]+\) cannot be written in CP932"):
        csv_bytes(HEADINGS, [["A", "03", ""], ["B", text, ""]], "cp932")


def test_what_windows_has_beyond_shift_jis_is_written_in_cp932() -> None:
    assert rows_of(csv_bytes(HEADINGS, [["髙①㈱～", "ｶﾞ", "a"]], "cp932")) == [["髙①㈱～", "ｶﾞ", "a"]]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_begins_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")
    assert as_stored(safe_cell(text)) == text
    cell = load_workbook(io.BytesIO(xlsx_bytes("x", ["a"], [[text]])))["x"]["A2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


@pytest.mark.parametrize("text", ["株式会社見本", "-440", "03-1234", "'quoted'", "1-2", "", "a=b"])
def test_an_ordinary_text_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text == as_stored(text)


def test_values_are_real_numbers_and_days_in_a_workbook() -> None:
    moment = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
    row = [Yen(360000), 12, date(2026, 4, 1), moment, "0312345678", None, FiscalYear(2026), DayOrMonth(2025, 5), True]
    headings = list("abcdefghi")
    data = xlsx_bytes("会費: 2026/R8", headings, [row], ["yen", "number", "day", "moment", "text"])
    sheet = load_workbook(io.BytesIO(data)).active
    assert sheet.title == "会費  2026 R8"
    cells = [cell.value for cell in sheet[2]]
    in_tokyo = datetime(2026, 4, 1, 0, 30)  # noqa: DTZ001
    assert cells == [360000, 12, datetime(2026, 4, 1), in_tokyo, "0312345678", None, 2026, "2025-05", True]  # noqa: DTZ001
    assert "¥" in sheet["A2"].number_format
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.name == "Yu Gothic"
    assert read(data).rows[0].cells[:5] == ("360000", "12", "2026-04-01", "2026-04-01 00:30", "0312345678")


def test_values_in_a_csv_file() -> None:
    row = [Yen(-440), 12, date(2026, 4, 1), datetime(2026, 3, 31, 15, 30, tzinfo=UTC), None, DayOrMonth(2025, 5)]
    assert csv_bytes(["a"], [row]).decode("utf-8-sig").splitlines()[1] == (
        '-440,12,2026-04-01,2026-04-01 00:30,"",2025-05'.replace("2026-04-01,", '"2026-04-01",', 1)
        .replace("2026-04-01 00:30", '"2026-04-01 00:30"')
        .replace("2025-05", '"2025-05"')
    )


def test_the_same_rows_give_the_same_bytes() -> None:
    rows = [["A", Yen(1), date(2026, 4, 1)]]
    assert xlsx_bytes("x", HEADINGS, rows) == xlsx_bytes("x", HEADINGS, rows)


def test_a_text_too_long_for_excel_and_half_a_character_are_refused_by_row() -> None:
    with pytest.raises(Unwritable, match="Row 2, 団体名: the text is too long"):
        xlsx_bytes("x", HEADINGS, [["a" * 32_768]])
    for broken in ("\ud800", "a\0"):
        with pytest.raises(Unwritable, match="Row 2, 団体名"):
            xlsx_bytes("x", HEADINGS, [[broken]])
        with pytest.raises(Unwritable, match="Row 2, 団体名"):
            csv_bytes(HEADINGS, [[broken]])


def test_a_sheet_always_gets_a_title() -> None:
    assert sheet_title("[]:*?/\\'") == "Sheet1"
    assert len(sheet_title("あ" * 40)) == 31
    assert unicodedata.normalize("NFC", sheet_title("会員")) == "会員"
