"""Announcements by workers that die, and by several at once: everyone is written to once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import worker
from crm.announcements import sending
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.recipients import AnnouncementRecipient
from crm.config import Settings
from crm.db import db
from crm.history import chain
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter, LetterKind
from crm.organisations.people import Person

People = Callable[..., Person]
Made = Callable[..., Announcement]
SCRIPT = Path(__file__).parent / "killed_worker.py"
NUMBER = 7


@pytest.fixture
def scheduled(someone: People, an_announcement: Made) -> Announcement:
    """An announcement to seven people, whose time has come."""
    for number in range(NUMBER):
        someone(f"見本{number}", email=f"person-{number}@example.test")
    announcement = an_announcement()
    with act(Kind.ANNOUNCEMENT_SCHEDULED, about=announcement):
        sending.schedule(announcement, None)
    return announcement


def everyone_was_written_to_once(announcement: Announcement) -> None:
    db.session.rollback()
    letters = db.session.scalars(sa.select(Letter).where(Letter.kind == LetterKind.ANNOUNCEMENT)).all()
    assert sorted(letter.recipient_email for letter in letters) == [
        f"person-{number}@example.test" for number in range(NUMBER)
    ]
    rows = db.session.scalars(sa.select(AnnouncementRecipient)).all()
    assert sorted(row.letter_id or 0 for row in rows) == sorted(letter.id for letter in letters)
    assert announcement.state is AnnouncementState.SENT
    assert list(chain.breaches(db.session)) == []


@pytest.mark.parametrize(
    ("statement", "times"),
    [
        ("INSERT INTO announcement_recipients", 1), ("INSERT INTO letters", 2), ("UPDATE announcement_recipients", 2),
        ("COMMIT", 2),
    ],
)  # fmt: skip
def test_a_worker_that_dies_at_any_moment_writes_to_nobody_twice(
    scheduled: Announcement, settings: Settings, statement: str, times: int
) -> None:
    db.session.rollback()
    environment = {
        **os.environ, "CRM_DATABASE_URL": settings.database_url, "CRM_DATA_DIR": str(settings.data_dir),
        "CRM_SECRET_KEY": settings.secret_key, "PYTHONPATH": str(SCRIPT.parent.parent.parent),
    }  # fmt: skip
    killed = subprocess.run([sys.executable, str(SCRIPT), statement, str(times)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    worker.run_once()
    everyone_was_written_to_once(scheduled)


def test_two_workers_at_once_write_to_nobody_twice(
    scheduled: Announcement, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BATCH", 2)
    start, wrong = threading.Barrier(2), []
    db.session.rollback()

    def work() -> None:
        with app.app_context():
            start.wait()
            try:
                for _round in range(6):
                    worker.run_once()
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    worker.run_once()
    everyone_was_written_to_once(scheduled)
