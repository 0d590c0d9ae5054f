"""An event fills up and drains: the last seat is taken, someone waits, someone cancels, the seat is offered and accepted."""

from __future__ import annotations

from flask import Flask

from crm import verifying, worker
from tests.builders import an_event
from tests.journeys.reading import letters_to, path_in
from tests.visiting import Visitor


def test_a_seat_goes_from_who_cancels_to_who_waits_first(app: Flask, client: Visitor) -> None:
    slug = an_event(2, slug="mihon").slug
    first, second, third, fourth = (_registered(client, slug, number) for number in range(4))
    assert [_state(client, page) for page in (first, second, third, fourth)] == [
        "confirmed",
        "confirmed",
        "waiting",
        "waiting",
    ]
    assert _cancelled(client, first) == "cancelled"
    assert [_state(client, page) for page in (second, third, fourth)] == ["confirmed", "offered", "waiting"]
    offer = letters_to("guest2@example.test")[-1]
    offered = path_in(offer, "/registrations/")
    assert client.fill_in(offered, form="/accept").status_code == 303
    assert _state(client, third) == "confirmed"
    _drained(client, [second, third, fourth])
    worker.run_once()
    assert verifying.breaches() == []


def _drained(client: Visitor, pages: list[str]) -> None:
    """Both seats become free: one is offered to who still waits, who declines; then the event is as empty as it began."""
    second, third, fourth = pages
    assert _cancelled(client, second) == "cancelled"
    assert _state(client, fourth) == "offered"
    assert client.fill_in(fourth, form="/decline").status_code == 303
    assert _state(client, fourth) == "cancelled"
    assert _cancelled(client, third) == "cancelled"
    newcomer = _registered(client, "mihon", 4)
    assert _state(client, newcomer) == "confirmed"


def _registered(client: Visitor, slug: str, number: int) -> str:
    """Register by the public form; answers the registration's own page, which the letter links, too."""
    email = f"guest{number}@example.test"
    answer = client.fill_in(
        f"/events/{slug}/register", form="/register", name=f"見本 {number}郎", email=email, organisation=""
    )
    assert answer.status_code == 303
    assert path_in(letters_to(email)[-1], "/registrations/") == answer.location
    return answer.location


def _cancelled(client: Visitor, page: str) -> str:
    assert client.fill_in(page, form="/cancel").status_code == 303
    return _state(client, page)


def _state(client: Visitor, page: str) -> str:
    """How a registration stands, as its own page tells it."""
    words = {
        "お席は確定しています": "confirmed",
        "キャンセル待ちです": "waiting",
        "お席を仮に確保しています": "offered",
        "このお申し込みは終了しています": "cancelled",
    }
    shown = client.get(page).text
    return next((state for word, state in words.items() if word in shown), shown)
