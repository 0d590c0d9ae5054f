"""The worker is killed outright, again and again, in the middle of its work: every paper is drawn once, every letter leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from crm import clock, verifying, worker
from crm.config import Settings
from crm.db import db
from crm.documents.issued import DocumentState, IssuedDocument
from crm.history.kinds import Kind
from crm.history.records import Act
from crm.mail.outbox import Letter, LetterState
from tests import builders
from tests.live_server import COMMAND

KILLS = 3
MEMBERS = 6


class Taking:
    """A mail server's side that counts what it takes, slowly."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken[str(message_from_bytes(envelope.original_content)["Message-ID"])] += 1
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[Taking, int]]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    kept = Taking()
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    yield kept, port
    controller.stop()


@pytest.fixture
def settings(settings: Settings, server: tuple[Taking, int]) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{server[1]}")


def test_every_paper_is_drawn_once_and_every_letter_leaves(
    app: Flask, settings: Settings, server: tuple[Taking, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(MEMBERS):
        builders.a_paying_member(f"株式会社見本第{n}", employees=99 + n)
    builders.an_annual_run(2026, on=date(2026, 4, 1), due=date(2026, 4, 30))
    db.session.rollback()
    environment = {
        **os.environ, "CRM_DATABASE_URL": settings.database_url, "CRM_DATA_DIR": str(settings.data_dir),
        "CRM_SECRET_KEY": settings.secret_key, "CRM_SMTP_URL": str(settings.smtp_url),
    }  # fmt: skip
    caught = [_killed_at_work(environment, after=n * 0.04) for n in range(KILLS)]
    assert any(caught), "no kill fell into the work"
    later = clock.now() + timedelta(minutes=2)  # what a killed sender had claimed is free again
    monkeypatch.setattr(clock, "now", lambda: later)
    worker.run_once()
    db.session.rollback()
    states = Counter(db.session.scalars(sa.select(IssuedDocument.state)))
    assert states == {DocumentState.DRAWN: MEMBERS}
    drawn = Counter(db.session.scalars(sa.select(Act.about_id).where(Act.kind == Kind.PAPER_DRAWN)))
    assert set(drawn.values()) == {1}
    assert Counter(db.session.scalars(sa.select(Letter.state))) == {LetterState.SENT: MEMBERS}
    taken = server[0].taken
    assert set(taken) == set(db.session.scalars(sa.select(Letter.message_id)))
    assert taken.total() - len(taken) <= KILLS, (
        "only a letter whose sender died before noting it goes again, as the same"
    )
    db.session.rollback()
    assert verifying.breaches() == []


def _killed_at_work(environment: dict[str, str], *, after: float) -> bool:
    """Start a worker, let it begin, kill it with SIGKILL so many seconds later; whether work was left."""
    begun = _done()
    running = subprocess.Popen([*COMMAND, "worker"], env=environment, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and _done() == begun and _left():
            time.sleep(0.01)
        time.sleep(after)
        running.send_signal(signal.SIGKILL)
        assert running.wait(20) == -signal.SIGKILL
    finally:
        running.kill()
        running.wait()
    return _left()


def _done() -> int:
    """How much is drawn and sent."""
    db.session.rollback()
    drawn = sa.select(sa.func.count()).where(IssuedDocument.state == DocumentState.DRAWN)
    sent = sa.select(sa.func.count()).where(Letter.state == LetterState.SENT)
    return (db.session.scalar(drawn) or 0) + (db.session.scalar(sent) or 0)


def _left() -> bool:
    return _done() < 2 * MEMBERS
