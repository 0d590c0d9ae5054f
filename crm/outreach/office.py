"""Outreach in the office: the totals of past years side by side, and memoranda with partners."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.documents.charts import Chart, Series
from crm.exchange import writing
from crm.outreach import memoranda, totals
from crm.outreach.memoranda import Memorandum
from crm.outreach.totals import Metric, MetricRow
from crm.text import _, gettext, label
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.listing import Column, Listing
from crm.web.templating import page

area = office_area("outreach", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PEOPLE = (Metric.ACADEMIC_SEMINAR_ATTENDEES, Metric.VISITORS_RECEIVED, Metric.PUBLIC_LECTURE_ATTENDEES)

MEMORANDA = Listing(
    name="memoranda",
    title=_("Memoranda"),
    columns=[
        Column("partner", _("Partner"), sort=Memorandum.partner),
        Column("note", _("Remark")),
        Column("signed", _("Signed"), sort=Memorandum.signed),
        Column("ends", _("Until"), sort=Memorandum.ends),
        Column("source", _("Source")),
    ],
    order=[Memorandum.id],
    search=memoranda.named_like,
)


@area.get("/")
@requires(Permission.OUTREACH_READ)
def index() -> ResponseReturnValue:
    """Every reported total, the years side by side with their sum."""
    rows = totals.reported()
    years = totals.years_of(rows)
    words = request.args.get("q", "").strip()[:200]
    shown = totals.matching(rows, words)
    wanted = request.args.get("format")
    if wanted in ("xlsx", "csv", "json"):
        return _attached(shown, years, wanted)
    here: dict[str, Any] = {"q": words} if words else {}
    people = [row for row in rows if row.metric in PEOPLE]
    figures = [[label(one.metric), *(_shown(_value(one, y)) for y in years), f"{one.total:,}"] for one in people]
    return page(
        "outreach/office/index.html", rows=shown, years=years, words=words, chart=_chart(people, years), figure_rows=figures,
        year_names=[year.short for year in years],
        exits={kind: url_for(".index", **here, format=kind) for kind in ("xlsx", "csv", "json")},
    )  # fmt: skip


@area.get("/memoranda")
@requires(Permission.OUTREACH_READ)
def partners() -> ResponseReturnValue:
    """Every memorandum."""
    listing = MEMORANDA.of(sa.select(Memorandum))
    return listing.exit() or page("outreach/office/memoranda.html", listing=listing)


def _chart(people: list[MetricRow], years: list[FiscalYear]) -> Chart | None:
    """Whom we reached, year by year; nothing while none of it is known."""
    if not people:
        return None
    series = [Series(label(row.metric), [_value(row, year) for year in years]) for row in people]
    told = "、".join(f"{label(row.metric)} {row.total:,}{row.unit}" for row in people)
    return Chart(
        title=gettext("People reached"), description=told, labels=[year.short for year in years], series=series,
        unit=people[0].unit,
    )  # fmt: skip


def _value(row: MetricRow, year: FiscalYear) -> int | None:
    return row.by_year[year].value if year in row.by_year else None


def _shown(value: int | None) -> str:
    return "—" if value is None else f"{value:,}"


def _attached(rows: list[MetricRow], years: list[FiscalYear], wanted: str) -> Response:
    name = f"totals-{clock.today():%Y%m%d}.{wanted}"
    if wanted == "json":
        figures = [
            {"metric": row.metric.value, "name": label(row.metric), "unit": row.unit, "total": row.total,
             "by_year": {str(year): {"value": one.value, "kind": "reported", "as_of": one.as_of.isoformat(), "source": one.source}
                         for year, one in row.by_year.items()}}
            for row in rows
        ]  # fmt: skip
        body, media = writing.json_bytes(figures), "application/json"
    else:
        headings = [gettext("Indicator"), gettext("Unit"), *(year.short for year in years), gettext("Sum")]
        cells = [[label(row.metric), row.unit, *(_value(row, year) for year in years), row.total] for row in rows]
        if wanted == "csv":
            body, media = writing.csv_bytes(headings, cells), "text/csv; charset=utf-8"
        else:
            kinds = ["text", "text", *["whole"] * (len(years) + 1)]
            body, media = writing.xlsx_bytes(gettext("Totals of past years"), headings, cells, kinds), XLSX
    response = Response(body, content_type=media)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
