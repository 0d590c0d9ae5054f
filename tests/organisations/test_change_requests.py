"""Change requests: what applies at once, what waits, what the office says to each field, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.organisations import change_requests
from crm.organisations.change_requests import ChangeRequest, ChangeState, FieldOutcome
from crm.organisations.organisations import Organisation
from crm.organisations.people import PersonRole
from crm.settings import settings
from tests import builders
from tests.members_people import inside
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
EDIT, OWN = "/portal/organisation/edit", "/portal/organisation/"


@pytest.fixture
def organisation(app: Flask) -> Any:
    return builders.an_organisation(
        "株式会社見本", kana="ミホン", address="川崎市川崎区殿町1", phone="044-000-0001", representative="見本 太郎",
        industry="情報通信",
    )  # fmt: skip


def asked(organisation: Any, **values: str) -> ChangeRequest:
    person = builders.a_person(organisation, PersonRole.LIAISON)
    with act(Kind.CHANGE_ASKED, about=organisation):
        return change_requests.ask(organisation, person, values)


def the_request() -> ChangeRequest:
    return db.session.query(ChangeRequest).order_by(ChangeRequest.id.desc()).first()  # type: ignore[return-value]


def letters(template: str) -> list[Letter]:
    return db.session.query(Letter).filter(Letter.template == template).order_by(Letter.id).all()


def test_what_the_office_lets_apply_applies_at_once_and_the_rest_waits(organisation: Any, sign_in: SignIn) -> None:
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    answer = visitor.fill_in(
        EDIT, form=EDIT, phone="０４４－１１１－２２２２", representative="見本 次郎", reason="交代のため"
    )
    assert answer.status_code == 303
    db.session.refresh(organisation)
    assert organisation.phone == "044-111-2222"
    assert organisation.representative == "見本 太郎"
    request = the_request()
    assert {f.name: f.outcome for f in request.fields} == {
        "phone": FieldOutcome.APPLIED, "representative": FieldOutcome.WAITING,
    }  # fmt: skip
    shown = visitor.get(OWN).text
    assert "申請中：見本 次郎" in shown
    assert "事務局が確認中の変更申請" in visitor.get("/portal/").text


def test_the_office_decides_on_a_page_of_its_settings_which_fields_wait(organisation: Any, sign_in: SignIn) -> None:
    office = sign_in("clerk")
    assert (
        office.fill_in("/office/settings/portal", form="/settings/portal", portal_change_phone="review").status_code
        == 303
    )
    inside(sign_in, organisation, PersonRole.LIAISON).fill_in(EDIT, form=EDIT, phone="044-111-2222")
    db.session.refresh(organisation)
    assert organisation.phone == "044-000-0001"


def test_the_office_accepts_one_field_and_declines_another_and_the_member_is_told(
    organisation: Any, sign_in: SignIn
) -> None:
    inside(sign_in, organisation, PersonRole.LIAISON).fill_in(
        EDIT, form=EDIT, kana="ミホンデンキ", representative="見本 次郎"
    )
    office = sign_in("clerk")
    assert "会員からの変更申請" in office.get("/office/").text
    listed = office.get("/office/organisations/changes?state=open").text
    assert "株式会社見本" in listed
    path = f"/office/organisations/changes/{the_request().id}"
    shown = office.get(path).text
    for words in ("見本 太郎", "見本 次郎", "ミホンデンキ"):
        assert words in shown
    answer = office.fill_in(
        path,
        form=path,
        decision_kana="decline",
        remark_kana="登記の読みをご確認ください。",
        decision_representative="accept",
    )
    assert answer.status_code == 303
    db.session.refresh(organisation)
    assert (organisation.kana, organisation.representative) == ("ミホン", "見本 次郎")
    (letter,) = letters("organisations/changes_decided")
    assert letter.recipient_name == "見本 花子"
    assert "見本 次郎" in letter.body
    assert "登記の読みをご確認ください。" in letter.body
    assert "変更を見合わせました" in letter.body
    assert "会員からの変更申請" not in office.get("/office/").text


def test_declining_needs_a_word_of_why(organisation: Any, sign_in: SignIn) -> None:
    request = asked(organisation, representative="見本 次郎")
    office = sign_in("clerk")
    answer = office.fill_in(
        f"/office/organisations/changes/{request.id}", form="/changes/", decision_representative="decline"
    )
    assert answer.status_code == 422
    db.session.refresh(request)
    assert request.state is ChangeState.OPEN
    assert not letters("organisations/changes_decided")


def test_what_changed_meanwhile_is_shown_and_not_overwritten_unseen(organisation: Any, sign_in: SignIn) -> None:
    request = asked(organisation, representative="見本 次郎")
    office = sign_in("clerk")
    path = f"/office/organisations/changes/{request.id}"
    sent = next(form for form in forms_on(office.get(path).text) if form.action == path)
    with act(Kind.ORGANISATION_CHANGED, about=organisation):
        organisation.change(representative="見本 三郎")
    assert office.post(path, data={**sent.values, "decision_representative": "accept"}).status_code == 409
    assert db.session.get_one(Organisation, organisation.id).representative == "見本 三郎"
    assert "申請後に変更されています。現在の内容：見本 三郎" in office.get(path).text


def test_a_member_who_read_older_data_changes_nothing(organisation: Any, sign_in: SignIn) -> None:
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    sent = next(form for form in forms_on(visitor.get(EDIT).text) if form.action == EDIT)
    with act(Kind.ORGANISATION_CHANGED, about=organisation):
        organisation.change(address="川崎市川崎区殿町9")
    assert visitor.post(EDIT, data={**sent.values, "phone": "044-111-2222"}).status_code == 409
    assert db.session.get_one(Organisation, organisation.id).phone == "044-000-0001"
    assert db.session.query(ChangeRequest).count() == 0


def test_a_new_legal_name_with_its_day_keeps_the_former_one(organisation: Any, sign_in: SignIn) -> None:
    inside(sign_in, organisation, PersonRole.LIAISON).fill_in(
        EDIT, form=EDIT, name="株式会社新見本", renamed_on="2026-04-01"
    )
    sign_in("clerk").fill_in(
        f"/office/organisations/changes/{the_request().id}", form="/changes/", decision_name="accept"
    )
    db.session.refresh(organisation)
    assert organisation.name == "株式会社新見本"
    assert [(f.name, f.until) for f in organisation.former_names] == [("株式会社見本", date(2026, 4, 1))]


def test_a_newer_request_takes_the_place_of_the_older_one(organisation: Any) -> None:
    older, newer = asked(organisation, representative="見本 次郎"), asked(organisation, representative="見本 三郎")
    db.session.refresh(older)
    assert older.state is ChangeState.SETTLED
    assert older.fields[0].outcome is FieldOutcome.DROPPED
    assert [request.id for request in db.session.scalars(change_requests.waiting())] == [newer.id]


def test_a_request_is_taken_back(organisation: Any, sign_in: SignIn) -> None:
    request, visitor = (
        asked(organisation, representative="見本 次郎"),
        inside(sign_in, organisation, PersonRole.LIAISON),
    )
    page = f"/portal/organisation/requests/{request.id}"
    assert visitor.fill_in(page, form="/take-back").status_code == 303
    db.session.refresh(request)
    assert request.state is ChangeState.TAKEN_BACK
    with pytest.raises(Refused), act(Kind.CHANGE_DECIDED):
        change_requests.decide(request, {"representative"}, {}, "", by="見本 事務")


@pytest.mark.parametrize(("values", "status"), [({}, 422), ({"name": ""}, 422), ({"renamed_on": "2199-04-01", "name": "新"}, 422),
                                                ({"postal_code": "abc"}, 422)])  # fmt: skip
def test_what_cannot_be_asked_for_is_said_and_nothing_written(
    organisation: Any, sign_in: SignIn, values: dict[str, str], status: int
) -> None:
    visitor = inside(sign_in, organisation, PersonRole.LIAISON)
    assert visitor.fill_in(EDIT, form=EDIT, **values).status_code == status
    assert db.session.query(ChangeRequest).count() == 0


def test_who_asked_and_has_left_gets_no_letter_and_nobody_else_does(organisation: Any, sign_in: SignIn) -> None:
    request = asked(organisation, representative="見本 次郎")
    with act(Kind.PERSON_CHANGED, about=request.person):
        request.person.leaves(date(2020, 1, 1), {})
    sign_in("clerk").fill_in(
        f"/office/organisations/changes/{request.id}", form="/changes/", decision_representative="accept"
    )
    (letter,) = letters("organisations/changes_decided")
    assert (letter.recipient_email, letter.state.value) == ("", "held")


def test_auditors_read_and_do_not_decide(organisation: Any, sign_in: SignIn) -> None:
    request = asked(organisation, representative="見本 次郎")
    path = f"/office/organisations/changes/{request.id}"
    auditor = sign_in("auditor")
    shown = auditor.get(path)
    assert shown.status_code == 200
    assert f'action="{path}"' not in shown.text
    token = forms_on(shown.text)[0].values["csrf_token"]
    assert auditor.post(path, data={"csrf_token": token}).status_code == 403
    assert sign_in("city_officer").get(path).status_code == 403


def test_invoices_go_to_the_address_for_invoices(organisation: Any) -> None:
    assert organisation.place_for_invoices == ("", "川崎市川崎区殿町1")
    asked(organisation, billing_postal_code="210-0001", billing_address="川崎市川崎区本町2")
    assert organisation.place_for_invoices == ("210-0001", "川崎市川崎区本町2")


def test_every_field_has_its_setting(app: Flask) -> None:
    for name in change_requests.FIELDS:
        assert settings.office_setting(f"portal.change.{name}") in ("review", "at_once")
