"""Applying for membership: the public form, the confirmed address, the office's decision, the corrected application."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from crm import worker
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.records import Act
from crm.mail.outbox import Letter
from crm.members import terms
from crm.members.applications import Application, ApplicationState
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from tests.builders import a_member, an_application, an_organisation, the_tiers
from tests.visiting import Visitor, forms_on

FILLED: dict[str, Any] = {
    "name": "株式会社髙﨑𠮷", "kana": "タカサキヨシ", "kind": "company", "employees": "１０１", "employees_on": "令和8年3月31日",
    "industry": "情報通信", "member_class": "corporate", "postal_code": "２１００８２１", "address": "神奈川県川崎市川崎区殿町3-25-14",
    "phone": "044-589-5785", "representative": "見本 太郎", "contact_name": "見本 花子", "contact_department": "事業企画部",
    "contact_email": "hanako@Example.test", "agrees_rules": "y", "agrees_privacy": "y",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")
    the_tiers()


def the_application() -> Application:
    return db.session.scalars(sa.select(Application)).one()


def letters() -> list[str]:
    return [letter.template for letter in db.session.scalars(sa.select(Letter).order_by(Letter.id))]


def link_in_last_letter() -> str:
    body = db.session.scalars(sa.select(Letter.body).order_by(Letter.id.desc())).first() or ""
    found = re.search(r"https?://[^/]+(/join/[0-9a-f]{64})", body)
    assert found, body
    return found[1]


def accept(office: Visitor, application: Any, *, fields: dict[str, Any] | None = None, **choice: Any) -> TestResponse:
    """Look at what accepting would do, then do it; ``choice`` is made on the review, ``fields`` on the preview."""
    review = f"/office/applications/{application.id}"
    q = f"?q={choice.pop('q')}" if "q" in choice else ""
    form = next(form for form in forms_on(office.get(review + q).text) if form.action.endswith("/accept"))
    asked = urlencode({**form.values, **choice})
    preview = office.get(f"{form.action}?{asked}")
    if preview.status_code != 200 or not [
        f for f in forms_on(preview.text) if f.method == "POST" and "/accept" in f.action
    ]:
        return preview
    return office.fill_in(f"{form.action}?{asked}", form="/accept", **(fields or {}))


def test_an_application_counts_once_its_address_is_confirmed(client) -> None:
    answer = client.fill_in("/join", form="", **FILLED)
    assert (answer.status_code, answer.location) == (303, "/join/sent")
    application = the_application()
    assert (application.state, application.number) == (ApplicationState.UNCONFIRMED, None)
    assert (application.name, application.employees, application.postal_code) == ("株式会社髙﨑𠮷", 101, "210-0821")
    assert application.contact_email == "hanako@example.test"
    assert letters() == ["members/confirm_address"]
    link = link_in_last_letter()
    assert client.get(link).status_code == 200
    assert the_application().state is ApplicationState.UNCONFIRMED, "opening the link writes nothing"
    assert client.fill_in(link, form="confirm").status_code == 303
    application = the_application()
    assert (application.state, application.number) == (ApplicationState.SUBMITTED, "APP-2026-0001")
    assert letters() == ["members/confirm_address", "members/application_received"]
    assert "APP-2026-0001" in client.get(link).text
    assert [e.kind for e in timeline.of(application)] == [Kind.APPLICATION_CONFIRMED, Kind.APPLICATION_SUBMITTED]


def test_what_nobody_confirms_is_forgotten_after_the_days_the_office_gives(client, sign_in, clock_at) -> None:
    client.fill_in("/join", **FILLED, billing_same="y")
    link, application = link_in_last_letter(), the_application()
    confirmed = an_application(contact_email="else@example.test", name="株式会社別件")
    assert "30日以内" in client.get("/join/sent").text
    clock_at("2026-07-31 09:00")
    worker.run_once()
    assert the_state_of(application) is ApplicationState.UNCONFIRMED, "thirty days have not passed"
    clock_at("2026-07-31 09:01")
    worker.run_once()
    assert (the_state_of(application), the_state_of(confirmed)) == (ApplicationState.LAPSED, ApplicationState.SUBMITTED)
    said = [getattr(application, column.key) for column in sa.inspect(Application).columns]
    assert not [
        text for text in said if isinstance(text, str) and ("髙﨑" in text or "花子" in text or "hanako" in text)
    ]
    assert client.get(link).status_code == 404
    office = sign_in("clerk")
    assert office.get(f"/office/applications/{application.id}").status_code == 404
    listed = office.get("/office/applications/").text
    assert "株式会社別件" in listed
    assert "未確認のため削除" not in listed
    act = db.session.scalars(sa.select(Act).where(Act.kind == Kind.APPLICATION_LAPSED)).one()
    assert (act.actor, act.about_id) == ("worker", application.id)
    worker.run_once()
    assert db.session.scalar(sa.select(sa.func.count()).where(Act.kind == Kind.APPLICATION_LAPSED)) == 1


def the_state_of(application: Application) -> ApplicationState:
    db.session.rollback()
    return application.state


def test_the_same_form_sent_twice_is_one_application(client) -> None:
    page = client.get("/join").text
    hidden = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in
              ("csrf_token", "idempotency_key", "rules_digest", "privacy_digest")}  # fmt: skip
    sent = {**FILLED, "billing_same": "y", **{name: found[1] for name, found in hidden.items() if found}}
    first, second = client.post("/join", data=sent), client.post("/join", data=sent)
    assert [first.status_code, second.status_code] == [303, 303]
    assert second.location == "/join/sent"
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 1
    assert letters() == ["members/confirm_address"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "株式\u0000会社"), ("employees", "-1"), ("employees", "10.5"), ("employees_on", "2026-13-01"),
     ("employees_on", "2026-07-02"), ("corporate_number", "1234567890123"), ("contact_email", "hanako"), ("kana", ""),
     ("agrees_rules", None), ("agrees_privacy", None), ("rules_digest", "0" * 64), ("member_class", "gold"),
     ("billing_same", None), ("postal_code", "21"), ("name", "社" * 201), ("address", "神奈川\u202e県")],
)  # fmt: skip
def test_what_cannot_be_is_named_and_nothing_is_written(client, field: str, value: str | None) -> None:
    answer = client.fill_in("/join", form="", **{**FILLED, field: value})
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 0
    assert letters() == []


def test_the_form_speaks_english_and_keeps_the_applicants_language(client) -> None:
    headers = {"Accept-Language": "en"}
    page = client.get("/join", headers=headers)
    assert "Apply for membership" in page.text
    hidden = dict(
        re.findall(r'name="(csrf_token|idempotency_key|rules_digest|privacy_digest)"[^>]*value="([^"]*)"', page.text)
    )
    sent = {**FILLED, "kana": "", "billing_same": "y", **hidden}
    assert client.post("/join", data=sent, headers=headers).status_code == 303
    assert the_application().locale == "en"
    assert "confirm your mail address" in (db.session.scalars(sa.select(Letter.body)).one())


def test_accepting_makes_the_organisation_a_member_with_its_people_and_a_certificate(sign_in) -> None:
    application = an_application(billing_same=False, billing_name="経理 次郎", billing_email="keiri@example.test")
    clerk = sign_in("clerk")
    answer = accept(clerk, application, on="2026-07-01")
    assert answer.status_code == 303, answer.text
    member = db.session.scalars(sa.select(Member)).one()
    organisation = member.organisation
    assert (member.number, member.class_on(date(2026, 7, 1))) == ("M-0001", MemberClass.CORPORATE)
    assert (organisation.name, organisation.phone) == (application.name, "044-000-0000")
    count = organisation.employees_on(date(2026, 7, 1))
    assert count is not None
    assert count.employees == 101
    roles = {p.name: {r.role for r in p.roles} for p in db.session.scalars(sa.select(Person))}
    assert roles == {
        "見本 太郎": {PersonRole.REPRESENTATIVE}, "見本 花子": {PersonRole.LIAISON}, "経理 次郎": {PersonRole.BILLING},
    }  # fmt: skip
    certificate = db.session.scalars(sa.select(Certificate)).one()
    assert letters() == ["access/invitation", "members/application_accepted"], "no account to pay to, so no invoice"
    letter = db.session.scalars(sa.select(Letter).order_by(Letter.id.desc())).first()
    assert letter is not None
    assert letter.recipient_email == "hanako@example.test"
    assert [a.document for a in letter.attachments] == [certificate.document]
    assert "M-0001" in letter.body
    application = the_application()
    assert (application.state, application.member) == (ApplicationState.ACCEPTED, member)
    assert application.decided_by
    assert list(terms.breaches()) == []


def test_a_decided_application_is_not_decided_again(sign_in) -> None:
    application = an_application()
    clerk = sign_in("clerk")
    page = clerk.get(f"/office/applications/{application.id}")
    assert page.status_code == 200
    assert accept(clerk, application).status_code == 303
    hidden = dict(re.findall(r'name="(csrf_token)"[^>]*value="([^"]*)"', page.text))
    again = clerk.post(f"/office/applications/{application.id}/decline", data={**hidden, "reason": "重複"})
    assert again.status_code == 422
    assert "見本 clerk" in again.text, "who was faster is named"
    assert the_application().state is ApplicationState.ACCEPTED


def test_a_returned_application_is_corrected_under_the_same_link(client, sign_in) -> None:
    client.fill_in("/join", form="", **FILLED)
    link = link_in_last_letter()
    client.fill_in(link, form="confirm")
    clerk, application = sign_in("clerk"), the_application()
    assert clerk.fill_in(f"/office/applications/{application.id}", form="/return", remark="").status_code == 422
    answer = clerk.fill_in(f"/office/applications/{application.id}", form="/return", remark="社員数をご確認ください。")
    assert answer.status_code == 303
    assert link_in_last_letter() == link
    assert "社員数をご確認ください。" in client.get(link).text
    other = client.fill_in(link, form=0, contact_email="other@example.test", agrees_rules="y", agrees_privacy="y")
    assert other.status_code == 422
    answer = client.fill_in(link, form=0, employees="100", agrees_rules="y", agrees_privacy="y")
    assert answer.status_code == 303, answer.text
    application = the_application()
    assert (application.state, application.employees) == (ApplicationState.SUBMITTED, 100)
    assert letters()[-2:] == ["members/application_returned", "members/application_received"]
    assert [e.kind for e in timeline.of(application)] == [
        Kind.APPLICATION_CORRECTED, Kind.APPLICATION_RETURNED, Kind.APPLICATION_CONFIRMED, Kind.APPLICATION_SUBMITTED,
    ]  # fmt: skip
    assert accept(clerk, application).status_code == 303
    assert db.session.scalars(sa.select(Member)).one().terms[0].year.start == 2026


def test_declining_tells_the_reason(client, sign_in) -> None:
    application = an_application()
    answer = sign_in("clerk").fill_in(
        f"/office/applications/{application.id}", form="decline", reason="目的に合わないため"
    )
    assert answer.status_code == 303
    assert the_application().state is ApplicationState.DECLINED
    letter = db.session.scalars(sa.select(Letter).order_by(Letter.id.desc())).first()
    assert letter is not None
    assert "目的に合わないため" in letter.body
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 0


def test_an_organisation_we_know_is_proposed_and_filled_but_not_overwritten(sign_in) -> None:
    known = an_organisation("申込株式会社", address="東京都", phone="")
    application = an_application(name="株式会社申込")
    clerk = sign_in("clerk")
    page = clerk.get(f"/office/applications/{application.id}").text
    assert "申込株式会社" in page
    unsaid = accept(clerk, application)
    assert unsaid.status_code == 422, "who is only alike is not chosen by the machine"
    answer = accept(clerk, application, organisation=str(known.id))
    assert answer.status_code == 303, answer.text
    assert db.session.scalar(sa.select(sa.func.count(Organisation.id))) == 1
    organisation = db.session.scalars(sa.select(Organisation)).one()
    assert (organisation.name, organisation.address, organisation.phone) == ("申込株式会社", "東京都", "044-000-0000")


def test_an_associate_that_applies_for_the_corporate_class_changes_class(sign_in) -> None:
    member = a_member(member_class="associate", on=date(2025, 4, 1))
    application = an_application(name=member.organisation.name)
    clerk = sign_in("clerk")
    answer = accept(clerk, application, on="2026-10-01", fields={"with_certificate": None})
    assert answer.status_code == 303, answer.text
    db.session.expire_all()
    member = db.session.get_one(Member, member.id)
    assert [(p.member_class, p.since) for p in member.classes] == [
        (MemberClass.ASSOCIATE, date(2025, 4, 1)), (MemberClass.CORPORATE, date(2026, 10, 1)),
    ]  # fmt: skip


def test_who_is_in_that_class_already_is_refused_and_nothing_is_written(sign_in) -> None:
    member = a_member(on=date(2025, 4, 1))
    application = an_application(name=member.organisation.name)
    answer = accept(sign_in("clerk"), application)
    assert (answer.status_code, "すでに同じ区分の会員" in answer.text) == (200, True)
    assert the_application().state is ApplicationState.SUBMITTED
    assert letters() == []


def test_another_organisation_can_be_looked_for_and_chosen(sign_in) -> None:
    known = an_organisation("別名株式会社", kana="ベツメイ")
    application = an_application(name="株式会社新称")
    clerk = sign_in("clerk")
    page = f"/office/applications/{application.id}"
    assert "別名株式会社" not in clerk.get(page).text
    answer = accept(clerk, application, q="ﾍﾞﾂﾒｲ", organisation=str(known.id), fields={"overwrite": "y"})
    assert answer.status_code == 303, answer.text
    member = db.session.scalars(sa.select(Member)).one()
    assert (member.organisation_id, member.organisation.name) == (known.id, "別名株式会社")
    assert member.organisation.address == "神奈川県川崎市川崎区殿町3-25-14"


def test_a_foreign_link_opens_nothing(client) -> None:
    assert client.get("/join/" + "0" * 64).status_code == 404
    assert client.get("/join/%00").status_code == 404


@pytest.mark.parametrize(("role", "reads", "reviews"), [
    ("clerk", 200, 303), ("treasurer", 200, 403), ("auditor", 200, 403), ("city_officer", 403, 403),
])  # fmt: skip
def test_only_who_reviews_may_decide(sign_in, role: str, reads: int, reviews: int) -> None:
    application = an_application()
    visitor = sign_in(role)
    assert visitor.get("/office/applications/").status_code == reads
    assert visitor.get(f"/office/applications/{application.id}").status_code == reads
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/join").text)
    assert token
    sent = {"csrf_token": token[1], "remark": "訂正"}
    assert visitor.post(f"/office/applications/{application.id}/return", data=sent).status_code == reviews


def test_without_a_sign_in_the_office_is_shut(client) -> None:
    for address in ("/office/applications/", "/office/members/", "/office/certificates/", "/office/fee-tiers/"):
        assert client.get(address).status_code == 303
