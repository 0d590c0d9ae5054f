"""A mail server that keeps what it takes and fails where it is told to, and letters to send."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from crm import resources
from crm.config import Settings
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import composing, outbox
from crm.mail.outbox import Letter, Recipient


@dataclass
class Sink:
    """The server's side: what it took, and its answers, one for each time it is asked (``None``: as usual)."""

    taken: list[EmailMessage] = field(default_factory=list)
    at_connect: list[bool] = field(default_factory=list)
    at_sender: list[str | None] = field(default_factory=list)
    at_recipient: list[str | None] = field(default_factory=list)
    at_data: list[str | None] = field(default_factory=list)
    after_dot: list[str | None] = field(default_factory=list)
    bad_addresses: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = name
        if self.at_connect and self.at_connect.pop(0):
            server.transport.abort()
        return answers

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        answer = self.at_sender.pop(0) if self.at_sender else None
        if answer is None:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        answer = self.bad_addresses.get(address) or (self.at_recipient.pop(0) if self.at_recipient else None)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.at_data.pop(0) if self.at_data else None
        if answer is not None:
            return answer
        content = envelope.original_content or b""
        self.taken.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        answer = self.after_dot.pop(0) if self.after_dot else None
        if answer == "hang up":
            server.transport.abort()
        return answer or "250 taken"

    @property
    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.taken]

    @property
    def recipients(self) -> list[str]:
        return [str(message["To"]) for message in self.taken]


@pytest.fixture
def port() -> int:
    """A free port of this machine."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def sink(port: int) -> Iterator[Sink]:
    """The mail server, running."""
    kept = Sink()
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=10)
    controller.start()
    yield kept
    controller.stop()


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    """Letters go to the sink, where it runs."""
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{port}", base_url="https://crm.example.jp")


@pytest.fixture
def letter_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Writes the texts of letters: ``letter_texts("billing/reminder", ja="…", en="…")``; without any, one plain letter."""
    folder = tmp_path / "templates"
    real = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name: folder if name == "templates" else real(name))
    composing._texts.cache_clear()

    def write(name: str, **texts: str) -> None:
        package, _, letter = name.partition("/")
        (folder / package / "letters").mkdir(parents=True, exist_ok=True)
        for locale, text in texts.items():
            (folder / package / "letters" / f"{letter}.{locale}.txt").write_text(text, encoding="utf-8")

    write(
        "tests/note",
        ja="お知らせ {{ what }}\n\n{{ recipient.name }} 様\n{{ what }}\n",
        en="Note {{ what }}\n\n{{ what }}\n",
    )
    yield write
    composing._texts.cache_clear()


@pytest.fixture
def a_letter(app: Flask, letter_texts: Callable[..., None]) -> Callable[..., Letter]:
    """Posts one letter in an act of its own."""

    def post(email: str = "hanako@example.jp", what: str = "１", **more: Any) -> Letter:
        with act(Kind.LETTER_RETRIED) as deed:
            name = more.pop("recipient_name", "川崎花子")
            deed.about = outbox.post("tests/note", Recipient(email, name, more.pop("locale", "ja")), what=what, **more)
        assert isinstance(deed.about, Letter)
        return deed.about

    return post
