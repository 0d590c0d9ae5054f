"""What makes a certificate look like one: the frame around the sheet, and the line under its title."""

from __future__ import annotations

from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

BLUE, GOLD = HexColor("#0a2a86"), HexColor("#a8873a")
OUTER, INNER = 11 * mm, 14.5 * mm  # from the sheet's edge
NOTCH = 7 * mm  # the radius of the inner frame's hollow corners


def frame(canvas: Any, width: float, height: float) -> None:
    """A firm line around the sheet, and within it a fine one whose corners are hollowed, each with a small lozenge."""
    canvas.saveState()
    canvas.setStrokeColor(BLUE)
    canvas.setLineWidth(2)
    canvas.rect(OUTER, OUTER, width - 2 * OUTER, height - 2 * OUTER)
    canvas.setStrokeColor(GOLD)
    for inset, thick in ((INNER, 0.9), (INNER + 1.2 * mm, 0.35)):
        canvas.setLineWidth(thick)
        canvas.drawPath(_hollowed(canvas, inset, width, height), stroke=1, fill=0)
    canvas.setFillColor(GOLD)
    for x in (INNER + 1.6 * mm, width - INNER - 1.6 * mm):
        for y in (INNER + 1.6 * mm, height - INNER - 1.6 * mm):
            canvas.drawPath(_lozenge(canvas, x, y, 1.5 * mm), stroke=0, fill=1)
    canvas.restoreState()


class TitleLine(Flowable):
    """A fine line in the middle, with a lozenge."""

    def __init__(self, length: float = 62 * mm) -> None:
        super().__init__()
        self.length = length

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        """The width taken and the height needed, in points."""
        self.width, self.height = available_width, 5 * mm
        return self.width, self.height

    def draw(self) -> None:
        """Draw it."""
        middle, y, half = self.width / 2, self.height / 2, self.length / 2
        self.canv.setStrokeColor(GOLD)
        self.canv.setFillColor(GOLD)
        self.canv.setLineWidth(0.8)
        self.canv.line(middle - half, y, middle - 3 * mm, y)
        self.canv.line(middle + 3 * mm, y, middle + half, y)
        self.canv.drawPath(_lozenge(self.canv, middle, y, 1.3 * mm), stroke=0, fill=1)


def _hollowed(canvas: Any, inset: float, width: float, height: float) -> Any:
    left, bottom, right, top, r = inset, inset, width - inset, height - inset, NOTCH
    path = canvas.beginPath()
    path.moveTo(left + r, bottom)
    path.lineTo(right - r, bottom)
    path.arcTo(right - r, bottom - r, right + r, bottom + r, 180, -90)
    path.lineTo(right, top - r)
    path.arcTo(right - r, top - r, right + r, top + r, 270, -90)
    path.lineTo(left + r, top)
    path.arcTo(left - r, top - r, left + r, top + r, 0, -90)
    path.lineTo(left, bottom + r)
    path.arcTo(left - r, bottom - r, left + r, bottom + r, 90, -90)
    path.close()
    return path


def _lozenge(canvas: Any, x: float, y: float, half: float) -> Any:
    path = canvas.beginPath()
    path.moveTo(x - half, y)
    path.lineTo(x, y + half)
    path.lineTo(x + half, y)
    path.lineTo(x, y - half)
    path.close()
    return path
