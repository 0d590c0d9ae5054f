"""Signing in and out by password."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from crm.access import accounts, sessions
from crm.access.login_door import safe_path
from crm.access.sessions import SignIn
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act
from tests.access.conftest import a_user, entering
from tests.visiting import Visitor

OFFICE = "/office/me/"


def test_the_right_password_opens_the_office(client: Visitor) -> None:
    a_user()
    answer = entering(client)
    assert (answer.status_code, answer.location) == (303, "/office/")
    assert client.get(OFFICE).status_code == 200


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client: Visitor) -> None:
    a_user()
    sent = client.get("/office/me/sessions?x=1")
    assert sent.status_code == 303
    assert sent.location == "/sign-in?next=/office/me/sessions?x%3D1"
    answer = client.fill_in(
        sent.location, form="sign-in", email="sato@example.jp", password="夕焼けの多摩川を渡る青い電車"
    )
    assert answer.location == "/office/me/sessions?x=1"


def test_only_paths_of_this_site_are_gone_on_to() -> None:
    assert safe_path("/office/members/?q=株") == "/office/members/?q=株"
    for elsewhere in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//x",
        "/a\nb",
        "",
    ):
        assert safe_path(elsewhere) is None


def test_a_wrong_password_answers_422_and_is_recorded(client: Visitor) -> None:
    user = a_user()
    answer = entering(client, password="違うパスワードですよ、きっと")
    assert answer.status_code == 422
    failed = db.session.scalars(sa.select(Act).where(Act.kind == Kind.SIGN_IN_FAILED)).one()
    assert (failed.actor, failed.about_id) == ("public", user.id)
    assert client.get(OFFICE).status_code == 303


def test_a_password_counts_exactly_as_given(client: Visitor) -> None:
    a_user(password="A quiet River at dusk ")
    for other in ("a quiet river at dusk ", "A quiet River at dusk", "Ａ quiet River at dusk "):
        assert entering(client, password=other).status_code == 422
    assert entering(client, password="A quiet River at dusk ").status_code == 303


def test_an_unknown_account_answers_as_a_known_one(client: Visitor, another: Callable[[], Visitor]) -> None:
    a_user()
    answers = [
        entering(another(), email=email, password="違うパスワードですよ、きっと")
        for email in ("sato@example.jp", "nobody@example.jp")
    ]
    known, unknown = ((a.status_code, sorted(a.headers.keys()), _without_tokens(a.text)) for a in answers)
    assert known == (unknown[0], unknown[1], unknown[2].replace("nobody@", "sato@"))


def _without_tokens(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_an_old_cookie_does_not_work_after_signing_out(client: Visitor) -> None:
    a_user()
    entering(client)
    kept = client.get_cookie("crm")
    assert kept is not None
    client.get(OFFICE)
    answer = client.fill_in(OFFICE, form="/sign-out")
    assert answer.status_code == 303
    assert "Clear-Site-Data" in answer.headers
    client.set_cookie("crm", kept.value)
    assert client.get(OFFICE).status_code == 303
    assert db.session.scalars(sa.select(SignIn)).all() == []


def test_signing_in_gives_a_new_token_and_forgets_what_was_planted(client: Visitor) -> None:
    user = a_user()
    with client.session_transaction() as planted:
        planted["_user_id"] = "planted"
        planted["csrf_token"] = "planted"
    entering(client)
    with client.session_transaction() as carried:
        first = carried["_user_id"]
        assert first != "planted"
        assert set(carried) <= {"_user_id", "_fresh", "locale"}
    entering_again = client.application.test_client()
    entering(entering_again)
    with entering_again.session_transaction() as carried:
        assert carried["_user_id"] != first
    assert len(sessions.of(user)) == 2


def test_a_forged_token_opens_nothing(client: Visitor) -> None:
    with client.session_transaction() as carried:
        carried["_user_id"] = "x" * 43
    assert client.get(OFFICE).status_code == 303


def test_disabling_ends_all_sessions_at_once(client: Visitor) -> None:
    user, director = a_user(), a_user("director", email="riji@example.jp")
    entering(client)
    with act(Kind.USER_DISABLED, about=user):
        accounts.disable(user, by=director)
    assert client.get(OFFICE).status_code == 303
    assert entering(client).status_code == 422


def test_a_session_ends_when_idle_and_when_old(client: Visitor, noon: Callable[[str], datetime]) -> None:
    a_user()
    entering(client)
    for still in ("13:50", "15:40", "17:30", "19:20", "21:10", "23:00", "23:59"):
        noon(f"2026-05-11 {still}")
        assert client.get(OFFICE).status_code == 200, still
    noon("2026-05-12 00:01")
    assert client.get(OFFICE).status_code == 303
    entering(client)
    noon("2026-05-12 02:02")
    assert client.get(OFFICE).status_code == 303


def test_one_sees_and_ends_ones_other_sessions(client: Visitor, another: Callable[[], Visitor]) -> None:
    a_user()
    entering(client)
    other = another()
    entering(other)
    assert client.fill_in("/office/me/sessions", form="end-others").status_code == 303
    assert other.get(OFFICE).status_code == 303
    assert client.get(OFFICE).status_code == 200


def test_changing_the_password_needs_the_present_one_and_ends_the_other_sessions(
    client: Visitor, another: Callable[[], Visitor]
) -> None:
    a_user()
    entering(client)
    other = another()
    entering(other)
    new = "山の上の小さな本屋で会う"
    wrong = client.fill_in("/office/me/password", form=1, current="違うパスワードですよ、きっと", password=new)
    assert wrong.status_code == 422
    with client.session_transaction() as carried:
        before = carried["_user_id"]
    changed = client.fill_in("/office/me/password", form=1, current="夕焼けの多摩川を渡る青い電車", password=new)
    assert changed.status_code == 303
    with client.session_transaction() as carried:
        assert carried["_user_id"] != before
    assert client.get(OFFICE).status_code == 200
    assert other.get(OFFICE).status_code == 303
    assert entering(other, password=new).status_code == 303


def test_the_browser_is_told_nothing_but_an_opaque_token(client: Visitor) -> None:
    a_user()
    entering(client)
    with client.session_transaction() as carried:
        assert len(carried["_user_id"]) >= 43
        assert "佐藤" not in str(dict(carried))
    row = db.session.scalars(sa.select(SignIn)).one()
    assert carried["_user_id"] not in (row.token_hash, row.agent)
    assert dataclasses.is_dataclass(row)
