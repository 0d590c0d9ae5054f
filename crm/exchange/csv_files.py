"""CSV files as they are written in Japan: UTF-8 with or without a byte order mark, CP932 from Excel.

Python's `shift_jis` lacks ①, ㈱, 髙 and ～; whoever says Shift_JIS in an office means CP932, so that is what is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from crm.exchange.sheets import MAX_CELLS, MAX_COLUMNS, Sheet, Unreadable, sheet_of, too_large
from crm.text import _

_UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = {
    "utf8": "utf-8", "utf8sig": "utf-8",
    "cp932": "cp932", "ms932": "cp932", "windows31j": "cp932", "sjis": "cp932", "shiftjis": "cp932",
}  # fmt: skip
_KANA = "\uff61-\uff9f"
_SEPARATORS = (",", "\t", ";")


def read_csv(data: bytes, name: str, encoding: str | None = None) -> Sheet:
    """A CSV file (separated by commas, tabs or semicolons) as a sheet.

    Raises `Unreadable` for an unknown encoding, with the first byte that does not fit, for a quotation mark that is not
    closed, with its row, and for a file that is not text.
    """
    text, found = decoded(data, encoding)
    if "\0" in text:
        raise Unreadable(_("This is not a spreadsheet. Please use an Excel workbook (.xlsx) or a CSV file."))
    lines = len(re.findall(r"\r\n|\r|\n", text)) + (not text.endswith(("\r", "\n")))
    return sheet_of(_records(text), name=name, form=found, lines=lines)


def decoded(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the encoding it was read in, without byte order marks. Raises `Unreadable`.

    A byte order mark is believed first, then what the caller says, then UTF-8 if every byte fits, then CP932.
    """
    if data.startswith(_WIDE_MARKS):
        raise Unreadable(_("The file is written in UTF-16. Please save it as “CSV UTF-8”, or as an Excel workbook."))
    if data.startswith(_UTF8_MARK):
        return _strictly(data, "utf-8").lstrip("\ufeff"), "utf-8"
    if encoding:
        known = _ENCODINGS.get(re.sub("[-_ ]", "", encoding.lower()))
        if known is None:
            raise Unreadable(_("The encoding “%(encoding)s” is not known: utf-8 or cp932.", encoding=encoding))
        return _strictly(data, known), known
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as failure:
        return _cp932_instead_of_utf8(data, failure.start), "cp932"
    if _looks_like_half_width_kana(text, data):
        return data.decode("cp932"), "cp932"
    return text, "utf-8"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as failure:
        raise Unreadable(
            _(
                "The file is not written in %(encoding)s: byte %(byte)s (line %(line)s) does not fit.",
                encoding=encoding.upper(),
                byte=failure.start + 1,
                line=data.count(b"\n", 0, failure.start) + 1,
            )
        ) from None
    return text


def _cp932_instead_of_utf8(data: bytes, utf8_stops: int) -> str:
    """The file in CP932, which is tried second, or a refusal that names both places."""
    try:
        text = data.decode("cp932")
    except UnicodeDecodeError as failure:
        stops = failure.start
    else:
        # Python passes 0x80, 0xA0 and 0xFD to 0xFF as control and private characters: no Japanese file has them.
        odd = re.search("[\x80-\x9f\uf8f0-\uf8f3]", text)
        if odd is None:
            return text
        stops = len(text[: odd.start()].encode("cp932"))
    raise Unreadable(
        _(
            "The encoding of the file is not known: it is neither UTF-8 (byte %(utf8)s) nor CP932 (byte %(cp932)s).",
            utf8=utf8_stops + 1,
            cp932=stops + 1,
        )
    )


def _looks_like_half_width_kana(text: str, data: bytes) -> bool:
    """Whether bytes that fit UTF-8 are rather words of half-width kana in CP932.

    ﾃｯ in CP932 has the bytes of ï in UTF-8. It is taken for kana when the UTF-8 reading has no Japanese at all, the other
    one nothing but kana, and the kana do not grow out of Latin letters, as the é of Café would.
    """
    if not re.search("[^\0-\x7f]", text) or re.search("[^\0-\u07ff]", text):
        return False
    try:
        other = data.decode("cp932")
    except UnicodeDecodeError:
        return False
    return not re.search(f"[^\0-\x7f{_KANA}]|[A-Za-z][{_KANA}]|[{_KANA}][A-Za-z]", other)


def _records(text: str) -> Iterator[list[str]]:
    """The records, strictly read: an open quotation mark is named with its row instead of swallowing what follows."""
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    # A program that quotes every heading quotes every text, and there strict reading finds each open mark by itself.
    may_swallow = not text.startswith('"')
    number, columns, cells = 0, 0, 0
    try:
        for number, record in enumerate(reader, start=1):
            columns = columns or len(record)
            cells += len(record)
            if cells > MAX_CELLS or columns > MAX_COLUMNS:
                raise too_large()
            if may_swallow and _swallows_records(record, columns, separator):
                raise _open_quote(number)
            yield record
    except csv.Error as failure:
        if "field larger than" in str(failure):
            raise Unreadable(_("Row %(row)s: a cell is too long.", row=number + 1)) from None
        raise _open_quote(number + 1) from None


def _open_quote(row: int) -> Unreadable:
    return Unreadable(
        _('Row %(row)s: a quotation mark (") is opened and not closed where it should be. Please check it.', row=row)
    )


def _swallows_records(record: list[str], columns: int, separator: str) -> bool:
    """Whether a cell of several lines holds whole records: an open quotation mark that a later one happened to close.

    So it looks when each line of the file that the record covers has as many separators as the heading.
    """
    broken = [index for index, cell in enumerate(record) if "\n" in cell or "\r" in cell]
    if len(broken) != 1 or columns < 3:
        return False
    separators = [line.count(separator) for line in re.split(r"\r\n|\r|\n", record[broken[0]])]
    separators[0] += broken[0]
    separators[-1] += len(record) - 1 - broken[0]
    return all(count == columns - 1 for count in separators)


def _separator(text: str) -> str:
    """What parts the headings: a comma, else a tab, else a semicolon."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return next((mark for mark in _SEPARATORS if mark in first), ",")
