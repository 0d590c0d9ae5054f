"""A member's own pages about belonging: one's years and certificates; those of others are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask

from crm import clock
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, declarations
from crm.members.declarations import Declaration, DeclarationState
from crm.organisations import portal_access
from crm.organisations.people import PersonRole
from crm.values.fiscal_year import FiscalYear
from tests import builders
from tests.members_people import inside
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]


@pytest.fixture(autouse=True)
def today(clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-11 10:00")


def a_certificate(member: Any) -> Any:
    with act(Kind.CERTIFICATES_ISSUED) as deed:
        deed.about = certificates.issue(member, FiscalYear(2026))
    return deed.about


def at(member: Any, sign_in: SignIn) -> Visitor:
    """Someone of the member, in the portal."""
    person = builders.a_person(member.organisation)
    with act(Kind.USER_INVITED):
        user = portal_access.invite_person(person)
        user.set_password("夕焼けの多摩川を渡る青い電車")
        db.session.flush()
    return sign_in(user=user)


def test_a_member_sees_and_downloads_their_own_certificates(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_member(name="株式会社見本電機")
    certificate = a_certificate(member)
    visitor = at(member, sign_in)
    shown = visitor.get("/portal/membership/").text
    assert certificate.number in shown
    assert member.number in shown
    assert "令和8年度" in shown
    paper = visitor.get(f"/portal/membership/certificates/{certificate.id}/pdf")
    assert paper.status_code == 200
    assert paper.data.startswith(b"%PDF")
    assert certificate.number in paper.headers["Content-Disposition"]
    assert paper.headers["Cache-Control"] == "no-store"


def test_certificates_of_others_are_not_there(app: Flask, sign_in: SignIn) -> None:
    mine, other = builders.a_member(), builders.a_member()
    theirs = a_certificate(other)
    visitor = at(mine, sign_in)
    for certificate_id in (theirs.id, theirs.id + 1000, 0, 2**63, 10**30):
        answer = visitor.get(f"/portal/membership/certificates/{certificate_id}/pdf")
        assert answer.status_code == 404, certificate_id
    assert theirs.number not in visitor.get("/portal/membership/").text


def test_a_revoked_certificate_is_shown_as_withdrawn_and_not_handed_out(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_member()
    certificate = a_certificate(member)
    with act(Kind.CERTIFICATE_REVOKED, about=certificate):
        certificate.revoke(on=clock.today(), reason="見本")
    visitor = at(member, sign_in)
    assert certificate.number in visitor.get("/portal/membership/").text
    assert visitor.get(f"/portal/membership/certificates/{certificate.id}/pdf").status_code == 404


def test_a_member_without_certificates_is_told_what_to_do(app: Flask, sign_in: SignIn) -> None:
    visitor = at(builders.a_member(), sign_in)
    assert "事務局へお知らせください" in visitor.get("/portal/membership/").text


# --- the employee figure


def test_a_member_tells_its_employee_figure(app: Flask, sign_in: SignIn, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-11-20 10:00")
    member = builders.a_member(employees=101)
    visitor = inside(sign_in, member.organisation, PersonRole.LIAISON)
    page = "/portal/membership/employees"
    assert "社員数を申告する" in visitor.get("/portal/membership/").text
    sent = [form for form in forms_on(visitor.get(page).text) if form.action == page][-1]
    answer = visitor.post(page, data={**sent.values, "employees": "104", "on": "2026-11-01"})
    assert answer.status_code == 303
    told = db.session.query(Declaration).one()
    assert (told.employees, told.counted_on, told.year, told.state) == (
        104, date(2026, 11, 1), FiscalYear(2027), DeclarationState.APPLIED,
    )  # fmt: skip
    assert "104名" in visitor.get(page).text


def test_a_figure_that_changes_the_fee_waits_for_the_office(
    app: Flask, sign_in: SignIn, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-11-20 10:00")
    member = builders.a_member(employees=101)
    visitor = inside(sign_in, member.organisation, PersonRole.LIAISON)
    shown = forms_on(visitor.get("/portal/membership/employees").text)
    sent = [form for form in shown if form.action == "/portal/membership/employees"][-1]
    values = {**sent.values, "employees": "5", "on": "2026-11-01"}
    assert visitor.post("/portal/membership/employees", data=values).status_code == 303
    assert db.session.query(Declaration).one().state is DeclarationState.ANSWERED
    assert member.organisation.employees_on(date(2027, 4, 1)).employees == 101


def test_the_first_page_asks_for_the_figure_the_office_asked_for(
    app: Flask, sign_in: SignIn, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2027-03-02 10:00")
    member = builders.a_member(employees=101)
    with act(Kind.EMPLOYEES_ASKED):
        declarations.ask(member, FiscalYear(2027))
    visitor = inside(sign_in, member.organisation, PersonRole.LIAISON)
    assert "社員数をご確認ください" in visitor.get("/portal/").text
    page = "/portal/membership/employees"
    unchanged = next(form for form in forms_on(visitor.get(page).text) if form.action == page)
    assert visitor.post(page, data=unchanged.values).status_code == 303
    assert "社員数をご確認ください" not in visitor.get("/portal/").text


def test_nobody_asks_a_member_whose_fee_does_not_follow_from_it(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_member(member_class="associate")
    visitor = inside(sign_in, member.organisation, PersonRole.LIAISON)
    assert visitor.get("/portal/membership/employees").status_code == 404
