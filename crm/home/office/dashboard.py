"""The first screen: what needs a person today, and how the year stands."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import can, requires
from crm.access.permissions import Permission
from crm.db import db
from crm.documents.charts import Chart, Series
from crm.home import attention, beginning, standing
from crm.home.office import navigation
from crm.kpi import indicators, new_entrants
from crm.text import gettext
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.templating import page

area = office_area("dashboard", __name__, prefix="")
PLAN_YEARS = [FiscalYear(year) for year in range(2026, 2030)]


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """ダッシュボード; whoever may not see it goes on to the first page they may."""
    if not can(Permission.DASHBOARD_READ):
        return redirect(navigation.first_page(), 303)
    today = clock.today()
    year = FiscalYear.of(today)
    return page(
        "home/office/dashboard.html", today=today, year=year, attention=_attention(), steps=_steps(), members=standing.members(today),
        fees=standing.fees([year - 1, year]) if can(Permission.INVOICES_READ) else [],
        entrants=new_entrants.count(year), target=indicators.target(new_entrants.INDICATOR, year), chart=_chart(),
        sessions=db.session.scalars(attention.coming(today).limit(5)).all() if can(Permission.EVENTS_READ) else [],
    )  # fmt: skip


def _attention() -> list[dict[str, object]]:
    return [
        {"label": a.label, "count": a.count, "tone": a.tone, "note": a.note, "url": url_for(a.endpoint, **a.arguments)}
        for a in attention.gathered(clock.today())
        if can(a.permission)
    ]


def _steps() -> list[beginning.Step]:
    """What is left of the beginning for this person; nothing when all they may do is done."""
    mine = [step for step in beginning.steps() if can(step.permission)]
    return mine if any(not step.is_done for step in mine) else []


def _chart() -> dict[str, object]:
    """New entrants against target over the plan's years; years to come have a target and no figure."""
    today = clock.today()
    counted = new_entrants.counts([y for y in PLAN_YEARS if y.first_day <= today], today)
    actual = [counted[y].value if y in counted else None for y in PLAN_YEARS]
    targets = indicators.targets(new_entrants.INDICATOR, PLAN_YEARS)
    target = [targets.get(y) for y in PLAN_YEARS]
    title = gettext("New-entrant companies by fiscal year")
    series = (Series(gettext("Actual"), actual), Series(gettext("Target"), target, as_line=True))
    drawn = Chart(title, description=title, labels=[y.short for y in PLAN_YEARS], series=series)
    rows = [[y.era, a if a is not None else "", t or ""] for y, a, t in zip(PLAN_YEARS, actual, target, strict=True)]
    return {"svg": drawn.svg(), "rows": rows, "is_empty": not any([*actual, *target])}
