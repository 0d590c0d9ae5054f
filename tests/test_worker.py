"""What happens by itself: papers are drawn, letters leave, the record's head leaves the house; one bad item stops nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from reportlab.platypus import Flowable, Spacer

from crm import clock, worker
from crm.config import Settings
from crm.db import db
from crm.documents import issued, papers
from crm.documents.issued import DocumentState, IssuedDocument
from crm.errors import Busy
from crm.history import chain
from crm.history.commands import Command
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.history.records import Act
from crm.mail import outbox
from crm.mail.outbox import Letter, LetterState, Recipient
from crm.settings import settings as office_settings

StopClock = Callable[[str], datetime]


@dataclass(frozen=True, kw_only=True)
class BrokenPaper(papers.Paper, kind="test_broken"):
    """A paper whose story cannot be told."""

    @property
    def title(self) -> str:
        return "控え"

    def story(self) -> list[Flowable]:
        raise ValueError("no story")


@dataclass(frozen=True, kw_only=True)
class BlankPaper(papers.Paper, kind="test_blank"):
    """A paper with nothing on it."""

    @property
    def title(self) -> str:
        return "控え"

    def story(self) -> list[Flowable]:
        return [Spacer(1, 1)]


def issue(kind: type[papers.Paper], number: str) -> IssuedDocument:
    with act(Kind.INVOICE_ISSUED):
        return issued.issue(kind(issuer=papers.letterhead()), number=number, to="株式会社みほん")


def auditor_is(email: str) -> None:
    with act(Kind.SETTING_CHANGED):
        office_settings.change("letters.auditor", email)


def posted_heads() -> list[Letter]:
    return list(db.session.scalars(sa.select(Letter).where(Letter.template == "home/record_head").order_by(Letter.id)))


def test_issued_papers_are_drawn_each_in_an_act_of_the_worker(app: Flask) -> None:
    document = issue(BlankPaper, "T-1")
    with act(Kind.PAPER_REISSUED):
        copy = issued.reissue(document, reason="紛失")
    assert worker.run_once() == 2
    assert (document.state, copy.state) == (DocumentState.DRAWN, DocumentState.DRAWN)
    assert document.file is not None
    drawn = db.session.scalars(sa.select(Act).where(Act.kind == Kind.PAPER_DRAWN)).all()
    assert [(one.actor, one.about_table) for one in drawn] == [
        ("worker", "issued_documents"), ("worker", "document_copies"),
    ]  # fmt: skip
    assert worker.run_once() == 0


def test_a_paper_that_cannot_be_drawn_is_marked_and_the_next_one_is_drawn(app: Flask) -> None:
    broken, good = issue(BrokenPaper, "T-1"), issue(BlankPaper, "T-2")
    worker.run_once()
    assert (broken.state, broken.trouble) == (DocumentState.FAILED, "ValueError: no story")
    assert good.state is DocumentState.DRAWN


def test_the_head_of_the_record_leaves_the_house_once_each_morning(app: Flask, clock_at: StopClock) -> None:
    clock_at("2026-04-01 05:59")
    auditor_is("audit@example.jp")
    worker.run_once()
    assert posted_heads() == []
    clock_at("2026-04-01 13:00")  # the worker was away at six
    before = chain.head(db.session)
    worker.run_once()
    worker.run_once()
    clock_at("2026-04-02 06:00")
    worker.run_once()
    first, second = posted_heads()
    assert before.hash in first.body
    assert str(before.number) in first.body
    assert first.recipient_email == "audit@example.jp"
    assert before.hash not in second.body


def test_without_an_auditor_no_head_is_sent(app: Flask, clock_at: StopClock) -> None:
    clock_at("2026-04-01 13:00")
    worker.run_once()
    assert posted_heads() == []


def test_forms_long_closed_are_forgotten(app: Flask) -> None:
    with housekeeping() as session:
        for age in (1, 40):
            at = clock.now() - timedelta(days=age)
            session.add(Command(key=f"key-{age}", actor="test", route="POST /", fingerprint="", at=at))
    worker.run_once()
    assert [one.key for one in db.session.scalars(sa.select(Command))] == ["key-1"]


def test_a_failing_item_rests_and_stops_nothing(app: Flask, clock_at: StopClock) -> None:
    clock_at("2026-04-01 09:00")
    done: list[int] = []

    def do(item: int) -> None:
        if item == 2 and len(done) < 4:
            raise ValueError("not this one")
        done.append(item)

    assert worker.each([1, 2, 3], do) == 2
    assert worker.each([2, 4], do) == 1
    assert done == [1, 3, 4]
    clock_at("2026-04-01 09:06")
    done.append(0)
    assert worker.each([2], do) == 1


def test_a_busy_database_is_no_failure(app: Flask) -> None:
    calls: list[int] = []

    def do(item: int) -> None:
        calls.append(item)
        raise Busy

    assert worker.each([1], do) == 0
    assert worker.each([1], do) == 0
    assert calls == [1, 1]


def test_a_round_that_breaks_down_does_not_hold_up_the_next(app: Flask) -> None:
    def broken() -> int:
        raise ValueError("no")

    assert worker.carry_out((broken, lambda: 7)) == 7
    worker._resting.clear()


@pytest.fixture
def command(settings: Settings, app: Flask) -> Callable[..., list[str]]:
    """The words of a command and its environment, as an operator would start it."""

    def words(*arguments: str) -> list[str]:
        return [sys.executable, "-c", "from crm.cli import main; main()", *arguments]

    return words


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ, "CRM_DATA_DIR": str(settings.data_dir), "CRM_DATABASE_URL": settings.database_url,
        "CRM_SECRET_KEY": settings.secret_key, "PYTHONPATH": str(Path(__file__).parents[1]),
    }  # fmt: skip


def test_the_command_does_what_is_due_and_says_how_much(
    command: Callable[..., list[str]], environment: dict[str, str]
) -> None:
    with act(Kind.LETTER_RETRIED):
        outbox.post("home/record_head", Recipient("a@example.jp"), day=clock.today(), number=1, hash="0" * 64)
    once = subprocess.run(
        command("worker", "--once", "--json"), env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(once.stdout) == {"done": 0}
    mail = subprocess.run(
        command("mail", "deliver", "--once", "--json"), env=environment, capture_output=True, check=True
    )
    assert json.loads(mail.stdout) == {"sent": 0, "retry": 0, "failed": 0, "held": 1}


def test_the_worker_draws_promptly_and_stops_when_asked(
    command: Callable[..., list[str]], environment: dict[str, str]
) -> None:
    """The paper is one the other process does not know, so drawing it fails; the worker says so and lives on."""
    document = issue(BlankPaper, "T-1")
    running = subprocess.Popen(command("worker"), env=environment, stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and document.state is DocumentState.PENDING:
            time.sleep(0.2)
            db.session.rollback()
        assert document.state is DocumentState.FAILED
        assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    finally:
        running.kill()
        running.communicate()
    assert db.session.scalars(sa.select(Letter).where(Letter.state != LetterState.QUEUED)).all() == []
