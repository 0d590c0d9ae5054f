"""The indicators' pages: who may see and record, what they say, and their files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from crm.kpi import indicators
from crm.kpi.definitions import R8_1
from crm.kpi.indicators import Plan
from crm.text import speaking
from crm.translations import compiling
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_contract, a_participation, an_organisation
from tests.kpi.test_importing import facts, imported
from tests.kpi.test_new_entrants import a_corporate_member
from tests.visiting import Visitor


@pytest.fixture
def sign(sign_in: Callable[..., Visitor], clock_at: Callable[[str], Any]) -> Callable[..., Visitor]:
    """Someone signed in on 1 October 2026."""
    clock_at("2026-10-01 10:00")
    return sign_in


def test_the_page_opens_the_figure_into_what_it_counts_and_leaves_out(app: Flask, sign: Callable[..., Visitor]) -> None:
    imported(facts())
    one, other = an_organisation("株式会社ア"), an_organisation("大学イ", kind="university")
    a_participation(one, "2026-05-01", evidence="参画届")
    a_corporate_member(one)
    a_contract(other, signed="2026-06")
    shown = sign("city_officer").get("/office/kpi/new-entrants").text
    assert all(words in shown for words in ("株式会社ア", "参画届", "2026/5/1", "大学イ", "2026/6", "r8-1", "<svg"))
    assert f"organisations/{one.id}" not in shown
    assert f"organisations/{one.id}" in sign("clerk").get("/office/kpi/new-entrants").text


def test_the_list_leaves_as_csv_excel_and_json(app: Flask, sign: Callable[..., Visitor]) -> None:
    a_participation(an_organisation("株式会社𠮷ア"), "2026-05-01")
    visitor = sign("auditor")
    for wanted, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("json", b"{")):
        answer = visitor.get(f"/office/kpi/new-entrants?fiscal_year=2026&format={wanted}")
        assert (answer.status_code, answer.data[: len(begins)]) == (200, begins)
        assert f"new-entrants-2026-20261001.{wanted}" in answer.headers["Content-Disposition"]
    told = visitor.get("/office/kpi/new-entrants?format=json").json
    assert told is not None
    assert (told["value"], told["entries"][0]["organisation"]) == (1, "株式会社𠮷ア")


def test_the_day_may_be_chosen_and_a_wrong_one_names_its_field(app: Flask, sign: Callable[..., Visitor]) -> None:
    a_participation(an_organisation("株式会社ア"), "2026-05-01")
    visitor = sign("clerk")
    told = visitor.get("/office/kpi/new-entrants?fiscal_year=R8&as_of=令和8年4月30日&format=json").json
    assert told is not None
    assert told["value"] == 0
    assert visitor.get("/office/kpi/new-entrants?as_of=2026-02-30").status_code == 422
    assert visitor.get("/office/kpi/?as_of=x&format=pdf").status_code == 422
    assert visitor.get("/office/kpi/?plan=R9").status_code == 400


def test_the_tables_of_both_plans_are_shown_searched_and_handed_out(app: Flask, sign: Callable[..., Visitor]) -> None:
    visitor = sign("clerk")
    assert visitor.get("/office/kpi/").status_code == 200
    imported(facts())
    assert "研究費収入額" in visitor.get("/office/kpi/").text
    found = visitor.get("/office/kpi/?plan=R4&q=ベンチャー").text
    assert "ベンチャー企業の設立" in found
    assert "研究費収入額" not in found
    for wanted, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")):
        assert visitor.get(f"/office/kpi/?plan=R4&format={wanted}").data.startswith(begins)


def test_a_clerk_records_an_actual_and_an_auditor_may_not(app: Flask, sign: Callable[..., Visitor]) -> None:
    imported(facts())
    one = indicators.by_key(indicators.all_of())[Plan.R8, "ventures"]
    page = f"/office/kpi/indicators/{one.id}"
    filled = {"year": "R8", "value": "１１", "as_of": "2026-09-30", "source": "事務局調べ"}
    clerk = sign("clerk")
    assert clerk.fill_in(page, form="readings", **filled).status_code == 303
    (known,) = indicators.by_key(indicators.all_of())[Plan.R8, "ventures"].readings[1:]
    assert (known.year, known.value, known.as_of) == (FiscalYear(2026), 11, date(2026, 9, 30))
    assert known.reported_by.startswith("見本")
    wrong = clerk.fill_in(page, form="readings", **{**filled, "as_of": "2026-03-31", "value": "-1"})
    assert wrong.status_code == 422
    wrong = clerk.fill_in(page, form="readings", **{**filled, "as_of": "2026-03-31"})
    assert (wrong.status_code, 'id="as_of-error"' in wrong.text) == (422, True)
    auditor = sign("auditor")
    assert "readings" not in auditor.get(page).text
    assert clerk.get("/office/kpi/indicators/999999999999999999999").status_code == 404
    assert auditor.post(f"{page}/readings", data={}).status_code in (400, 403)


def test_every_rule_of_the_definition_is_published_in_japanese_too() -> None:
    compiling.compile_all()
    for rule in (R8_1.title, *R8_1.counted, *R8_1.rules):
        with speaking("en"):
            english = str(rule)
        with speaking("ja"):
            assert str(rule) != english
