"""The same year by command: `crm import`, `invoices run`, `papers get`, `certificates issue`, `members count`, `verify`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SECRET
from tests.journeys.reading import SIXTY, spreadsheet, text_of
from tests.live_server import COMMAND

DONE, NOTHING_TO_DO, REFUSED = 0, 3, 4
RUN = ("invoices", "run", "--fiscal-year", "2026", "--issue-date", "2026-04-10", "--due-date", "2026-05-29")


class Terminal:
    """A terminal at which `crm` is typed."""

    def __init__(self, data_dir: Path, database_url: str) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CRM_")},
            "CRM_DATA_DIR": str(data_dir), "CRM_DATABASE_URL": database_url, "CRM_SECRET_KEY": SECRET,
        }  # fmt: skip

    def crm(self, *words: str, code: int = DONE) -> dict[str, Any]:
        """Type a command; answers its JSON object."""
        done = subprocess.run(
            [*COMMAND, *words, "--json"], env=self._environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, (
            f"crm {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
        assert len(done.stdout.splitlines()) == 1, done.stdout
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def terminal(data_dir: Path, database_url: str) -> Terminal:
    """A terminal before an office that was set up and has an account to pay to."""
    made = Terminal(data_dir, database_url)
    made.crm("setup")
    made.crm("bank", "account", "add", "--bank", "見本銀行", "--branch", "川崎支店", "--type", "ordinary", "--number", "1234567",
             "--holder-kana", "ミホン")  # fmt: skip
    return made


def test_sixty_companies_are_imported_billed_once_and_certified(terminal: Terminal, tmp_path: Path) -> None:
    sheet = tmp_path / "会員名簿.xlsx"
    sheet.write_bytes(spreadsheet(joined_on="2026-04-01"))
    planned = terminal.crm("import", "organisations", str(sheet), "--dry-run")
    assert (planned["rows"], planned["created"], planned["errors"]) == (60, 60, [])
    assert terminal.crm("members", "count", "--on", "2026-04-01")["corporate"] == 0
    assert terminal.crm("import", "organisations", str(sheet))["created"] == 60
    assert terminal.crm("members", "count", "--on", "2026-04-01") == {
        "on": "2026-04-01",
        "corporate": 60,
        "associate": 0,
    }
    assert terminal.crm("members", "count", "--on", "2026-03-31")["corporate"] == 0
    _billed_once(terminal)
    _right_papers(terminal, tmp_path)
    assert len(terminal.crm("certificates", "issue", "--fiscal-year", "2026")["issued"]) == 60
    assert terminal.crm("certificates", "issue", "--fiscal-year", "2026", code=NOTHING_TO_DO)["issued"] == []
    assert terminal.crm("import", "organisations", str(sheet), code=NOTHING_TO_DO)["unchanged"] == 60
    assert terminal.crm("verify") == {"ok": True, "breaches": []}


def _billed_once(terminal: Terminal) -> None:
    total = sum(company.fee for company in SIXTY)
    dry = terminal.crm(*RUN, "--dry-run")
    assert (dry["expected"], dry["issued"], dry["total_yen"]) == (60, 0, total)
    run = terminal.crm(*RUN)
    assert (run["expected"], run["issued"], run["total_yen"], run["left_out"], run["failed"]) == (60, 60, total, [], [])
    assert [one["number"] for one in run["invoices"]] == [f"INV-2026-{n:04d}" for n in range(1, 61)]
    assert {one["organisation"]: one["total_yen"] for one in run["invoices"]} == {c.name: c.fee for c in SIXTY}
    again = terminal.crm(*RUN, code=NOTHING_TO_DO)
    assert again["issued"] == 0
    assert {one["reason"] for one in again["left_out"]} == {"already_billed"}
    open_ = terminal.crm("invoices", "list", "--fiscal-year", "2026", "--open")["invoices"]
    assert len(open_) == 60
    assert sum(one["open_yen"] for one in open_) == total


def _right_papers(terminal: Terminal, folder: Path) -> None:
    terminal.crm("worker", "--once")
    listed = terminal.crm("invoices", "list", "--fiscal-year", "2026")["invoices"]
    for one in (listed[0], listed[59]):
        file = folder / "invoice.pdf"
        terminal.crm("papers", "get", one["number"], "-o", str(file))
        paper = text_of(file.read_bytes())
        assert all(printed in paper for printed in (one["number"], one["organisation"], f"{one['total_yen']:,}"))
    refused = terminal.crm("papers", "get", "INV-2026-0061", "-o", str(folder / "none.pdf"), code=REFUSED)
    assert refused["number"] == "INV-2026-0061"
