"""Spreadsheets that must not get in, by screen and by command: one bad row among ten thousand, a workbook of gigabytes."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from crm.cli import main
from crm.config import Settings
from crm.db import db
from crm.organisations.organisations import Organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
ROWS = 10_000
BAD = 7_654
WORDS = "Excelブックを展開すると大きすぎます（128MB超）。必要な行だけを保存し直してください。"


@pytest.fixture
def crm(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run a command on the test's database: its exit code and its JSON."""
    for name in ("database_url", "data_dir", "secret_key"):
        monkeypatch.setenv(f"CRM_{name.upper()}", str(getattr(settings, name)))

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(main, [*map(str, arguments), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return run


def ten_thousand(bad: str) -> bytes:
    """A list with one bad number of employees."""
    rows = [f"株式会社見本第{n},{bad if n == BAD else n}" for n in range(1, ROWS + 1)]
    return "\n".join(["団体名,社員数", *rows]).encode("cp932")


def workbook_of(megabytes: int) -> bytes:
    """A workbook of a thousandth of the size it would unpack to."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream,
    ):
        for _block in range(megabytes):
            stream.write(bytes(1024 * 1024))
    return buffer.getvalue()


def how_many() -> int | None:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count(Organisation.id)))


def sent(visitor: Visitor, content: bytes, name: str) -> Any:
    return visitor.fill_in("/office/imports/organisations", form="organisations", file=(io.BytesIO(content), name))


@pytest.mark.parametrize("bad", ["-5", "１２３４５６７８９０１２"])
def test_one_bad_row_among_ten_thousand_is_named_and_nothing_is_written(
    crm: Any, sign_in: SignIn, tmp_path: Path, bad: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(ten_thousand(bad))
    code, answer = crm("import", "organisations", file)
    assert code == 4
    assert [(error["row"], error["column"]) for error in answer["errors"]] == [(BAD + 1, "社員数")]
    clerk = sign_in("clerk")
    shown = clerk.get(sent(clerk, file.read_bytes(), "list.csv").location).text
    assert f"{BAD + 1}" in shown
    assert "社員数" in shown
    assert 'name="plan"' not in shown, "there is nothing to confirm"
    assert how_many() == 0


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_at_once(crm: Any, sign_in: SignIn, tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    file.write_bytes(workbook_of(2000))
    smaller = workbook_of(400)  # the test's own client would spool a larger upload to a file it never closes
    began = time.monotonic()
    code, answer = crm("import", "organisations", file)
    clerk = sign_in("clerk")
    refused = sent(clerk, smaller, "bomb.xlsx")
    assert time.monotonic() - began < 10
    assert (code, answer["errors"][0]["message"]) == (4, WORDS)
    assert refused.status_code == 422
    assert WORDS in refused.text
    assert how_many() == 0
