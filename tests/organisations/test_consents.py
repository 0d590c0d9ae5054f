"""Consents: on which words, when and how; the last word counts, also after two records of a person became one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import consents, merging, portal_rights
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person, PersonRole
from crm.organisations.portal_rights import PortalRight
from tests.builders import a_person, an_organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
NEWS = Purpose.ANNOUNCEMENTS


def agree(person: Any, version: str = "2026-04", **how: Any) -> Any:
    with act(Kind.CONSENT_RECORDED, about=person):
        return consents.record(person, NEWS, **{"text_version": version, "way": Way.PAPER, **how})


def withdraw(person: Any, **how: Any) -> Any:
    with act(Kind.CONSENT_WITHDRAWN, about=person):
        return consents.withdraw(person, NEWS, way=Way.MAIL, **how)


def consenting() -> list[int]:
    return list(db.session.scalars(sa.select(Person.id).where(consents.consenting(NEWS)).order_by(Person.id)))


def test_a_consent_stands_until_it_is_withdrawn_and_the_row_stays(app: Flask) -> None:
    someone, other = a_person(), a_person()
    agree(someone, wording="案内をメールで受け取ることに同意します。", evidence="申込書 2026-001")
    assert consents.has_consented(someone, NEWS)
    assert not consents.has_consented(someone, Purpose.PHOTOGRAPHS)
    assert consenting() == [someone.id]
    assert consents.standing_of([someone, other]) == {someone.id: frozenset({NEWS}), other.id: frozenset()}
    withdraw(someone)
    assert not consents.has_consented(someone, NEWS)
    assert consenting() == []
    assert [(one.is_open, one.text_version) for one in consents.consents_of(someone)] == [(False, "2026-04")]


def test_the_same_words_agreed_to_twice_are_one_consent_and_new_words_another(app: Flask) -> None:
    someone = a_person()
    assert agree(someone) is agree(someone)
    agree(someone, "2027-04")
    assert len(consents.consents_of(someone)) == 2
    assert len(withdraw(someone)) == 2


def test_agreeing_again_after_a_withdrawal_counts(app: Flask) -> None:
    someone = a_person()
    agree(someone, given_at=clock.now() - timedelta(days=3))
    withdraw(someone, at=clock.now() - timedelta(days=2))
    agree(someone, given_at=clock.now() - timedelta(days=1))
    assert consents.has_consented(someone, NEWS)
    assert consenting() == [someone.id]


def test_a_withdrawal_on_one_record_ends_an_older_consent_on_the_other_when_they_are_merged(app: Flask) -> None:
    one = an_organisation()
    kept, other = a_person(one), a_person(one)
    now = clock.now()
    agree(kept, given_at=now - timedelta(days=9))
    agree(other, given_at=now - timedelta(days=8))
    withdraw(other, at=now - timedelta(days=1))
    with act(Kind.PEOPLE_MERGED, about=kept):
        merging.merge(kept, other)
    assert not consents.has_consented(kept, NEWS)
    assert consenting() == []


@pytest.mark.parametrize("how", [{"text_version": " "}, {"given_at": "tomorrow"}])
def test_a_consent_needs_its_words_and_a_day_that_has_come(app: Flask, how: dict[str, Any]) -> None:
    if "given_at" in how:
        how = {"given_at": clock.now() + timedelta(days=1)}
    someone = a_person()
    with pytest.raises(Refused):
        agree(someone, **how)


def test_the_office_records_and_withdraws_consents_and_chooses_rights(app: Flask, sign_in: SignIn) -> None:
    someone = a_person(None, PersonRole.BILLING)
    visitor, page = sign_in("clerk"), f"/office/organisations/people/{someone.id}/consents"
    sent = {"purpose": "announcements", "text_version": "2026-04", "way": "paper", "evidence": "申込書"}
    assert visitor.fill_in(page, form="/consents", **sent).status_code == 303
    assert consents.has_consented(db.session.get_one(Person, someone.id), NEWS)
    assert "申込書" in visitor.get(page).text
    form = {"withdrawn": "announcements", "withdrawn_way": "telephone"}
    assert visitor.fill_in(page, form="/withdraw", **form).status_code == 303
    assert visitor.fill_in(page, form="/withdraw", **form).status_code == 422
    assert visitor.fill_in(page, form="/consents", **{**sent, "text_version": ""}).status_code == 422
    assert visitor.fill_in(page, form="/rights", by_role=None, rights="events_register").status_code == 303
    db.session.expire_all()
    today = clock.today()
    assert portal_rights.rights_of(db.session.get_one(Person, someone.id), today) == {PortalRight.EVENTS_REGISTER}


def test_rights_follow_the_roles_until_somebody_chooses(app: Flask) -> None:
    today = clock.today()
    liaison, billing, viewer = a_person(None, PersonRole.LIAISON), a_person(None, PersonRole.BILLING), a_person()
    assert portal_rights.rights_of(liaison, today) == set(PortalRight)
    assert portal_rights.may(billing, PortalRight.MONEY_READ, today)
    assert not portal_rights.may(billing, PortalRight.COLLEAGUES_MANAGE, today)
    assert not portal_rights.may(viewer, PortalRight.MONEY_READ, today)
    assert portal_rights.may(viewer, PortalRight.CERTIFICATES_READ, today)


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("treasurer", 200), ("city_officer", 403)])
def test_consents_are_personal_data(app: Flask, sign_in: SignIn, role: str, status: int) -> None:
    someone = a_person()
    assert sign_in(role).get(f"/office/organisations/people/{someone.id}/consents").status_code == status
