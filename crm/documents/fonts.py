"""The faces papers are printed with: Japanese sans and serif, falling back per character to what has the glyph.

A character no font has raises ``MissingGlyph`` naming it: a paper never leaves the house with an empty box in a name.
Text is kept as typed; only on the way to the paper are variation selectors and invisible marks taken out and combining
marks joined. Fonts are registered with ReportLab at first use, once a process.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from typing import Any

from reportlab.pdfbase import pdfmetrics, ttfonts

from crm.errors import Refused
from crm.text import _

SANS, BOLD, SERIF, SERIF_BOLD = "Sans", "SansBold", "Serif", "SerifBold"

FILES = {
    SANS: "sans-regular",
    BOLD: "sans-bold",
    SERIF: "serif-regular",
    "Latin": "latin-regular",
    "LatinBold": "latin-bold",
}
# No package brings a bold serif: its glyphs are the regular ones, drawn with a thin outline.
CHAINS = {
    SANS: (SANS, "Latin"),
    BOLD: (BOLD, "LatinBold", SANS, "Latin"),
    SERIF: (SERIF, SANS, "Latin"),
    SERIF_BOLD: (SERIF, BOLD, "LatinBold"),
}
_registering = threading.Lock()
_seen = {"\n"}  # characters that were found in a font before
OUTLINE = 0.03  # of the size: how thick the outline of SERIF_BOLD is

# Variation selectors would be drawn as a box; soft hyphens, joiners, zero-width spaces and marks have no ink.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef\r]")
# NFC would turn these into other characters (神 U+FA19 into U+795E), so they are left out of it.
_COMPATIBLE = re.compile("([\u2126\u212a\u212b\uf900-\ufaff\U0002f800-\U0002fa1f]+)")


class MissingGlyph(Refused):
    """No font has this character; ``character`` says which."""

    def __init__(self, character: str) -> None:
        super().__init__(
            _("The character “%(char)s” (%(code)s) cannot be printed.", char=character, code=f"U+{ord(character):04X}")
        )
        self.character = character


def printable(text: str) -> str:
    """The text as it goes to the paper: composed, without what has no ink; tabs become blanks. Line ends stay."""
    text = _INVISIBLE.sub("", text.replace("\t", " "))
    if unicodedata.is_normalized("NFC", text):
        return text
    parts = _COMPATIBLE.split(text)
    return "".join(part if i % 2 else unicodedata.normalize("NFC", part) for i, part in enumerate(parts))


def check(text: str) -> None:
    """Raises ``MissingGlyph`` if any character of the text cannot be printed."""
    for character in sorted(set(printable(text)) - _seen):
        font_for(character, SANS)
        _seen.add(character)


@lru_cache(maxsize=40_000)
def font_for(character: str, face: str) -> str:
    """The registered font that has the character, the face's own first. Raises ``MissingGlyph``."""
    for font in CHAINS[face]:
        if ord(character) in registered(font).charToGlyph:
            return font
    raise MissingGlyph(character)


@lru_cache(maxsize=40_000)
def advance(character: str, face: str) -> float:
    """How far a character reaches, in thousandths of the size."""
    widths: dict[int, float] = registered(font_for(character, face)).charWidths
    return float(widths[ord(character)])


def width(text: str, face: str, size: float) -> float:
    """How wide a printable text of one line is, in points."""
    return sum(advance(character, face) for character in text) * size / 1000


def runs(text: str, face: str) -> list[tuple[str, str]]:
    """The text cut where the font changes: (registered font, piece)."""
    pieces: list[tuple[str, list[str]]] = []
    for character in text:
        font = font_for(character, face)
        if pieces and pieces[-1][0] == font:
            pieces[-1][1].append(character)
        else:
            pieces.append((font, [character]))
    return [(font, "".join(characters)) for font, characters in pieces]


def draw(
    canvas: Any, x: float, y: float, text: str, face: str, size: float, *, align: str = "left", spacing: float = 0
) -> None:
    """Draw one line of printable text with its base line at ``y``; ``align`` is left, right or centre of ``x``."""
    if align != "left":
        reach = width(text, face, size) + spacing * max(len(text) - 1, 0)
        x -= reach * (1 if align == "right" else 0.5)
    stays = face == SERIF_BOLD or bool(spacing)  # what is set for this text would hold for all later text
    if stays:
        canvas.saveState()
    written = canvas.beginText(x, y)
    if face == SERIF_BOLD:
        canvas.setLineWidth(size * OUTLINE)
        canvas.setStrokeColor(canvas._fillColorObj)
        written.setTextRenderMode(2)
    if spacing:
        written.setCharSpace(spacing)
        canvas.addLiteral(f"/Span <</ActualText <FEFF{text.encode('utf-16-be').hex()}>>> BDC")
    for font, piece in runs(text, face):
        written.setFont(font, size)
        written.textOut(piece)
    canvas.drawText(written)
    if spacing:
        canvas.addLiteral("EMC")
    if stays:
        canvas.restoreState()


@cache
def registered(font: str) -> Any:
    """The face of a font, known to ReportLab from here on. Builds the fonts if nobody has yet."""
    with _registering:
        ttfonts.makeToUnicodeCMap = _to_unicode
        if font not in pdfmetrics.getRegisteredFontNames():
            from crm.documents import font_building  # fontTools takes half a second; most processes never draw

            file = font_building.ready() / f"{FILES[font]}.ttf"
            pdfmetrics.registerFont(ttfonts.TTFont(font, str(file), shapable=False))
        return pdfmetrics.getFont(font).face


@lru_cache(maxsize=20_000)
def _maps(i: int, character: int) -> str:
    return f"<{i:02X}> <{chr(character).encode('utf-16-be').hex().upper()}>"


def _to_unicode(name: str, subset: list[int]) -> str:
    """The table by which a reader copies and searches text; ReportLab's own is wrong above U+FFFF (𠮷).

    Characters are UTF-16BE, at most a hundred to a block (PDF 32000-1, 9.10.3; Adobe Technical Note 5014).
    """
    rows = [_maps(i, c) for i, c in enumerate(subset) if c]
    blocks = [rows[i : i + 100] for i in range(0, len(rows), 100)]
    mapping = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        f"/CIDSystemInfo << /Registry ({name}) /Ordering ({name}) /Supplement 0 >> def\n"
        f"/CMapName /{name} def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<00> <FF>\nendcodespacerange\n{mapping}\nendcmap\n"
        "CMapName currentdict /CMap defineresource pop\nend\nend"
    )
