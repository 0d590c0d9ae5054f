"""The table of indicators from a spreadsheet (実施計画の指標表): one row for each indicator and year.

A row says the year's target, its actual, or both. A blank cell says nothing: it never deletes a figure.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, RowAction, Step, planned
from crm.exchange.plan import Plan as ImportPlan
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.kpi import indicators
from crm.kpi.indicators import Counted, Indicator, Plan, Target
from crm.organisations.importers import Importer, Origin
from crm.text import _
from crm.values.fiscal_year import FiscalYear

KIND = "kpi-table"
PLANS: dict[str, object] = {"第3期実施計画": Plan.R4, "第4期実施計画": Plan.R8}
COUNTED: dict[str, object] = {"累計": Counted.CUMULATIVE, "年間": Counted.YEARLY, "年額": Counted.YEARLY_AMOUNT}

COLUMNS = Columns(
    KIND,
    (
        Column("plan", "計画", cells.Choice(PLANS, {plan.value: plan for plan in Plan}), required=True,
               meaning=_("The plan the indicator belongs to."), example="第4期実施計画"),
        Column("goal_ja", "成果目標", cells.text(), meaning=_("The goal it serves."), blank="", example="新産業の創出"),
        Column("kpi", "指標コード", cells.text(60), required=True, meaning=_("Its short name for programs; it never changes."),
               example="new_entrant_companies"),
        Column("name_ja", "指標名", cells.text(), required=True, meaning=_("Its name in the plan."),
               example="新たな参入企業数"),
        Column("period", "集計", cells.Choice(COUNTED, {one.value: one for one in Counted}),
               meaning=_("How the years are counted; blank for a share."), example="年間"),
        Column("unit", "単位", cells.text(20), meaning=_("The unit of its figures."), blank="", example="件"),
        Column("fiscal_year", "年度", cells.fiscal_year, required=True, meaning=_("The fiscal year."), example="2026"),
        Column("era_year", "和暦", cells.fiscal_year, meaning=_("The same year by the era, to be sure; may be left out."),
               example="R8"),
        Column("target", "目標", cells.whole(), meaning=_("The target of that year."), example="3"),
        Column("actual", "実績", cells.whole(), meaning=_("The actual of that year."), example="10"),
        Column("as_of", "時点", cells.day, meaning=_("The day as of which the actual is true."), example="2025-12-31"),
        Column("source", "出典", cells.text(400), meaning=_("Where the figures come from."), blank="", example="9(2)"),
    ),
)  # fmt: skip


def plan_table(sheet: Sheet) -> ImportPlan:
    """What the rows of a sheet mean and would change; nothing is written."""
    return planned(COLUMNS, sheet, _Planning().decide, same=_same, said_twice="kpi")


def write_table(plan: ImportPlan, origin: Origin) -> None:
    """Carry the plan out in the running act. Raises `BadRows`."""
    known = indicators.by_key(indicators.all_of())

    def write(step: Step) -> None:
        values = step.values
        key = (values["plan"], values["kpi"])
        if key not in known:
            known[key] = _new(values, position=sum(plan == values["plan"] for plan, _key in known) + 1)
        _write(known[key], values, str(origin))

    plan.carry_out(write)


def check_era(values: dict[str, Any]) -> None:
    """Raise ``Refused`` when a row's two spellings of its year disagree."""
    if values.get("era_year") and values["era_year"] != values["fiscal_year"]:
        raise Refused(_("The two years are not the same."), field="era_year")


def _same(values: dict[str, Any]) -> Hashable:
    return values["plan"], values["kpi"], values["fiscal_year"], values.get("as_of")


class _Planning:
    """The rows of one file against what is known, loaded once."""

    def __init__(self) -> None:
        self._known = indicators.by_key(indicators.all_of())

    def decide(self, row: ReadRow) -> Decision:
        """What becomes of a row."""
        values = row.values
        year: FiscalYear = values["fiscal_year"]
        check_era(values)
        if values.get("actual") is not None:
            if values.get("as_of") is None:
                raise Refused(_("An actual needs the day as of which it is true."), field="as_of")
            indicators.check_day(year, values["as_of"])
            if not values.get("source"):
                raise Refused(_("Please say where the figure comes from."), field="source")
        indicator = self._known.get((values["plan"], values["kpi"]))
        if indicator is None or _brings_a_year(indicator, values):
            return Decision(RowAction.CREATE)
        return Decision(RowAction.UPDATE if _differs(indicator, values) else RowAction.UNCHANGED)


def _brings_a_year(indicator: Indicator, values: dict[str, Any]) -> bool:
    """Whether nothing was known of the row's year, and the row says something of it."""
    year, says = values["fiscal_year"], {values.get("target"), values.get("actual")} - {None}
    return bool(says) and _target(indicator, year) is None and all(r.year != year for r in indicator.readings)


def _new(values: dict[str, Any], position: int) -> Indicator:
    indicator = Indicator(
        plan=values["plan"], key=values["kpi"], name=values["name_ja"], goal=values.get("goal_ja", ""),
        unit=values.get("unit", ""), counted=values.get("period"), position=position,
    )  # fmt: skip
    db.session.add(indicator)
    return indicator


def _words(values: dict[str, Any]) -> dict[str, Any]:
    """What a row says of the indicator itself; blank cells say nothing."""
    said = {"name": "name_ja", "goal": "goal_ja", "unit": "unit", "counted": "period"}
    return {attribute: values[code] for attribute, code in said.items() if values.get(code)}


def _differs(indicator: Indicator, values: dict[str, Any]) -> bool:
    return bool(_news(indicator, values)) or _is_new_target(indicator, values) or _is_new_actual(indicator, values)


def _news(indicator: Indicator, values: dict[str, Any]) -> dict[str, Any]:
    """What a row says differently of the indicator itself."""
    return {name: value for name, value in _words(values).items() if value != getattr(indicator, name)}


def _is_new_target(indicator: Indicator, values: dict[str, Any]) -> bool:
    if values.get("target") is None:
        return False
    known = _target(indicator, values["fiscal_year"])
    return known is None or any(getattr(known, name) != value for name, value in _said_of_target(values).items())


def _said_of_target(values: dict[str, Any]) -> dict[str, Any]:
    """A target's value, and the day on which nobody could tell the actual yet; its source belongs to the value."""
    unknown_on = None if values.get("actual") is not None else values.get("as_of")
    return {"value": values["target"], **({"as_of": unknown_on} if unknown_on else {})}


def _is_new_actual(indicator: Indicator, values: dict[str, Any]) -> bool:
    if values.get("actual") is None:
        return False
    known = next((r for r in indicator.readings if (r.year, r.as_of) == (values["fiscal_year"], values["as_of"])), None)
    return known is None or (known.value, known.source) != (values["actual"], values["source"])


def _write(indicator: Indicator, values: dict[str, Any], origin: str) -> None:
    for name, value in _news(indicator, values).items():
        setattr(indicator, name, value)
    year = values["fiscal_year"]
    if _is_new_target(indicator, values):
        known, said = _target(indicator, year), {**_said_of_target(values), "source": values.get("source", "")}
        if known is None:
            db.session.add(Target(indicator=indicator, year=year, **said))
        else:
            known.value, known.source, known.as_of = said["value"], said["source"], said.get("as_of", known.as_of)
    if _is_new_actual(indicator, values):
        indicator.report(year, values["actual"], as_of=values["as_of"], source=values["source"], reported_by=origin)


def _target(indicator: Indicator, year: FiscalYear) -> Target | None:
    return next((target for target in indicator.targets if target.year == year), None)


KPI_TABLE = Importer(KIND, _("Table of indicators"), COLUMNS, Kind.KPI_TABLE_IMPORTED, plan_table, write_table)
