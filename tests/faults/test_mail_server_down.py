"""The mail server is down: what was decided stands, its letters wait with the reason shown, and leave when the server is back."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from crm import worker
from crm.config import Settings
from crm.db import db
from crm.mail.outbox import Letter, LetterState
from tests import builders
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
StopClock = Callable[[str], datetime]


class Taking:
    """A mail server's side that takes everything."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        self.taken += envelope.rcpt_tos  # type: ignore[attr-defined]
        return "250 taken"


@pytest.fixture
def port() -> int:
    """Where nobody listens, until the server is back."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{port}", base_url="https://crm.example.jp")


@pytest.fixture
def back(port: int) -> Iterator[Callable[[], Taking]]:
    """``back()``: from now on the server answers."""
    running: list[Controller] = []

    def start() -> Taking:
        kept = Taking()
        running.append(Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=10))
        running[0].start()
        return kept

    yield start
    for one in running:
        one.stop()


def the_letter() -> Letter:
    db.session.rollback()
    return db.session.scalars(sa.select(Letter)).one()


def post_by_screen(sign_in: SignIn, name: str) -> Visitor:
    """A director invites a colleague by screen, which posts a letter."""
    director = sign_in("director")
    invited = director.fill_in(
        "/office/access/invite", form=1, name=name, email="new@example.jp", role="clerk", locale="ja"
    )
    assert invited.status_code == 303
    return director


def test_a_letter_waits_with_its_reason_and_leaves_when_the_server_is_back(
    app: Flask, sign_in: SignIn, clock_at: StopClock, back: Callable[[], Taking]
) -> None:
    clock_at("2026-04-01 09:00")
    director = post_by_screen(sign_in, "見本 新人")
    worker.run_once()
    letter = the_letter()
    assert (letter.state, letter.attempts) == (LetterState.RETRY, 1)
    shown = director.get(f"/office/letters/{letter.id}").text
    assert "再送待ち" in shown
    assert "メールサーバーに接続できませんでした" in shown
    assert "2026/4/1 09:01" in shown, "when it goes again"
    server = back()
    clock_at("2026-04-01 09:02")
    worker.run_once()
    assert (the_letter().state, server.taken) == (LetterState.SENT, ["new@example.jp"])
    assert "送信済み" in director.get(f"/office/letters/{letter.id}").text


def test_a_letter_given_up_says_so_and_the_office_sends_it_again(
    app: Flask, sign_in: SignIn, clock_at: StopClock, back: Callable[[], Taking]
) -> None:
    clock_at("2026-04-01 09:00")
    post_by_screen(sign_in, "見本 新人")
    for moment in ("04-01 09:00", "04-01 09:02", "04-01 09:20", "04-01 11:00", "04-01 18:00"):
        clock_at(f"2026-{moment}")
        worker.run_once()
    letter = the_letter()
    assert (letter.state, letter.attempts) == (LetterState.FAILED, 5)
    director = sign_in("director")
    assert "見本 新人" in director.get("/office/letters/?state=failed").text
    assert "/office/letters/?state=failed" in director.get("/office/").text, "the dashboard asks somebody to look"
    server = back()
    assert director.fill_in(f"/office/letters/{letter.id}", form="/retry", reason="復旧").status_code == 303
    worker.run_once()
    assert (the_letter().state, server.taken) == (LetterState.SENT, ["new@example.jp"])


def test_what_was_decided_stands_though_no_letter_leaves(app: Flask, sign_in: SignIn, clock_at: StopClock) -> None:
    clock_at("2026-04-01 09:00")
    event = builders.an_event(1)
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    seated = visitor.fill_in(
        f"/events/{event.slug}/register", form="/register", name="見本 一郎", email="one@example.jp", organisation=""
    )
    assert seated.status_code == 303
    worker.run_once()
    assert the_letter().state is LetterState.RETRY
    clerk = sign_in("clerk")
    assert "見本 一郎" in clerk.get(f"/office/events/{event.id}/registrations").text
