"""``crm import`` and ``crm template``: one JSON object, the exit codes, all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from crm.cli import main
from crm.db import db
from crm.exchange.reading import read
from crm.organisations.organisations import Organisation
from tests.builders import an_organisation


@pytest.fixture
def crm(app: Flask, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the test's database: its exit code and its JSON."""
    monkeypatch.setenv("CRM_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CRM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CRM_SECRET_KEY", settings.secret_key)

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        db.session.rollback()
        done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return run


def names() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Organisation.name).order_by(Organisation.id)))


def test_a_dry_run_tells_the_plan_and_writes_nothing(crm: Any, tmp_path: Path) -> None:
    an_organisation("株式会社アカネ")
    file = tmp_path / "list.csv"
    file.write_text("団体名,業種\n株式会社アカネ,介護\n㈱アカネ,医療\n株式会社アオ,\n", encoding="cp932")
    code, answer = crm("import", "organisations", file, "--dry-run")
    assert code == 0
    assert {key: answer[key] for key in ("rows", "created", "updated", "unchanged", "errors")} == {
        "rows": 3, "created": 1, "updated": 1, "unchanged": 0, "errors": [],
    }  # fmt: skip
    assert [(step["row"], step["action"]) for step in answer["plan"]] == [(2, "update"), (3, "review"), (4, "create")]
    assert answer["plan"][1]["match"][0]["organisation"] == "株式会社アカネ"
    assert names() == ["株式会社アカネ"]


def test_written_once_and_the_second_time_there_is_nothing_to_do(crm: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("\ufeff団体名\n株式会社アカネ\n株式会社アオ\n", encoding="utf-8")
    code, answer = crm("import", "organisations", file)
    assert (code, answer["created"], answer["review"]) == (0, 2, [])
    code, answer = crm("import", "organisations", file)
    assert (code, answer["rows"], answer["unchanged"]) == (3, 2, 2)


def test_a_bad_row_is_refused_in_full_with_row_and_column_also_in_a_dry_run(crm: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("団体名,社員数\n株式会社アカネ,12\n株式会社アオ,-1\n", encoding="utf-8")
    for options in ([], ["--dry-run"]):
        code, answer = crm("import", "organisations", file, *options)
        assert (code, answer["created"], answer["rows"]) == (4, 0, 2)
        assert [(error["row"], error["column"]) for error in answer["errors"]] == [(3, "社員数")]
        assert answer["reason"]
    assert names() == []


def test_rows_in_doubt_are_created_or_skipped_by_option(crm: Any, tmp_path: Path) -> None:
    an_organisation("株式会社アカネ")
    file = tmp_path / "list.csv"
    file.write_text("団体名\n㈱アカネ\n", encoding="utf-8")
    code, answer = crm("import", "organisations", file)
    assert (code, len(answer["review"])) == (0, 1)
    assert crm("import", "organisations", file, "--review", "skip")[1]["created"] == 0
    code, answer = crm("import", "organisations", file, "--review", "create")
    assert (code, answer["created"], answer["review"]) == (0, 1, [])
    assert names() == ["株式会社アカネ", "㈱アカネ"]


def test_what_is_no_spreadsheet_is_refused_in_the_same_shape(crm: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"%PDF-1.7")
    code, answer = crm("import", "organisations", file)
    assert (code, answer["created"], len(answer["errors"])) == (4, 0, 1)


@pytest.mark.parametrize("kind", ["organisations", "succession", "engagements"])
def test_a_template_holds_the_importers_columns(crm: Any, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "template.xlsx"
    code, answer = crm("template", kind, "-o", path)
    assert code == 0
    assert list(read(path.read_bytes(), "template.xlsx").headings) == answer["columns"]
    assert crm("import", kind, path)[0] == 3
