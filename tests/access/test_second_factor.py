"""One-time codes, passkeys, recovery codes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pyotp
import pytest
from flask import Flask

from crm import clock
from crm.access import second_factor
from crm.access.users import User
from crm.config import Settings
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.access.authenticator import Authenticator
from tests.access.conftest import PASSWORD, a_user, entering, with_code_app
from tests.visiting import Visitor

OFFICE = "/office/me/"
FACTORS = "/office/me/second-factor/"


def _code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(clock.now().timestamp()) + 30 * steps)


def _proving(client: Visitor, code: str) -> int:
    return client.fill_in("/sign-in/second-factor", form="second-factor", code=code).status_code


def test_a_password_alone_opens_nothing_where_a_second_factor_is_set_up(client: Visitor) -> None:
    secret = with_code_app(a_user())
    assert entering(client, next="/office/me/sessions").location == "/sign-in/second-factor?next=/office/me/sessions"
    assert client.get(OFFICE).location.startswith("/sign-in/second-factor")
    assert client.get("/office/me/password").status_code == 303
    with client.session_transaction() as carried:
        halfway = carried["_user_id"]
    answer = client.fill_in("/sign-in/second-factor?next=/office/me/sessions", form="second-factor", code=_code(secret))
    assert (answer.status_code, answer.location) == (303, "/office/me/sessions")
    assert client.get(OFFICE).status_code == 200
    with client.session_transaction() as carried:
        assert carried["_user_id"] != halfway


def test_a_code_works_once(client: Visitor, another: Callable[[], Visitor]) -> None:
    secret = with_code_app(a_user())
    code = _code(secret)
    entering(client)
    assert _proving(client, code) == 303
    other = another()
    entering(other)
    assert _proving(other, code) == 422
    assert _proving(other, _code(secret, +1)) == 303


def test_one_code_sent_twice_at_once_opens_one_session(app: Flask, another: Callable[[], Visitor]) -> None:
    secret = with_code_app(a_user())
    browsers = [another() for _ in range(4)]
    for browser in browsers:
        entering(browser)
    code, answers = _code(secret), []

    def send(browser: Visitor) -> None:
        answers.append(_proving(browser, code))

    threads = [threading.Thread(target=send, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 422, 422, 422]


def test_a_code_stands_one_step_before_and_after(client: Visitor) -> None:
    secret = with_code_app(a_user())
    entering(client)
    for steps in (-3, 3):
        assert _proving(client, _code(secret, steps)) == 422
    assert _proving(client, " ".join(_code(secret, -1))) == 303


def test_guessing_codes_is_slowed_down(client: Visitor, noon: Callable[[str], datetime]) -> None:
    secret = with_code_app(a_user())
    entering(client)
    assert [_proving(client, "000000") for _ in range(5)] == [422] * 5
    assert _proving(client, _code(secret)) == 429
    noon("2026-05-11 12:05")
    assert _proving(client, _code(secret)) == 303


def test_half_a_sign_in_ends_after_ten_minutes(client: Visitor, noon: Callable[[str], datetime]) -> None:
    secret = with_code_app(a_user())
    entering(client)
    noon("2026-05-11 12:11")
    assert client.get("/sign-in/second-factor").location.startswith("/sign-in")
    entering(client)
    assert _proving(client, _code(secret)) == 303


def test_an_app_is_set_up_with_its_first_code_and_ten_recovery_codes_are_shown_once(client: Visitor) -> None:
    user = a_user()
    entering(client)
    page = client.get(f"{FACTORS}code-app")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret is not None
    assert client.fill_in(f"{FACTORS}code-app", form="code-app", code="000000").status_code == 422
    page = client.get(f"{FACTORS}code-app")
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret is not None
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert sealed is not None
    assert csrf is not None
    code = _code(secret[1].replace(" ", ""))
    shown = client.post(f"{FACTORS}code-app", data={"code": code, "sealed": sealed[1], "csrf_token": csrf[1]})
    assert shown.status_code == 200
    codes = re.findall(r"<code>([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})</code>", shown.text)
    assert len(set(codes)) == 10
    assert client.get(OFFICE).status_code == 200
    assert second_factor.recovery_codes_left(user) == 10
    assert codes[0] not in client.get(FACTORS).text
    client.fill_in(OFFICE, form="/sign-out")
    entering(client)
    assert _proving(client, codes[3].lower()) == 303
    client.fill_in(OFFICE, form="/sign-out")
    entering(client)
    assert _proving(client, codes[3]) == 422
    assert second_factor.recovery_codes_left(user) == 9


def test_what_protects_the_account_is_changed_only_after_the_password(
    client: Visitor, noon: Callable[[str], datetime]
) -> None:
    a_user()
    entering(client)
    noon("2026-05-11 12:11")
    assert client.get(f"{FACTORS}code-app").location == f"{FACTORS}confirm"
    assert client.fill_in(f"{FACTORS}confirm", form=1, password="違うパスワードですよ").status_code == 422
    assert client.fill_in(f"{FACTORS}confirm", form=1, password=PASSWORD).status_code == 303
    assert client.get(f"{FACTORS}code-app").status_code == 200


def test_a_forged_secret_for_an_app_is_refused(client: Visitor) -> None:
    a_user()
    entering(client)
    assert client.fill_in(f"{FACTORS}code-app", form="code-app", code="000000", sealed="x.y.z").status_code == 409


class TestInProduction:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, env="production", base_url="http://crm.example.jp")

    def test_staff_without_a_second_factor_reach_only_the_page_that_sets_one_up(self, client: Visitor) -> None:
        a_user("director")
        entering(client)
        for page in (OFFICE, "/office/access/", "/office/settings/", "/office/me/tokens"):
            assert client.get(page).location == FACTORS, page
        assert client.get(FACTORS).status_code == 200
        assert client.get(f"{FACTORS}code-app").status_code == 200


class TestPasskeys:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, base_url="http://localhost:8000")

    @pytest.fixture
    def device(self) -> Authenticator:
        return Authenticator("http://localhost:8000", "localhost")

    def _options(self, client: Visitor, page: str, path: str) -> dict[str, object]:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
        assert token is not None
        answer = client.post(path, headers={"X-CSRFToken": token[1]})
        assert answer.status_code == 200
        return dict(answer.get_json())

    def _added(self, client: Visitor, device: Authenticator) -> int:
        made = device.make(self._options(client, FACTORS, f"{FACTORS}passkeys/options"))
        return client.fill_in(FACTORS, form=f"{FACTORS}passkeys", answer=made, name="電話").status_code

    def _used(self, client: Visitor, answer: str) -> int:
        return client.fill_in("/sign-in/second-factor", form="/sign-in/passkey", answer=answer).status_code

    def test_a_passkey_is_made_and_signs_in(self, client: Visitor, device: Authenticator) -> None:
        user = a_user()
        entering(client)
        assert self._added(client, device) == 200
        assert [key.name for key in second_factor.passkeys_of(user)] == ["電話"]
        client.fill_in(OFFICE, form="/sign-out")
        entering(client)
        assert client.get(OFFICE).status_code == 303
        answer = device.use(self._options(client, "/sign-in/second-factor", "/sign-in/passkey/options"))
        assert self._used(client, answer) == 303
        assert client.get(OFFICE).status_code == 200

    def test_an_answer_counts_once_and_only_for_its_own_question(
        self, client: Visitor, another: Callable[[], Visitor], device: Authenticator
    ) -> None:
        a_user()
        entering(client)
        self._added(client, device)
        client.fill_in(OFFICE, form="/sign-out")
        entering(client)
        answer = device.use(self._options(client, "/sign-in/second-factor", "/sign-in/passkey/options"))
        other = another()
        entering(other)
        self._options(other, "/sign-in/second-factor", "/sign-in/passkey/options")
        assert self._used(other, answer) == 422
        assert self._used(client, answer) == 303

    def test_a_device_that_does_not_verify_its_person_is_refused(self, client: Visitor) -> None:
        user = a_user()
        entering(client)
        assert self._added(client, Authenticator("http://localhost:8000", "localhost", verifies=False)) == 422
        assert self._added(client, Authenticator("http://evil.example", "localhost")) == 422
        assert second_factor.passkeys_of(user) == []

    @pytest.mark.parametrize("answer", ["", "{", "[]", '{"rawId": 3}', '{"rawId": "x", "response": {}}', "null"])
    def test_nonsense_is_refused(self, client: Visitor, device: Authenticator, answer: str) -> None:
        a_user()
        entering(client)
        self._added(client, device)
        client.fill_in(OFFICE, form="/sign-out")
        entering(client)
        self._options(client, "/sign-in/second-factor", "/sign-in/passkey/options")
        assert self._used(client, answer) == 422


def test_factors_leave_with_the_help_of_the_office(client: Visitor, sign_in: Callable[..., Visitor]) -> None:
    user = a_user()
    with_code_app(user)
    with act(Kind.RECOVERY_CODES_MADE, about=user):
        second_factor.make_recovery_codes(user)
    director = sign_in("director")
    page = f"/office/access/{user.id}"
    assert director.fill_in(page, form="remove-second-factors", reason="").status_code == 422
    assert director.fill_in(page, form="remove-second-factors", reason="電話で本人と確認").status_code == 303
    assert not second_factor.has_one(_again(user))
    assert second_factor.recovery_codes_left(user) == 0
    entering(client)
    assert client.get(OFFICE).status_code == 200


def _again(user: User) -> User:
    return user
