"""The same form sent twice has one effect; the same key with other content is refused."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.history import commands
from crm.history.commands import AlreadyDone, Incoming, KeyReused
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as
from crm.organisations.organisations import Organisation


def arrive(key: str = "a-key-of-a-form", content: str = "same") -> None:
    commands.incoming.set(Incoming(key, "POST /office/organisations", content))


def send() -> str:
    with act(Kind.ORGANISATION_ADDED) as deed:
        db.session.add(Organisation(name="株式会社二重"))
        deed.leads_to("/office/organisations/1")
    return "done"


def organisations() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Organisation)) or 0


def test_a_form_sent_again_leads_where_the_first_one_led(app: Flask) -> None:
    arrive()
    send()
    arrive()
    with pytest.raises(AlreadyDone) as done:
        send()
    assert done.value.location == "/office/organisations/1"
    assert organisations() == 1


def test_a_key_used_for_other_content_is_refused(app: Flask) -> None:
    arrive()
    send()
    arrive(content="other")
    with pytest.raises(KeyReused):
        send()
    assert organisations() == 1


def test_a_form_that_failed_may_be_sent_again(app: Flask) -> None:
    arrive()
    with pytest.raises(ZeroDivisionError), act(Kind.ORGANISATION_ADDED):
        _ = 1 // 0
    arrive()
    assert send() == "done"


def test_a_form_sent_eight_times_at_once_has_one_effect(app: Flask) -> None:
    outcomes: list[str] = []

    def one() -> None:
        with app.app_context(), acting_as(Actor("test")):
            arrive()
            try:
                outcomes.append(send())
            except AlreadyDone:
                outcomes.append("already")

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert sorted(outcomes) == ["already"] * 7 + ["done"]
    assert organisations() == 1
