"""Registering colleagues in the members' pages: seats and waiting list as everyone, one's own people only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from crm.db import db
from crm.events import events
from crm.events.registrations import Registration, RegistrationState, Source
from crm.mail.outbox import Letter
from crm.organisations.people import PersonRole
from tests import builders
from tests.members_people import inside, with_account
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
PAGE = "/portal/events/mihon"


@pytest.fixture
def organisation(app: Flask) -> Any:
    return builders.a_member(name="株式会社見本").organisation


def made() -> list[Registration]:
    return db.session.query(Registration).order_by(Registration.id).all()


def letters() -> list[tuple[str, str]]:
    found = db.session.query(Letter).filter(Letter.template.like("events/%")).order_by(Letter.id)
    return [(x.template, x.recipient_email) for x in found]


def test_colleagues_get_seats_and_the_last_one_waits(organisation: Any, sign_in: SignIn) -> None:
    builders.an_event(2, slug="mihon")
    people = [builders.a_person(organisation, name=f"見本 {n}", email=f"{n}@example.test") for n in ("一", "二")]
    visitor = inside(sign_in, organisation, PersonRole.EVENTS, email="me@example.test")
    chosen = [str(person.id) for person in people]
    answer = visitor.fill_in(PAGE, form=PAGE, colleagues=chosen, name="見本 三")
    assert answer.status_code == 303
    assert [(one.name, one.state, one.party_size) for one in made()] == [
        ("見本 一", RegistrationState.CONFIRMED, 1), ("見本 二", RegistrationState.CONFIRMED, 1),
        ("見本 三", RegistrationState.WAITING, 1),
    ]  # fmt: skip
    assert {(one.source, one.made_for_id, one.recognised_id) for one in made()} == {
        (Source.PORTAL, organisation.id, organisation.id)
    }
    assert letters() == [
        ("events/registration_confirmed", "一@example.test"), ("events/registration_confirmed", "二@example.test"),
        ("events/registration_waiting", "me@example.test"),
    ]  # fmt: skip
    shown = visitor.get("/portal/events/").text
    assert shown.count("見本 三") >= 1
    assert "見本 一" in visitor.get("/portal/").text


def test_a_colleague_is_registered_once(organisation: Any, sign_in: SignIn) -> None:
    builders.an_event(5, slug="mihon")
    person = builders.a_person(organisation, name="見本 一")
    visitor = inside(sign_in, organisation)
    assert visitor.fill_in(PAGE, form=PAGE, colleagues=[str(person.id)]).status_code == 303
    again = visitor.fill_in(PAGE, form=PAGE, colleagues=[str(person.id)], name="見本 二")
    assert again.status_code == 422
    assert "見本 一さんはすでに申し込まれています" in again.text
    assert len(made()) == 1


def test_people_of_others_cannot_be_registered(organisation: Any, sign_in: SignIn) -> None:
    builders.an_event(5, slug="mihon")
    stranger = builders.a_person(name="別の会社の人")
    visitor = inside(sign_in, organisation)
    answer = visitor.fill_in(PAGE, form=PAGE, colleagues=[str(stranger.id)])
    assert answer.status_code == 422
    assert "別の会社の人" not in answer.text
    assert not made()


@pytest.mark.parametrize("fields", [{}, {"email": "who@example.test"}, {"name": "見本", "email": "no address"}])
def test_without_anybody_nothing_is_written(organisation: Any, sign_in: SignIn, fields: dict[str, str]) -> None:
    builders.an_event(5, slug="mihon")
    assert inside(sign_in, organisation).fill_in(PAGE, form=PAGE, **fields).status_code == 422
    assert not made()


def test_a_seat_is_given_up_and_passes_on(organisation: Any, sign_in: SignIn) -> None:
    event = builders.an_event(1, slug="mihon")
    visitor = inside(sign_in, organisation)
    visitor.fill_in(PAGE, form=PAGE, name="見本 一")
    waiting = builders.a_registration(event.sessions[0], name="次の人")
    mine = made()[0]
    assert visitor.fill_in("/portal/events/", form=f"/{mine.id}/cancel").status_code == 303
    db.session.refresh(waiting)
    assert db.session.get_one(Registration, mine.id).state is RegistrationState.CANCELLED
    assert waiting.state is RegistrationState.OFFERED


def test_who_typed_the_organisations_name_on_the_public_page_is_not_the_organisations_to_see(
    organisation: Any, sign_in: SignIn
) -> None:
    event = builders.an_event(5, slug="mihon")
    public = builders.a_registration(event.sessions[0], name="公開の申込者", organisation="株式会社見本")
    assert public.recognised_id == organisation.id
    visitor = inside(sign_in, organisation)
    assert "公開の申込者" not in visitor.get("/portal/events/").text
    assert "公開の申込者" not in visitor.get(PAGE).text
    token = forms_on(visitor.get("/portal/me/").text)[0].values["csrf_token"]
    address = f"/portal/events/registrations/{public.id}/cancel"
    assert visitor.post(address, data={"csrf_token": token}).status_code == 404


def test_events_for_members_take_a_members_guest_and_events_by_invitation_are_not_there(
    organisation: Any, sign_in: SignIn
) -> None:
    builders.an_event(5, slug="mihon", audience=events.Audience.MEMBERS)
    builders.an_event(5, slug="shoutai", audience=events.Audience.INVITATION)
    visitor = inside(sign_in, organisation)
    assert visitor.fill_in(PAGE, form=PAGE, name="社外の講師", email="guest@example.test").status_code == 303
    assert visitor.get("/portal/events/shoutai").status_code == 404
    stranger = inside(sign_in, builders.an_organisation())
    assert stranger.fill_in(PAGE, form=PAGE, name="見本", email="x@example.test").status_code == 422


def test_a_closed_event_takes_nobody(organisation: Any, sign_in: SignIn) -> None:
    builders.an_event(0, slug="mihon")
    visitor = inside(sign_in, organisation)
    shown = visitor.get(PAGE)
    assert shown.status_code == 200
    assert not [form for form in forms_on(shown.text) if form.action == PAGE]


def test_the_office_sees_where_the_registration_came_from(organisation: Any, sign_in: SignIn) -> None:
    event = builders.an_event(5, slug="mihon")
    _person, user = with_account(organisation)
    sign_in(user=user).fill_in(PAGE, form=PAGE, name="見本 一")
    assert made()[0].made_by is not None
    assert "見本 一" in sign_in("clerk").get(f"/office/events/{event.id}/registrations").text
