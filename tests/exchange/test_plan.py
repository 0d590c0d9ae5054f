"""All rows or none."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import BadRows, Decision, Match, Plan, Reviewing, RowAction, planned
from crm.exchange.reading import read
from crm.exchange.writing import csv_bytes, xlsx_bytes

COLUMNS = Columns(
    "samples",
    [Column("name", "団体名", cells.text(), required=True), Column("employees", "社員数", cells.whole())],
)
KNOWN = {"既存": 10, "同じ": 20}


def decide(row: ReadRow) -> Decision:
    name = row.values["name"]
    if name == "拒否":
        raise Refused("not this one", field="name")
    if name == "似た":
        return Decision(RowAction.REVIEW, matches=(Match("似た株式会社", "same reading", 7),))
    if name in KNOWN:
        same = KNOWN[name] == row.values["employees"]
        return Decision(RowAction.UNCHANGED if same else RowAction.UPDATE, target=name)
    return Decision(RowAction.CREATE)


def a_plan(*rows: list[Any]) -> Plan:
    return planned(
        COLUMNS,
        read(csv_bytes(["団体名", "社員数"], rows)),
        decide,
        same=lambda values: values["name"],
        said_twice="name",
    )


def test_a_plan_says_what_becomes_of_each_row_before_anything_is_written() -> None:
    plan = a_plan(["新規", 1], ["既存", 11], ["同じ", 20], ["似た", 5])
    match = {"organisation": "似た株式会社", "organisation_id": 7, "why": "same reading"}
    assert plan.as_json(dry_run=True) == {
        "rows": 4,
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "review": [{"row": 5, "match": [match]}],
        "errors": [],
        "plan": [
            {"row": 2, "action": "create", "match": []},
            {"row": 3, "action": "update", "match": []},
            {"row": 4, "action": "unchanged", "match": []},
            {"row": 5, "action": "review", "match": [match]},
        ],
    }
    assert "plan" not in plan.as_json()


def test_rows_in_doubt_are_held_while_the_others_are_written() -> None:
    written: list[int] = []
    held: list[int] = []
    plan = a_plan(["新規", 1], ["似た", 5], ["同じ", 20])
    plan.carry_out(lambda step: written.append(step.row), lambda step: held.append(step.row))
    assert (written, held) == ([2], [3])


def test_rows_in_doubt_are_created_or_skipped_when_asked() -> None:
    plan = a_plan(["新規", 1], ["似た", 5])
    for reviewing, rows, created, review in ((Reviewing.CREATE, [2, 3], 2, 0), (Reviewing.SKIP, [2], 1, 1)):
        written: list[int] = []
        held: list[int] = []
        chosen = plan.reviewed(reviewing)
        chosen.carry_out(lambda step, to=written: to.append(step.row), lambda step, to=held: to.append(step.row))
        assert (written, held, chosen.created, len(chosen.review)) == (rows, [], created, review)


@pytest.mark.parametrize("form", ["csv", "cp932", "xlsx"])
def test_one_bad_row_among_ten_thousand_writes_nothing_and_is_named(form: str) -> None:
    rows: list[list[object]] = [[f"見本{n}株式会社", n] for n in range(10_000)]
    rows[6_789][1] = "たくさん"
    headings = ["団体名", "社員数"]
    if form == "xlsx":
        data = xlsx_bytes("x", headings, rows)
    else:
        data = csv_bytes(headings, rows, "cp932" if form == "cp932" else "utf-8-sig")
    started = time.monotonic()
    plan = planned(COLUMNS, read(data), decide)
    assert time.monotonic() - started < 5
    answer = plan.as_json()
    assert (answer["rows"], answer["created"]) == (10_000, 0)
    assert [(error["row"], error["column"]) for error in answer["errors"]] == [(6_791, "社員数")]
    written: list[object] = []
    with pytest.raises(BadRows, match="1 row has an error. Row 6791, 社員数: Only digits") as refusal:
        plan.carry_out(written.append)
    assert refusal.value.plan is plan
    assert not written


def test_a_refusal_of_a_rule_is_an_error_of_its_row_and_column() -> None:
    plan = a_plan(["新規", 1], ["拒否", 5])
    assert plan.as_json()["errors"] == [{"row": 3, "column": "団体名", "message": "not this one"}]


def test_a_refusal_while_writing_names_the_row_and_ends_the_import() -> None:
    def write(step: object) -> None:
        raise Refused("no more numbers")

    with pytest.raises(BadRows, match="Row 2, : no more numbers|Row 2"):
        a_plan(["新規", 1], ["別", 2]).carry_out(write)


def test_the_same_said_twice_in_one_file_is_an_error() -> None:
    plan = a_plan(["新規", 1], ["別", 2], ["新規", 3])
    assert plan.as_json()["errors"] == [
        {"row": 4, "column": "団体名", "message": "The file says the same already in row 2."}
    ]
