"""The ground the tests stand on: each has an empty database of its own, on both engines."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act


def _write_one_act() -> None:
    with act(Kind.SETTING_CHANGED):
        pass
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Act)) == 1


def test_a_test_starts_with_an_empty_database(app: Flask) -> None:
    _write_one_act()


def test_and_so_does_the_next(app: Flask) -> None:
    _write_one_act()


def test_the_database_is_the_one_the_test_is_named_for(app: Flask, engine: str) -> None:
    assert db.engine.dialect.name == engine


def test_the_clock_stops_where_it_is_told(clock_at) -> None:  # type: ignore[no-untyped-def]
    clock_at("2026-03-31 23:59")
    assert clock.today().isoformat() == "2026-03-31"
    clock_at("2026-04-01 00:00")
    assert clock.today().isoformat() == "2026-04-01"
