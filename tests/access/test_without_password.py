"""Members without a password: a mailed link, once and soon; a passkey alone. Unknown addresses learn nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from crm import clock
from crm.access import second_factor, sessions
from crm.access.sessions import Strength
from crm.config import Settings
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.history.records import Act
from crm.mail.outbox import Letter
from tests import builders
from tests.access.authenticator import Authenticator
from tests.members_people import with_account
from tests.visiting import Visitor, forms_on

ASK, SENT = "/sign-in/link", "ログイン用のリンクをお送りしました"
EMAIL = "kaiin@example.test"


@pytest.fixture
def member(app: Flask) -> Any:
    return with_account(builders.an_organisation("株式会社見本"), email=EMAIL)[1]


def ask(client: Visitor, email: str = EMAIL) -> Any:
    return client.fill_in(ASK, email=email)


def links() -> list[str]:
    found = db.session.query(Letter).filter(Letter.template == "access/sign_in_link").order_by(Letter.id)
    return [next(w for w in x.body.split() if "/sign-in/link/" in w).partition("8000")[2] for x in found]


def test_a_mailed_link_opens_the_members_pages_once(member: Any, client: Visitor, app: Flask) -> None:
    assert SENT in ask(client).text
    (path,) = links()
    assert "ログイン" in client.get(path).text
    assert client.get("/portal/").status_code == 303, "opening the link alone signs nobody in"
    entered = client.fill_in(path)
    assert entered.headers["Location"] == "/portal/"
    assert "株式会社見本" in client.get("/portal/").text
    other = app.test_client()
    assert other.get(path).status_code == 410
    assert db.session.query(Act).filter(Act.kind == Kind.SIGNED_IN).count() == 1


def test_a_link_is_good_for_a_quarter_of_an_hour_and_a_newer_one_ends_it(
    member: Any, client: Visitor, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-11 10:00")
    ask(client)
    ask(client)
    older, newer = links()
    assert client.get(older).status_code == 410
    clock_at("2026-05-11 10:14")
    assert client.get(newer).status_code == 200
    clock_at("2026-05-11 10:16")
    assert client.get(newer).status_code == 410


def test_unknown_addresses_and_staff_get_the_same_answer_and_no_link(app: Flask, member: Any) -> None:
    from crm.access import users
    from crm.access.permissions import Role

    with act(Kind.USER_ADDED):
        users.add_with_password(
            email="clerk@example.test", name="見本 事務", role=Role.CLERK, password="花火と多摩川の夕暮れ 42"
        )
    answers = []
    for email in ("nobody@example.test", "clerk@example.test", EMAIL):
        answer = app.test_client().fill_in(ASK, email=email)
        kept = [line for line in answer.text.splitlines() if "csrf" not in line and "idempotency" not in line]
        answers.append((answer.status_code, kept))
    assert answers[0] == answers[1] == answers[2]
    assert len(links()) == 1


def test_too_many_links_are_slowed_down(member: Any, client: Visitor, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-11 10:00")
    assert [ask(client).status_code for _n in range(7)] == [200] * 6 + [429]
    assert len(links()) == 6


def test_who_was_only_invited_gets_the_invitation_again(app: Flask, client: Visitor) -> None:
    from crm.organisations import portal_access

    person = builders.a_person(email=EMAIL)
    with act(Kind.USER_INVITED):
        portal_access.invite_person(person)
    ask(client)
    assert not links()
    assert db.session.query(Letter).filter(Letter.template == "access/invitation").count() == 2


def test_the_link_of_a_closed_account_opens_nothing(member: Any, client: Visitor) -> None:
    from crm.access import accounts

    ask(client)
    with act(Kind.USER_DISABLED, about=member):
        accounts.close(member)
    assert client.get(links()[0]).status_code == 410


def test_a_second_factor_is_still_asked_for(member: Any, client: Visitor) -> None:
    a_passkey(member)
    ask(client)
    entered = client.fill_in(links()[0])
    assert entered.headers["Location"].startswith("/sign-in/second-factor")
    assert client.get("/portal/").headers["Location"].startswith("/sign-in/second-factor")


# --- passkeys alone


@pytest.fixture
def settings(settings: Settings) -> Settings:
    from dataclasses import replace

    return replace(settings, base_url="http://localhost:8000")


def a_passkey(user: Any) -> Authenticator:
    device = Authenticator("http://localhost:8000", "localhost")
    with housekeeping():
        sign_in = sessions.find(sessions.start(user, Strength.PASSWORD))
    assert sign_in is not None
    with act(Kind.SECOND_FACTOR_ADDED, about=user):
        second_factor.add_passkey(sign_in, device.make(second_factor.registration_options(sign_in)), "見本")
    return device


def csrf(client: Visitor) -> str:
    return str(forms_on(client.get("/sign-in").text)[0].values["csrf_token"])


def options(client: Visitor) -> dict[str, Any]:
    answer = client.post("/sign-in/with-passkey/options", headers={"X-CSRFToken": csrf(client)})
    assert answer.status_code == 200
    return dict(json.loads(answer.text))


def enter(client: Visitor, answer: str) -> Any:
    return client.post("/sign-in/with-passkey", data={"csrf_token": csrf(client), "answer": answer})


def test_a_passkey_alone_signs_a_member_in(member: Any, client: Visitor) -> None:
    device = a_passkey(member)
    asked = options(client)
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    assert enter(client, device.use(asked)).headers["Location"] == "/portal/"
    assert client.get("/portal/").status_code == 200
    assert sessions.of(member)[0].strength is Strength.SECOND_FACTOR


def test_an_answer_opens_once_and_only_where_it_was_asked_for(member: Any, client: Visitor, app: Flask) -> None:
    device = a_passkey(member)
    answer = device.use(options(client))
    with client.session_transaction() as cookie:
        number = cookie["passkey"]
    other = app.test_client()
    assert enter(other, answer).status_code == 422, "another browser"
    assert enter(client, answer).status_code == 303
    with other.session_transaction() as cookie:
        cookie["passkey"] = number
    assert enter(other, answer).status_code == 422, "a second time"


def test_a_challenge_stands_five_minutes(member: Any, client: Visitor, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-11 10:00")
    device = a_passkey(member)
    answer = device.use(options(client))
    clock_at("2026-05-11 10:06")
    assert enter(client, answer).status_code == 422


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"rawId": 5}', '{"rawId": "AAAA"}', "x" * 30_000])
def test_nonsense_is_refused_in_words(member: Any, client: Visitor, answer: str) -> None:
    options(client)
    answered = enter(client, answer)
    assert answered.status_code == 422
    assert "パスキー" in answered.text


def test_staff_do_not_get_in_by_a_passkey_alone(app: Flask, client: Visitor) -> None:
    from crm.access import users
    from crm.access.permissions import Role

    with act(Kind.USER_ADDED):
        user = users.add_with_password(
            email="clerk@example.test", name="見本 事務", role=Role.CLERK, password="花火と多摩川の夕暮れ 42"
        )
    device = a_passkey(user)
    assert enter(client, device.use(options(client))).status_code == 422
    assert client.get("/office/").status_code == 303


def test_a_device_that_did_not_verify_the_person_is_refused(member: Any, client: Visitor) -> None:
    device = a_passkey(member)
    device.flags = 0x01
    assert enter(client, device.use(options(client))).status_code == 422


def test_unused_challenges_are_forgotten(app: Flask, client: Visitor, clock_at: Callable[[str], datetime]) -> None:
    from crm.access import passkey_sign_in

    clock_at("2026-05-11 10:00")
    options(client)
    assert db.session.query(passkey_sign_in.PasskeyChallenge).count() == 1
    clock_at("2026-05-11 12:00")
    with housekeeping():
        passkey_sign_in.prune(clock.now())
    assert db.session.query(passkey_sign_in.PasskeyChallenge).count() == 0
