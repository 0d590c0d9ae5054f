"""Excel workbooks: ordinary ones, odd ones, and bombs."""

from __future__ import annotations

import contextlib
import io
import time
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from crm.exchange.reading import Unreadable, read
from crm.exchange.workbook_measure import scan_of
from crm.exchange.writing import xlsx_bytes

SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def a_workbook(*rows: list[Any], change: Any = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def clock_time(hour: int, minute: int) -> datetime:
    """A moment on 1 April 2026 as a workbook keeps it: without a time zone."""
    return datetime(2026, 4, 1, hour, minute, tzinfo=UTC).replace(tzinfo=None)


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The same workbook with one part replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, content)
    return buffer.getvalue()


def a_sheet(rows: str, before: str = "") -> bytes:
    text = f'<?xml version="1.0" encoding="UTF-8"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    return text.encode()


def test_values_are_shown_as_the_office_would_type_them() -> None:
    sheet = read(
        a_workbook(
            ["法人番号", "基準日", "時刻", "率", "はい", "電話"],
            [4010001000001, date(2026, 4, 1), clock_time(13, 30), 0.1, True, "0312345678"],
            [-5, clock_time(0, 0), 1e15, 1.5, None, " 空白 "],
        )
    )
    assert sheet.form == "xlsx"
    assert sheet.rows[0].cells == ("4010001000001", "2026-04-01", "2026-04-01 13:30", "0.1", "TRUE", "0312345678")
    assert sheet.rows[1].cells == ("-5", "2026-04-01", "1000000000000000", "1.5", "", " 空白 ")


def test_a_day_shown_in_an_era_is_a_day() -> None:
    def change(book: Workbook) -> None:
        book.active["A2"].number_format = '[$-411]ggge"年"m"月"d"日"'

    assert read(a_workbook(["日"], [46113], change=change)).rows[0].cells == ("2026-04-01",)


def test_blank_rows_count_and_formatted_blank_cells_far_away_do_not() -> None:
    def change(book: Workbook) -> None:
        book.active["A4"] = "C"
        for cell in ("XFD1", "A90000", "ZZ70000"):
            book.active[cell].number_format = "0.00"

    sheet = read(a_workbook(["name", None], ["B"], change=change))
    assert sheet.headings == ("name",)
    assert [(row.number, row.cells) for row in sheet.rows] == [(2, ("B",)), (4, ("C",))]


def test_the_first_visible_sheet_is_read() -> None:
    def change(book: Workbook) -> None:
        book.active.sheet_state = "hidden"
        book.create_sheet("団体").append(["name"])
        book["団体"].append(["見本"])
        book.create_sheet("記入方法").append(["heading"])
        book.active = 1

    assert read(a_workbook(["secret"], change=change)).rows[0].cells == ("見本",)


def test_furigana_that_excel_keeps_are_not_part_of_the_name() -> None:
    text = "<si><t>川崎</t><rPh sb='0' eb='2'><t>カワサキ</t></rPh></si><si><r><t>株式</t></r><r><t>会社</t></r></si>"
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    data = with_part(xlsx_bytes("x", ["x"], []), SHEET, a_sheet(cells))
    data = with_part(data, "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{text}</sst>'.encode())
    assert read(data).headings == ("川崎", "株式会社")


def test_a_cell_with_an_error_is_refused_with_its_place() -> None:
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>社員数</t></is></c></row><row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'
    with pytest.raises(Unreadable, match="Row 2, column 1: the cell holds the error #N/A"):
        read(with_part(a_workbook(["x"]), SHEET, a_sheet(cells)))


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_at_once() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for part in range(3):
            with archive.open(f"xl/media/{part}.bin", "w", force_zip64=True) as stream:
                for _block in range(64):
                    stream.write(bytes(1024 * 1024))
    started = time.monotonic()
    with pytest.raises(Unreadable, match="unpacks to too much"):
        read(buffer.getvalue())
    assert time.monotonic() - started < 2


def test_a_lie_about_the_unpacked_size_does_not_help() -> None:
    data = bytearray(with_part(a_workbook(["name"]), SHEET, a_sheet("<row/>" * 400_000)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        stated = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    data = data.replace(stated, (500).to_bytes(4, "little"))
    with pytest.raises(Unreadable, match="damaged"):
        read(bytes(data))


@pytest.mark.parametrize("address", ["XFD1048576", "A100001", "GS1", "GR99999"])
def test_a_cell_far_away_is_refused_before_the_rectangle_is_laid_out(address: str) -> None:
    cells = f'<row r="1"><c r="A1"><v>1</v></c></row><row><c s=">" r="{address}"><v>1</v></c></row>'
    with pytest.raises(Unreadable, match="too large"):
        read(with_part(a_workbook(["x"]), SHEET, a_sheet(cells)))


def test_the_stated_dimension_is_not_believed() -> None:
    sheet = a_sheet('<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row>').replace(
        b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    assert read(with_part(a_workbook(["x"]), SHEET, sheet)).headings == ("name",)


def test_one_long_text_repeated_in_every_cell_is_refused() -> None:
    text = f'<sst xmlns="{MAIN}"><si><t>{"あ" * 30_000}</t></si></sst>'.encode()
    cells = "".join(
        f'<row r="{row}">'
        + "".join(f'<c r="{get_column_letter(c)}{row}" t="s"><v>0</v></c>' for c in range(1, 51))
        + "</row>"
        for row in range(1, 101)
    )
    data = with_part(with_part(xlsx_bytes("x", ["x"], []), "xl/sharedStrings.xml", text), SHEET, a_sheet(cells))
    with pytest.raises(Unreadable, match="too large"):
        read(data)
    prefixed = text.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"xmlns", b"xmlns:x")
    with pytest.raises(Unreadable, match="too large"):
        read(with_part(data, "xl/sharedStrings.xml", prefixed))


def test_entities_are_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    for part in (SHEET, "xl/workbook.xml"):
        with pytest.raises(Unreadable, match="document type"):
            read(with_part(a_workbook(["x"]), part, a_sheet("<row/>", before=laughs)))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml"])
def test_a_part_in_an_encoding_nobody_knows_is_refused(part: str) -> None:
    content = f'<?xml version="1.0" encoding="ZTF-8"?><workbook xmlns="{MAIN}"/>'.encode()
    with pytest.raises(Unreadable, match="damaged"):
        read(with_part(a_workbook(["x"]), part, content))


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(Unreadable, match="too large"):
        scan_of(b"<a>" * 100_000)


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"])
@pytest.mark.parametrize("content", [b"", b"<a", b"<a/>", b"\xff\xfe<\0a\0/\0>\0"])
def test_a_damaged_workbook_is_refused_or_read_but_nothing_else(part: str, content: bytes) -> None:
    with contextlib.suppress(Unreadable):
        read(with_part(a_workbook(["name"], ["A"]), part, content))


def test_a_cut_file_and_another_archive_are_refused() -> None:
    data = a_workbook(["name"], ["A"])
    with pytest.raises(Unreadable, match="damaged"):
        read(data[: len(data) // 2])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(Unreadable, match="not an Excel workbook"):
        read(buffer.getvalue())
