"""``crm invoices``, ``papers`` and ``bank account`` as an operator calls them: their JSON and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from crm.billing import issuing
from crm.cli import main
from crm.db import db
from crm.documents import issued
from crm.documents.issued import DocumentState, IssuedDocument
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.values.fiscal_year import FiscalYear
from tests import builders

Crm = Callable[..., dict[str, Any]]
RUN = ("invoices", "run", "--fiscal-year", "2026", "--issue-date", "2026-04-01", "--due-date", "2026-04-30")


@pytest.fixture
def crm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Crm:
    """``crm("invoices", "list", code=0)``: the command's JSON; fails unless it ends with ``code``."""

    def call(*words: str, code: int = 0) -> dict[str, Any]:
        db.session.rollback()
        monkeypatch.setattr("crm.app.create_app", lambda: app)
        done = CliRunner().invoke(main, [*words, "--json"])
        db.session.rollback()
        assert done.exit_code == code, (done.exit_code, done.output, done.exception)
        (line,) = done.stdout.splitlines()
        answer: dict[str, Any] = json.loads(line)
        return answer

    return call


def test_a_year_is_billed_by_command_and_again_is_nothing_to_do(crm: Crm) -> None:
    first, second = builders.a_paying_member("株式会社一", employees=101), builders.a_paying_member("株式会社二")
    builders.a_paying_member("見本大学", associate=True)
    builders.a_bank_account()
    planned = crm(*RUN, "--dry-run")
    assert (planned["run"], planned["expected"], planned["issued"], planned["total_yen"]) == (None, 2, 0, 480_000)
    assert [i["number"] for i in planned["invoices"]] == [None, None]
    made = crm(*RUN)
    assert made["invoices"] == [
        {"number": "INV-2026-0001", "organisation": "株式会社一", "organisation_id": first.organisation_id, "total_yen": 360_000},
        {"number": "INV-2026-0002", "organisation": "株式会社二", "organisation_id": second.organisation_id, "total_yen": 120_000},
    ]  # fmt: skip
    assert (made["expected"], made["issued"], made["total_yen"], made["failed"]) == (2, 2, 480_000, [])
    assert [(x["organisation"], x["reason"]) for x in made["left_out"]] == [("見本大学", "associate")]
    again = crm(*RUN, code=3)
    assert (again["run"], again["issued"], len(again["left_out"])) == (None, 0, 3)


def test_an_interrupted_run_goes_on_and_ends_with_0(crm: Crm) -> None:
    for _ in range(3):
        builders.a_paying_member()
    builders.a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED):
        run_id = issuing.begin(FiscalYear(2026), on=date(2026, 4, 1), due=date(2026, 4, 30)).id
    with act(Kind.ANNUAL_INVOICES_ISSUED):
        issuing.work_off(run_id, most=1)
    made = crm(*RUN)
    assert (made["run"], made["expected"], made["issued"]) == (run_id, 3, 3)


def test_who_cannot_be_printed_is_named_and_alone_is_nothing_to_do(crm: Crm) -> None:
    builders.a_paying_member("株式会社\U0001f98a")
    builders.a_paying_member("株式会社一")
    builders.a_bank_account()
    made = crm(*RUN)
    assert ([f["organisation"] for f in made["failed"]], made["issued"]) == (["株式会社\U0001f98a"], 1)
    again = crm(*RUN, code=3)
    assert (len(again["failed"]), again["issued"]) == (1, 0)


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_dates_that_cannot_be_are_refused(crm: Crm, dry_run: tuple[str, ...]) -> None:
    builders.a_paying_member()
    builders.a_bank_account()
    refused = crm(*RUN[:-1], "2026-03-31", *dry_run, code=4)
    assert refused["field"] == "due_on"
    assert refused["reason"]


def test_invoices_are_listed_with_what_is_open(crm: Crm) -> None:
    member = builders.a_paying_member("株式会社一")
    old, new = builders.an_issued_invoice(member, 2025), builders.an_issued_invoice(member, 2026)
    builders.a_payment(120_000, invoices=[old])
    builders.a_payment(20_000, invoices=[new])
    new_number = new.number
    assert crm("invoices", "list", "--open")["invoices"] == [
        {"number": new_number, "organisation": "株式会社一", "organisation_id": member.organisation_id,
         "issued_on": "2026-04-01", "due_on": "2026-04-30", "total_yen": 120_000, "open_yen": 100_000, "state": "overdue"},
    ]  # fmt: skip
    assert [i["state"] for i in crm("invoices", "list", "--fiscal-year", "R7")["invoices"]] == ["settled"]
    assert len(crm("invoices", "list")["invoices"]) == 2


def test_a_paper_is_fetched_and_drawn_when_it_waits(crm: Crm, tmp_path: Path) -> None:
    number = builders.an_issued_invoice().number
    file = tmp_path / "invoice.pdf"
    assert crm("papers", "get", number, "-o", str(file))["number"] == number
    document = db.session.query(IssuedDocument).one()
    assert (document.state, issued.pdf(document)) == (DocumentState.DRAWN, file.read_bytes())
    crm("papers", "get", "INV-2026-9999", "-o", str(file), code=4)


def test_an_account_is_added_once(crm: Crm) -> None:
    words = ("bank", "account", "add", "--bank", "川崎見本銀行", "--branch", "殿町", "--type", "ordinary", "--number", "1234567",
             "--holder-kana", "カワサキケアデザイン")  # fmt: skip
    assert crm(*words)["account"] == 1
    assert crm(*words, code=4)["field"] == "number"
