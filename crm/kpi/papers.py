"""The committee's table as a paper: A4 across, target above actual for each year, as the plan prints it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from crm.documents import blocks
from crm.documents.papers import WIDE, Layout, Paper, Story

WORDS = {
    "ja": {
        "title": "成果指標一覧", "goal": "成果目標", "name": "指標", "unit": "集計・単位", "kind": "区分", "target": "目標",
        "actual": "実績", "as_of": "時点"
    },
    "en": {
        "title": "Table of indicators", "goal": "Goal", "name": "Indicator", "unit": "Counted, unit", "kind": "",
        "target": "Target", "actual": "Actual", "as_of": "As of"
    },
}  # fmt: skip


@dataclass(frozen=True)
class PaperRow:
    """One indicator as printed: for each year the target and the actual, empty where there is none."""

    goal: str
    name: str
    unit: str
    figures: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class CommitteeTablePaper(Paper, kind="kpi_table"):
    """成果指標一覧 of one plan as of a day."""

    layout: ClassVar[Layout] = WIDE

    plan: str
    as_of: date
    years: tuple[str, ...]
    rows: tuple[PaperRow, ...]
    definition: str = ""

    @property
    def title(self) -> str:
        """成果指標一覧."""
        return WORDS[self.language]["title"]

    def story(self) -> Story:
        """Title, day, table."""
        words, width = WORDS[self.language], self.layout.width
        told = f"{self.plan}　{words['as_of']} {blocks.day(self.as_of, self.language)}　{self.issuer.name}"
        head = [words["goal"], words["name"], words["unit"], words["kind"], *self.years]
        rest = 0.44 / len(self.years)
        shares = [0.14, 0.24, 0.1, 0.08, *[rest] * len(self.years)]
        aligns = ["left", "left", "left", "left", *["right"] * len(self.years)]
        return [
            blocks.title(self.title, size=16),
            blocks.paragraph(told),
            blocks.table(head, self._lines(words), shares, aligns, width=width, style=blocks.SMALL.but(size=8.5)),
            blocks.gap(),
            *blocks.notes([self.definition], self.language),
        ]

    def _lines(self, words: dict[str, str]) -> list[list[str]]:
        """Each indicator with target and actual below each other; a goal is printed where it changes."""
        lines, before = [], ""
        for row in self.rows:
            goal, before = ("" if row.goal == before else row.goal), row.goal
            figures = ("\n".join(figure or "—" for figure in of_year) for of_year in row.figures)
            lines.append([goal, row.name, row.unit, f"{words['target']}\n{words['actual']}", *figures])
        return lines
