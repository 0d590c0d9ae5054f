"""Letters as rows: posted with their act, once per key, held, released and tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.mail.outbox import Letter, LetterKind, LetterState, Recipient, Trouble

POSTED = Kind.LETTER_RETRIED


def count() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) or 0


def test_a_letter_exists_if_and_only_if_its_act_was_committed(app: Flask, letter_texts: Callable[..., None]) -> None:
    def post_and_fail() -> None:
        with act(POSTED):
            outbox.post("tests/note", Recipient("a@example.jp"), what="１")
            raise Refused("no")

    with pytest.raises(Refused):
        post_and_fail()
    assert count() == 0
    with act(POSTED):
        outbox.post("tests/note", Recipient("a@example.jp"), what="１")
    assert count() == 1


def test_a_letter_outside_of_an_act_is_refused(app: Flask, letter_texts: Callable[..., None]) -> None:
    outbox.post("tests/note", Recipient("a@example.jp"), what="１")
    with pytest.raises(RuntimeError, match="outside an act"):
        db.session.flush()
    db.session.rollback()


def test_the_text_is_frozen_in_the_recipients_language(a_letter: Callable[..., Letter]) -> None:
    letter = a_letter(locale="en", what="x")
    assert (letter.subject, letter.body.splitlines()[0]) == ("Note x", "x")
    assert a_letter(what="y").subject == "お知らせ y"


def test_the_same_notice_is_posted_once(a_letter: Callable[..., Letter]) -> None:
    first = a_letter(key="reminder:7:2026-04")
    again = a_letter(key="reminder:7:2026-04", what="２")
    assert again.id == first.id
    assert again.subject == "お知らせ １"
    assert count() == 1


def test_each_letter_has_a_message_id_of_its_own(a_letter: Callable[..., Letter]) -> None:
    ids = {a_letter().message_id for _ in range(3)}
    assert len(ids) == 3
    assert all(one.endswith("@crm.example.jp>") for one in ids)


def test_a_letter_without_an_address_is_held_and_cannot_be_released(a_letter: Callable[..., Letter]) -> None:
    letter = a_letter(email=" ")
    assert (letter.state, letter.trouble) == (LetterState.HELD, Trouble.NO_ADDRESS)
    with pytest.raises(Refused), act(Kind.LETTER_RELEASED, about=letter):
        letter.release()


def test_an_address_that_was_refused_three_times_rests(a_letter: Callable[..., Letter]) -> None:
    for _ in range(3):
        letter = a_letter()
        with act(Kind.LETTER_HELD):
            letter.state, letter.trouble = LetterState.FAILED, Trouble.ADDRESS_REFUSED
    assert a_letter().trouble is Trouble.ADDRESS_RESTS
    assert a_letter(email="other@example.jp").state is LetterState.QUEUED


def test_a_held_letter_is_not_due_until_it_is_released_and_keeps_its_time(a_letter: Callable[..., Letter]) -> None:
    later = clock.now() + timedelta(days=1)
    letter = a_letter(due_at=later)
    with act(Kind.LETTER_HELD, about=letter):
        letter.hold()
    assert db.session.scalars(outbox.due(later)).all() == []
    with act(Kind.LETTER_RELEASED, about=letter):
        letter.release()
    assert db.session.scalars(outbox.due(clock.now())).all() == []
    assert db.session.scalars(outbox.due(later)).all() == [letter]


@pytest.mark.parametrize("state", [LetterState.SENDING, LetterState.SENT, LetterState.FAILED, LetterState.HELD])
def test_only_a_waiting_letter_can_be_held(a_letter: Callable[..., Letter], state: LetterState) -> None:
    letter = a_letter()
    letter.state = state
    with pytest.raises(Refused):
        letter.hold()
    db.session.rollback()


def test_a_failed_letter_is_tried_again_from_the_first_try_on(a_letter: Callable[..., Letter]) -> None:
    letter = a_letter()
    with pytest.raises(Refused):
        letter.retry()
    with act(Kind.LETTER_RETRIED, about=letter):
        letter.state, letter.attempts, letter.wakes_at = LetterState.FAILED, 5, None
        letter.retry()
    assert (letter.state, letter.attempts) == (LetterState.QUEUED, 0)
    assert db.session.scalars(outbox.due(clock.now())).all() == [letter]


def test_an_announcement_needs_a_way_out(app: Flask, letter_texts: Callable[..., None]) -> None:
    with pytest.raises(ValueError, match="unsubscribe"):
        outbox.post("tests/note", Recipient("a@example.jp"), kind=LetterKind.ANNOUNCEMENT, what="１")


def test_the_letters_about_a_thing_are_found(a_letter: Callable[..., Letter]) -> None:
    first = a_letter()
    about_first = a_letter(about=first)
    a_letter()
    assert db.session.scalars(outbox.about(first)).all() == [about_first]


def test_looking_for_due_letters_uses_the_index_of_waking_letters(app: Flask, engine: str) -> None:
    query = outbox.due(clock.now()).compile(db.engine, compile_kwargs={"render_postcompile": True})
    connection = db.session.connection()
    if engine == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("2026-04-01 00:00:00.000000",))
    else:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # an empty table would be read whole
        plan = connection.exec_driver_sql(f"EXPLAIN {query}", query.params)
    assert "ix_letters_waking" in " ".join(str(row) for row in plan)
