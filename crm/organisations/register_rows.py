"""What the corporate number register says, row by row: the format of the National Tax Agency's downloads and of its Web-API.

国税庁法人番号公表サイト, Web-API 仕様書 version 4 and ダウンロードファイル: 30 columns without headings, CSV in Shift_JIS or UTF-8, the
downloads packed in a zip. The Web-API's answer begins with a line of another shape (day, number of rows, pages). A row may be an
older state of the same number (``latest`` 0); only the newest counts.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO

from crm.exchange.archives import DAMAGED_ZIP
from crm.exchange.sheets import Unreadable
from crm.text import _
from crm.values import BadValue, address, japanese

COLUMNS = 30
DELETED = "99"  # process 削除: the number was given by mistake
SAMPLE = 65_536
MOST_UNPACKED = 4 * 1024**3  # the whole country is 1.3 GB


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One corporate number as the register has it. ``name_is_image``: its name holds characters the register shows as a picture."""

    corporate_number: str
    name: str
    kana: str
    kind: str
    postal_code: str
    address: str
    closed_on: date | None
    close_cause: str
    successor_number: str | None
    changed_on: date | None
    updated_on: date | None
    name_is_image: bool


def rows_of_file(stream: IO[bytes]) -> Iterator[RegisterRow]:
    """The newest rows of a download, a CSV file or a zip of them, read piece by piece. Raises `Unreadable`."""
    try:
        if not zipfile.is_zipfile(stream):
            stream.seek(0)
            yield from _rows_of_csv(stream)
            return
        with zipfile.ZipFile(stream) as archive:
            members = [part for part in archive.infolist() if part.filename.lower().endswith(".csv")]
            if not members or sum(part.file_size for part in members) > MOST_UNPACKED:
                raise Unreadable(_("This zip holds no CSV file of the register, or too much."))
            for part in members:
                with archive.open(part) as unpacked:
                    yield from _rows_of_csv(unpacked)
    except (*DAMAGED_ZIP, csv.Error) as problem:
        raise Unreadable(_("This is not a file of the corporate number register.")) from problem


def rows_of_text(text: str) -> Iterator[RegisterRow]:
    """The newest rows of a CSV text, as the Web-API answers."""
    return _rows(csv.reader(io.StringIO(text)), has_heading=True)


def _rows_of_csv(stream: IO[bytes]) -> Iterator[RegisterRow]:
    begin = stream.read(SAMPLE)
    rest = io.BufferedReader(_Again(begin, stream))  # type: ignore[type-var]
    with io.TextIOWrapper(rest, encoding=_encoding(begin), newline="") as text:
        yield from _rows(csv.reader(text))


def _encoding(begin: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(begin)
    except UnicodeDecodeError:
        return "cp932"
    return "utf-8-sig"


class _Again(io.RawIOBase):
    """What was read to look at, and then the rest of the stream."""

    def __init__(self, begin: bytes, rest: IO[bytes]) -> None:
        self._begin, self._rest = io.BytesIO(begin), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._begin.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _rows(lines: Iterable[list[str]], *, has_heading: bool = False) -> Iterator[RegisterRow]:
    for number, cells in enumerate(lines, start=1):
        if not cells or (has_heading and number == 1):
            continue
        if len(cells) != COLUMNS:
            raise Unreadable(
                _("Row %(row)s has %(count)s columns. A file of the register has %(wanted)s.", row=number,
                  count=len(cells), wanted=COLUMNS)
            )  # fmt: skip
        if cells[23] in ("", "1") and cells[2] != DELETED:
            yield _row(cells, number)


def _row(cells: list[str], number: int) -> RegisterRow:
    try:
        return RegisterRow(
            corporate_number=japanese.corporate_number(cells[1]),
            name=japanese.clean_text(cells[6].strip()),
            kana=cells[28].strip() if japanese.is_kana(cells[28].strip()) else "",
            kind=cells[8].strip(),
            postal_code=address.postal_code(cells[15]) if cells[15].strip() else "",
            address=japanese.clean_text("".join(cells[9:12]).strip() or cells[16].strip()),
            closed_on=_day(cells[18]),
            close_cause=cells[19].strip(),
            successor_number=japanese.corporate_number(cells[20]) if cells[20].strip() else None,
            changed_on=_day(cells[5]),
            updated_on=_day(cells[4]),
            name_is_image=bool(cells[7].strip()),
        )
    except (BadValue, ValueError) as problem:
        raise Unreadable(_("Row %(row)s: %(message)s", row=number, message=str(problem))) from problem


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell.strip()) if cell.strip() else None
