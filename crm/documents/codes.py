"""QR codes on papers, as vectors."""

from __future__ import annotations

import segno
from reportlab.lib.colors import black, white
from reportlab.lib.units import mm
from reportlab.platypus import Flowable


class Code(Flowable):
    """A QR code as vectors, with the quiet zone readers need (JIS X 0510: four modules)."""

    def __init__(self, text: str, size: float = 26 * mm) -> None:
        super().__init__()
        self.code = segno.make(text, error="m", micro=False)
        self.width = self.height = size

    def draw(self) -> None:
        """Print the dark modules, those beside each other as one bar."""
        rows = list(self.code.matrix_iter(border=4))
        step = self.height / len(rows)
        self.canv.setFillColor(white)
        self.canv.rect(0, 0, self.width, self.height, stroke=0, fill=1)
        self.canv.setFillColor(black)
        path = self.canv.beginPath()
        for y, row in enumerate(rows):
            for start, length in _bars(list(row)):
                path.rect(start * step, self.height - (y + 1) * step, length * step, step)
        self.canv.drawPath(path, stroke=0, fill=1)


def _bars(row: list[int]) -> list[tuple[int, int]]:
    bars: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and bars and sum(bars[-1]) == x:
            bars[-1] = (bars[-1][0], bars[-1][1] + 1)
        elif dark:
            bars.append((x, 1))
    return bars
