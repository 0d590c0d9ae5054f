"""The committee's table: a plan's indicators with target and actual of each year, as figures, JSON, workbook and paper.

New-entrant companies are measured here, from the first year of the fourth plan on; a year for which an actual was reported to us
shows the reported one. The other indicators are reported by others. Which of the two a figure is, the table says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm import clock
from crm.documents import papers
from crm.exchange import writing
from crm.kpi import indicators, new_entrants
from crm.kpi.definitions import R8_1
from crm.kpi.indicators import Figure, Indicator, Plan
from crm.kpi.papers import CommitteeTablePaper, PaperRow
from crm.text import _, gettext, label, locale
from crm.values.fiscal_year import FiscalYear


@dataclass(frozen=True)
class TableRow:
    """One indicator with a figure for each year its plan speaks of, in order."""

    indicator: Indicator
    figures: tuple[Figure, ...]

    def figure(self, year: FiscalYear) -> Figure | None:
        """The figure of a year, if the plan speaks of it."""
        return next((figure for figure in self.figures if figure.year == year), None)


@dataclass(frozen=True)
class Table:
    """A plan's indicators as of a day. ``years`` are all years any of them speaks of: a plan also shows the year before it."""

    plan: Plan
    as_of: date
    years: tuple[FiscalYear, ...]
    rows: tuple[TableRow, ...]

    def as_json(self) -> dict[str, Any]:
        """The answer of ``crm kpi table`` and of the API."""
        return {
            "plan": self.plan.value,
            "as_of": self.as_of.isoformat(),
            "indicators": [_as_json(row) for row in self.rows],
        }

    def as_xlsx(self) -> bytes:
        """A workbook: one row for each indicator, target and actual of each year side by side."""
        headings = [gettext("Goal"), gettext("Indicator"), gettext("How counted"), gettext("Unit")]
        for year in self.years:
            headings += [gettext("%(year)s target", year=year.short), gettext("%(year)s actual", year=year.short)]
        cells = [
            [
                one.indicator.goal,
                one.indicator.name,
                label(one.indicator.counted),
                one.indicator.unit,
                *_cells(one, self.years),
            ]
            for one in self.rows
        ]
        kinds = ["text"] * 4 + ["whole"] * 2 * len(self.years)
        return writing.xlsx_bytes(label(self.plan), headings, cells, kinds)

    def as_pdf(self) -> bytes:
        """The paper for the committee. Raises ``MissingGlyph`` for a character no font has."""
        paper = CommitteeTablePaper(
            issuer=papers.letterhead(), language=locale(), plan=label(self.plan), as_of=self.as_of,
            years=tuple(year.short for year in self.years), rows=tuple(_paper_row(row, self.years) for row in self.rows),
            definition=_definition(self),
        )  # fmt: skip
        paper.packed()  # every character is looked up in the fonts before anything is drawn
        return papers.render(paper)


def table(plan: Plan, as_of: date | None = None) -> Table:
    """A plan's table as of a day (today): nothing dated after it is seen."""
    day = as_of or clock.today()
    found = indicators.all_of(plan)
    spoken_of = {target.year for one in found for target in one.targets} | {
        r.year for one in found for r in one.readings
    }
    years = tuple(sorted(spoken_of | set(plan.years))) if found else plan.years
    measured = _measured(found, years, day)
    rows = [TableRow(one, tuple(_figures(one, years, day, measured))) for one in found]
    return Table(plan, day, years, tuple(rows))


def _measured(found: Sequence[Indicator], years: Sequence[FiscalYear], day: date) -> dict[FiscalYear, int]:
    """What is measured here for the years of the fourth plan that have begun; nothing where no indicator asks for it."""
    begun = [year for year in years if year in Plan.R8.years and year.first_day <= day]
    if not begun or all(one.key != new_entrants.INDICATOR for one in found):
        return {}
    return {year: entered.value for year, entered in new_entrants.counts(begun, day).items() if entered.has_books}


def _figures(one: Indicator, years: Sequence[FiscalYear], day: date, measured: dict[FiscalYear, int]) -> list[Figure]:
    figures = []
    for year in years:
        reading, target = one.reading_of(year, day), one.target_of(year)
        if reading is not None:
            figures.append(Figure(year, target, reading.value, reading.as_of, reading.source))
        elif one.key == new_entrants.INDICATOR and year in measured:
            figures.append(
                Figure(year, target, measured[year], min(day, year.last_day), R8_1.version, is_measured=True)
            )
        elif (aimed := next((t for t in one.targets if t.year == year), None)) is not None:
            asked = aimed.as_of if aimed.as_of is not None and aimed.as_of <= day else None
            figures.append(Figure(year, target, None, asked, aimed.source))
    return figures


def _as_json(row: TableRow) -> dict[str, Any]:
    indicator = row.indicator
    years = [
        {
            "fiscal_year": one.year.start, "target": one.target, "actual": one.actual,
            "as_of": one.as_of.isoformat() if one.as_of else None, "source": one.source,
            "kind": None if one.actual is None else "measured" if one.is_measured else "reported",
        }
        for one in row.figures
    ]  # fmt: skip
    counted = indicator.counted.value if indicator.counted else None
    return {
        "kpi": indicator.key, "name": indicator.name, "goal": indicator.goal, "unit": indicator.unit, "period": counted,
        "years": years,
    }  # fmt: skip


def _cells(row: TableRow, years: Sequence[FiscalYear]) -> list[int | None]:
    cells: list[int | None] = []
    for year in years:
        figure = row.figure(year)
        cells += [figure.target, figure.actual] if figure else [None, None]
    return cells


def _paper_row(row: TableRow, years: Sequence[FiscalYear]) -> PaperRow:
    one = row.indicator
    counted = label(one.counted) if one.counted else ""
    unit = f"{counted}・{one.unit}" if counted and one.unit else counted or one.unit
    figures = (row.figure(year) for year in years)
    return PaperRow(
        goal=one.goal, name=one.name, unit=unit,
        figures=tuple(_printed(figure) for figure in figures),
    )  # fmt: skip


def _printed(figure: Figure | None) -> tuple[str, str]:
    if figure is None:
        return "", ""
    target, actual = (f"{value:,}" if value is not None else "" for value in (figure.target, figure.actual))
    return target, actual


def _definition(table: Table) -> str:
    if any(figure.is_measured for row in table.rows for figure in row.figures):
        return str(_("New-entrant companies are measured by the definition %(version)s.", version=R8_1.version))
    return ""
