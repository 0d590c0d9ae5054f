"""Counts what a workbook's parts hold, without building it: the guard in front of the real reader.

The stated dimension of a sheet is not believed. What counts is where its cells stand, since the real reader lays out the
whole rectangle, and how long their texts are, since one shared text may be repeated in every cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from xml.parsers import expat

from crm.exchange.sheets import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Unreadable, too_large
from crm.text import _

_MAX_TEXT = 64 * 1024 * 1024
_MAX_ELEMENTS = 4_000_000
_MAX_DEPTH = 64
_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
# A cell as Excel and all common programs write it, and anything at all that may open a cell.
_PLAIN_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="[0-9]+")?(?: t="(s|n|b|d|str|inlineStr)")?/?>',
)
_ANY_CELL = re.compile(rb"<(?:[\w.\-]+:)?c[\s/>]")


def measure(parts: dict[str, bytes]) -> None:
    """Refuse parts that are too large, that hold a document type (and with it entities), or a cell with an error.

    A quick look at the bytes passes ordinary workbooks; only what it cannot vouch for is read element by element.
    Raises `Unreadable`.
    """
    for content in parts.values():
        _well_formed(content)
    if not _plainly_small(parts.values()):
        _measure_exactly(parts.values())


def scan_of(content: bytes) -> Scan:
    """One part read element by element. Raises `Unreadable`."""
    scan = Scan()
    scan.feed(content)
    return scan


def _well_formed(content: bytes) -> None:
    """UTF-8, well-formed, no document type: what the looks below may rely on."""
    parser = expat.ParserCreate("utf-8")  # not what the part says: the looks below take it for UTF-8
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.XmlDeclHandler = _refuse_other_encodings
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\0", b"<\0")):
        raise damaged()
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise damaged() from None


def _refuse_document_type(*_declaration: object) -> None:
    raise Unreadable(_("This is not an Excel workbook as Excel writes it: it declares a document type."))


def _refuse_other_encodings(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii"):
        raise damaged()


def _plainly_small(parts: Collection[bytes]) -> bool:
    """Whether upper bounds alone show that everything is within the limits. False says nothing."""
    rows, columns, uses = {b"1"}, {b"A"}, 0
    for content in parts:
        cells = _PLAIN_CELL.findall(content)
        if len(cells) != len(_ANY_CELL.findall(content)) or b"<![CDATA[" in content or b"<!--" in content:
            return False
        columns.update(cell[0] for cell in cells)
        rows.update(cell[1] for cell in cells)
        uses += sum(cell[2] == b"s" for cell in cells)
        if content.count(b"si") > 2 * MAX_CELLS:
            return False
    last_row, last_column = max(map(int, rows)), max(_column_number(letters.decode()) for letters in columns)
    within = last_row <= MAX_ROWS and last_column <= MAX_COLUMNS and last_row * last_column <= MAX_CELLS
    return within and uses * _longest_text(parts) <= _MAX_TEXT


def _longest_text(parts: Collection[bytes]) -> int:
    """No shared text is longer than the bytes between two ends of texts, in a part that has any."""
    with_texts = [part for part in parts if b"<si" in part or b":si" in part]
    return max((len(text) for part in with_texts for text in part.split(b"</si>")), default=0)


def _measure_exactly(parts: Collection[bytes]) -> None:
    texts: list[int] = []
    uses: Counter[int] = Counter()
    for content in parts:
        scan = scan_of(content)
        texts.extend(scan.text_lengths)
        uses.update(scan.text_uses)
    if sum(times * texts[which] for which, times in uses.items() if which < len(texts)) > _MAX_TEXT:
        raise too_large()


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def damaged() -> Unreadable:
    """The refusal of a workbook that does not hold together."""
    return Unreadable(_("The Excel workbook is damaged or incomplete. Please open it in Excel and save it again."))


class Scan:
    """One pass over one part: where its cells stand, how long its shared texts are and how often each is used."""

    def __init__(self) -> None:
        self.text_lengths: list[int] = []
        self.text_uses: Counter[int] = Counter()
        self._row = self._column = self._elements = self._depth = 0
        self._last_row = self._last_column = 0
        self._kind = ""
        self._in_value = self._in_text = False
        self._value = ""
        self._parser = expat.ParserCreate("utf-8", namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = _refuse_document_type
        self._parser.XmlDeclHandler = _refuse_other_encodings

    def feed(self, content: bytes) -> None:
        """Read the whole part. Raises `Unreadable`."""
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError:
            raise damaged() from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > _MAX_ELEMENTS or self._depth > _MAX_DEPTH:
            raise too_large()
        name = tag.rpartition("}")[2]
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self._row = self._number(attributes.get("r"), self._row + 1)
            self._column = 0
        elif name in ("v", "is"):
            self._in_value, self._value = True, ""
            self._occupied()
        elif name == "si":
            self._in_text = True
            self.text_lengths.append(0)
            if len(self.text_lengths) > MAX_CELLS:
                raise too_large()

    def _end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.rpartition("}")[2]
        if name == "v":
            self._in_value = False
            if self._kind == "s" and self._value.strip().isascii() and self._value.strip().isdigit():
                self.text_uses[int(self._value.strip()[:10])] += 1
            elif self._kind == "e":
                raise self._error_in_cell()
        elif name == "si":
            self._in_text = False

    def _characters(self, text: str) -> None:
        if self._in_text:
            self.text_lengths[-1] += len(text)
        elif self._in_value and len(self._value) < 32:
            self._value += text

    def _cell(self, attributes: dict[str, str]) -> None:
        self._kind = attributes.get("t", "n")
        address = _ADDRESS.fullmatch(attributes.get("r", ""))
        if address is None:
            self._column += 1
            return
        self._column = _column_number(address[1])
        self._row = int(address[2])

    def _occupied(self) -> None:
        """The cell at hand holds something: it widens the rectangle that will be read."""
        if self._row <= self._last_row and self._column <= self._last_column:
            return
        self._last_row = max(self._row, self._last_row)
        self._last_column = max(self._column, self._last_column)
        beyond = self._last_row > MAX_ROWS or self._last_column > MAX_COLUMNS
        if beyond or self._last_row * self._last_column > MAX_CELLS:
            raise too_large()

    def _error_in_cell(self) -> Unreadable:
        return Unreadable(
            _(
                "Row %(row)s, column %(column)s: the cell holds the error %(error)s. Please correct it in Excel.",
                row=self._row,
                column=self._column,
                error=self._value,
            )
        )

    @staticmethod
    def _number(written: str | None, otherwise: int) -> int:
        return int(written) if written and written.isascii() and written.isdigit() and len(written) < 9 else otherwise
