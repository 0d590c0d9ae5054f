"""The table as of a day, measured and reported figures side by side, as workbook and paper."""

from __future__ import annotations

import io
from datetime import date

import pytest
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.kpi import indicators
from crm.kpi.committee_table import Table, table
from crm.kpi.indicators import Plan
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_participation, an_organisation
from tests.kpi.test_importing import facts, imported


def figure(of: Table, key: str, year: int) -> indicators.Figure:
    row = next(row for row in of.rows if row.indicator.key == key)
    found = row.figure(FiscalYear(year))
    assert found is not None
    return found


def test_what_is_reported_after_the_day_is_not_seen(app: Flask) -> None:
    imported(facts())
    assert figure(table(Plan.R4, date(2025, 12, 30)), "ventures", 2025).actual is None
    assert figure(table(Plan.R4, date(2025, 12, 31)), "ventures", 2025).actual == 10


def test_new_entrants_are_measured_from_the_fourth_plan_on_and_say_so(app: Flask) -> None:
    imported(facts())
    day = date(2026, 9, 30)
    assert figure(table(Plan.R8, day), "new_entrant_companies", 2026).actual is None
    a_participation(an_organisation("株式会社ア"), "2026-05-01")
    found = table(Plan.R8, day)
    entered = figure(found, "new_entrant_companies", 2026)
    assert (entered.actual, entered.target, entered.is_measured, entered.source) == (1, 3, True, "r8-1")
    assert (entered.difference, entered.is_reached) == (-2, False)
    before = figure(found, "new_entrant_companies", 2025)
    assert (before.actual, before.is_measured) == (10, False)
    assert figure(found, "new_entrant_companies", 2027).actual is None


def test_a_reported_actual_goes_before_a_measured_one(app: Flask) -> None:
    imported(facts())
    a_participation(an_organisation("株式会社ア"), "2026-05-01")
    one = indicators.by_key(indicators.all_of())[Plan.R8, "new_entrant_companies"]
    with act(Kind.INDICATOR_CHANGED):
        one.report(FiscalYear(2026), 4, as_of=date(2027, 3, 31), source="運営調整会議")
    shown = figure(table(Plan.R8, date(2027, 4, 1)), "new_entrant_companies", 2026)
    assert (shown.actual, shown.is_measured, shown.is_reached) == (4, False, True)


def test_an_actual_needs_a_source_and_a_day_not_before_its_year(app: Flask) -> None:
    imported(facts())
    one = indicators.all_of(Plan.R8)[0]
    for values, field in (
        ({"as_of": date(2026, 3, 31), "source": "x"}, "as_of"),
        ({"as_of": date(2026, 4, 1), "source": " "}, "source"),
    ):
        with pytest.raises(Refused) as refused, act(Kind.INDICATOR_CHANGED):
            one.report(FiscalYear(2026), 4, **values)  # type: ignore[arg-type]
        assert refused.value.field == field


def test_the_target_of_a_year_is_found_by_its_key(app: Flask) -> None:
    imported(facts())
    assert indicators.target("new_entrant_companies", FiscalYear(2026)) == 3
    assert indicators.target("new_entrant_companies", FiscalYear(2025)) is None
    assert indicators.target("media_items", FiscalYear(2025)) == 240
    assert list(indicators.targets("new_entrant_companies", Plan.R8.years).values()) == [3, 3, 3, 3]


def test_the_workbook_holds_numbers_and_the_paper_every_indicator(app: Flask) -> None:
    imported(facts())
    found = table(Plan.R4, date(2026, 2, 10))
    sheet = load_workbook(io.BytesIO(found.as_xlsx())).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 9
    income = next(row for row in rows if row[1] == "研究費収入額")
    assert income[4:] == (286000, 464904, 347000, 403811, 354000, 427644, 360000, 439452)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(found.as_pdf())).pages)
    assert "成果指標一覧" in text
    assert "464,904" in text
    assert all(row.indicator.name[:8] in text for row in found.rows)


def test_queries_do_not_grow_with_the_indicators(app: Flask) -> None:
    from tests.kpi.test_new_entrants import _queries

    imported(facts())
    with _queries() as seen:
        table(Plan.R8, date(2026, 9, 30))
    assert len(seen) <= 9
