"""Colleagues and consents in the members' pages: adding, inviting, roles as far as one's own rights go, leaving, agreeing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from crm import clock
from crm.access import users
from crm.access.users import UserState
from crm.db import db
from crm.mail.outbox import Letter
from crm.organisations import consents, portal_access
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person, PersonRole
from crm.organisations.portal_rights import PortalRight
from tests import builders
from tests.members_people import inside, with_account
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
NEW, PEOPLE = "/portal/people/new", "/portal/people/"


@pytest.fixture
def organisation(app: Flask) -> Any:
    return builders.an_organisation("株式会社見本")


def token(visitor: Visitor) -> str:
    return str(forms_on(visitor.get("/portal/me/").text)[0].values["csrf_token"])


def named(name: str) -> Person:
    return db.session.query(Person).filter(Person.name == name).one()


def test_a_colleague_is_added_with_a_role_and_invited(organisation: Any, sign_in: SignIn) -> None:
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    answer = visitor.fill_in(NEW, form=NEW, name="見本 経理", email="keiri@example.test", role="billing", invites="y")
    assert answer.status_code == 303
    someone = named("見本 経理")
    assert someone.organisation_id == organisation.id
    assert someone.roles_on(clock.today()) == {PersonRole.BILLING}
    assert [x.recipient_email for x in db.session.query(Letter).filter(Letter.template == "access/invitation")][-1] == (
        "keiri@example.test"
    )
    assert "見本 経理" in visitor.get(PEOPLE).text
    assert "見本 経理" in sign_in("clerk").get(f"/office/organisations/{organisation.id}/people").text


def test_a_mail_address_that_has_an_account_elsewhere_invites_nobody(organisation: Any, sign_in: SignIn) -> None:
    with_account(builders.an_organisation(), email="taken@example.test")
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    answer = visitor.fill_in(NEW, form=NEW, name="見本 経理", email="taken@example.test", invites="y")
    assert answer.status_code == 422
    assert not db.session.query(Person).filter(Person.name == "見本 経理").count()


def test_nobody_gives_a_role_that_allows_more_than_they_may_do_themselves(organisation: Any, sign_in: SignIn) -> None:
    rights = [PortalRight.COLLEAGUES_MANAGE, PortalRight.CERTIFICATES_READ, PortalRight.EVENTS_REGISTER]
    visitor = inside(sign_in, organisation, rights=rights, name="見本 総務")
    other = builders.a_person(organisation, name="見本 同僚")
    page = f"/portal/people/{other.id}"
    offered = visitor.get(page).text
    assert 'value="events"' in offered
    assert 'value="liaison"' not in offered
    for role in ("liaison", "representative", "billing", "king"):
        assert visitor.fill_in(page, form="/roles", role=role).status_code == 422, role
    assert visitor.fill_in(page, form="/roles", role="events").status_code == 303
    assert named("見本 同僚").roles_on(clock.today()) == {PersonRole.EVENTS}


def test_who_may_do_more_is_out_of_reach(organisation: Any, sign_in: SignIn) -> None:
    boss, _user = with_account(organisation, PersonRole.LIAISON, name="見本 部長")
    visitor = inside(sign_in, organisation, rights=[PortalRight.COLLEAGUES_MANAGE])
    page = f"/portal/people/{boss.id}"
    assert forms_on(visitor.get(page).text)
    for way in ("", "/roles", "/roles/liaison/end", "/invite", "/end-access", "/leave"):
        assert visitor.post(page + way, data={"csrf_token": token(visitor)}).status_code == 403, way
    assert portal_access.of(boss) is not None


def test_a_role_is_not_left_without_anybody(organisation: Any, sign_in: SignIn) -> None:
    me, user = with_account(organisation, PersonRole.LIAISON)
    visitor, page = sign_in(user=user), f"/portal/people/{me.id}"
    assert visitor.fill_in(page, form="/roles/liaison/end").status_code == 409
    other = builders.a_person(organisation, name="見本 後任")
    visitor.fill_in(f"/portal/people/{other.id}", form="/roles", role="liaison")
    assert visitor.fill_in(page, form="/roles/liaison/end").status_code == 303


def test_whoever_has_left_gets_in_no_more(organisation: Any, sign_in: SignIn) -> None:
    leaver, user = with_account(organisation, name="見本 退職")
    their = sign_in(user=user)
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    assert visitor.fill_in(f"/portal/people/{leaver.id}", form="/leave").status_code == 303
    assert db.session.get_one(users.User, user.id).state is UserState.DISABLED
    assert their.get("/portal/").status_code == 303
    visitor.get(PEOPLE)  # says so once
    assert "見本 退職" not in visitor.get(PEOPLE).text
    assert visitor.get(f"/portal/people/{leaver.id}").status_code == 404


def test_nobody_shuts_themselves_out(organisation: Any, sign_in: SignIn) -> None:
    me, user = with_account(organisation, PersonRole.LIAISON)
    visitor = sign_in(user=user)
    for way in ("end-access", "leave"):
        assert visitor.post(f"/portal/people/{me.id}/{way}", data={"csrf_token": token(visitor)}).status_code == 409
    assert visitor.get("/portal/").status_code == 200


def test_everyone_corrects_themselves_but_for_the_mail_address(organisation: Any, sign_in: SignIn) -> None:
    me, user = with_account(organisation, PersonRole.EVENTS, email="me@example.test")
    visitor, page = sign_in(user=user), f"/portal/people/{me.id}"
    answer = visitor.fill_in(page, form=page, department="総務部", locale="en", email="other@example.test")
    assert answer.status_code == 303
    db.session.refresh(me)
    assert (me.department, me.locale, me.email) == ("総務部", "en", "me@example.test")
    colleague = builders.a_person(organisation, name="見本 同僚", email="secret@example.test")
    assert "secret@example.test" not in visitor.get(f"/portal/people/{colleague.id}").text
    assert visitor.post(f"/portal/people/{colleague.id}", data={"csrf_token": token(visitor)}).status_code == 403
    assert visitor.get(NEW).status_code == 403


def test_a_colleague_whom_somebody_saved_meanwhile_is_not_overwritten(organisation: Any, sign_in: SignIn) -> None:
    from crm.history.kinds import Kind
    from crm.history.recording import act

    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    other = builders.a_person(organisation, name="見本 同僚")
    page = f"/portal/people/{other.id}"
    sent = next(form for form in forms_on(visitor.get(page).text) if form.action == page)
    with act(Kind.PERSON_CHANGED, about=other):
        other.change(title="課長")
    assert visitor.post(page, data={**sent.values, "title": "係長"}).status_code == 409
    assert db.session.get_one(Person, other.id).title == "課長"


def test_consents_are_given_and_taken_back_with_their_words(organisation: Any, sign_in: SignIn) -> None:
    me, user = with_account(organisation)
    visitor = sign_in(user=user)
    page = "/portal/privacy/"
    assert "同意の記録はまだありません" in visitor.get(page).text
    assert visitor.fill_in(page, form="announcements/give").status_code == 303
    assert consents.has_consented(me, Purpose.ANNOUNCEMENTS)
    (given,) = consents.consents_of(me)
    assert given.way is Way.PORTAL
    assert given.text_version
    assert given.wording.startswith("行事や活動のご案内をメールで")
    assert visitor.fill_in(page, form="announcements/withdraw").status_code == 303
    assert not consents.has_consented(me, Purpose.ANNOUNCEMENTS)
    shown = visitor.get(page).text
    assert given.text_version in shown
    assert 'href="/privacy"' in shown
    assert visitor.post("/portal/privacy/privacy_notice/give", data={"csrf_token": token(visitor)}).status_code == 404
    assert (
        visitor.post("/portal/privacy/announcements/withdraw", data={"csrf_token": token(visitor)}).status_code == 409
    )
