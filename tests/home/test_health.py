"""Whether the process lives and is ready, as monitoring asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from crm.db import db
from crm.home import readiness
from tests.visiting import Visitor


def test_the_process_answers(client: Visitor) -> None:
    assert client.get("/healthz").json == {"ok": True}


def test_ready_is_a_schema_of_ours_and_a_folder_to_write_in(client: Visitor) -> None:
    assert client.get("/readyz").json == {"ready": True, "problems": []}


def test_an_old_schema_is_not_ready(client: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_heads", lambda: frozenset({"9999"}))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "9999" in answer.json["problems"][0]


def test_a_folder_that_is_gone_is_not_ready(app: Flask, client: Visitor, data_dir: Path, engine: str) -> None:
    db.session.close()
    data_dir.rename(data_dir.with_name("moved"))
    try:
        answer = client.get("/readyz")
    finally:
        data_dir.with_name("moved").rename(data_dir)
    assert answer.status_code == 503
    assert answer.json["ready"] is False
