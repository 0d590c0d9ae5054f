"""The seal (角印) on a paper: a kept image, or, while the office has given none, one drawn from the issuer's name.

The drawn one is made of outlines, not of text, so that it does not mix with what is copied from the paper.
"""

from __future__ import annotations

import io
import math
from functools import cache, lru_cache
from typing import Any

from fontTools.pens.basePen import BasePen
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader

from crm.documents import fonts

VERMILION = HexColor("#c8321e")
SIZE = 21 * mm


def draw(canvas: Any, x: float, y: float, digest: str, name: str, size: float = SIZE) -> None:
    """Put the seal's lower left corner at ``x, y``: the image of that digest among the canvas's, or the name's seal."""
    image = canvas.images.get(digest) if digest else None
    if image is None:
        _draw_name(canvas, x, y, name, size)
    else:
        picture = ImageReader(io.BytesIO(image))
        canvas.drawImage(picture, x, y, size, size, mask="auto", preserveAspectRatio=True, anchor="c")


def _draw_name(canvas: Any, x: float, y: float, name: str, size: float) -> None:
    canvas.saveState()
    canvas.setStrokeColor(VERMILION)
    canvas.setFillColor(VERMILION)
    canvas.setFillAlpha(0.88)
    canvas.setStrokeAlpha(0.88)
    canvas.setLineWidth(size * 0.035)
    canvas.roundRect(x, y, size, size, size * 0.04)
    canvas.translate(x, y)
    canvas.scale(size / 1000, size / 1000)
    canvas.addLiteral(_carved(name))
    canvas.restoreState()


@lru_cache(maxsize=8)
def _carved(name: str) -> str:
    """The name and 印 in columns from right to left, as square seals are cut: PDF drawing orders, 1000 units wide."""
    characters = [c for c in fonts.printable(name) if not c.isspace()] + ["印"]
    columns = math.ceil(math.sqrt(len(characters)))
    rows = math.ceil(len(characters) / columns)
    wide, high = 860 / columns, 860 / rows
    orders = []
    for i, character in enumerate(characters):
        column, row = divmod(i, rows)
        left, bottom = 930 - (column + 0.98) * wide, 930 - (row + 0.86) * high
        turn = "0 -1 1 0 120 880 cm " if character == "ー" else ""  # in a column the long vowel stands upright
        orders.append(
            f"q {wide * 0.00096:.4f} 0 0 {high * 0.00096:.4f} {left:.1f} {bottom:.1f} cm {turn}{_outline(character)} Q"
        )
    return "28 w " + "\n".join(orders)


class _Pen(BasePen):
    """Outlines as PDF path orders."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.orders: list[str] = []

    def _moveTo(self, point: tuple[float, float]) -> None:
        self._write("m", point)

    def _lineTo(self, point: tuple[float, float]) -> None:
        self._write("l", point)

    def _curveToOne(self, one: tuple[float, float], two: tuple[float, float], end: tuple[float, float]) -> None:
        self._write("c", one, two, end)

    def _closePath(self) -> None:
        self.orders.append("h")

    def _write(self, order: str, *points: tuple[float, float]) -> None:
        self.orders.append(" ".join([*(f"{round(x)} {round(y)}" for x, y in points), order]))


@cache
def _glyphs(font: str) -> tuple[Any, dict[int, str]]:
    from fontTools.ttLib import TTFont  # half a second to import; most processes never draw a seal

    from crm.documents import font_building

    file = TTFont(font_building.ready() / f"{fonts.FILES[font]}.ttf", lazy=True)
    return file.getGlyphSet(), file.getBestCmap()


def _outline(character: str) -> str:
    glyphs, names = _glyphs(fonts.font_for(character, fonts.SERIF))
    pen = _Pen(glyphs)
    glyphs[names[ord(character)]].draw(pen)
    return " ".join([*pen.orders, "B"])
