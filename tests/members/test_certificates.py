"""Certificates of membership: who gets one, what it says, and what the public page tells of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from crm.db import db
from crm.documents import issued, signing
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.members import certificates, terms
from crm.members.certificates import Certificate, CertificateState
from crm.members.tiers import MemberClass
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member

FY2026 = FiscalYear(2026)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _today(clock_at) -> None:
    clock_at("2026-07-01 09:00")


def issue(member: Any, year: FiscalYear = FY2026, **values: Any) -> Certificate:
    with act(Kind.CERTIFICATES_ISSUED):
        return certificates.issue(member, year, **values)


def text_of(certificate: Certificate) -> str:
    assert certificate.document is not None
    reader = PdfReader(io.BytesIO(issued.pdf(certificate.document)))
    assert len(reader.pages) == 1
    return "".join(reader.pages[0].extract_text().split())


def test_it_says_who_is_a_member_in_which_class_and_year_and_is_signed() -> None:
    member = a_member(name="株式会社髙﨑𠮷ケア")
    certificate = issue(member)
    assert certificate.number == "CERT-2026-0001"
    text = text_of(certificate)
    for words in ("会員証明書", "CERT-2026-0001", "株式会社髙﨑𠮷ケア殿", "M-0001", "企業会員", "令和8年度（2026年度）",
                  "令和8年4月1日〜令和9年3月31日", "令和8年7月1日", "/verify/CERT-2026-0001"):  # fmt: skip
        assert words in text, words
    assert certificate.document is not None
    assert signing.check(issued.pdf(certificate.document)).state is signing.SignatureState.VALID


def test_it_can_be_english() -> None:
    member = a_member(member_class="associate", name="Care Design Ltd.")
    text = text_of(issue(member, language="en"))
    assert "CertificateofMembership" in text
    assert "Associatemember" in text


def test_everyone_of_a_year_gets_one_and_nobody_two() -> None:
    a_member(on=date(2026, 4, 1))
    a_member(member_class="associate", on=date(2025, 4, 1))
    a_member(on=date(2027, 4, 1))
    left = a_member(on=date(2025, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(left, asked_on=date(2026, 5, 1), effective_on=date(2026, 5, 31), reason="退会")
    with act(Kind.CERTIFICATES_ISSUED):
        made = certificates.issue_all(FY2026)
    assert [(c.number, c.member_class) for c in made] == [
        ("CERT-2026-0001", MemberClass.CORPORATE), ("CERT-2026-0002", MemberClass.ASSOCIATE),
    ]  # fmt: skip
    with act(Kind.CERTIFICATES_ISSUED):
        assert certificates.issue_all(FY2026) == []
    with pytest.raises(Refused), act(Kind.CERTIFICATES_ISSUED):
        certificates.issue(left, FY2026)


def test_a_change_of_class_replaces_the_certificate() -> None:
    member = a_member(member_class="associate", on=date(2026, 4, 1))
    first = issue(member)
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, MemberClass.CORPORATE, on=date(2026, 7, 1), reason="申請")
    second = issue(member)
    assert (first.state_on(date(2026, 7, 1)), second.state_on(date(2026, 7, 1))) == (
        CertificateState.WITHDRAWN, CertificateState.VALID,
    )  # fmt: skip


def test_a_character_no_font_has_stops_it_before_a_number_is_taken() -> None:
    from crm.documents.fonts import MissingGlyph

    member = a_member(name="株式会社\U0001f9ec")
    with pytest.raises(MissingGlyph), act(Kind.CERTIFICATES_ISSUED):
        certificates.issue(member, FY2026)
    assert issue(a_member()).number == "CERT-2026-0001"


def test_the_public_page_tells_valid_expired_withdrawn_or_unknown_and_no_more(
    client, clock_at: Callable[[str], Any]
) -> None:
    member = a_member(name="株式会社ひみつ", on=date(2026, 4, 1))
    leaving = a_member(on=date(2026, 4, 1))
    revoked = issue(a_member())
    number, left = issue(member).number, issue(leaving).number
    early = issue(member, FiscalYear(2027)).number
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(leaving, asked_on=date(2026, 7, 1), effective_on=date(2026, 7, 31), reason="退会")
    with act(Kind.CERTIFICATE_REVOKED):
        revoked.revoke(on=date(2026, 7, 1), reason="誤発行")

    def says(asked: str, *, language: str = "en") -> str:
        page = client.get(f"/verify/{asked}", headers={"Accept-Language": language})
        assert "ひみつ" not in page.text
        assert member.number not in page.text
        return page.text

    assert "This certificate is valid." in says(number)
    assert "This certificate is valid." in says(number.lower())
    assert "有効" in says(number, language="ja")
    assert "This certificate is valid." in says(left)
    assert "was withdrawn" in says(revoked.number)
    assert "not valid yet" in says(early)
    clock_at("2026-08-01 00:00")
    assert "was withdrawn" in says(left)
    clock_at("2027-04-01 00:00")
    assert "has expired" in says(number)
    unknown = client.get("/verify/CERT-2026-9999")
    assert unknown.status_code == 404
    assert "CERT-2026-9999" in unknown.text
    assert client.get("/verify/<b>x").text.count("<b>x") == 0


def test_the_office_issues_a_years_certificates_and_sends_them(sign_in) -> None:
    a_member()
    a_member(member_class="associate")
    clerk = sign_in("clerk")
    assert "2" in clerk.get("/office/certificates/issue?year=2026").text
    answer = clerk.fill_in("/office/certificates/issue?year=2026", form="/issue")
    assert answer.status_code == 303, answer.text
    assert clerk.get(answer.location).status_code == 200
    assert "CERT-2026-0002" in clerk.get("/office/certificates/?year=2026").text
    sent = db.session.scalars(sa.select(Letter).where(Letter.template == "members/certificate_issued")).all()
    assert len(sent) == 2
    assert all(letter.attachments[0].document is not None for letter in sent)
    certificate = db.session.scalars(sa.select(Certificate)).first()
    assert certificate is not None
    pdf = clerk.get(f"/office/certificates/{certificate.id}/pdf")
    assert pdf.content_type == "application/pdf"
    page = f"/office/certificates/{certificate.id}"
    assert clerk.fill_in(page, form="revoke", reason="").status_code == 422
    assert clerk.fill_in(page, form="revoke", reason="記載誤り").status_code == 303
    assert db.session.get_one(Certificate, certificate.id).revoked_on == date(2026, 7, 1)


def test_issuing_needs_its_permission(sign_in) -> None:
    member = a_member()
    for role in ("auditor", "treasurer", "coordinator"):
        visitor = sign_in(role)
        assert visitor.get("/office/certificates/").status_code == 200
        assert visitor.get("/office/certificates/issue").status_code == 403
        assert "/issue" not in visitor.get(f"/office/members/{member.id}/certificates").text
    assert sign_in("city_officer").get("/office/certificates/").status_code == 403
