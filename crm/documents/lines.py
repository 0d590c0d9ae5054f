"""Breaks text into lines as Japanese does (禁則処理, JIS X 4051), and the flowable that prints it.

No closing mark, small kana or long vowel at a line's start, no opening bracket at its end; Latin words, numbers with their
unit, and pairs such as …… stay whole; no line is wider than its place. A piece that is wider than the whole line by itself
is broken between any two characters, since overflowing would be worse.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.platypus import Flowable

from crm.documents import fonts

INK = HexColor("#1a1a1a")

NOT_FIRST = frozenset(
    "、。，．・：；？！‼⁇⁈⁉」』）］｝〉》〕】〙〗〟’”｠»々〻〆ゝゞヽヾーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎゕゖ"
    "ㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ゛゜｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ‐゠–〜～℃％‰)]},.:;!?%"
)
NOT_LAST = frozenset("「『（［｛〈《〔【〘〖〝‘“｟«｢￥＄￡＃№([{¥$£#")
TOGETHER = frozenset("…‥―—")
UNITS = frozenset("年月日円人名社件回個号時分点歳階度")
BLANK = " \u3000"
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Style:
    """How a text looks: face, size and line distance in points, where it stands in its place, its colour.

    ``spacing`` parts the characters of a heading that fits on one line; it still copies as one word.
    """

    face: str = fonts.SANS
    size: float = 10
    leading: float = 0
    align: str = "left"
    colour: Color = INK
    spacing: float = 0

    @property
    def distance(self) -> float:
        """From base line to base line."""
        return self.leading or self.size * 1.55

    def but(self, **changes: Any) -> Style:
        """The same with some traits changed."""
        return replace(self, **changes)


class Text(Flowable):
    """A text in lines. Line ends in the text are kept; it may go on in the next column or page."""

    def __init__(self, text: str, style: Style = Style(), *, before: float = 0, after: float = 0) -> None:
        super().__init__()
        self.text = fonts.printable(text)
        self.style = style
        self.spaceBefore, self.spaceAfter = before, after
        self._lines: list[str] = []

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        """The width taken and the height needed, in points."""
        self.width = available_width
        self._lines = broken(self.text, self.style.face, self.style.size, available_width)
        self.height = len(self._lines) * self.style.distance
        return self.width, self.height

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        """Two texts, the first of which fits; nothing when not even one line does."""
        self.wrap(available_width, available_height)
        fitting = int((available_height + _ROUNDING) // self.style.distance)
        if fitting < 1 or fitting >= len(self._lines):
            return [] if fitting < 1 else [self]
        return [_Lines(self._lines[:fitting], self.style), _Lines(self._lines[fitting:], self.style, self.spaceAfter)]

    def minWidth(self) -> float:
        """The widest piece that does not break."""
        widths = [fonts.width(unit, self.style.face, self.style.size) for unit in units(self.text.replace("\n", " "))]
        return max(widths, default=0)

    def drawOn(self, canvas: Any, x: float, y: float, _sW: float = 0) -> None:
        """Print the lines at a place. To move the origin there and back, as flowables do, would cost as much again."""
        self._print(canvas, self._hAlignAdjust(x, _sW), y)

    def draw(self) -> None:
        """Print the lines onto the canvas ReportLab has set."""
        self._print(self.canv, 0, 0)

    def _print(self, canvas: Any, left: float, bottom: float) -> None:
        style, colour = self.style, canvas._fillColorObj
        x = left + {"left": 0, "right": self.width, "centre": self.width / 2}[style.align]
        y = bottom + self.height - style.distance / 2 - style.size * 0.38  # a kanji's middle is 0.38 above the base
        other = colour is not style.colour and colour != style.colour
        if other:
            canvas.setFillColor(style.colour)
        for line in self._lines:
            fonts.draw(canvas, x, y, line, style.face, style.size, align=style.align, spacing=style.spacing)
            y -= style.distance
        if other and style.colour is not INK:  # INK stays: the next text need not set it again
            canvas.setFillColor(colour)


class _Lines(Text):
    """Lines that were broken before: a part of a text that was split."""

    def __init__(self, lines: list[str], style: Style, after: float = 0) -> None:
        super().__init__("\n".join(lines), style, after=after)


@lru_cache(maxsize=2000)
def _broken(text: str, face: str, size: float, width: float) -> tuple[str, ...]:
    return tuple(line for paragraph in text.split("\n") for line in _paragraph(paragraph, face, size, width))


def broken(text: str, face: str, size: float, width: float) -> list[str]:
    """The printable text in lines no wider than ``width`` points. Raises ``MissingGlyph``."""
    return list(_broken(text, face, size, width))


def fitting_size(text: str, face: str, width: float, *, largest: float, smallest: float, most_lines: int = 1) -> float:
    """The largest size, in half points, at which the text takes no more lines than allowed, but at least ``smallest``."""
    size = largest
    while size > smallest and len(broken(text, face, size, width)) > most_lines:
        size -= 0.5
    return max(size, smallest)


def units(text: str) -> list[str]:
    """The text in pieces between which a line may end. Runs of blanks are pieces of their own."""
    pieces: list[str] = []
    for character in text:
        if pieces and _belongs(pieces[-1][-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _belongs(before: str, after: str) -> bool:
    """Whether no line may end between two characters."""
    if before in BLANK or after in BLANK:
        return before in BLANK and after in BLANK
    return (
        after in NOT_FIRST
        or before in NOT_LAST
        or bool(unicodedata.combining(after))
        or (before == after and after in TOGETHER)
        or (_is_word(before) and (_is_word(after) or (before.isdigit() and after in UNITS)))
    )


def _is_word(character: str) -> bool:
    """Part of a word or number written without spaces inside: not kana, not kanji, not their punctuation."""
    if character.isascii():
        return True
    letter = unicodedata.category(character)[0] in "LM" or character.isdecimal()
    return letter and unicodedata.east_asian_width(character) not in "WFH"


def _paragraph(text: str, face: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    line, taken = "", 0.0
    for unit in units(text):
        wide = fonts.width(unit, face, size)
        if unit[0] in BLANK:
            line, taken = (line + unit, taken + wide) if line or not lines else (line, taken)
            continue
        if line.strip(BLANK) and taken + wide > width + _ROUNDING:
            lines.append(line.rstrip(BLANK))
            line, taken = "", 0.0
        if taken + wide > width + _ROUNDING:  # wider than a line by itself, or than what an indent leaves
            *full, unit = _torn(line + unit, face, size, width)
            lines += full
            line, taken = unit, fonts.width(unit, face, size)
        else:
            line, taken = line + unit, taken + wide
    return [*lines, line.rstrip(BLANK)] if line or not lines else lines


def _torn(unit: str, face: str, size: float, width: float) -> list[str]:
    """A piece too wide for any line, cut where it must be; the rules of lines hold as far as they can."""
    parts = []
    while fonts.width(unit, face, size) > width + _ROUNDING and len(unit) > 1:
        fits, taken = 0, 0.0
        while fits < len(unit) and taken + (step := fonts.width(unit[fits], face, size)) <= width + _ROUNDING:
            fits, taken = fits + 1, taken + step
        cut = max(fits, 1)
        while cut > 1 and (unit[cut] in NOT_FIRST or unit[cut - 1] in NOT_LAST or unicodedata.combining(unit[cut])):
            cut -= 1
        if cut == 1:
            cut = max(fits, 1)
        parts.append(unit[:cut])
        unit = unit[cut:]
    return [*parts, unit]
