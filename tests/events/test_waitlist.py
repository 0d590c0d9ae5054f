"""The waiting list: first come, first served; offers and their deadlines; more and less room; held against a small model."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import arranging, registering, registrations, seating, waitlist
from crm.events.registrations import Ending, Registration, RegistrationState
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from tests.builders import a_registration, an_event

CONFIRMED, WAITING, OFFERED, CANCELLED = (
    RegistrationState.CONFIRMED, RegistrationState.WAITING, RegistrationState.OFFERED, RegistrationState.CANCELLED,
)  # fmt: skip


def cancels(registration: Registration) -> None:
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(registration.id, Ending.PERSON)


def resize(session: Any, capacity: int | None) -> None:
    with act(Kind.EVENT_CAPACITY_CHANGED):
        arranging.change_capacity(session.id, capacity)


def expire(session: Any) -> list[Registration]:
    with act(Kind.OFFERS_EXPIRED):
        return waitlist.expire(session.id)


def states(*rows: Registration) -> list[RegistrationState]:
    db.session.expire_all()
    return [row.state for row in rows]


def templates(registration: Registration) -> list[str]:
    about = sa.select(Letter.template).where(Letter.about_id == registration.id).order_by(Letter.id)
    return [name.removeprefix("events/") for name in db.session.scalars(about)]


def sound() -> None:
    assert list(registrations.breaches()) == []


def test_a_freed_seat_is_offered_to_the_next_with_a_deadline(app: Flask, clock_at: Callable[[str], datetime]) -> None:
    now = clock_at("2026-05-01 09:00")
    session = an_event(1).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    cancels(first)
    assert states(second, third) == [OFFERED, WAITING]
    assert second.offer_until == now + timedelta(hours=48)
    assert templates(second) == ["registration_waiting", "offer"]
    sound()


def test_an_offer_ends_at_the_latest_when_the_session_starts(app: Flask) -> None:
    session = an_event(1, days=1).sessions[0]
    first, second = a_registration(session), a_registration(session)
    cancels(first)
    assert second.offer_until == session.starts_at


def test_a_lapsed_offer_passes_on_and_both_are_told(app: Flask, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    cancels(first)
    clock_at("2026-05-03 08:59")
    assert waitlist.due_offers(clock.now()) == []
    clock_at("2026-05-03 09:00")
    assert waitlist.due_offers(clock.now()) == [session.id]
    assert [r.id for r in expire(session)] == [second.id]
    assert states(second, third) == [CANCELLED, OFFERED]
    assert second.ended_by is Ending.LAPSED
    assert (templates(second)[-1], templates(third)[-1]) == ("offer_lapsed", "offer")
    assert waitlist.due_offers(clock.now()) == []
    assert expire(session) == []
    sound()


def test_someone_who_comes_after_an_offer_lapsed_does_not_overtake(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    cancels(first)
    clock_at("2026-05-04 09:00")
    newcomer = a_registration(session)
    assert states(second, third, newcomer) == [CANCELLED, OFFERED, WAITING]


def test_someone_who_comes_when_the_last_offer_lapsed_has_the_seat(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1).sessions[0]
    first, second = a_registration(session), a_registration(session)
    cancels(first)
    clock_at("2026-05-04 09:00")
    newcomer = a_registration(session)
    assert states(second, newcomer) == [CANCELLED, CONFIRMED]
    sound()


def test_more_room_confirms_in_order_and_tells(app: Flask) -> None:
    session = an_event(1).sessions[0]
    rows = [a_registration(session) for _ in range(4)]
    resize(session, 3)
    assert states(*rows) == [CONFIRMED, CONFIRMED, CONFIRMED, WAITING]
    assert templates(rows[1]) == ["registration_waiting", "promoted"]
    resize(session, None)
    assert states(*rows) == [CONFIRMED] * 4
    sound()


def test_less_room_throws_nobody_out_and_gives_no_seat_until_there_is_one(app: Flask) -> None:
    session = an_event(3).sessions[0]
    rows = [a_registration(session) for _ in range(4)]
    resize(session, 1)
    assert states(*rows) == [CONFIRMED, CONFIRMED, CONFIRMED, WAITING]
    assert session.seats_kept == 3
    sound()
    cancels(rows[0])
    cancels(rows[1])
    assert states(rows[3]) == [WAITING]
    cancels(rows[2])
    assert states(rows[3]) == [OFFERED]
    sound()


def test_a_party_waits_until_there_is_room_for_all_of_it(app: Flask) -> None:
    session = an_event(3, party_limit=3).sessions[0]
    singles = [a_registration(session) for _ in range(3)]
    party, behind = a_registration(session, party_size=2), a_registration(session)
    cancels(singles[0])
    assert states(party, behind) == [WAITING, WAITING]
    sound()
    cancels(singles[1])
    assert states(party, behind) == [OFFERED, WAITING]
    cancels(singles[2])
    assert states(behind) == [OFFERED]


def test_when_a_party_in_front_leaves_those_behind_are_offered_what_is_free(app: Flask) -> None:
    session = an_event(2, party_limit=3).sessions[0]
    first, _second = a_registration(session), a_registration(session)
    party, behind = a_registration(session, party_size=2), a_registration(session)
    cancels(first)
    cancels(party)
    assert states(behind) == [OFFERED]
    sound()


def test_someone_who_cancelled_gets_no_other_seat(app: Flask) -> None:
    session = an_event(1).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    cancels(second)
    cancels(first)
    assert states(second, third) == [CANCELLED, OFFERED]
    with pytest.raises(Refused), act(Kind.OFFER_ACCEPTED):
        waitlist.accept(second.id)


def test_an_offer_is_taken_once(app: Flask) -> None:
    session = an_event(1).sessions[0]
    first, second = a_registration(session), a_registration(session)
    cancels(first)
    with act(Kind.OFFER_ACCEPTED):
        waitlist.accept(second.id)
    assert states(second) == [CONFIRMED]
    assert templates(second)[-1] == "registration_confirmed"
    with pytest.raises(Refused), act(Kind.OFFER_ACCEPTED):
        waitlist.accept(second.id)


def test_after_the_start_nobody_is_offered_a_seat(app: Flask, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1, days=1).sessions[0]
    first, second = a_registration(session), a_registration(session)
    clock_at("2026-05-02 09:30")
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(first.id, Ending.OFFICE)
    assert states(second) == [WAITING]
    sound()


def test_calling_off_ends_every_registration_and_tells_everyone(app: Flask) -> None:
    event = an_event(1)
    first, second, third = (a_registration(event.sessions[0]) for _ in range(3))
    cancels(first)
    with act(Kind.EVENT_CANCELLED):
        told = arranging.call_off(event, "台風のため")
    assert {r.id for r in told} == {second.id, third.id}
    assert states(second, third) == [CANCELLED, CANCELLED]
    assert templates(third)[-1] == "event_cancelled"
    body = db.session.scalars(sa.select(Letter.body).where(Letter.template == "events/event_cancelled")).first()
    assert "台風のため" in (body or "")
    with pytest.raises(Refused):
        a_registration(event.sessions[0])


def test_verify_finds_oversold_seats_and_seats_left_empty(app: Flask) -> None:
    session = an_event(1).sessions[0]
    a_registration(session)
    second = a_registration(session)
    with act(Kind.REGISTRATION_CHANGED):
        second.confirm()
    assert ["holds 2 seats of 1" in line for line in registrations.breaches()] == [True]
    other = an_event(1).sessions[0]
    stuck = a_registration(other)
    with act(Kind.REGISTRATION_CHANGED):
        stuck.state = WAITING
    assert any(f"registration {stuck.id} waits" in line for line in registrations.breaches())


@dataclass
class Model:
    """What the waiting list should do, in thirty lines: entries in order, each [id, party, state, deadline]."""

    capacity: int | None
    kept: int = 0
    now: int = 0
    entries: list[list[Any]] = field(default_factory=list)

    def taken(self) -> int:
        return sum(e[1] for e in self.entries if e[2] in (CONFIRMED, OFFERED))

    def free(self) -> float:
        return float("inf") if self.capacity is None else self.capacity - self.taken()

    def seat(self, state: RegistrationState) -> None:
        for entry in self.entries:
            if entry[2] is WAITING:
                if entry[1] > self.free():
                    return
                entry[2], entry[3] = state, (self.now + 48 if state is OFFERED else None)

    def lapse(self) -> None:
        for entry in self.entries:
            if entry[2] is OFFERED and entry[3] <= self.now:
                entry[2] = CANCELLED
        self.seat(OFFERED)

    def join(self, number: int, party: int) -> None:
        if any(e[2] is OFFERED and e[3] <= self.now for e in self.entries) and self.capacity is not None:
            self.lapse()
        waits = self.capacity is not None and (any(e[2] is WAITING for e in self.entries) or party > self.free())
        self.entries.append([number, party, WAITING if waits else CONFIRMED, None])

    def leave(self, entry: list[Any]) -> None:
        entry[2] = CANCELLED
        self.seat(OFFERED)

    def resize(self, capacity: int | None) -> None:
        self.capacity = capacity
        self.seat(CONFIRMED)


@pytest.mark.parametrize("seed", range(6))
def test_any_course_of_events_ends_as_the_model_says(
    app: Flask, clock_at: Callable[[str], datetime], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    start = clock_at("2026-05-01 09:00")
    capacity = dice.choice([1, 2, 3, 5])
    session = an_event(capacity, party_limit=4, days=300).sessions[0]
    model = Model(capacity)
    for _step in range(30):
        deed = dice.choice(["join"] * 4 + ["leave"] * 3 + ["accept"] * 2 + ["resize", "wait", "expire"])
        live = [e for e in model.entries if e[2] is not CANCELLED]
        offered = [e for e in live if e[2] is OFFERED and e[3] > model.now]
        if deed == "join":
            party = dice.choice([1, 1, 1, 2, 3])
            model.join(a_registration(session, party_size=party).id, party)
        elif deed == "leave" and live:
            entry = dice.choice(live)
            model.leave(entry)
            cancels(db.session.get_one(Registration, entry[0]))
        elif deed == "accept" and offered:
            entry = dice.choice(offered)
            entry[2], entry[3] = CONFIRMED, None
            with act(Kind.OFFER_ACCEPTED):
                waitlist.accept(entry[0])
        elif deed == "resize":
            size = dice.choice([1, 2, 3, 5, 8])
            model.resize(size)
            resize(session, size)
        elif deed == "wait":
            model.now += dice.choice([1, 30, 60])
            moment = start + timedelta(hours=model.now)
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        elif deed == "expire":
            model.lapse()
            expire(session)
        db.session.expire_all()
        real = {r.id: r.state for r in db.session.scalars(registrations.of_session(session))}
        assert real == {e[0]: e[2] for e in model.entries}, f"seed {seed}: {deed}"
        sound()
    assert seating.seats_of(session).taken == model.taken()
