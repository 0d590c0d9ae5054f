"""Indicators in the office: the plans' tables, each indicator with its chart, and new-entrant companies with all they count."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import BadRequest, NotFound

from crm import clock
from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.db import db
from crm.exchange import writing
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.kpi import drawing, indicators
from crm.kpi.committee_table import TableRow, table
from crm.kpi.definitions import R8_1
from crm.kpi.forms import AsOfForm, ReadingForm
from crm.kpi.indicators import Indicator, Plan
from crm.kpi.new_entrants import INDICATOR, NewEntrants, count
from crm.text import _, gettext, label
from crm.values import japanese
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.templating import page

area = office_area("kpi", __name__)

BIGGEST_ID = 2**63 - 1
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8", "xlsx": XLSX, "pdf": "application/pdf"}


@area.get("/")
@requires(Permission.KPI_READ)
def index() -> ResponseReturnValue:
    """A plan's table as of a day: the running plan's unless another is asked for."""
    form = AsOfForm(formdata=request.args)
    fits = form.validate()
    plan = _plan()
    found = table(plan, form.as_of.data if fits else None)
    wanted = request.args.get("format")
    if fits and wanted in ("json", "xlsx", "pdf"):
        body = {"json": lambda: writing.json_bytes(found.as_json()), "xlsx": found.as_xlsx, "pdf": found.as_pdf}[
            wanted
        ]()
        return _attached(body, f"kpi-{plan.value}-{found.as_of:%Y%m%d}.{wanted}")
    words = request.args.get("q", "").strip()[:200]
    rows = [row for row in found.rows if _has(row, words)]
    return page(
        "kpi/office/index.html", 200 if fits else 422, form=form, table=found, rows=rows, plan=plan, words=words,
        plans=list(Plan), exits=_exits("xlsx", "pdf", "json"),
    )  # fmt: skip


@area.get("/indicators/<int:indicator_id>")
@requires(Permission.KPI_READ)
def show(indicator_id: int) -> ResponseReturnValue:
    """One indicator: target and actual over the years, and everything that was reported."""
    return _indicator_page(_indicator(indicator_id), ReadingForm())


@area.post("/indicators/<int:indicator_id>/readings")
@requires(Permission.KPI_EDIT)
def report(indicator_id: int) -> ResponseReturnValue:
    """Record an actual that was reported to us."""
    indicator, form = _indicator(indicator_id), ReadingForm()
    if form.validate():
        with form.refusals(), act(Kind.INDICATOR_CHANGED, about=indicator):
            told: dict[str, Any] = form.values()
            indicator.report(**told, reported_by=signed_in_user().name)
            return done(url_for(".show", indicator_id=indicator.id), _("The actual was recorded."))
    return _indicator_page(_indicator(indicator_id), form, 422)


@area.get("/new-entrants")
@requires(Permission.KPI_READ)
def new_entrants() -> ResponseReturnValue:
    """New-entrant companies of a year as of a day, with everything the figure counts and leaves out."""
    form = AsOfForm(formdata=request.args)
    fits = form.validate()
    year = (form.fiscal_year.data if fits else None) or FiscalYear.of(clock.today())
    as_of = form.as_of.data if fits else None
    found, target = count(year, as_of), indicators.target(INDICATOR, year)
    wanted = request.args.get("format")
    if fits and wanted in ("json", "csv", "xlsx"):
        return _attached(_entrants_file(found, target, wanted), f"new-entrants-{year}-{found.as_of:%Y%m%d}.{wanted}")
    by_year = drawing.entrants_by_year(as_of or clock.today())
    return page(
        "kpi/office/new_entrants.html", 200 if fits else 422, form=form, found=found, target=target, definition=R8_1,
        chart=drawing.chart(gettext("New-entrant companies: target and actual"), gettext("companies"), by_year),
        figure_rows=drawing.rows(by_year), told=drawing.told, exits=_exits("xlsx", "csv", "json"),
    )  # fmt: skip


def _entrants_file(found: NewEntrants, target: int | None, wanted: str) -> bytes:
    if wanted == "json":
        return writing.json_bytes(found.as_json(target))
    headings = [gettext("Result"), gettext("No."), gettext("Category"), gettext("Organisation"), gettext("Date"),
                gettext("Evidence"), gettext("Also meets"), gettext("Why")]  # fmt: skip
    rows: list[list[object]] = [
        [gettext("Counted"), entry.category.number, label(entry.category), entry.organisation, str(entry.step.since),
         entry.step.evidence, "、".join(label(one) for one in entry.also), ""]
        for entry in found.entries
    ]  # fmt: skip
    lists = {"Left out under 4": found.left_out, "Not counted": found.not_counted}
    rows += [
        [gettext(words), one.category.number, label(one.category), one.organisation, str(one.step.since),
         one.step.evidence, "", str(one.reason)]
        for words, ones in lists.items() for one in ones
    ]  # fmt: skip
    if wanted == "csv":
        return writing.csv_bytes(headings, rows)
    return writing.xlsx_bytes(gettext("New-entrant companies"), headings, rows, ["text", "whole"])


def _indicator_page(indicator: Indicator, form: ReadingForm, status: int = 200) -> ResponseReturnValue:
    row = next(row for row in table(indicator.plan).rows if row.indicator.id == indicator.id)
    return page(
        "kpi/office/indicator.html", status, indicator=indicator, form=form, row=row, shown=drawing.shown,
        chart=drawing.chart(indicator.name, indicator.unit, row.figures), figure_rows=drawing.rows(row.figures),
        is_measured=indicator.key == INDICATOR,
    )  # fmt: skip


def _indicator(indicator_id: int) -> Indicator:
    known = (selectinload(Indicator.targets), selectinload(Indicator.readings))
    found = db.session.get(Indicator, indicator_id, options=known) if indicator_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound
    return found


def _plan() -> Plan:
    wanted = request.args.get("plan", "")
    if not wanted:
        return Plan.of(FiscalYear.of(clock.today())) or Plan.R8
    if wanted not in list(Plan):
        raise BadRequest("plan")
    return Plan(wanted)


def _has(row: TableRow, words: str) -> bool:
    """Whether an indicator has all the words of the search box in its name, goal or key."""
    told = japanese.fold(f"{row.indicator.goal} {row.indicator.name} {row.indicator.key}")
    return all(japanese.fold(word) in told for word in words.split())


def _exits(*kinds: str) -> dict[str, str]:
    """The page at hand as files: the addresses by kind."""
    here: dict[str, Any] = {key: value for key, value in request.args.to_dict().items() if key != "format"}
    return {kind: url_for(request.endpoint or "", **here, format=kind) for kind in kinds}


def _attached(body: bytes, name: str) -> Response:
    response = Response(body, content_type=MEDIA[name.rpartition(".")[2]])
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
