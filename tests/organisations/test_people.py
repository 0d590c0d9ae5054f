"""People at an organisation: roles with days, and who follows whom."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import people
from crm.organisations.people import PersonRole
from tests.builders import a_person, an_organisation

DAY = date(2026, 4, 1)


def test_a_role_passes_to_the_named_successor_on_the_day_of_leaving(app: Flask) -> None:
    one = an_organisation()
    old, new = a_person(one, PersonRole.BILLING, PersonRole.LIAISON), a_person(one, name="後任 次郎")
    with act(Kind.PERSON_CHANGED):
        left_over = old.leaves(DAY, {PersonRole.BILLING: new})
    assert left_over == [PersonRole.LIAISON]
    assert old.roles_on(date(2026, 3, 31)) == {PersonRole.BILLING, PersonRole.LIAISON}
    assert old.roles_on(DAY) == set()
    assert new.roles_on(DAY) == {PersonRole.BILLING}
    assert new.roles_on(date(2026, 3, 31)) == set()


def test_an_invoice_goes_to_the_billing_contact_of_the_day_and_nobody_else(app: Flask) -> None:
    one = an_organisation()
    old = a_person(one, PersonRole.BILLING, since=date(2025, 1, 1))
    a_person(one, PersonRole.LIAISON)
    with act(Kind.PERSON_CHANGED):
        old.leaves(DAY, {})
    assert [p.id for p in db.session.scalars(people.holding(PersonRole.BILLING, date(2026, 3, 31)))] == [old.id]
    assert db.session.scalars(people.holding(PersonRole.BILLING, DAY)).all() == []
    assert db.session.scalars(people.holding(PersonRole.BILLING, date(2024, 12, 31))).all() == []


def test_a_role_without_a_beginning_was_always_held(app: Flask) -> None:
    someone = a_person(None, PersonRole.BILLING)
    assert [p.id for p in db.session.scalars(people.holding(PersonRole.BILLING, date(2000, 1, 1)))] == [someone.id]


def test_nobody_takes_a_role_after_leaving_nor_from_another_organisation(app: Flask) -> None:
    someone, stranger = a_person(None, PersonRole.BILLING), a_person()
    with pytest.raises(Refused), act(Kind.PERSON_CHANGED):
        someone.leaves(DAY, {PersonRole.BILLING: stranger})
    with act(Kind.PERSON_CHANGED):
        someone.leaves(DAY, {})
    with pytest.raises(Refused), act(Kind.ROLE_GIVEN):
        someone.takes(PersonRole.LIAISON, DAY)


def test_one_mail_address_is_one_person_at_an_organisation(app: Flask) -> None:
    one = an_organisation()
    a_person(one, email="a@example.test")
    with pytest.raises(Refused):
        a_person(one, email="A@example.test")


def test_a_given_up_role_ends_with_its_last_day(app: Flask) -> None:
    someone = a_person(None, PersonRole.EVENTS)
    with act(Kind.ROLE_ENDED):
        someone.gives_up(PersonRole.EVENTS, DAY)
    assert someone.roles_on(DAY) == {PersonRole.EVENTS}
    assert someone.roles_on(date(2026, 4, 2)) == set()
