"""A figure, its aim, and the table they are printed in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("", "engine", "measured", "aim", "")


@dataclass(frozen=True)
class Figure:
    """One measured figure. ``aim`` is the least wanted, or the most with ``less_is_better``; ``how`` says how it was taken."""

    name: str
    engine: str
    value: float
    unit: str
    aim: float | None = None
    less_is_better: bool = False
    how: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the aim is reached; ``None`` without one."""
        if self.aim is None:
            return None
        return self.value <= self.aim if self.less_is_better else self.value >= self.aim

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        word = {None: "", True: "reached", False: "NOT reached"}[self.is_reached]
        sign = "" if self.aim is None else ("≤ " if self.less_is_better else "≥ ")
        aim = "" if self.aim is None else f"{sign}{_number(self.aim)} {self.unit}".rstrip()
        return self.name, self.engine, f"{_number(self.value)} {self.unit}".rstrip(), aim, word


def table(figures: Sequence[Figure]) -> str:
    """All figures as one table, and under it how each was taken."""
    rows = [HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(_columns(row[i]) for row in rows) for i in range(len(HEADINGS))]
    lines = ["  ".join(_padded(cell, width, right=i in (2, 3)) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in rows]  # fmt: skip
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = dict.fromkeys((figure.name, figure.how) for figure in figures if figure.how)
    return "\n".join([*(line.rstrip() for line in lines), "", *(f"{name}: {how}" for name, how in notes)])


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _columns(text))
    return space + text if right else text + space


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
