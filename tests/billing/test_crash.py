"""A run killed at any moment and repeated ends as if nothing had happened.

``crm invoices run`` is killed with SIGKILL before a statement or a commit, at moments spread over the whole command; then it
is repeated. ``CRM_CRASH_POINTS=1000`` sweeps every moment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm.config import Settings
from crm.history.recording import Actor, acting_as
from tests import builders
from tests.databases import Databases

POINTS = int(os.environ.get("CRM_CRASH_POINTS", "50"))
ROOT = Path(__file__).parents[2]


@pytest.fixture
def prepared(engine_databases: Callable[[str], Databases], data_dir: Path) -> Iterator[Path]:
    """A database with six members to bill, one that cannot be printed, one to leave out. SQLite: the file is copied often."""
    from crm.app import create_app
    from crm.db import db

    with engine_databases("sqlite").fresh(data_dir) as url:
        app = create_app(Settings(database_url=url, data_dir=data_dir, secret_key="x" * 40, fast_passwords=True))
        with app.app_context(), acting_as(Actor("test")):
            for n in range(6):
                builders.a_paying_member(f"株式会社見本第{n}", employees=99 + n)
            builders.a_paying_member("株式会社\U0001f98a狐")
            builders.a_paying_member("見本大学", associate=True)
            builders.a_bank_account()
            db.session.close()
            db.engine.dispose()  # the last to leave puts the write-ahead log into the file
        yield data_dir / "crm.sqlite3"


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
        if point["code"] == 3:  # it had ended; only the one that cannot be printed was tried again
            assert point["answer"]["issued"] == 0, point["moment"]
        else:
            assert point["answer"]["invoices"] == answer["invoices"], point["moment"]
            assert point["state"] == undisturbed["state"], point["moment"]
    assert {point["code"] for point in points} >= {0}
