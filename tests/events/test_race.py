"""Many at once for few seats, in processes of their own on both engines; and the same without the lock, which oversells."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.config import Settings
from crm.db import db
from crm.events import registrations, seating
from crm.events.registrations import Registration, RegistrationState
from tests.builders import an_event

PROCESSES = 4
SPAWN = multiprocessing.get_context("spawn")


def visitors(settings: Settings, session_id: int, numbers: range, barrier: Any, locking: bool, answers: Any) -> None:
    """One process: makes its own application and registers so many people, waiting for the others before each round."""
    import crm.db
    from crm.app import create_app
    from crm.errors import Busy, Refused
    from crm.events import registering
    from crm.history.kinds import Kind
    from crm.history.recording import Actor, act, acting_as

    if not locking:
        _without_the_lock(crm.db, seating)
    app = create_app(settings)
    trouble: list[str] = []
    with app.app_context(), acting_as(Actor("test")):
        crm.db.db.session.scalar(sa.select(1))  # connected before the start
        crm.db.db.session.rollback()
        barrier.wait(60)
        for number in numbers:
            visitor = registering.Visitor(f"見本 {number}", f"guest{number}@example.test")
            try:
                with act(Kind.REGISTERED):
                    registering.register(session_id, visitor)
            except (Busy, Refused, sa.exc.SQLAlchemyError) as error:
                trouble.append(repr(error))
        crm.db.db.session.close()
        crm.db.db.engine.dispose()
    answers.put(trouble)


def _without_the_lock(database: Any, seats: Any) -> None:
    """As it would be with the defaults: no row lock (PostgreSQL), no BEGIN before what is read (SQLite)."""

    def begin_late(connection: Any) -> None:
        """Nothing: the driver begins by itself before the first write, after everything was counted."""

    def connect_by_default(connection: Any, record: Any) -> None:
        plain(connection, record)
        connection.isolation_level = ""

    plain = database._on_sqlite_connect
    database._on_sqlite_connect, database._on_sqlite_begin = connect_by_default, begin_late
    seats._LOCKING._for_update_arg = None


@pytest.fixture
def race(app: Flask, settings: Settings) -> Any:
    """Lets so many people race for a session, spread over processes; gives what went wrong."""

    def run(session_id: int, people: int, *, locking: bool = True) -> list[str]:
        db.session.rollback()
        barrier, answers = SPAWN.Barrier(PROCESSES), SPAWN.Queue()
        share = people // PROCESSES
        processes = [
            SPAWN.Process(
                target=visitors,
                args=(settings, session_id, range(n * share, (n + 1) * share), barrier, locking, answers),
            )
            for n in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        trouble = [line for _process in processes for line in answers.get(timeout=120)]
        for process in processes:
            process.join(30)
        db.session.rollback()
        return trouble

    return run


def sold(session: Any) -> tuple[int, int]:
    """How many are confirmed and how many wait."""
    rows = db.session.scalars(sa.select(Registration.state).where(Registration.session_id == session.id)).all()
    return rows.count(RegistrationState.CONFIRMED), rows.count(RegistrationState.WAITING)


def test_two_hundred_for_fifty_seats_sell_fifty(race: Any) -> None:
    session = an_event(50).sessions[0]
    assert race(session.id, 200) == []
    assert sold(session) == (50, 150)
    assert list(registrations.breaches()) == []
    order = db.session.scalars(
        sa.select(Registration.state).where(Registration.session_id == session.id).order_by(Registration.id)
    ).all()
    assert order == [RegistrationState.CONFIRMED] * 50 + [RegistrationState.WAITING] * 150


def test_without_the_lock_the_same_race_oversells(race: Any) -> None:
    for _round in range(20):
        session = an_event(2).sessions[0]
        race(session.id, 40, locking=False)
        if sold(session)[0] > 2:
            assert any("holds" in line for line in registrations.breaches())
            return
    pytest.fail("nothing was oversold without the lock: the race tests nothing")
