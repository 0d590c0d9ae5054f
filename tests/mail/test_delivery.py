"""Letters leave once, in spite of the server; what cannot leave is parked, and the others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.documents import files
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.mail import delivery
from crm.mail.delivery import TRIES
from crm.mail.outbox import Letter, LetterState, Trouble
from tests.mail.conftest import Sink

Post = Callable[..., Letter]
StopClock = Callable[[str], datetime]


def seen(letter: Letter) -> Letter:
    """The letter as it stands in the database now."""
    db.session.rollback()
    db.session.refresh(letter)
    return letter


def tally(**counts: int) -> dict[str, int]:
    return {"sent": 0, "retry": 0, "failed": 0, "held": 0, **counts}


def let_time_pass(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    moment = clock.now() + timedelta(**by)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_due_letters_are_sent_and_later_ones_wait(sink: Sink, a_letter: Post) -> None:
    first, second = a_letter(), a_letter("taro@example.jp")
    later = a_letter(due_at=clock.now() + timedelta(hours=1))
    assert delivery.deliver_once().as_dict() == tally(sent=2)
    assert sink.message_ids == [first.message_id, second.message_id]
    assert seen(first).state is LetterState.SENT
    assert first.sent_at is not None
    assert seen(later).state is LetterState.QUEUED
    assert delivery.deliver_once().as_dict() == tally()


def test_one_conversation_serves_many_letters(sink: Sink, a_letter: Post) -> None:
    for _ in range(5):
        a_letter()
    delivery.deliver_once()
    assert (len(sink.taken), sink.connections) == (5, 1)


def test_held_letters_stay_and_are_counted(sink: Sink, a_letter: Post) -> None:
    a_letter(email="")
    assert delivery.deliver_once().as_dict() == tally(held=1)
    assert sink.taken == []


@pytest.mark.parametrize("step", ["at_connect", "at_sender", "at_recipient", "at_data", "after_dot"])
def test_a_letter_refused_for_the_moment_goes_later_under_the_same_id(
    sink: Sink, a_letter: Post, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    letter, other = a_letter(), a_letter("taro@example.jp")
    getattr(sink, step).append(True if step == "at_connect" else "451 later, please")
    assert delivery.deliver_once().as_dict() == tally(sent=1, retry=1)
    assert seen(letter).state is LetterState.RETRY
    assert seen(other).state is LetterState.SENT
    assert delivery.deliver_once().as_dict() == tally()
    let_time_pass(monkeypatch, minutes=1)
    assert delivery.deliver_once().as_dict() == tally(sent=1)
    assert sink.message_ids[-1] == letter.message_id
    assert (seen(letter).state, letter.attempts, letter.last_error) == (LetterState.SENT, 2, "")


def test_only_a_lost_answer_after_the_dot_sends_twice_and_then_with_the_same_id(
    sink: Sink, a_letter: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter()
    sink.after_dot.append("hang up")
    assert delivery.deliver_once().as_dict() == tally(retry=1)
    let_time_pass(monkeypatch, minutes=1)
    assert delivery.deliver_once().as_dict() == tally(sent=1)
    assert sink.message_ids == [letter.message_id] * 2


def test_after_five_tries_a_letter_has_failed_and_a_person_may_try_again(
    sink: Sink, a_letter: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter()
    sink.at_data.extend(["451 later"] * TRIES)
    pauses = []
    for _ in range(TRIES - 1):
        assert delivery.deliver_once().as_dict() == tally(retry=1)
        pauses.append(seen(letter).due_at - clock.now())
        let_time_pass(monkeypatch, hours=12)
    assert pauses == sorted(pauses)
    assert delivery.deliver_once().as_dict() == tally(failed=1)
    assert (seen(letter).state, letter.trouble) == (LetterState.FAILED, Trouble.NOT_NOW)
    assert "451 later" in letter.last_error
    with act(Kind.LETTER_RETRIED, about=letter):
        letter.retry()
    assert delivery.deliver_once().as_dict() == tally(sent=1)


def test_an_address_the_server_will_never_take_fails_at_once(sink: Sink, a_letter: Post) -> None:
    letter, other = a_letter("gone@example.jp"), a_letter()
    sink.bad_addresses["gone@example.jp"] = "550 no such user"
    assert delivery.deliver_once().as_dict() == tally(sent=1, failed=1)
    assert (seen(letter).trouble, letter.last_error) == (Trouble.ADDRESS_REFUSED, "550 no such user")
    assert seen(other).state is LetterState.SENT


def test_a_letter_the_server_will_never_take_fails_at_once(sink: Sink, a_letter: Post) -> None:
    letter = a_letter()
    sink.after_dot.append("554 looks like spam")
    assert delivery.deliver_once().as_dict() == tally(failed=1)
    assert seen(letter).trouble is Trouble.LETTER_REFUSED


@pytest.mark.parametrize(
    ("column", "value", "trouble"),
    [
        ("recipient_name", "花子\r\nBcc: all@example.jp", Trouble.UNFIT),
        ("subject", "お知らせ\nX-Evil: 1", Trouble.UNFIT),
        ("recipient_email", "no address", Trouble.BAD_ADDRESS),
        ("recipient_email", "花子@example.jp", Trouble.BAD_ADDRESS),
        ("recipient_email", "a@b@example.jp", Trouble.BAD_ADDRESS),
        ("recipient_email", "a@example.jp>\r\nRCPT TO:<b@example.jp", Trouble.BAD_ADDRESS),
        ("recipient_email", "a@" + "b" * 70 + ".jp", Trouble.BAD_ADDRESS),
        ("unsubscribe_url", "https://x\r\nBcc: all@example.jp", Trouble.UNFIT),
    ],
)
def test_a_poison_letter_is_parked_and_the_others_go_on(
    sink: Sink, a_letter: Post, column: str, value: str, trouble: Trouble
) -> None:
    poison, other = a_letter(), a_letter("taro@example.jp")
    with housekeeping() as session:
        session.execute(sa.update(Letter).where(Letter.id == poison.id).values({column: value}))
    assert delivery.deliver_once().as_dict() == tally(sent=1, failed=1)
    assert (seen(poison).state, poison.trouble) == (LetterState.FAILED, trouble)
    assert seen(other).state is LetterState.SENT
    assert len(sink.taken) == 1


def test_a_letter_whose_attachment_is_gone_is_parked(sink: Sink, a_letter: Post) -> None:
    with act(Kind.FILE_KEPT):
        file = files.keep(b"BEGIN:VCALENDAR", name="行事.ics", media_type="text/calendar")
    letter, other = a_letter(files=[file]), a_letter()
    file.path.unlink()
    assert delivery.deliver_once().as_dict() == tally(sent=1, failed=1)
    assert seen(letter).trouble is Trouble.MISSING_ATTACHMENT
    assert seen(other).state is LetterState.SENT


def test_a_letter_whose_sender_went_away_is_taken_up_when_its_lease_has_run_out(
    sink: Sink, a_letter: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter()
    assert delivery._claim() is not None  # and the worker dies
    assert delivery.deliver_once().as_dict() == tally()
    assert seen(letter).state is LetterState.SENDING
    let_time_pass(monkeypatch, seconds=61)
    assert delivery.deliver_once().as_dict() == tally(sent=1)
    assert sink.message_ids == [letter.message_id]


def test_a_sender_that_was_too_slow_does_not_undo_what_another_did(
    sink: Sink, a_letter: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = a_letter()
    slow = delivery._claim()
    assert slow is not None
    let_time_pass(monkeypatch, seconds=61)
    delivery.deliver_once()
    delivery._conclude(slow, Trouble.NOT_NOW, "timed out")
    assert seen(letter).state is LetterState.SENT


def test_a_letter_that_kills_each_sender_is_given_up(
    a_letter: Post, monkeypatch: pytest.MonkeyPatch, sink: Sink
) -> None:
    letter = a_letter()
    for _ in range(TRIES):
        assert delivery._claim() is not None
        let_time_pass(monkeypatch, seconds=61)
    assert delivery.deliver_once().as_dict() == tally(failed=1)
    assert seen(letter).trouble is Trouble.DEFECT
    assert sink.taken == []


def test_while_the_server_is_down_few_letters_find_out(a_letter: Post) -> None:
    letters = [a_letter() for _ in range(5)]
    assert delivery.deliver_once().as_dict() == tally(retry=3)
    assert [seen(letter).state for letter in letters][3:] == [LetterState.QUEUED] * 2
    assert seen(letters[0]).trouble is Trouble.UNREACHABLE


def test_two_workers_never_send_one_letter_twice(app: Flask, sink: Sink, a_letter: Post) -> None:
    letters = [a_letter(f"person{i}@example.jp") for i in range(30)]
    tallies: list[delivery.Tally] = []

    def work() -> None:
        with app.app_context():
            tallies.append(delivery.deliver_once())

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(one.sent for one in tallies) == 30
    assert sorted(sink.message_ids) == sorted(letter.message_id for letter in letters)
