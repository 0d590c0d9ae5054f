"""Public registrations: whole ones a second, the bare limit beside them, and the race of 200 for 50 seats."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from bench import bare, crowds
from bench.figures import Figure
from bench.places import Place
from crm import clock
from crm.db import db
from crm.events import arranging, events
from crm.events.events import EventKind
from crm.events.registrations import Registration, RegistrationState
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.callers import Caller, hidden_fields
from tests.live_server import HOST, LiveServer

AT_ONCE = (1, 8, 32)
AIM, AIM_OF_BARE = 150, 0.25
RACERS, SEATS, RACE_AIM = 200, 50, 3.0
EVENTS, ROOM = 10, 2000
HOW = (
    "GET form, POST, GET confirmation by a new visitor (new connection and cookies) each time, over ten events of 2,000 seats; "
    "the visitors run on the same cores as the two gunicorn workers"
)
HOW_BARE = (
    "POST to a Flask application with one table, one INSERT and COMMIT, same server, engine and pragmas, same visitors"
)
HOW_RACE = (
    "200 visitors with the form open send it in the same instant; seats and waiting list are counted in the database"
)


def registrations(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Whole registrations and bare inserts a second at 1, 8 and 32 at once, and the ratio of the two."""
    seconds = 2.0 if quick else 6.0
    slugs = _events(place, EVENTS, ROOM)
    whole, plain = {}, {}
    with place.server() as server:
        for at_once in AT_ONCE:
            whole[at_once] = _registered_a_second(server, slugs, at_once, seconds)
    with place.server(command=bare.COMMAND) as server:
        for at_once in AT_ONCE:
            plain[at_once] = _inserted_a_second(server, at_once, seconds)
    for at_once in AT_ONCE:
        yield Figure(f"registrations, {at_once} at once", place.engine, whole[at_once], "/s", AIM, how=HOW)
        yield Figure(f"  bare INSERT + COMMIT, {at_once} at once", place.engine, plain[at_once], "/s", how=HOW_BARE)
        ratio = whole[at_once] / plain[at_once]
        yield Figure(f"  of the bare limit, {at_once} at once", place.engine, ratio, "", AIM_OF_BARE)


def race(place: Place, *, quick: bool) -> Iterator[Figure]:
    """200 visitors for 50 seats: the seconds it takes, how many are seated and how many wait. Refuses to print a wrong count."""
    (slug,) = _events(place, 1, SEATS)
    path = f"/events/{slug}/register"
    with place.server() as server:
        callers = [Caller(HOST, server.port) for _ in range(RACERS)]
        forms = [_form(caller, path) for caller in callers]

        def send(number: int) -> int:
            fields = {
                **forms[number],
                "name": f"見本 {number}",
                "email": f"racer{number}@example.test",
                "organisation": "",
            }
            return callers[number].post(path, fields).status

        statuses, seconds = crowds.race(send, at_once=RACERS)
        for caller in callers:
            caller.close()
    if set(statuses) != {303}:
        raise RuntimeError(f"the race was answered with {sorted(set(statuses))}")
    counted = _counted(place)
    seated, waiting = counted.get(RegistrationState.CONFIRMED, 0), counted.get(RegistrationState.WAITING, 0)
    if (seated, waiting) != (SEATS, RACERS - SEATS):
        raise RuntimeError(f"the race sold {seated} of {SEATS} seats, {waiting} wait")
    yield Figure(
        f"race of {RACERS} for {SEATS}", place.engine, seconds, "s", RACE_AIM, less_is_better=True, how=HOW_RACE
    )
    yield Figure("  seated", place.engine, seated, "")
    yield Figure("  waiting", place.engine, waiting, "")


def _registered_a_second(server: LiveServer, slugs: list[str], at_once: int, seconds: float) -> float:
    callers = [Caller(HOST, server.port) for _ in range(at_once)]
    numbers = itertools.count(1)

    def register(visitor: int) -> None:
        caller, number = callers[visitor], next(numbers)
        caller.cookies.clear()
        caller.close()
        path = f"/events/{slugs[number % len(slugs)]}/register"
        fields = hidden_fields(_page(caller, path), "/register")
        person = {"name": f"見本 {number}", "email": f"visitor{number}@example.test", "organisation": "株式会社見本"}
        sent = caller.post(path, {**fields, **person})
        if sent.status != 303 or f"見本 {number}" not in _page(caller, sent.path):
            raise RuntimeError(f"a registration was answered with {sent.status}:\n{sent.text[:2000]}")

    try:
        return crowds.rate(register, at_once=at_once, seconds=seconds)
    finally:
        for caller in callers:
            caller.close()


def _inserted_a_second(server: LiveServer, at_once: int, seconds: float) -> float:
    callers = [Caller(HOST, server.port) for _ in range(at_once)]

    def insert(visitor: int) -> None:
        answer = callers[visitor].post("/insert", {"name": "見本", "email": "visitor@example.test"})
        if answer.status != 200:
            raise RuntimeError(f"the bare application answered {answer.status}")

    try:
        return crowds.rate(insert, at_once=at_once, seconds=seconds)
    finally:
        for caller in callers:
            caller.close()


def _form(caller: Caller, path: str) -> dict[str, str]:
    """The form as someone has it open who will send it later, on a connection of its own."""
    fields = hidden_fields(_page(caller, path), "/register")
    caller.close()
    return fields


def _page(caller: Caller, path: str) -> str:
    answer = caller.get(path)
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}:\n{answer.text[:2000]}")
    return answer.text


def _events(place: Place, count: int, seats: int) -> list[str]:
    """Published events of one session each; answers their slugs."""
    slugs = [f"bench-{number}" for number in range(count)]
    with place.app(), act(Kind.EVENT_CREATED):
        starts = clock.now() + timedelta(days=30)
        for slug in slugs:
            event = events.adding(slug, "見本セミナー", EventKind.CARE_SEMINAR)
            events.add_session(event, starts, starts + timedelta(hours=2), seats)
            db.session.flush()
            arranging.publish(event)
    return slugs


def _counted(place: Place) -> dict[RegistrationState, int]:
    counted = sa.select(Registration.state, sa.func.count()).group_by(Registration.state)
    with place.app():
        return {row[0]: row[1] for row in db.session.execute(counted)}
