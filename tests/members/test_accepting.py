"""Accepting: what is looked at first, everything in one act, the board's approval, and two who decide at once."""

from __future__ import annotations

import re
import threading
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from crm.access.users import User
from crm.billing.invoices import Invoice
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act
from crm.mail.outbox import Letter
from crm.members import accepting, terms
from crm.members.applications import Application, ApplicationState
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import merging
from crm.organisations.consents import Consent
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from crm.settings import settings
from tests.builders import a_bank_account, a_member, a_person, an_application, an_organisation, the_tiers
from tests.members.test_joining import accept
from tests.office_doors import may_send_forms


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")
    the_tiers()


def the_application() -> Application:
    return db.session.scalars(sa.select(Application)).one()


def templates() -> list[str]:
    return [letter.template for letter in db.session.scalars(sa.select(Letter).order_by(Letter.id))]


def set_to(key: str, value: str) -> None:
    with act(Kind.SETTING_CHANGED):
        settings.change(key, value)


def test_one_act_makes_organisation_member_invoice_certificate_invitation_and_letters(sign_in) -> None:
    a_bank_account()
    application = an_application(billing_same=False, billing_name="経理 次郎", billing_email="keiri@example.test")
    clerk = sign_in("clerk")
    assert accept(clerk, application, on="2026-07-01").status_code == 303
    kinds = list(db.session.scalars(sa.select(Act.kind).order_by(Act.number.desc()).limit(1)))
    assert kinds == [Kind.APPLICATION_ACCEPTED]
    member = db.session.scalars(sa.select(Member)).one()
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert (invoice.member, invoice.number, invoice.total.amount) == (member, "INV-2026-0001", 360_000)
    assert db.session.scalars(sa.select(Certificate)).one().member is member
    user = db.session.scalars(sa.select(User).where(User.email == "hanako@example.test")).one()
    assert user.name == "見本 花子"
    consent = db.session.scalars(sa.select(Consent)).one()
    assert (consent.person.name, consent.wording, consent.evidence) == (
        "見本 花子", application.privacy_text, "APP-2026-0001",
    )  # fmt: skip
    assert sorted(templates()) == ["access/invitation", "billing/invoice_issued", "members/application_accepted"]
    to = {letter.template: letter.recipient_email for letter in db.session.scalars(sa.select(Letter))}
    assert to["billing/invoice_issued"] == "keiri@example.test"
    body = db.session.scalars(sa.select(Letter.body).where(Letter.template == "members/application_accepted")).one()
    assert "別のメールでお送りしました" in body
    assert "会員ページ" in body


@pytest.mark.parametrize("part_year", ["full", "monthly"])
@pytest.mark.parametrize(
    ("joined", "months"), [("2026-04-01", 12), ("2026-07-01", 9), ("2026-10-31", 6), ("2027-03-31", 1)]
)
@pytest.mark.parametrize(("employees", "fee"), [(100, 120_000), (101, 360_000)])
def test_the_first_invoice_is_what_the_preview_said(
    sign_in, joined: str, months: int, employees: int, fee: int, part_year: str
) -> None:
    a_bank_account()
    set_to("fees.part_year", part_year)
    application = an_application(employees=employees, employees_on=date(2026, 3, 31))
    foreseen = accepting.preview(application, None, MemberClass.CORPORATE, date.fromisoformat(joined))
    assert accept(sign_in("clerk"), application, on=joined).status_code == 303
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert foreseen.fee is not None
    assert invoice.total == foreseen.fee.amount
    assert invoice.total.amount == (fee if part_year == "full" else fee * months // 12)


def test_an_associate_member_gets_no_invoice(sign_in) -> None:
    a_bank_account()
    application = an_application(member_class=MemberClass.ASSOCIATE)
    assert accept(sign_in("clerk"), application).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 0


def test_without_an_account_to_pay_to_the_preview_says_so_and_the_rest_happens(sign_in) -> None:
    application = an_application()
    clerk = sign_in("clerk")
    page = clerk.get(
        f"/office/applications/{application.id}/accept?organisation=new&member_class=corporate&on=2026-07-01"
    )
    assert "振込先" in page.text
    assert accept(clerk, application).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 0


def test_the_billing_contact_we_have_ends_when_the_application_names_another_and_this_is_shown(sign_in) -> None:
    a_bank_account()
    known = an_organisation("株式会社見本産業", phone="044-999-9999")
    old = a_person(known, PersonRole.BILLING, name="前任 一郎", since=date(2025, 4, 1))
    liaison = a_person(known, PersonRole.LIAISON, name="窓口 二郎", since=date(2025, 4, 1))
    application = an_application(name="株式会社見本産業")
    clerk = sign_in("clerk")
    asked = f"organisation={known.id}&member_class=corporate&on=2026-07-01"
    page = clerk.get(f"/office/applications/{application.id}/accept?{asked}").text
    assert "前任 一郎" in page
    assert "044-999-9999" in page, "where the records differ is shown"
    assert accept(clerk, application, organisation=str(known.id)).status_code == 303
    db.session.expire_all()
    holders = [
        p.name for p in db.session.scalars(sa.select(Person)) if PersonRole.BILLING in p.roles_on(date(2026, 7, 1))
    ]
    assert holders == ["見本 花子"]
    assert PersonRole.BILLING in db.session.get_one(Person, old.id).roles_on(date(2026, 6, 30))
    assert PersonRole.LIAISON in db.session.get_one(Person, liaison.id).roles_on(date(2026, 7, 1))
    assert db.session.get_one(Organisation, known.id).phone == "044-999-9999"
    invoice_letter = db.session.scalars(sa.select(Letter).where(Letter.template == "billing/invoice_issued")).one()
    assert invoice_letter.recipient_email == "hanako@example.test"


def test_who_has_access_already_is_not_invited_again(sign_in) -> None:
    sign_in("clerk")
    user = db.session.scalars(sa.select(User)).first()
    assert user is not None
    application = an_application(contact_email=user.email)
    assert accept(sign_in("clerk"), application).status_code == 303, "an address that is another's does not stop it"
    assert "access/invitation" not in templates()


def test_a_former_member_returns_under_the_old_number_and_the_gap_stays(sign_in) -> None:
    from crm.members import terms

    member = a_member(on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2025, 1, 10), effective_on=date(2025, 3, 31), reason="都合")
    application = an_application(name=member.organisation.name)
    assert accept(sign_in("clerk"), application, on="2026-07-01").status_code == 303
    db.session.expire_all()
    member = db.session.scalars(sa.select(Member)).one()
    assert (member.number, [p.since for p in member.classes]) == ("M-0001", [date(2024, 11, 1), date(2026, 7, 1)])


def test_a_fault_leaves_nothing_half_done(sign_in, monkeypatch) -> None:
    a_bank_account()
    application = an_application(name="株式会社\U0001f9ec")  # no font has it: certificate and invoice cannot be printed
    answer = accept(sign_in("clerk"), application)
    assert answer.status_code == 422
    assert the_application().state is ApplicationState.SUBMITTED
    for noun in (Organisation, Member, Invoice, Certificate, Letter):
        assert db.session.scalar(sa.select(sa.func.count(noun.id))) == 0


def test_what_changed_since_the_preview_is_shown_first(sign_in) -> None:
    a_bank_account()
    application = an_application()
    clerk = sign_in("clerk")
    url = f"/office/applications/{application.id}/accept?organisation=new&member_class=corporate&on=2026-07-01"
    from tests.visiting import forms_on

    shown = next(form for form in forms_on(clerk.get(url).text) if form.method == "POST" and "/accept" in form.action)
    set_to("fees.part_year", "monthly")
    answer = clerk.post(shown.action, data=shown.values)
    assert answer.status_code == 422
    assert "270,000" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [({}, "根拠資料が添付されていません"), ({}, "法人番号の記入がありません"), ({"employees": 98}, "会費区分の境目"),
     ({"employees_on": date(2024, 1, 1)}, "1年以上前"), ({"contact_email": "known@example.test"}, "株式会社既知"),
     ({"name": "株式会社既知"}, "見比べてください"), ({"corporate_number": "7000020141305"}, "形式のみ確認済み")],
)  # fmt: skip
def test_what_is_missing_or_does_not_fit_stands_first(sign_in, values: dict[str, Any], said: str) -> None:
    a_person(an_organisation("株式会社既知"), name="既知 花子", email="known@example.test")
    application = an_application(**values)
    page = sign_in("clerk").get(f"/office/applications/{application.id}").text
    assert said in page
    assert page.index(said) < page.index("申込内容")


# --- the board


def test_where_the_board_decides_the_office_passes_on_and_notes_the_approval(client, sign_in) -> None:
    set_to("members.approval", "board")
    application = an_application()
    clerk, page = sign_in("clerk"), f"/office/applications/{application.id}"
    accepting_at = f"{page}/accept?organisation=new&member_class=corporate&on=2026-07-01"
    assert clerk.get(accepting_at).status_code == 422, "not before it was passed on"
    assert clerk.fill_in(page, form="/pass-on", opinion="問題ありません。").status_code == 303
    application = the_application()
    assert (application.state, application.opinion) == (ApplicationState.BOARD, "問題ありません。")
    assert templates()[-1] == "members/application_passed_on"
    assert "理事会" in client.get(f"/join/{application.token}").text
    for wrong in ({}, {"board_on": "2026-06-30"}, {"minutes": "第5回"}, {"board_on": "2026-07-02", "minutes": "第5回"}):
        answer = clerk.fill_in(accepting_at, form="/accept", **wrong)
        assert answer.status_code == 422, wrong
    answer = clerk.fill_in(accepting_at, form="/accept", board_on="2026-06-30", minutes="第5回議事録 第2号議案")
    assert answer.status_code == 303, answer.text
    application = the_application()
    assert (application.state, application.board_on, application.minutes) == (
        ApplicationState.ACCEPTED, date(2026, 6, 30), "第5回議事録 第2号議案",
    )  # fmt: skip
    assert "第5回議事録 第2号議案" in clerk.get(page).text


def test_the_board_may_say_no_and_the_applicant_may_still_withdraw(client, sign_in) -> None:
    set_to("members.approval", "board")
    application = an_application()
    clerk, page = sign_in("clerk"), f"/office/applications/{application.id}"
    clerk.fill_in(page, form="/pass-on")
    assert clerk.fill_in(page, form="/decline", reason="理事会で見送り").status_code == 303
    assert the_application().state is ApplicationState.DECLINED
    other = an_application(name="株式会社別件")
    clerk.fill_in(f"/office/applications/{other.id}", form="/pass-on")
    assert client.fill_in(f"/join/{other.token}/withdraw", form="/withdraw").status_code == 303
    assert db.session.get_one(Application, other.id).state is ApplicationState.WITHDRAWN


# --- two at once


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told_who(app, sign_in) -> None:
    application = an_application()
    one, other = sign_in("clerk"), sign_in("director")
    page = f"/office/applications/{application.id}"
    from tests.visiting import forms_on

    def filled(visitor: Any, part: str, **fields: Any) -> tuple[str, dict[str, Any]]:
        form = next(f for f in forms_on(visitor.get(page).text) if part in f.action)
        return form.action, {**form.values, **fields}

    wanted = [
        (one, *filled(one, "/decline", reason="重複のため")),
        (other, *filled(other, "/return", remark="ご確認ください。")),
    ]
    answers: list[Any] = []
    together = threading.Barrier(2)

    def send(visitor: Any, action: str, values: dict[str, Any]) -> None:
        together.wait()
        with app.app_context():
            answers.append(visitor.post(action, data=values))

    threads = [threading.Thread(target=send, args=each) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    refused = next(answer.text for answer in answers if answer.status_code == 422)
    assert re.search(r"先に見本 (clerk|director)さんが処理しました", refused)
    assert len([t for t in templates() if t.startswith("members/application_")]) == 1, "one letter, not two"


@pytest.mark.parametrize("role", ["treasurer", "coordinator", "auditor", "city_officer"])
def test_who_may_not_review_cannot_accept_pass_on_or_read_proofs_without_right(sign_in, role: str) -> None:
    application = an_application()
    visitor = sign_in(role)
    page = f"/office/applications/{application.id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get("/join").text)
    assert token
    assert visitor.get(f"{page}/accept?organisation=new&member_class=corporate&on=2026-07-01").status_code == 403
    for doing in ("accept", "pass-on", "decline", "return"):
        assert visitor.post(f"{page}/{doing}", data={"csrf_token": token[1]}).status_code == 403, doing


def test_whom_an_application_is_accepted_as_is_one_who_goes_on(sign_in) -> None:
    """Neither a record that was merged away nor something that is no id at all."""
    kept, gone = an_organisation("株式会社見本テック"), an_organisation("見本技研株式会社")
    with act(Kind.ORGANISATIONS_MERGED, about=kept):
        merging.merge(kept, gone)
    application = an_application(name="株式会社別の会社")
    clerk, page = sign_in("clerk"), f"/office/applications/{application.id}"
    assert f'value="{gone.id}"' not in clerk.get(f"{page}?q=見本技研").text
    for other in (str(gone.id), "9" * 5000, "９", "x"):
        choice = {"organisation": other, "member_class": "corporate", "on": "2026-07-01"}
        assert clerk.get(f"{page}/accept?{urlencode(choice)}").status_code == 422, other[:9]
        answer = clerk.post(f"{page}/accept", data=choice, headers=may_send_forms(clerk.application, clerk))
        assert answer.status_code == 422, other[:9]
    with pytest.raises(Refused, match="統合"), act(Kind.MEMBER_ADMITTED):
        terms.admit(gone, MemberClass.CORPORATE, on=date(2026, 7, 1))
    assert db.session.scalars(sa.select(Member)).all() == []
