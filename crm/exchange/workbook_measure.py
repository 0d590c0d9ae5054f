"""Counts what a workbook's parts hold, without building it: the guard in front of the real reader.

The stated dimension of a sheet is not believed. What counts is where its cells stand, since the real reader lays out the
whole rectangle, and how long their texts are, since one shared text may be repeated in every cell.
"""

from __future__ import annotations

import re
from collections import Counter
from xml.parsers import expat

from crm.exchange.sheets import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Unreadable, too_large
from crm.text import _

_MAX_TEXT = 64 * 1024 * 1024
_MAX_ELEMENTS = 20_000_000
_MAX_DEPTH = 64
_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def measure(parts: dict[str, bytes]) -> None:
    """Refuse parts that are too large, that hold a document type (and with it entities), or a cell with an error.

    Raises `Unreadable`.
    """
    texts: list[int] = []
    uses: Counter[int] = Counter()
    for content in parts.values():
        scan = _Scan()
        scan.feed(content)
        texts.extend(scan.text_lengths)
        uses.update(scan.text_uses)
    if sum(times * texts[which] for which, times in uses.items() if which < len(texts)) > _MAX_TEXT:
        raise too_large()


class _Scan:
    """One pass over one part."""

    def __init__(self) -> None:
        self.text_lengths: list[int] = []
        self.text_uses: Counter[int] = Counter()
        self._row = self._column = self._elements = self._depth = 0
        self._last_row = self._last_column = 0
        self._kind = ""
        self._in_value = self._in_text = False
        self._value = ""
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, content: bytes) -> None:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError:
            raise Unreadable(
                _("The Excel workbook is damaged or incomplete. Please open it in Excel and save it again.")
            ) from None

    def _doctype(self, *_declaration: object) -> None:
        raise Unreadable(_("This is not an Excel workbook as Excel writes it: it declares a document type."))

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
        self._column = 0
        for letter in address[1].upper():
            self._column = self._column * 26 + ord(letter) - ord("A") + 1
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
