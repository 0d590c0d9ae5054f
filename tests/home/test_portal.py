"""The members' pages: who gets in, what the first page says, one's own account, and what is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from crm import clock, worker
from crm.access import users
from crm.access.permissions import Role
from crm.access.users import UserState
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.organisations import portal_access
from crm.organisations.people import PersonRole
from tests import builders
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
PASSWORD = "夕焼けの多摩川を渡る青い電車"


def invited(person: Any) -> users.User:
    with act(Kind.USER_INVITED) as deed:
        deed.about = user = portal_access.invite_person(person)
        db.session.flush()
    return user


def admitted(person: Any) -> users.User:
    """Someone who answered the invitation."""
    user = invited(person)
    with act(Kind.PASSWORD_SET, about=user):
        user.set_password(PASSWORD)
    return user


def letters() -> list[Letter]:
    return db.session.query(Letter).order_by(Letter.id).all()


def test_whoever_is_invited_gets_a_letter_and_sees_their_organisation(
    app: Flask, client: Visitor, sign_in: SignIn
) -> None:
    member = builders.a_member(name="株式会社見本電機")
    person = builders.a_person(member.organisation, name="見本 次郎", email="jiro@example.test")
    office = sign_in("clerk")
    answer = office.fill_in(f"/office/organisations/people/{person.id}", form="/invite")
    assert answer.status_code == 303
    letter = letters()[-1]
    assert letter.template == "access/invitation"
    path = next(word for word in letter.body.split() if "/invitation/" in word).partition("8000")[2]
    assert client.fill_in(path, password=PASSWORD).status_code == 303
    entered = client.fill_in("/sign-in", form="sign-in", email="jiro@example.test", password=PASSWORD)
    assert entered.headers["Location"] == "/portal/"
    home = client.get("/portal/").text
    assert "株式会社見本電機" in home
    assert member.number in home
    assert "企業会員" in home


def test_the_office_may_send_the_invitation_again_and_end_the_access(app: Flask, sign_in: SignIn) -> None:
    person, office = builders.a_person(), sign_in("clerk")
    page = f"/office/organisations/people/{person.id}"
    user_id = invited(person).id
    office.fill_in(page, form="/invite")
    assert len([x for x in letters() if x.template == "access/invitation"]) == 2
    office.fill_in(page, form="/end-access")
    assert db.session.get_one(users.User, user_id).state is UserState.DISABLED
    assert "会員ページに招待" in office.get(page).text


def test_a_corrected_address_gets_an_account_of_its_own(app: Flask) -> None:
    person = builders.a_person(email="wrong@example.test")
    first = invited(person).id
    with act(Kind.PERSON_CHANGED, about=person):
        person.change(email="right@example.test")
    second = invited(person)
    assert second.id != first
    assert second.email == "right@example.test"
    assert db.session.get_one(users.User, first).state is UserState.DISABLED


@pytest.mark.parametrize("case", ["no address", "left", "has access", "address of another"])
def test_an_invitation_is_refused(app: Flask, case: str) -> None:
    person = builders.a_person(email="" if case == "no address" else "one@example.test")
    if case == "left":
        with act(Kind.PERSON_CHANGED, about=person):
            person.leaves(clock.today(), {})
    if case == "has access":
        admitted(person)
    if case == "address of another":
        with act(Kind.USER_ADDED):
            users.add(email="ONE@example.test", name="見本 職員", role=Role.CLERK)
    before = len(letters())
    with pytest.raises(Refused):
        invited(person)
    assert len(letters()) == before


def test_coordinators_and_auditors_do_not_invite(app: Flask, sign_in: SignIn) -> None:
    person = builders.a_person()
    for role in ("coordinator", "auditor", "treasurer"):
        visitor = sign_in(role)
        page = f"/office/organisations/people/{person.id}"
        assert "/invite" not in visitor.get(page).text
        token = forms_on(visitor.get("/office/me/").text)[0].values["csrf_token"]
        assert visitor.post(f"{page}/invite", data={"csrf_token": token}).status_code == 403
    assert portal_access.of(person) is None


def test_leaving_ends_the_access_at_once(app: Flask, sign_in: SignIn) -> None:
    person = builders.a_person()
    visitor = sign_in(user=admitted(person))
    assert visitor.get("/portal/").status_code == 200
    office = sign_in("clerk")
    office.fill_in(f"/office/organisations/people/{person.id}/leave", form="/leave", left_on=clock.today().isoformat())
    answer = visitor.get("/portal/")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]


def test_a_person_who_leaves_on_a_day_to_come_gets_in_until_then(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = builders.a_person()
    user = admitted(person)
    tomorrow = clock.today() + timedelta(days=1)
    with act(Kind.PERSON_CHANGED, about=person):
        portal_access.leave(person, tomorrow, {})
    visitor = sign_in(user=user)
    assert visitor.get("/portal/").status_code == 200
    monkeypatch.setattr(clock, "today", lambda: tomorrow)
    assert visitor.get("/portal/").status_code == 403
    assert visitor.get("/portal/me/").status_code == 403
    worker.close_accounts_of_those_who_left()
    assert portal_access.of(person) is None
    assert visitor.get("/portal/").status_code == 303


def test_staff_strangers_and_accounts_without_a_person_stay_outside(
    app: Flask, client: Visitor, sign_in: SignIn
) -> None:
    assert client.get("/portal/").status_code == 303
    assert sign_in("director").get("/portal/").status_code == 403
    assert sign_in("member").get("/portal/").status_code == 403
    assert sign_in(user=admitted(builders.a_person())).get("/office/").status_code == 403


def test_every_page_of_the_portal_has_the_door(app: Flask, client: Visitor) -> None:
    rules = [r for r in app.url_map.iter_rules() if r.endpoint.startswith("portal.")]
    assert len(rules) > 15
    for rule in rules:
        address = rule.rule.replace("<int:", "<").replace("<certificate_id>", "1")
        for name in rule.arguments:
            address = address.replace(f"<{name}>", "1")
        if "GET" in (rule.methods or set()):
            answer = client.get(address)
            assert answer.status_code == 303, address
            assert "/sign-in" in answer.headers["Location"], address


def test_whose_organisation_is_no_member_is_told_so(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in(user=admitted(builders.a_person(None, PersonRole.BILLING)))
    home = visitor.get("/portal/")
    assert home.status_code == 200
    assert "会員として登録されていません" in home.text
    assert visitor.get("/portal/membership/").status_code == 404
    assert visitor.get("/portal/invoices/").status_code == 404


def test_the_first_page_says_what_is_to_be_paid(app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: date(2026, 5, 11))
    member = builders.a_paying_member("株式会社見本寝具")
    invoice = builders.an_issued_invoice(member)
    other = builders.an_issued_invoice(builders.a_paying_member("別の会社"))
    visitor = sign_in(user=admitted(builders.a_person(member.organisation, PersonRole.BILLING)))
    home = visitor.get("/portal/").text
    assert invoice.number in home
    assert "￥120,000" in home
    assert "支払期限を過ぎた請求書" in home
    assert other.number not in home


def test_members_keep_their_own_account(app: Flask, sign_in: SignIn) -> None:
    user = admitted(builders.a_person())
    visitor = sign_in(user=user)
    for page in ("/portal/me/", "/portal/me/password", "/portal/me/sessions", "/portal/me/second-factor/"):
        answer = visitor.get(page)
        assert answer.status_code == 200, page
        assert 'href="/office' not in answer.text, page
        assert 'action="/office' not in answer.text, page
    assert visitor.fill_in("/portal/me/", form=1, locale="en").status_code == 303
    assert '<html lang="en"' in visitor.get("/portal/").text
    new = "新しい朝の多摩川と白い鳥"
    changed = visitor.fill_in("/portal/me/password", form=1, current=PASSWORD, password=new)
    assert changed.headers["Location"] == "/portal/me/password"
    assert visitor.get("/portal/me/sessions").status_code == 200
    assert visitor.get("/portal/me/tokens").status_code == 404


def test_the_language_is_chosen_for_the_visit_and_the_setting_wins_when_it_is_saved(
    app: Flask, sign_in: SignIn
) -> None:
    visitor = sign_in(user=admitted(builders.a_person()))
    shown = visitor.get("/portal/").text
    assert '<html lang="ja"' in shown
    assert 'href="/portal/?lang=en"' in shown
    assert visitor.get("/portal/?lang=en").headers["Location"] == "/portal/"
    assert '<html lang="en"' in visitor.get("/portal/").text
    assert visitor.fill_in("/portal/me/", form=1, locale="ja").status_code == 303
    assert '<html lang="ja"' in visitor.get("/portal/").text


def test_members_may_set_up_a_second_factor(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in(user=admitted(builders.a_person()))
    shown = visitor.get("/portal/me/second-factor/code-app")
    assert shown.status_code == 200
    assert 'action="/portal/me/second-factor/code-app"' in shown.text
    wrong = visitor.fill_in("/portal/me/second-factor/code-app", form="code-app", code="000000")
    assert wrong.status_code == 422
    assert 'class="portal"' in wrong.text


def test_the_addresses_without_a_slash_lead_on(app: Flask, sign_in: SignIn) -> None:
    member = sign_in(user=admitted(builders.a_person()))
    assert member.get("/portal", follow_redirects=True).status_code == 200
    assert sign_in("city_officer").get("/office", follow_redirects=True).status_code == 200


def test_whoever_may_not_see_the_dashboard_lands_where_they_may(app: Flask, sign_in: SignIn) -> None:
    officer = sign_in("city_officer")
    answer = officer.get("/office/")
    assert answer.status_code == 303
    assert officer.get(answer.headers["Location"]).status_code == 200
