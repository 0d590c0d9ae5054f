"""Changes of name and absorptions from a spreadsheet."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.recording import act
from crm.organisations import succession
from crm.organisations.importers import Origin, named
from tests.builders import an_organisation

HEAD = "団体名,旧団体名,事由,効力日\n"


def imported(rows: str) -> Plan:
    importer, data = named("succession"), (HEAD + rows).encode()
    with act(importer.act):
        plan = importer.plan(read(data, "s.csv"))
        importer.write(plan, Origin.of(data, "s.csv"))
    return plan


def counted(plan: Plan) -> tuple[int, int, int]:
    return plan.created, plan.updated, plan.unchanged


def former(organisation: object) -> list[tuple[str, str]]:
    return [(one.name, one.until.isoformat()) for one in organisation.former_names]  # type: ignore[attr-defined]


def test_a_former_name_of_a_known_organisation_is_kept(app: Flask) -> None:
    one = an_organisation("株式会社シン")
    assert counted(imported("株式会社シン,株式会社キュウ,改称,R7.4.1\n")) == (1, 0, 0)
    assert counted(imported("株式会社シン,株式会社キュウ,改称,2025/4/1\n")) == (0, 0, 1)
    assert former(one) == [("株式会社キュウ", "2025-04-01")]
    assert counted(imported("株式会社シン,株式会社キュウ,改称,2025-05-01\n")) == (0, 1, 0)
    assert former(one) == [("株式会社キュウ", "2025-05-01")]


def test_a_known_organisation_takes_its_new_name(app: Flask) -> None:
    one = an_organisation("株式会社キュウ")
    assert counted(imported("株式会社シン,株式会社キュウ,改称,2025-04-01\n")) == (0, 1, 0)
    assert (one.name, former(one)) == ("株式会社シン", [("株式会社キュウ", "2025-04-01")])
    assert counted(imported("株式会社シン,株式会社キュウ,改称,2025-04-01\n")) == (0, 0, 1)


def test_only_the_legal_form_may_move(app: Flask) -> None:
    one = an_organisation("有限会社アオゾラ")
    imported("株式会社アオゾラ,有限会社アオゾラ,改称,2025-04-01\n")
    assert (one.name, former(one)) == ("株式会社アオゾラ", [("有限会社アオゾラ", "2025-04-01")])


@pytest.mark.parametrize("known", ["株式会社イチ", "株式会社サン"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_names_in_one_file_is_understood_in_any_order(app: Flask, known: str, backwards: bool) -> None:
    one = an_organisation(known)
    rows = ["株式会社ニ,株式会社イチ,改称,2020-04-01\n", "株式会社サン,株式会社ニ,改称,2024-04-01\n"]
    imported("".join(reversed(rows) if backwards else rows))
    assert (one.name, former(one)) == (
        "株式会社サン", [("株式会社イチ", "2020-04-01"), ("株式会社ニ", "2024-04-01")],
    )  # fmt: skip
    assert counted(imported("".join(rows))) == (0, 0, 2)


def test_two_records_of_one_company_are_joined(app: Flask) -> None:
    old, new = an_organisation("株式会社キュウ"), an_organisation("株式会社シン")
    imported("株式会社シン,株式会社キュウ,改称,2025-04-01\n")
    assert succession.whose_past(new, date(2020, 1, 1)) == {old.id, new.id}


def test_an_absorption_is_recorded_once_and_its_day_set_right(app: Flask) -> None:
    small, big = an_organisation("アキュルナ株式会社"), an_organisation("ナノキャリア株式会社")
    row = "ナノキャリア㈱,アキュルナ(株),合併,2020-09-01\n"
    assert counted(imported(row)) == (1, 0, 0)
    assert counted(imported(row)) == (0, 0, 1)
    assert counted(imported(row.replace("09-01", "10-01"))) == (0, 1, 0)
    assert succession.whose_past(big, date(2020, 10, 1)) == {big.id, small.id}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("株式会社シラナイ,株式会社ショウ,合併,2020-09-01", "団体名"),
        ("株式会社ダイ,株式会社シラナイ,合併,2020-09-01", "旧団体名"),
        ("株式会社シラナイ,株式会社ダレ,改称,2020-09-01", "団体名"),
        ("株式会社ダイ,株式会社ダイ,合併,2020-09-01", "旧団体名"),
        ("株式会社ダイ,株式会社ショウ,解散,2020-09-01", "事由"),
        ("株式会社ダイ,株式会社ショウ,合併,2020-09-31", "効力日"),
        ("株式会社ダイ,フタゴ,合併,2020-09-01", "旧団体名"),
    ],
)
def test_a_row_that_cannot_be_names_its_row_and_column(app: Flask, row: str, column: str) -> None:
    for name in ("株式会社ダイ", "株式会社ショウ", "株式会社フタゴ", "合同会社フタゴ"):
        an_organisation(name)
    with pytest.raises(BadRows) as bad:
        imported(f"株式会社ダイ,株式会社ショウ,合併,2020-09-01\n{row}\n")
    assert [(error.row, error.column) for error in bad.value.plan.errors] == [(3, column)]
