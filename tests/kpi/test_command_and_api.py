"""``crm kpi`` and ``/api/v1/kpi``: the same answer, and clear refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.builders import a_contract, a_participation, an_organisation
from tests.kpi.test_importing import facts, imported
from tests.visiting import Visitor


@pytest.fixture
def year(app: Flask) -> None:
    imported(facts())
    one = an_organisation("株式会社ア")
    a_participation(one, "2026-05-01", evidence="参画届")
    a_contract(one, signed="2026-06")


def test_the_command_and_the_api_give_the_same_answer(
    crm: Any, client: Visitor, bearer: dict[str, str], year: None
) -> None:
    code, told = crm("kpi", "show", "new-entrants", "--fiscal-year", "R8", "--as-of", "2026-06-30")
    feed = client.get("/api/v1/kpi/new-entrants?fiscal_year=2026&as_of=2026-06-30", headers=bearer)
    assert (code, feed.status_code, feed.json) == (0, 200, told)
    assert (told["value"], told["target"], told["as_of"], told["entries"][0]["also"]) == (
        1,
        3,
        "2026-06-30",
        ["joint_research"],
    )
    code, told = crm("kpi", "table", "--plan", "R8", "--as-of", "2026-06-30")
    assert client.get("/api/v1/kpi/table?plan=R8&as_of=令和8年6月30日", headers=bearer).json == told
    last = told["indicators"][-1]
    assert (last["kpi"], [one["actual"] for one in last["years"]]) == (
        "new_entrant_companies",
        [10, 1, None, None, None],
    )


def test_an_import_by_command_and_again(crm: Any, tmp_path: Path) -> None:
    file = tmp_path / "kpi.csv"
    file.write_bytes(facts())
    assert crm("import", "kpi-table", file)[1]["created"] == 77
    assert crm("import", "kpi-table", file)[0] == 3


def test_a_table_is_written_as_workbook_and_paper_but_not_as_word(crm: Any, tmp_path: Path, year: None) -> None:
    for name, begins in (("t.xlsx", b"PK"), ("t.pdf", b"%PDF")):
        code, told = crm("kpi", "table", "--plan", "R8", "-o", tmp_path / name)
        assert (code, told["file"]) == (0, str(tmp_path / name))
        assert (tmp_path / name).read_bytes().startswith(begins)
    code, told = crm("kpi", "table", "--plan", "R8", "-o", tmp_path / "t.docx")
    assert (code, "Word" in told["reason"], (tmp_path / "t.docx").exists()) == (4, True, False)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("new-entrants", "fiscal_year"),
        ("new-entrants?fiscal_year=x", "fiscal_year"),
        ("new-entrants?fiscal_year=99999", "fiscal_year"),
        ("new-entrants?fiscal_year=2026&as_of=2026-02-30", "as_of"),
        ("table", "plan"),
        ("table?plan=R9", "plan"),
        ("table?plan=R8&as_of=%00", "as_of"),
    ],
)
def test_what_makes_no_sense_is_answered_422_with_its_field(
    client: Visitor, bearer: dict[str, str], question: str, field: str
) -> None:
    answer = client.get(f"/api/v1/kpi/{question}", headers=bearer)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == field


def test_a_wrong_day_or_year_is_refused_by_the_command(crm: Any) -> None:
    assert crm("kpi", "show", "new-entrants", "--fiscal-year", "R0")[0] == 4
    code, told = crm("kpi", "table", "--plan", "R4", "--as-of", "2026-13-01")
    assert (code, told["field"]) == (4, "as_of")


def test_without_a_token_nothing_is_told(client: Visitor) -> None:
    assert client.get("/api/v1/kpi/new-entrants?fiscal_year=2026").status_code == 401
