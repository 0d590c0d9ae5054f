"""A run killed at any moment and repeated ends as if nothing had happened.

``crm invoices run`` is killed with SIGKILL before a statement or a commit, at moments spread over the whole command; then it
is repeated. ``CRM_CRASH_POINTS=1000`` sweeps every moment.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from crm.config import Settings
from tests import builders

POINTS = int(os.environ.get("CRM_CRASH_POINTS", "50"))
ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine() -> str:
    """Only SQLite: the file is copied for each point."""
    return "sqlite"


@pytest.fixture
def prepared(app: Flask, settings: Settings, tmp_path: Path) -> Path:
    """A database with six members to bill, one that cannot be printed, one to leave out."""
    from crm.db import db

    for n in range(6):
        builders.a_paying_member(f"株式会社見本第{n}", employees=99 + n)
    builders.a_paying_member("株式会社\U0001f98a狐")
    builders.a_paying_member("見本大学", associate=True)
    builders.a_bank_account()
    db.session.rollback()
    db.session.close()
    db.engine.dispose()
    copy = tmp_path / "prepared.sqlite3"
    source, target = sqlite3.connect(Path(settings.data_dir) / "crm.sqlite3"), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    return copy


def test_a_run_killed_anywhere_and_repeated_ends_as_if_undisturbed(prepared: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).with_name("killed_runs.py")), str(prepared), str(POINTS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    undisturbed, *points = map(json.loads, done.stdout.splitlines())
    assert undisturbed["code"] == 0
    answer = undisturbed["answer"]
    assert (answer["expected"], answer["issued"], len(answer["failed"]), len(answer["left_out"])) == (7, 6, 1, 1)
    assert [i["number"] for i in answer["invoices"]] == [f"INV-2026-{n:04d}" for n in range(1, 7)]
    assert len(points) == POINTS
    assert {p["killed"] for p in points} == {-signal.SIGKILL}
    for point in points:
        assert point["code"] in (0, 3), point["moment"]
        assert point["state"]["invoices"] == undisturbed["state"]["invoices"], point["moment"]
        if point["code"] == 0:
            assert point["answer"]["invoices"] == answer["invoices"], point["moment"]
            assert point["state"] == undisturbed["state"], point["moment"]
    assert {point["code"] for point in points} >= {0}
