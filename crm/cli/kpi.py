"""``crm kpi``: the indicators from the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from crm.cli.answering import Answer, command, refused
from crm.kpi import indicators
from crm.kpi.committee_table import Table, table
from crm.kpi.indicators import Plan
from crm.kpi.new_entrants import INDICATOR, count
from crm.text import _
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear

T = TypeVar("T")


@command()
@click.argument("indicator", type=click.Choice(["new-entrants"]))
@click.option("--fiscal-year", required=True, help="The fiscal year: 2026, R8, 令和8年度.")
@click.option("--as-of", help="Nothing dated after this day is seen; today, for a past year its last day.")
def show(indicator: str, fiscal_year: str, as_of: str | None) -> Answer:
    """One indicator with everything it counts."""
    year = _read(FiscalYear.parse, fiscal_year, "fiscal_year")
    return count(year, _day(as_of)).as_json(indicators.target(INDICATOR, year))


@command(name="table")
@click.option(
    "--plan", required=True, type=click.Choice([plan.value for plan in Plan]), help="R4 (R4-R7) or R8 (R8-R11)."
)
@click.option("--as-of", help="Nothing dated after this day is seen; today.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write FILE.xlsx or FILE.pdf.")
def table_(plan: str, as_of: str | None, output: Path | None) -> Answer:
    """A plan's table of indicators."""
    day = _day(as_of)
    writer = None if output is None else _writer(output)
    found = table(Plan(plan), day)
    answer = found.as_json()
    if output is not None and writer is not None:
        output.write_bytes(writer(found))
        answer["file"] = str(output)
    return answer


def _writer(output: Path) -> Callable[[Table], bytes]:
    writers: dict[str, Callable[[Table], bytes]] = {".xlsx": Table.as_xlsx, ".pdf": Table.as_pdf}
    kind = output.suffix.lower()
    if kind == ".docx":
        raise refused(_("Word files are not written yet. Please choose .xlsx or .pdf."), field="output")
    if kind not in writers:
        raise refused(_("Please choose a file ending in .xlsx or .pdf."), field="output")
    return writers[kind]


def _day(written: str | None) -> date | None:
    return None if written is None else _read(dates.parse, written, "as_of")


def _read(parse: Callable[[str], T], written: str, field: str) -> T:
    try:
        return parse(written)
    except BadValue as error:
        raise refused(_(str(error)), field=field) from error


COMMANDS = [click.Group("kpi", commands=[show, table_], help="How it went: indicators, targets and actuals.")]
