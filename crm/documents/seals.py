"""The seal (角印) on a paper: a kept image, or, while the office has given none, one drawn from the issuer's name.

The drawn one is made of outlines, not of text, so that it does not mix with what is copied from the paper.
"""

from __future__ import annotations

import io
import math
from functools import cache
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader

from crm.documents import font_building, fonts

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
    """The name and 印 in columns from right to left inside a double frame, as square seals are cut."""
    characters = [c for c in fonts.printable(name) if not c.isspace()] + ["印"]
    columns = math.ceil(math.sqrt(len(characters)))
    rows = math.ceil(len(characters) / columns)
    canvas.saveState()
    canvas.setStrokeColor(VERMILION)
    canvas.setFillColor(VERMILION)
    canvas.setFillAlpha(0.88)
    canvas.setStrokeAlpha(0.88)
    canvas.setLineWidth(size * 0.035)
    canvas.roundRect(x, y, size, size, size * 0.04)
    inner = size * 0.86
    wide, high = inner / columns, inner / rows
    for i, character in enumerate(characters):
        column, row = divmod(i, rows)
        left = x + size * 0.07 + inner - (column + 1) * wide
        bottom = y + size * 0.07 + inner - (row + 1) * high
        _draw_character(canvas, character, left, bottom, wide, high)
    canvas.restoreState()


def _draw_character(canvas: Any, character: str, left: float, bottom: float, wide: float, high: float) -> None:
    font = fonts.font_for(character, fonts.SERIF)
    path = canvas.beginPath()
    canvas.saveState()
    canvas.translate(left + wide * 0.02, bottom + high * 0.14)
    canvas.scale(wide * 0.96 / 1000, high * 0.96 / 1000)
    canvas.setLineWidth(28)
    for command, points in _outline(character, font):
        getattr(path, command)(*points)
    canvas.drawPath(path, stroke=1, fill=1, fillMode=1)
    canvas.restoreState()


class _Recording(BasePen):  # type: ignore[misc]
    """Outlines as the commands of a ReportLab path."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.commands: list[tuple[str, tuple[float, ...]]] = []

    def _moveTo(self, point: tuple[float, float]) -> None:
        self.commands.append(("moveTo", point))

    def _lineTo(self, point: tuple[float, float]) -> None:
        self.commands.append(("lineTo", point))

    def _curveToOne(self, one: tuple[float, float], two: tuple[float, float], end: tuple[float, float]) -> None:
        self.commands.append(("curveTo", (*one, *two, *end)))

    def _closePath(self) -> None:
        self.commands.append(("close", ()))


@cache
def _glyphs(font: str) -> tuple[Any, dict[int, str]]:
    file = TTFont(font_building.ready() / f"{fonts.FILES[font]}.ttf", lazy=True)
    return file.getGlyphSet(), file.getBestCmap()


@cache
def _outline(character: str, font: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    glyphs, names = _glyphs(font)
    pen = _Recording(glyphs)
    glyphs[names[ord(character)]].draw(pen)
    return tuple(pen.commands)
