"""Indicators for programs: the feed for the city's dashboard (``/api/v1/kpi/new-entrants``) and the plans' tables."""

from __future__ import annotations

from datetime import date

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.kpi import indicators
from crm.kpi.committee_table import table
from crm.kpi.indicators import Plan
from crm.kpi.new_entrants import INDICATOR, count
from crm.text import _
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import api_area

area = api_area("kpi", __name__)


@area.get("/new-entrants")
@requires(Permission.KPI_READ)
def new_entrants() -> ResponseReturnValue:
    """New-entrant companies of ``?fiscal_year=`` as of ``?as_of=`` (today, for a past year its last day)."""
    year = _year()
    return jsonify(count(year, _as_of()).as_json(indicators.target(INDICATOR, year)))


@area.get("/table")
@requires(Permission.KPI_READ)
def committee_table() -> ResponseReturnValue:
    """The table of ``?plan=R4`` or ``R8`` as of ``?as_of=`` (today)."""
    plan = request.args.get("plan", "")
    if plan not in list(Plan):
        raise Refused(_("Choose one of: %(words)s.", words=", ".join(Plan)), field="plan")
    return jsonify(table(Plan(plan), _as_of()).as_json())


def _year() -> FiscalYear:
    written = request.args.get("fiscal_year", "").strip()
    if not written:
        raise Refused(_("This must be filled in."), field="fiscal_year")
    try:
        return FiscalYear.parse(written[:40])
    except BadValue as error:
        raise Refused(_(str(error)), field="fiscal_year") from error


def _as_of() -> date | None:
    written = request.args.get("as_of", "").strip()
    try:
        return dates.parse(written[:40]) if written else None
    except BadValue as error:
        raise Refused(_(str(error)), field="as_of") from error
