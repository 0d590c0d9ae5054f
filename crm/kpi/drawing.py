"""Charts of indicators: actuals as bars, targets as a line over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from crm.documents.charts import Chart, Series
from crm.kpi import indicators, new_entrants
from crm.kpi.indicators import Figure, Plan
from crm.text import gettext
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear


def chart(title: str, unit: str, figures: Sequence[Figure]) -> Chart:
    """Target and actual of several years."""
    told = "、".join(
        gettext("%(year)s target %(target)s, actual %(actual)s", year=one.year.short, target=shown(one.target), actual=shown(one.actual))
        for one in figures
    )  # fmt: skip
    return Chart(
        title=title,
        description=told,
        labels=[one.year.short for one in figures],
        series=[
            Series(gettext("Actual"), [one.actual for one in figures]),
            Series(gettext("Target"), [one.target for one in figures], as_line=True),
        ],
        unit=unit,
    )


def entrants_by_year(as_of: date) -> list[Figure]:
    """New-entrant companies of the fourth plan's years as measured, as of a day, against their targets."""
    years = Plan.R8.years
    targets = indicators.targets(new_entrants.INDICATOR, years)
    measured = new_entrants.counts([year for year in years if year.first_day <= as_of], as_of)
    return [_measured(year, targets.get(year), measured, as_of) for year in years]


def _measured(
    year: FiscalYear, target: int | None, measured: dict[FiscalYear, new_entrants.NewEntrants], as_of: date
) -> Figure:
    found = measured.get(year)
    if found is None:
        return Figure(year, target, None, None, "")
    return Figure(year, target, found.value, min(as_of, year.last_day), found.definition, is_measured=True)


def rows(figures: Sequence[Figure]) -> list[list[str]]:
    """The figures of a chart as a table."""
    return [[one.year.short, shown(one.target), shown(one.actual)] for one in figures]


def told(day: DayOrMonth | None) -> str:
    """2026/4/1, or 2026/4 where only the month is known, as the office writes on screens."""
    if day is None:
        return "—"
    return f"{day.year}/{day.month}/{day.day}" if day.day else f"{day.year}/{day.month}"


def shown(value: int | None) -> str:
    """A figure with separators, or a dash."""
    return "—" if value is None else f"{value:,}"
