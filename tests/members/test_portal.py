"""A member's own pages about belonging: one's years and certificates; those of others are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from crm import clock
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates
from crm.organisations import portal_access
from crm.values.fiscal_year import FiscalYear
from tests import builders
from tests.visiting import Visitor

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
