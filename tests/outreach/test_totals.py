"""Totals of past years: the figures of the paper, their sums, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import crm.demo
from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.importers import Origin, named
from crm.outreach import memoranda, totals
from crm.outreach.totals import Metric
from crm.values.fiscal_year import FiscalYear
from tests.visiting import Visitor

FACTS = Path(crm.demo.__file__).parent / "facts"
HEAD = "metric,unit,fiscal_year,era_year,value,as_of,source\n"
ROW = "media_items,件,2025,R7,272,2025-12-31,4(4)ウ(ア)\n"


def imported(data: bytes) -> Plan:
    importer = named("totals")
    with act(importer.act):
        plan = importer.plan(read(data, "t.csv"))
        importer.write(plan, Origin.of(data, "t.csv"))
    return plan


def test_the_sums_of_r4_to_r7_are_those_of_the_paper(app: Flask) -> None:
    data = (FACTS / "outreach_totals.csv").read_bytes()
    assert imported(data).created == 56
    assert imported(data).unchanged == 56
    sums = {row.metric: (row.total, row.unit) for row in totals.reported()}
    assert sums[Metric.ACADEMIC_SEMINARS_HELD] == (25, "回")
    assert sums[Metric.ACADEMIC_SEMINAR_ATTENDEES] == (2189, "名")
    assert sums[Metric.VISITS_RECEIVED] == (422, "件")
    assert sums[Metric.VISITORS_RECEIVED] == (8858, "名")
    assert sums[Metric.PUPIL_VISITORS] == (2502, "名")
    assert sums[Metric.PUBLIC_LECTURES_HELD] == (8, "回")
    assert sums[Metric.PUBLIC_LECTURE_ATTENDEES] == (449, "名")
    assert sums[Metric.MEDIA_ITEMS] == (1109, "件")
    assert sums[Metric.INTERNS_RECEIVED] == (31, "名")
    (first, *_rest) = totals.reported([FiscalYear(2022)])
    assert first.total == 7


def test_a_figure_told_again_is_corrected_and_keeps_its_source(app: Flask) -> None:
    imported((HEAD + ROW).encode())
    assert imported((HEAD + ROW.replace("272,2025-12-31", "310,2026-03-31")).encode()).updated == 1
    (row,) = totals.reported()
    one = row.by_year[FiscalYear(2025)]
    assert (one.value, one.is_partial, one.source) == (310, False, "4(4)ウ(ア)")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("media_items", "media"), "指標"),
        (ROW.replace("272", "-1"), "実績値"),
        (ROW.replace("272", ""), "実績値"),
        (ROW.replace("R7", "R6"), "和暦"),
        (ROW.replace("2025-12-31", "2025-03-31"), "時点"),
        (ROW.replace("4(4)ウ(ア)", ""), "出典"),
        (ROW + ROW, "指標"),
    ],
)
def test_a_bad_row_names_its_column_and_nothing_is_written(app: Flask, row: str, said: str) -> None:
    with pytest.raises(BadRows) as bad:
        imported((HEAD + row).encode())
    assert bad.value.plan.errors[0].column == said
    assert totals.reported() == []


def test_the_page_shows_the_years_side_by_side_and_leaves_as_files(app: Flask, sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in("city_officer")
    assert visitor.get("/office/outreach/").status_code == 200
    imported((FACTS / "outreach_totals.csv").read_bytes())
    shown = visitor.get("/office/outreach/").text
    assert all(words in shown for words in ("8,858", "R4", "R7", "<svg", "4(4)ウ(イ)"))
    assert "8,858" not in visitor.get("/office/outreach/?q=インターン").text
    for wanted, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("json", b"[")):
        assert visitor.get(f"/office/outreach/?format={wanted}").data.startswith(begins)


def test_memoranda_are_listed(app: Flask, sign_in: Callable[..., Visitor]) -> None:
    with act(Kind.DEMONSTRATION_FILLED):
        memoranda.record("見本工科大学", note="見本国", source="4(4)ア")
    assert "見本工科大学" in sign_in("clerk").get("/office/outreach/memoranda?q=工科").text
