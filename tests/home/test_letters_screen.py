"""The office's letters: found, read as they leave, held, released, tried again, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from crm import clock
from crm.config import Settings
from crm.db import db
from crm.documents import files
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.mail import outbox
from crm.mail.outbox import Letter, LetterState, Recipient, Trouble
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
Post = Callable[..., Letter]


@pytest.fixture
def a_letter(app: Flask) -> Post:
    """Posts one letter in an act of its own."""

    def post(email: str = "hanako@example.jp", name: str = "川崎花子", **more: object) -> Letter:
        with act(Kind.LETTER_RETRIED):
            return outbox.post(
                "home/record_head", Recipient(email, name), day=clock.today(), number=7, hash="ab" * 32, **more
            )  # type: ignore[arg-type]

    return post


def put(letter: Letter, state: LetterState, trouble: Trouble | None = None) -> None:
    with housekeeping():
        letter.state, letter.trouble, letter.wakes_at = state, trouble, None


def state_of(letter: Letter) -> LetterState:
    db.session.rollback()
    db.session.refresh(letter)
    return letter.state


def test_the_list_is_searched_and_filtered(a_letter: Post, sign_in: SignIn) -> None:
    a_letter()
    put(a_letter("taro@example.jp", "幸太郎"), LetterState.FAILED)
    clerk = sign_in("clerk")
    both = clerk.get("/office/letters/").text
    assert "川崎花子" in both
    assert "幸太郎" in both
    assert "幸太郎" not in clerk.get("/office/letters/?q=川崎").text
    assert "川崎花子" not in clerk.get("/office/letters/?state=failed").text
    assert "川崎花子" in clerk.get("/office/letters/?about=home").text
    assert "川崎花子" not in clerk.get("/office/letters/?about=billing&q=%25").text
    assert clerk.get("/office/letters/?state=nonsense").status_code == 400


def test_the_list_leaves_as_a_file(a_letter: Post, sign_in: SignIn) -> None:
    a_letter()
    rows = sign_in("clerk").get("/office/letters/?format=json").json
    assert [row["recipient_email"] for row in rows] == ["hanako@example.jp"]


def test_an_empty_list_says_when_letters_appear(app: Flask, sign_in: SignIn) -> None:
    assert "請求書" in sign_in("clerk").get("/office/letters/").text


def test_a_letter_is_shown_as_it_leaves(a_letter: Post, sign_in: SignIn) -> None:
    with act(Kind.FILE_KEPT):
        file = files.keep(b"BEGIN:VCALENDAR", name="行事.ics", media_type="text/calendar")
    letter = a_letter(files=[file])
    clerk = sign_in("clerk")
    shown = clerk.get(f"/office/letters/{letter.id}").text
    assert "ab" * 32 in shown
    assert "行事.ics" in shown
    attached = clerk.get(f"/office/letters/{letter.id}/attachments/{letter.attachments[0].id}")
    assert attached.data == b"BEGIN:VCALENDAR"
    assert attached.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "address", ["/office/letters/99", f"/office/letters/{2**70}", "/office/letters/1/attachments/9"]
)
def test_what_is_not_there_is_not_found(app: Flask, sign_in: SignIn, address: str) -> None:
    assert sign_in("clerk").get(address).status_code == 404


def test_a_letter_is_held_and_released_with_a_reason(a_letter: Post, sign_in: SignIn) -> None:
    letter, clerk = a_letter(), sign_in("clerk")
    page = f"/office/letters/{letter.id}"
    assert clerk.fill_in(page, form="/hold", reason="").status_code == 422
    assert state_of(letter) is LetterState.QUEUED
    assert clerk.fill_in(page, form="/hold", reason="宛先を確認するため").status_code == 303
    assert state_of(letter) is LetterState.HELD
    assert clerk.fill_in(page, form="/release", reason="確認済み").status_code == 303
    assert state_of(letter) is LetterState.QUEUED
    assert [(e.kind, e.note) for e in timeline.of(letter)] == [
        (Kind.LETTER_RELEASED, "確認済み"), (Kind.LETTER_HELD, "宛先を確認するため"),
    ]  # fmt: skip


def test_what_the_rules_refuse_is_said_on_the_page(a_letter: Post, sign_in: SignIn) -> None:
    letter, clerk = a_letter(""), sign_in("clerk")
    refused = clerk.fill_in(f"/office/letters/{letter.id}", form="/release", reason="送る")
    assert refused.status_code == 422
    assert state_of(letter) is LetterState.HELD


def test_a_failed_letter_is_tried_again(a_letter: Post, sign_in: SignIn) -> None:
    letter = a_letter()
    put(letter, LetterState.FAILED, Trouble.NOT_NOW)
    assert sign_in("clerk").fill_in(f"/office/letters/{letter.id}", form="/retry", reason="直った").status_code == 303
    assert state_of(letter) is LetterState.QUEUED


def test_chosen_letters_go_each_by_itself(a_letter: Post, sign_in: SignIn) -> None:
    held, failed, sent, nowhere = a_letter(), a_letter(), a_letter(), a_letter("")
    put(held, LetterState.HELD, Trouble.BY_HAND)
    put(failed, LetterState.FAILED, Trouble.NOT_NOW)
    put(sent, LetterState.SENT)
    chosen = [str(letter.id) for letter in (held, failed, sent, nowhere)]
    clerk = sign_in("clerk")
    assert clerk.fill_in("/office/letters/", form="/chosen", reason="まとめて送る").status_code == 422
    answer = clerk.fill_in("/office/letters/", form="/chosen", reason="まとめて送る", selected=chosen)
    assert answer.status_code == 303
    assert [state_of(letter) for letter in (held, failed, sent, nowhere)] == [
        LetterState.QUEUED, LetterState.QUEUED, LetterState.SENT, LetterState.HELD,
    ]  # fmt: skip
    assert timeline.of(held)[0].note == "まとめて送る"


def test_an_auditor_may_look_but_not_touch(a_letter: Post, sign_in: SignIn) -> None:
    letter, auditor = a_letter(), sign_in("auditor")
    assert auditor.get(f"/office/letters/{letter.id}").status_code == 200
    assert 'name="reason"' not in auditor.get(f"/office/letters/{letter.id}").text
    for doing in (f"{letter.id}/hold", f"{letter.id}/release", f"{letter.id}/retry", "chosen"):
        assert auditor.post(f"/office/letters/{doing}").status_code in (400, 403)
    assert sign_in("city_officer").get("/office/letters/").status_code == 403


class TestWhereLettersLeave:
    """With a mail server."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, smtp_url="smtp://127.0.0.1:1")

    def test_a_personal_link_to_sign_in_is_for_its_recipient_only(self, a_letter: Post, sign_in: SignIn) -> None:
        letter = a_letter()
        with housekeeping():
            letter.template = "access/invitation"
        assert "ab" * 32 not in sign_in("director").get(f"/office/letters/{letter.id}").text
