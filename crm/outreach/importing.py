"""Totals of past years from a spreadsheet (実績の報告値): one row for each metric and year."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa

from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations.importers import Importer, Origin
from crm.outreach.totals import Metric, ReportedTotal
from crm.text import _
from crm.values.fiscal_year import FiscalYear

KIND = "totals"

COLUMNS = Columns(
    KIND,
    (
        Column("metric", "指標", cells.Choice(Metric), required=True, meaning=_("What is counted."), example="学術セミナー開催回数"),
        Column("unit", "単位", cells.text(20), required=True, meaning=_("The unit of its figures."), example="回"),
        Column("fiscal_year", "年度", cells.fiscal_year, required=True, meaning=_("The fiscal year."), example="2025"),
        Column("era_year", "和暦", cells.fiscal_year, meaning=_("The same year by the era, to be sure; may be left out."),
               example="R7"),
        Column("value", "実績値", cells.whole(), required=True, meaning=_("The figure as it was reported."), example="7"),
        Column("as_of", "時点", cells.day, required=True, meaning=_("The day as of which the figure is true."),
               example="2026-03-31"),
        Column("source", "出典", cells.text(400), required=True, meaning=_("Where the figures come from."), example="4(3)ア"),
    ),
)  # fmt: skip


def plan_totals(sheet: Sheet) -> Plan:
    """What the rows of a sheet mean and would change; nothing is written."""
    known = {(one.metric, one.year): one for one in db.session.scalars(sa.select(ReportedTotal))}

    def decide(row: ReadRow) -> Decision:
        values = row.values
        year: FiscalYear = values["fiscal_year"]
        if values.get("era_year") and values["era_year"] != year:
            raise Refused(_("The two years are not the same."), field="era_year")
        if values["as_of"] < year.first_day:
            raise Refused(_("The day lies before the fiscal year."), field="as_of")
        one = known.get((values["metric"], year))
        if one is None:
            return Decision(RowAction.CREATE)
        differs = any(getattr(one, field) != values[field] for field in ("value", "unit", "as_of", "source"))
        return Decision(RowAction.UPDATE if differs else RowAction.UNCHANGED, one)

    return planned(COLUMNS, sheet, decide, same=_same, said_twice="metric")


def write_totals(plan: Plan, _origin: Origin) -> None:
    """Carry the plan out in the running act. Raises `BadRows`."""

    def write(step: Step) -> None:
        values = step.values
        told = {field: values[field] for field in ("value", "unit", "as_of", "source")}
        if step.target is None:
            db.session.add(ReportedTotal(metric=values["metric"], year=values["fiscal_year"], **told))
        else:
            step.target.change(**told)

    plan.carry_out(write)


def _same(values: dict[str, Any]) -> Hashable:
    return values["metric"], values["fiscal_year"]


TOTALS = Importer(KIND, _("Totals of past years"), COLUMNS, Kind.TOTALS_IMPORTED, plan_totals, write_totals)
