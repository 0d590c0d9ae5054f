"""``crm register``: one JSON object, the exit codes, nothing of ours changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from crm.cli import main
from crm.db import db
from crm.organisations.organisations import NumberState
from tests.builders import an_organisation
from tests.organisations.register_files import a_number, a_register, a_row, as_csv

AOZORA, MIDORI = a_number(100000000001), a_number(100000000002)


@pytest.fixture
def crm(app: Flask, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the test's database: its exit code and its JSON."""
    monkeypatch.setenv("CRM_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CRM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CRM_SECRET_KEY", settings.secret_key)

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        db.session.rollback()
        done = CliRunner().invoke(main, ["register", *map(str, arguments), "--json"])
        db.session.rollback()
        return done.exit_code, json.loads(done.stdout)

    return run


def test_a_file_is_compared(crm: Any, tmp_path: Path) -> None:
    known = an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    file = tmp_path / "14_kanagawa.csv"
    file.write_bytes(as_csv(a_row(AOZORA, "株式会社アカネ"), a_row(MIDORI, "株式会社ミドリ")))
    code, answer = crm("read", file)
    told = {"organisation": "株式会社アオゾラ", "organisation_id": known.id, "corporate_number": AOZORA}
    assert (code, answer) == (
        0, {"read": 2, "found": 1, "alike": 0, "different": [told], "closed": [], "unknown": [], "proposed": 0},
    )  # fmt: skip
    db.session.refresh(known)
    assert (known.name, known.number_state) == ("株式会社アオゾラ", NumberState.VERIFIED)


def test_a_file_without_anyone_of_ours_is_nothing_to_do_and_another_file_is_refused(crm: Any, tmp_path: Path) -> None:
    an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    file = tmp_path / "14_kanagawa.csv"
    file.write_bytes(as_csv(a_row(MIDORI, "株式会社ミドリ")))
    assert crm("read", file)[0] == 3
    file.write_text("a,b\n1,2\n")
    code, answer = crm("read", file)
    assert code == 4
    assert "reason" in answer


def test_the_network_is_asked_only_with_an_id(crm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crm("check")[0] == 3
    known = an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    assert crm("check")[0] == 4
    with a_register(a_row(AOZORA, "株式会社アオゾラ")) as asked:
        monkeypatch.setenv("CRM_REGISTER_API_ID", "K123")
        monkeypatch.setenv("CRM_REGISTER_API_BASE", asked.address)
        code, answer = crm("check", "--limit", 5)
    assert (code, answer["alike"]) == (0, 1)
    db.session.refresh(known)
    assert known.number_state is NumberState.VERIFIED
