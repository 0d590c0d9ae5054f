"""The city's table of indicators as a file: in, out again, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

import crm.demo
from crm.exchange.plan import BadRows
from crm.exchange.plan import Plan as ImportPlan
from crm.exchange.reading import read
from crm.history.recording import act
from crm.kpi import indicators
from crm.kpi.committee_table import table
from crm.kpi.indicators import Plan
from crm.organisations.importers import Origin, named
from crm.values.fiscal_year import FiscalYear

FACTS = Path(crm.demo.__file__).parent / "facts"
HEAD = "plan,goal_ja,kpi,name_ja,period,unit,fiscal_year,era_year,target,actual,as_of,source\n"
ROW = "第4期実施計画,新産業の創出,ventures,ベンチャー企業の設立,累計,社,2026,R8,12,,,9(2)\n"


def imported(data: bytes) -> ImportPlan:
    importer = named("kpi-table")
    with act(importer.act):
        plan = importer.plan(read(data, "kpi.csv"))
        importer.write(plan, Origin.of(data, "kpi.csv"))
    return plan


def facts() -> bytes:
    return (FACTS / "kpi_table.csv").read_bytes()


def refusal(rows: str) -> str:
    with pytest.raises(BadRows) as bad:
        imported((HEAD + rows).encode())
    error = bad.value.plan.errors[0]
    return f"{error.row} {error.column}: {error.message}"


def test_the_table_of_both_plans_comes_back_as_the_paper_prints_it(app: Flask) -> None:
    import csv

    assert imported(facts()).created == 77
    assert (imported(facts()).unchanged, len(indicators.all_of(Plan.R4)), len(indicators.all_of(Plan.R8))) == (77, 8, 9)
    for row in csv.DictReader(facts().decode("utf-8-sig").splitlines()):
        plan = Plan.R4 if row["plan"] == "第3期実施計画" else Plan.R8
        one = next(i for i in table(plan).as_json()["indicators"] if i["kpi"] == row["kpi"])
        assert (one["name"], one["unit"], one["goal"]) == (row["name_ja"], row["unit"], row["goal_ja"])
        year = next(y for y in one["years"] if y["fiscal_year"] == int(row["fiscal_year"]))
        assert [str(year[key] if year[key] is not None else "") for key in ("target", "actual", "as_of", "source")] == [
            row["target"], row["actual"], row["as_of"], row["source"],
        ]  # fmt: skip


def test_a_blank_cell_deletes_nothing_and_a_new_actual_is_an_update(app: Flask) -> None:
    imported((HEAD + ROW).encode())
    again = imported((HEAD + ROW.replace(",12,,,", ",,11,2026-12-31,")).encode("cp932"))
    assert (again.created, again.updated) == (0, 1)
    (one,) = indicators.all_of(Plan.R8)
    reading = one.reading_of(FiscalYear(2026))
    assert (one.target_of(FiscalYear(2026)), reading and reading.value) == (12, 11)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("第4期", "第5期"), "2 計画"),
        (ROW.replace(",12,,,", ",十二,,,"), "2 目標"),
        (ROW.replace(",12,,,", ",-1,,,"), "2 目標"),
        (ROW.replace(",12,,,", ",12,11,,"), "2 時点"),
        (ROW.replace(",12,,,", ",12,11,2026-03-31,"), "2 時点"),
        (ROW.replace(",12,,,9(2)", ",12,11,2026-12-31,"), "2 出典"),
        (ROW.replace("R8", "R9"), "2 和暦"),
        (ROW + ROW, "3 指標コード"),
    ],
)
def test_a_bad_row_names_its_column_and_nothing_is_written(app: Flask, row: str, said: str) -> None:
    assert refusal(row).startswith(said)
    assert indicators.all_of() == []
