"""CSV files as offices send them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.exchange.reading import Unreadable, read
from crm.exchange.sheets import MAX_COLUMNS

HEADINGS = "団体名,電話,備考"
ROWS = f"{HEADINGS}\r\n㈱髙﨑①～商会,03-1234-5678,\r\n\r\n見本,0312345678,あ\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_the_encoding_is_found_by_itself_and_row_numbers_count_as_in_the_file(encoding: str) -> None:
    sheet = read(ROWS.encode(encoding), "list.csv")
    assert sheet.headings == ("団体名", "電話", "備考")
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ("㈱髙﨑①～商会", "03-1234-5678", "")),
        (4, ("見本", "0312345678", "あ")),
    ]
    assert sheet.form == ("cp932" if encoding == "cp932" else "utf-8")
    assert sheet.lines == 4


@pytest.mark.parametrize("said", ["cp932", "Shift_JIS", "shift-jis", "Windows-31J", "SJIS"])
def test_whoever_says_shift_jis_means_cp932(said: str) -> None:
    assert read(ROWS.encode("cp932"), encoding=said).rows[0].cells[0] == "㈱髙﨑①～商会"


def test_a_mark_at_the_start_does_not_hide_the_first_heading() -> None:
    assert read(b"\xef\xbb\xbf\xef\xbb\xbfname,kana\n1,2\n").headings == ("name", "kana")


def test_a_byte_of_no_encoding_is_named() -> None:
    data = "団体名\n".encode() + b"\xff\xff\n"
    with pytest.raises(Unreadable, match=r"neither UTF-8 \(byte 11\) nor CP932 \(byte \d+\)"):
        read(data)


def test_a_wrong_encoding_that_was_asked_for_is_refused_with_its_line() -> None:
    with pytest.raises(Unreadable, match=r"not written in UTF-8: byte \d+ \(line 1\)"):
        read(ROWS.encode("cp932"), encoding="utf-8")
    with pytest.raises(Unreadable, match="“latin-1” is not known"):
        read(ROWS.encode(), encoding="latin-1")


def test_utf_16_is_refused_by_name() -> None:
    with pytest.raises(Unreadable, match="UTF-16"):
        read(ROWS.encode("utf-16"))


def test_kana_of_a_bank_are_not_taken_for_latin_letters_nor_the_other_way_round() -> None:
    kana = "name,kana\nA,ﾃｯ\n"
    assert kana.encode("cp932").decode("utf-8")  # the trap: the bytes fit UTF-8, too
    assert read(kana.encode("cp932")).rows[0].cells == ("A", "ﾃｯ")
    assert read("name,kana\nCafé,x\n".encode()).rows[0].cells == ("Café", "x")


def test_an_open_quotation_mark_is_named_with_its_row_and_swallows_nothing() -> None:
    with pytest.raises(Unreadable, match="Row 3: a quotation mark"):
        read(f'{HEADINGS}\n1,2,3\n4,"5,6\n7,8,9\n'.encode())


def test_an_open_quotation_mark_that_a_later_one_closes_is_named_too() -> None:
    with pytest.raises(Unreadable, match="Row 2: a quotation mark"):
        read(f'{HEADINGS}\n1,"2,3\n4,5,6\n7,8",9\n'.encode())
    with pytest.raises(Unreadable, match="Row 2: a quotation mark"):
        read(f'{HEADINGS}\n1,"2,3\n4,"5",6\n'.encode())


def test_lines_within_a_cell_are_kept_and_the_row_counts_once() -> None:
    sheet = read(f'{HEADINGS}\n1,"二\n三, 四",\n5,6,7\n'.encode())
    assert [(row.number, row.cells) for row in sheet.rows] == [(2, ("1", "二\n三, 四", "")), (3, ("5", "6", "7"))]


def test_a_cell_of_ten_megabytes_is_named() -> None:
    with pytest.raises(Unreadable, match="Row 2: a cell is too long"):
        read(b"name\n" + b"x" * 10_000_000)
    with pytest.raises(Unreadable, match="Row 2, column 1: the cell is too long"):
        read(b"name\n" + b"x" * 40_000)


def test_too_many_rows_or_columns_are_refused() -> None:
    with pytest.raises(Unreadable, match="too large"):
        read(b"name\n" + b"x\n" * 100_000)
    with pytest.raises(Unreadable, match="too large"):
        read(b"x," * (MAX_COLUMNS + 1) + b"x\n")


def test_blank_cells_at_the_end_are_dropped_and_short_rows_filled() -> None:
    sheet = read(b"name,kana,,\nA,,,\nB\nC,D,,E\n,,,\n")
    assert sheet.headings == ("name", "kana")
    assert [row.cells for row in sheet.rows] == [("A", ""), ("B", ""), ("C", "D", "", "E")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b",,\n1,2,3\n", "first row is empty"),
        (b"%PDF-1.7\n", "not a spreadsheet"),
        (b"<html><table>", "not a spreadsheet"),
        (b"name\n\0\n", "not a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", "old Excel file"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_with_what_it_is(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(data)


def test_tabs_part_cells_where_the_heading_has_them() -> None:
    assert read("団体名\t電話\n見本\t03\n".encode()).rows[0].cells == ("見本", "03")


@given(st.binary(max_size=300))
@example(b'a\n"')
@example(b"\x80\xa0\xfd\n")
@example(b"PK\x03\x04")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(data)
