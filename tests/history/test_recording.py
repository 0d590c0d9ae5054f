"""Every write is an act: committed with its record, or not at all."""

import threading
from contextlib import nullcontext

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.errors import Busy, Stale
from crm.history import chain, recording, timeline
from crm.history.inserting import insert_all
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as, acts_now, housekeeping
from crm.history.records import Act, Change
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person as Contact


def added(name: str = "株式会社見本") -> Organisation:
    organisation = Organisation(name=name)
    with act(Kind.ORGANISATION_ADDED, about=organisation):
        db.session.add(organisation)
    return organisation


def test_an_act_says_who_did_what_to_which_row_with_old_and_new_values(app: Flask) -> None:
    organisation = added()
    with act(Kind.ORGANISATION_CHANGED, about=organisation, note="電話で確認"):
        organisation.phone = "044-000-0000"
    newest = timeline.of(organisation)[0]
    assert (newest.kind, newest.actor, newest.note) == (Kind.ORGANISATION_CHANGED, "test", "電話で確認")
    assert newest.changes == (("phone", "", "044-000-0000"),)


def test_who_waits_too_long_for_another_s_write_is_told_to_try_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_at_a_time = db.engine.dialect.name == "sqlite"  # PostgreSQL lets many write at once: nobody waits there
    monkeypatch.setattr(recording, "PATIENCE_SECONDS", 0.01)
    took, done = threading.Event(), threading.Event()

    def other() -> None:
        with recording._queue:
            took.set()
            done.wait(10)

    holding = threading.Thread(target=other)
    holding.start()
    took.wait(10)
    with pytest.raises(Busy) if one_at_a_time else nullcontext(), act(Kind.ORGANISATION_ADDED):
        db.session.add(Organisation(name="株式会社途中"))
    done.set()
    holding.join()
    assert added().id


def test_nothing_is_kept_of_an_act_that_fails(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), act(Kind.ORGANISATION_ADDED):
        db.session.add(Organisation(name="株式会社途中"))
        db.session.flush()
        _ = 1 // 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Act)) == 0


def test_a_write_outside_an_act_is_refused(app: Flask) -> None:
    db.session.add(Organisation(name="株式会社無断"))
    with pytest.raises(RuntimeError, match="outside an act"):
        db.session.flush()
    db.session.rollback()


def test_a_bulk_change_that_would_skip_the_record_is_refused(app: Flask) -> None:
    added()
    with pytest.raises(RuntimeError, match="bulk"), act(Kind.ORGANISATION_CHANGED):
        db.session.execute(sa.update(Organisation).values(phone="1"))


def test_rows_inserted_at_once_are_recorded_like_any_other(app: Flask) -> None:
    one = added("株式会社一")
    with act(Kind.ORGANISATION_ADDED):
        ids = insert_all(Contact, [
            {"organisation_id": one.id, "name": name, "email": ""} for name in ("見本 一", "見本 二", "見本 三")
        ])  # fmt: skip
        db.session.add(Contact(organisation=one, name="見本 四"))
    people = list(db.session.scalars(sa.select(Contact).order_by(Contact.id)))
    assert [(p.id, p.name, p.version, p.locale) for p in people[:3]] == [
        (number, name, 1, "ja") for number, name in zip(ids, ("見本 一", "見本 二", "見本 三"), strict=True)
    ]
    changes = list(db.session.scalars(sa.select(Change).where(Change.table_name == "people").order_by(Change.position)))
    assert [c.row_id for c in changes] == [p.id for p in people]
    assert {(c.operation, *sorted(c.after), *sorted(c.sealed)) for c in changes[:3]} == {
        (c.operation, *sorted(c.after), *sorted(c.sealed)) for c in changes[3:]
    }
    assert changes[0].after["name"] == "見本 一"
    assert list(chain.breaches(db.session)) == []


def test_rows_inserted_at_once_need_an_act_and_the_sessions_own_way_past_the_record_is_refused(app: Flask) -> None:
    rows = [{"name": "株式会社無断", "duplicate_key": ""}]
    with pytest.raises(RuntimeError, match="outside an act"):
        insert_all(Organisation, rows)
    with pytest.raises(RuntimeError, match="housekeeping"), housekeeping():
        insert_all(Organisation, rows)
    with pytest.raises(RuntimeError, match="bulk"), act(Kind.ORGANISATION_ADDED):
        db.session.execute(sa.insert(Organisation), rows)


def test_acts_do_not_nest_and_need_an_actor(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="nest"), act(Kind.ORGANISATION_ADDED), act(Kind.ORGANISATION_ADDED):
        pass
    acts_now(None)
    with pytest.raises(RuntimeError, match="actor"), act(Kind.ORGANISATION_ADDED):
        pass


def test_housekeeping_may_not_change_what_the_record_watches(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="housekeeping"), housekeeping() as session:
        session.add(Organisation(name="株式会社こっそり"))


def test_the_second_of_two_who_change_one_row_is_told(app: Flask) -> None:
    organisation = added()
    seen = organisation.version
    with act(Kind.ORGANISATION_CHANGED, about=organisation):
        organisation.phone = "1"
    assert organisation.version == seen + 1
    with pytest.raises(Stale), act(Kind.ORGANISATION_CHANGED, about=organisation):
        db.session.refresh(organisation)
        db.session.connection().execute(sa.text("UPDATE organisations SET version = version + 1"))
        organisation.phone = "2"
    db.session.refresh(organisation)
    assert organisation.phone == "1"


def test_acts_of_several_threads_stand_in_one_chain_without_gaps(app: Flask) -> None:
    failures: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            with app.app_context(), acting_as(Actor("test", worker)):
                for i in range(10):
                    added(f"株式会社{worker}の{i}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    db.session.rollback()
    numbers = db.session.scalars(sa.select(Act.number).order_by(Act.number)).all()
    assert list(numbers) == list(range(1, 41))


def test_values_about_a_person_stand_in_the_chain_as_digests_only(app: Flask) -> None:
    from crm.organisations.people import Person

    organisation = added()
    person = Person(organisation=organisation, name="見本 花子", email="hanako@example.jp")
    with act(Kind.PERSON_ADDED, about=person):
        db.session.add(person)
    change = db.session.scalars(sa.select(Change).where(Change.table_name == "people")).one()
    assert change.after["name"] == "見本 花子"
    assert set(change.sealed) >= {"name", "email", "phone", "kana"}
    assert "花子" not in str(change.sealed)
