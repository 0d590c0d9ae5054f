"""What these tests need besides: the commands, and a program's token."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from crm.access import tokens, users
from crm.access.permissions import Permission, Role
from crm.cli import main
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act


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


@pytest.fixture
def bearer(app: Flask) -> dict[str, str]:
    """The header of a token that may read indicators."""
    with act(Kind.USER_INVITED):
        user = users.add_with_password(
            email="p@example.jp", name="見本", role=Role.CITY_OFFICER, password="Zx9-tanuki-oyogu"
        )
    with act(Kind.TOKEN_ISSUED):
        _row, token = tokens.issue(user, [Permission.KPI_READ])
    return {"Authorization": f"Bearer {token}"}
