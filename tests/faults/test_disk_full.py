"""The disk is full: whoever writes is told so, nothing half-written stays, reading goes on, and with room it works again.

A full disk is a database file that may not grow (SQLite then answers as on a full disk), and files that may not grow beyond a
limit of the process.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import resource
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import event

from crm import db as database
from crm import worker
from crm.access import tokens, users
from crm.access.permissions import Role
from crm.cli import main
from crm.config import Settings
from crm.db import db
from crm.documents import files, issued
from crm.documents.issued import DocumentState
from crm.history import chain
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.organisations import Organisation
from crm.projects.contracts import Contract
from tests import builders
from tests.databases import Databases
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
FULL = "ディスクの空きがありません。変更はしていません。"
MUCH = "備考" * 950
LIMIT = 3 * 1024 * 1024


@pytest.fixture
def database_url(engine_databases: Callable[[str], Databases], data_dir: Path) -> Iterator[str]:
    """SQLite only: its file lies on our disk."""
    with engine_databases("sqlite").fresh(data_dir) as url:
        yield url


@contextlib.contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database may not grow inside the block, for the application at hand and for any made there."""
    db.session.rollback()
    db.engine.dispose()
    with contextlib.closing(sqlite3.connect(db.engine.url.database or "")) as alone:
        alone.execute("VACUUM")  # no room within the file either
        pages = alone.execute("PRAGMA page_count").fetchone()[0]
    as_usual = database._on_sqlite_connect

    def opened(connection: Any, record: Any) -> None:
        as_usual(connection, record)
        connection.execute(f"PRAGMA max_page_count={pages}")

    with monkeypatch.context() as patched:
        patched.setattr(database, "_on_sqlite_connect", opened)
        event.listen(db.engine, "connect", opened)
        yield
        event.remove(db.engine, "connect", opened)
    db.session.rollback()
    db.engine.dispose()


@contextlib.contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond the limit inside the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def no_room(*_arguments: object) -> None:
    """What the system says when a file's bytes find no place."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def state() -> tuple[int, int | None]:
    """How long the record is, and how many organisations there are; the record agrees with itself."""
    db.session.rollback()
    assert list(chain.breaches(db.session)) == []
    return chain.head(db.session).number, db.session.scalar(sa.select(sa.func.count(Organisation.id)))


def test_a_page_says_it_and_the_same_form_works_when_there_is_room(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = sign_in("clerk")
    form = {"name": "株式会社アカネ", "kind": "company", "remark": MUCH, "idempotency_key": "the-same-form-twice"}
    before = state()
    with full_disk(monkeypatch):
        answer = visitor.fill_in("/office/organisations/new", form="/office/organisations/", **form)
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "2"
        assert FULL in answer.text
        assert visitor.get("/office/organisations/").status_code == 200, "reading goes on"
    assert state() == before
    assert visitor.fill_in("/office/organisations/new", form="/office/organisations/", **form).status_code == 303
    assert state() == (before[0] + 1, 1)


def test_a_program_is_told_by_a_problem(app: Flask, client: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    with act(Kind.TOKEN_ISSUED):
        user = users.add_with_password(
            email="p@example.jp", name="見本", role=Role.DIRECTOR, password="花火と多摩川の夕暮れ 42"
        )
        db.session.flush()
        _token, secret = tokens.issue(user, ["events:edit"])
    event_ = {
        "title": "公開講座", "slug": "open", "kind": "public_lecture", "description": MUCH,
        "sessions": [{"starts_at": "2027-04-10T14:00:00+09:00", "capacity": 2}],
    }  # fmt: skip
    before = state()
    with full_disk(monkeypatch):
        answer = client.post("/api/v1/events", json=event_, headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert answer.json["detail"] == FULL
    assert state() == before


def test_an_import_by_command_fails_as_a_whole_and_says_why(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "data_dir", "secret_key"):
        monkeypatch.setenv(f"CRM_{name.upper()}", str(getattr(settings, name)))
    file = tmp_path / "list.csv"
    file.write_text("団体名\n" + "".join(f"株式会社見本第{n}\n" for n in range(2000)), encoding="cp932")
    before = state()

    def imported() -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(main, ["import", "organisations", str(file), "--json"])
        assert isinstance(done.exception, SystemExit) or done.exception is None, done.exception
        return done.exit_code, json.loads(done.stdout)

    with full_disk(monkeypatch):
        code, answer = imported()
    assert (code, answer["reason"]) == (1, "the disk is full, nothing was changed")
    assert state() == before
    assert imported()[0] == 0
    assert state()[1] == 2000


def test_a_file_that_does_not_fit_leaves_neither_half_a_file_nor_a_row(
    app: Flask, sign_in: SignIn, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builders.an_organisation("株式会社アカネ")
    visitor, before = sign_in("clerk"), state()
    content = b"%PDF-1.7 " + bytes(range(256)) * 100

    def sent() -> Any:
        return visitor.fill_in(
            "/office/projects/contracts/new", form="/contracts", organisation="株式会社アカネ", title="共創ラボ", signed="R7.5",
            file=(io.BytesIO(content), "契約書.pdf"),
        )  # fmt: skip

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", no_room)
        answer = sent()
    assert answer.status_code == 503
    assert FULL in answer.text
    assert state()[1] == before[1]
    assert db.session.scalars(sa.select(Contract)).all() == []
    assert [path for path in (data_dir / "files").rglob("*") if path.is_file()] == []
    made = sent()
    assert made.status_code == 303
    assert visitor.get(f"{made.location}/evidence").data == content


def test_the_worker_rests_and_goes_on_when_there_is_room(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = builders.an_issued_invoice()

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", no_room)
        worker.run_once()
        db.session.rollback()
        assert invoice.document.state is DocumentState.PENDING, "it is not given up: nothing is wrong with the paper"
    worker.run_once()
    db.session.rollback()
    assert invoice.document.state is DocumentState.DRAWN
    assert issued.pdf(invoice.document).startswith(b"%PDF")


def test_a_backup_that_does_not_fit_fails_and_leaves_nothing(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "data_dir", "secret_key"):
        monkeypatch.setenv(f"CRM_{name.upper()}", str(getattr(settings, name)))
    with act(Kind.EVIDENCE_ADDED):
        noise = b"".join(hashlib.sha256(n.to_bytes(4)).digest() for n in range(2 * LIMIT // 32))
        files.keep(noise, name="雑音.bin", media_type="application/octet-stream")
    place = tmp_path / "backups"
    place.mkdir()
    with small_files():
        done = CliRunner().invoke(main, ["backup", str(place / "one.zip"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, "the disk is full, nothing was changed")
    assert list(place.iterdir()) == []
