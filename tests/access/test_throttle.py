"""Guessing is slowed down, for everyone together, and nobody is locked out for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crm.access import throttle
from crm.history.recording import housekeeping
from tests.access.conftest import PASSWORD, a_user, entering
from tests.visiting import Visitor

WRONG = "違うパスワードですよ、きっと"


def test_the_eleventh_guess_in_five_minutes_waits_even_with_the_right_password(
    client: Visitor, noon: Callable[[str], datetime]
) -> None:
    a_user()
    assert [entering(client, password=WRONG).status_code for _ in range(10)] == [422] * 10
    stopped = entering(client)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= 300
    noon("2026-05-11 12:05")
    assert entering(client).status_code == 303


def test_an_account_is_guarded_whatever_address_the_guesses_come_from(
    client: Visitor, noon: Callable[[str], datetime]
) -> None:
    a_user()
    for last in range(10):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{last}"
        assert entering(client, password=WRONG).status_code == 422
    client.environ_base["REMOTE_ADDR"] = "192.0.2.99"
    assert entering(client, password=WRONG).status_code == 429


def test_an_address_is_slowed_whatever_accounts_it_guesses(client: Visitor, noon: Callable[[str], datetime]) -> None:
    for number in range(10):
        assert entering(client, email=f"p{number}@example.jp", password=WRONG).status_code == 422
    assert entering(client, email="p11@example.jp", password=WRONG).status_code == 429


def test_strangers_cannot_keep_the_owner_of_an_account_out(
    client: Visitor, another: Callable[[], Visitor], noon: Callable[[str], datetime]
) -> None:
    a_user()
    entering(client)
    client.fill_in("/office/me/", form="/sign-out")
    stranger = another()
    stranger.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    for _ in range(10):
        entering(stranger, password=WRONG)
    assert entering(stranger, password=PASSWORD).status_code == 429
    assert entering(client).status_code == 303


def test_right_passwords_do_not_count(another: Callable[[], Visitor], noon: Callable[[str], datetime]) -> None:
    a_user()
    assert {entering(another()).status_code for _ in range(13)} == {303}


def test_counts_are_shared_rows_that_are_pruned(app: object, noon: Callable[[str], datetime]) -> None:
    limit = throttle.Limit("test", 2, 60)
    with housekeeping():
        assert [bool(throttle.counted((limit, "a"))) for _ in range(3)] == [False, False, True]
        assert not throttle.counted((limit, "b"))
        throttle.give_back((limit, "a"), (limit, "a"))
        assert not throttle.counted((limit, "a"))
    now = noon("2026-05-14 12:00")
    with housekeeping() as session:
        throttle.prune(now)
        assert session.query(throttle.Attempts).count() == 0
