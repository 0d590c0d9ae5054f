"""Two at once: the terms of a year are made once, and nobody is asked twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.errors import Busy
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as
from crm.mail.outbox import Letter
from crm.members import declarations, letters, terms
from crm.members.members import MembershipTerm
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member

FY2027 = FiscalYear(2027)
AT_ONCE = 4


@pytest.fixture(autouse=True)
def _march(app, clock_at) -> None:
    clock_at("2027-03-02 09:00")


def at_once(app: Flask, do: Callable[[], None]) -> None:
    """The same doing in several threads that begin together; who finds the database busy tries again."""
    ready, wrong = threading.Barrier(AT_ONCE), list[BaseException]()

    def work() -> None:
        try:
            with app.app_context(), acting_as(Actor("test")):
                ready.wait(10)
                for _n in range(20):
                    try:
                        do()
                        break
                    except Busy:
                        db.session.rollback()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    assert wrong == []


def renew() -> None:
    with act(Kind.TERMS_RENEWED):
        terms.renew(FY2027)


def ask() -> None:
    with act(Kind.EMPLOYEES_ASKED):
        for declaration in declarations.ask_all(FY2027):
            letters.employees_asked(declaration)


def test_the_terms_of_a_year_asked_for_by_several_at_once_are_made_once(app) -> None:
    for _n in range(5):
        a_member(on=date(2026, 4, 1))
    db.session.rollback()
    at_once(app, renew)
    assert db.session.scalar(sa.select(sa.func.count(MembershipTerm.id)).where(MembershipTerm.year == FY2027)) == 5


def test_members_asked_by_several_at_once_get_one_letter(app) -> None:
    for _n in range(5):
        a_member(on=date(2026, 4, 1))
    db.session.rollback()
    at_once(app, ask)
    assert (
        db.session.scalar(sa.select(sa.func.count(Letter.id)).where(Letter.template == "members/employees_asked")) == 5
    )
