"""What came back: read from a Maildir folder or by IMAP, noted once, its letter marked, its address resting after three."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from crm import worker
from crm.cli import main
from crm.config import Settings
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import collecting, mailbox_door, messages, outbox, resting, resting_addresses
from crm.mail.bounces import Bounce
from crm.mail.outbox import Letter, LetterState, Trouble
from tests.mail import reports

Posts = Callable[..., Letter]


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    folder = tmp_path / "Maildir"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder


@pytest.fixture
def settings(settings: Settings, maildir: Path) -> Settings:
    return replace(settings, bounces_url=f"maildir://{maildir}", smtp_url=None)


@pytest.fixture
def arrive(maildir: Path) -> Callable[[bytes], None]:
    numbers = iter(range(1000))

    def put(raw: bytes) -> None:
        (maildir / "new" / f"17{next(numbers):04d}.M1P1.host").write_bytes(raw)

    return put


@pytest.fixture
def a_sent_letter(a_letter: Posts) -> Posts:
    def made(email: str = "hanako@example.jp", **more: Any) -> Letter:
        letter = a_letter(email, **more)
        with act(Kind.LETTER_RELEASED):
            letter.state, letter.wakes_at = LetterState.SENT, None
        return letter

    return made


def rested() -> list[str]:
    db.session.rollback()
    return sorted(
        rest.email for rest in db.session.scalars(sa.select(resting_addresses.RestingAddress)) if not rest.is_over
    )


def test_a_returned_letter_is_marked_with_what_the_server_said(
    a_sent_letter: Posts, arrive: Callable[[bytes], None]
) -> None:
    letter = a_sent_letter()
    arrive(reports.dsn(letter.message_id))
    assert collecting.collect().as_dict() == {"read": 1, "hard": 1, "soft": 0, "delayed": 0, "unknown": 0, "other": 0}
    db.session.refresh(letter)
    assert (letter.state, letter.trouble) == (LetterState.FAILED, Trouble.BOUNCED)
    assert "User unknown" in letter.last_error


def test_a_mailbox_that_is_full_is_told_and_does_not_count(
    a_sent_letter: Posts, arrive: Callable[[bytes], None]
) -> None:
    for number in range(4):
        arrive(reports.dsn(a_sent_letter(what=str(number)).message_id, "5.2.2", words="552 mailbox full"))
    worker.run_once()
    letters = db.session.scalars(sa.select(Letter)).all()
    assert {letter.trouble for letter in letters} == {Trouble.BOUNCED_SOFTLY}
    assert rested() == []


def test_after_three_letters_in_a_row_the_address_rests_and_further_letters_are_held(
    a_sent_letter: Posts, a_letter: Posts, arrive: Callable[[bytes], None]
) -> None:
    for number in range(2):
        arrive(reports.dsn(a_sent_letter(what=str(number)).message_id))
    worker.run_once()
    assert rested() == []
    assert a_letter().state is LetterState.QUEUED
    arrive(reports.qmail(a_sent_letter(what="3").message_id))
    worker.run_once()
    assert rested() == ["hanako@example.jp"]
    held = a_letter()
    assert (held.state, held.trouble) == (LetterState.HELD, Trouble.ADDRESS_RESTS)
    assert a_letter("other@example.jp").state is LetterState.QUEUED


def test_a_letter_that_arrived_begins_the_row_anew(a_sent_letter: Posts, arrive: Callable[[bytes], None]) -> None:
    first, second, _arrived, third = (a_sent_letter(what=str(number)) for number in range(4))
    for letter in (first, second, third):
        arrive(reports.dsn(letter.message_id))
    worker.run_once()
    assert rested() == []


def test_an_address_is_woken_with_a_reason_and_the_letters_that_waited_go(
    a_sent_letter: Posts, a_letter: Posts, arrive: Callable[[bytes], None]
) -> None:
    for number in range(3):
        arrive(reports.dsn(a_sent_letter(what=str(number)).message_id))
    worker.run_once()
    waits = a_letter()
    rest = resting_addresses.resting("hanako@example.jp")
    assert rest is not None
    with pytest.raises(Refused) as refusal, act(Kind.ADDRESS_WOKEN):
        resting.wake(rest, " ", release=True)
    assert refusal.value.field == "reason"
    with act(Kind.ADDRESS_WOKEN, about=rest):
        assert resting.wake(rest, "電話で確認", release=True) == [waits]
    assert waits.state is LetterState.QUEUED
    worker.run_once()
    assert rested() == []
    assert a_letter(what="次").state is LetterState.QUEUED
    for number in range(3):  # three more, and it rests again
        arrive(reports.dsn(a_sent_letter(what=f"再{number}").message_id))
    worker.run_once()
    assert rested() == ["hanako@example.jp"]


def test_a_report_read_twice_counts_once(a_sent_letter: Posts, arrive: Callable[[bytes], None]) -> None:
    raw = reports.dsn(a_sent_letter().message_id)
    arrive(raw)
    collecting.collect()
    arrive(raw)
    collecting.collect()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Bounce)) == 1


def test_a_process_that_died_before_marking_the_mail_loses_and_doubles_nothing(
    a_sent_letter: Posts, arrive: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(reports.dsn(a_sent_letter().message_id))

    def died(*_args: Any) -> None:
        raise OSError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(mailbox_door, "_move", died)
        with pytest.raises(OSError, match="killed"):
            collecting.collect()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Bounce)) == 1
    assert collecting.collect().hard == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Bounce)) == 1
    assert collecting.collect().read == 0


def test_a_report_about_no_letter_of_ours_is_kept_and_never_counts(arrive: Callable[[bytes], None], app: Flask) -> None:
    for number in range(4):
        arrive(reports.dsn(f"<{number:08x}-0000-0000-0000-000000000000@crm.example.jp>"))
    assert collecting.collect().unknown == 4
    worker.run_once()
    assert rested() == []


def test_a_mail_that_is_no_report_is_left_unread_and_flagged_for_a_person(
    a_sent_letter: Posts, arrive: Callable[[bytes], None], maildir: Path
) -> None:
    letter = a_sent_letter()
    arrive(reports.absence(letter.message_id))
    arrive(reports.dsn(letter.message_id))
    assert collecting.collect().other == 1
    assert sorted(path.name.partition(":2,")[2] for path in (maildir / "cur").iterdir()) == ["F", "S"]
    assert not list((maildir / "new").iterdir())
    assert collecting.collect().read == 0


def test_a_delayed_letter_stays_sent(a_sent_letter: Posts, arrive: Callable[[bytes], None]) -> None:
    letter = a_sent_letter()
    arrive(reports.dsn(letter.message_id, "4.4.1", action="delayed"))
    assert collecting.collect().delayed == 1
    db.session.refresh(letter)
    assert letter.state is LetterState.SENT


def test_each_letter_has_a_return_address_of_its_own_when_the_operator_gives_one(
    a_letter: Posts, arrive: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm import config

    config.put_in_force(replace(config.settings(), bounces_address="bounces@crm.example.jp"))
    letter = a_letter()
    envelope = messages.envelope(letter)
    assert envelope.sender.startswith("bounces+")
    assert "bounces" not in str(envelope.message["From"])
    assert messages.returned_to(envelope.sender) == letter.message_id
    with act(Kind.LETTER_RELEASED):
        letter.state, letter.wakes_at = LetterState.SENT, None
    raw = reports.dsn("<gone@elsewhere>").replace(b"To: office@example.jp", f"To: {envelope.sender}".encode())
    arrive(raw)
    assert collecting.collect().hard == 1
    db.session.refresh(letter)
    assert letter.trouble is Trouble.BOUNCED


def test_the_command_reads_the_mailbox_and_says_what_it_found(
    a_sent_letter: Posts, arrive: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("crm.config.from_environment", lambda *_args: settings)
    for number in range(3):
        arrive(reports.dsn(a_sent_letter(what=str(number)).message_id))
    db.session.rollback()
    done = CliRunner().invoke(main, ["mail", "bounces", "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (
        0, {"read": 3, "hard": 3, "soft": 0, "delayed": 0, "unknown": 0, "other": 0, "rested": 1},
    )  # fmt: skip
    assert CliRunner().invoke(main, ["mail", "bounces", "--json"]).exit_code == 3


@pytest.mark.parametrize("url", ["maildir:///nowhere/at/all", "ftp://x", "imap://127.0.0.1:1/INBOX", None])
def test_a_mailbox_that_cannot_be_read_is_a_clear_refusal(
    app: Flask, url: str | None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr("crm.config.from_environment", lambda *_args: replace(settings, bounces_url=url))
    refused = CliRunner().invoke(main, ["mail", "bounces", "--json"])
    assert refused.exit_code == 4
    assert json.loads(refused.stdout)["reason"]


# --- IMAP


@dataclass
class ImapServer:
    """The least a server must say: LOGIN, SELECT, UID SEARCH, FETCH and STORE over one connection."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    port: int = 0
    _listening: socket.socket | None = None

    def start(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        """Accept nobody any more; said twice, it is as stopped as before."""
        assert self._listening is not None
        with contextlib.suppress(OSError):  # a thread that waits for the next one would still let it in
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        assert self._listening is not None
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"* OK ready\r\n")
                for line in lines:
                    tag, command = line.decode().strip().split(" ", 1)
                    connection.sendall(self._answer(command) + f"{tag} OK done\r\n".encode())
                    if command.upper().startswith("LOGOUT"):
                        break

    def _answer(self, command: str) -> bytes:
        upper = command.upper()
        if upper.startswith("CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1\r\n"
        if upper.startswith("SELECT"):
            return f"* {len(self.mails)} EXISTS\r\n".encode()
        if upper.startswith("UID SEARCH"):
            waiting = [str(uid) for uid in self.mails if not self.flags.get(uid)]
            return f"* SEARCH {' '.join(waiting)}\r\n".encode()
        if upper.startswith("UID FETCH"):
            uid = int(command.split()[2])
            raw = self.mails[uid]
            return f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
        if upper.startswith("UID STORE"):
            uid, flag = int(command.split()[2]), command.rpartition("(")[2].rstrip(")")
            self.flags.setdefault(uid, set()).add(flag)
        return b""


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer()
    server.start()
    yield server
    server.stop()


def test_reports_are_read_by_imap_and_marked_as_seen(a_sent_letter: Posts, imap: ImapServer) -> None:
    from crm import config

    config.put_in_force(replace(config.settings(), bounces_url=f"imap://office:p%40ss@127.0.0.1:{imap.port}/INBOX"))
    letter = a_sent_letter()
    imap.mails = {7: reports.dsn(letter.message_id), 9: reports.absence(letter.message_id)}
    tally = collecting.collect()
    assert (tally.hard, tally.other) == (1, 1)
    assert imap.flags == {7: {"\\Seen"}, 9: {"\\Flagged"}}
    assert collecting.collect().read == 0
    db.session.refresh(letter)
    assert letter.trouble is Trouble.BOUNCED


def test_a_server_that_goes_away_is_told_and_stops_nothing_else(app: Flask, imap: ImapServer) -> None:
    from crm import config

    imap.stop()
    config.put_in_force(replace(config.settings(), bounces_url=f"imap://office:x@127.0.0.1:{imap.port}/INBOX"))
    with pytest.raises(mailbox_door.NoMailbox):
        collecting.collect()
    assert worker.run_once() == 0
    assert db.session.scalars(outbox.held()).all() == []
