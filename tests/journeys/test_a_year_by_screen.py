"""A year of the office by its screens: a spreadsheet of sixty companies becomes members, invoices, certificates, a receipt."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import verifying, worker
from crm.billing.invoices import Invoice
from crm.db import db
from crm.documents.issued import DocumentState, IssuedDocument
from crm.home import standing
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.values.fiscal_year import FiscalYear
from tests.builders import the_tiers
from tests.journeys.reading import SIXTY, letters_to, spreadsheet, text_of
from tests.visiting import Visitor

TOTAL = sum(company.fee for company in SIXTY)
BILLING = "/office/billing/"
RUN = {"year": "2026", "issue_on": "2026-04-10", "due_on": "2026-05-29"}


@pytest.fixture
def office(app: Flask, clock_at: Callable[[str], datetime], sign_in: Callable[..., Visitor]) -> Visitor:
    """The clerk at work on a spring morning, with the published fees and an account to pay to."""
    clock_at("2026-04-10 09:00")
    the_tiers()
    _send(sign_in("treasurer"), "/office/billing/accounts/new", -1, bank="見本銀行", branch="川崎支店", type="ordinary",
          number="1234567", holder_kana="ミホン")  # fmt: skip
    return sign_in("clerk")


def test_sixty_companies_become_members_are_billed_certified_and_pay(
    app: Flask, office: Visitor, sign_in: Callable[..., Visitor]
) -> None:
    _import_and_admit(office)
    treasurer = sign_in("treasurer")
    _bill(treasurer)
    worker.run_once()
    _sixty_right_papers(office)
    again = treasurer.get(f"{BILLING}runs/new?year=2026&issue_on=2026-04-10&due_on=2026-05-29")
    assert again.status_code == 200
    assert "data-confirm-label" not in again.text or "0件" in again.text or "請求先はありません" in again.text
    _certify(office)
    _pay_one(treasurer)
    _right_dashboard(treasurer)
    assert verifying.breaches() == []


def _import_and_admit(office: Visitor) -> None:
    sheet = (io.BytesIO(spreadsheet()), "会員名簿.xlsx")
    uploaded = _send(office, "/office/imports/organisations", -1, file=sheet)
    _send(office, uploaded, -1)
    listed = office.get("/office/organisations/?format=json").get_json()
    assert sorted(row["name"] for row in listed) == sorted(company.name for company in SIXTY)
    to_admit = re.findall(r'name="selected" value="(\d+)"', office.get("/office/members/admit").text)
    assert len(to_admit) == 60
    _send(office, "/office/members/admit", "/admit", selected=to_admit, member_class="corporate", on="2026-04-01")
    assert _count(Member) == 60


def _bill(treasurer: Visitor) -> None:
    planned = f"{BILLING}runs/new?" + "&".join(f"{name}={value}" for name, value in RUN.items())
    assert f"{TOTAL:,}" in treasurer.get(planned).text
    watched = _send(treasurer, planned, -1)
    worker.run_once()
    progress = treasurer.get(f"{watched}/progress").get_json()
    assert (progress["done"], progress["total"], progress["finished"]) == (60, 60, True)


def _sixty_right_papers(office: Visitor) -> None:
    db.session.rollback()
    invoices = db.session.scalars(sa.select(Invoice).order_by(Invoice.number)).all()
    assert [i.number for i in invoices] == [f"INV-2026-{n:04d}" for n in range(1, 61)]
    fees = {company.name: company.fee for company in SIXTY}
    assert {i.member.organisation.name: i.total.amount for i in invoices} == fees
    assert _count(IssuedDocument, IssuedDocument.state == DocumentState.DRAWN) == 60
    for invoice_id, number, name in [(i.id, i.number, i.member.organisation.name) for i in invoices]:
        paper = text_of(office.get(f"{BILLING}{invoice_id}/paper").data)
        for printed in (
            number,
            name,
            "御中",
            f"{fees[name]:,}",
            "令和8年4月1日",
            "令和9年3月31日",
            "2026年5月29日|令和8年5月29日",
            "不課税",
        ):
            assert any(one in paper for one in printed.split("|")), f"{printed} is not on {number}: {paper}"
    assert len(letters_to("keiri1@example.test")) == 1


def _certify(office: Visitor) -> None:
    _send(office, "/office/certificates/issue", "/issue", year="2026")
    worker.run_once()
    db.session.rollback()
    certificate = db.session.scalars(sa.select(Certificate).order_by(Certificate.id)).first()
    assert certificate is not None
    number, certificate_id = certificate.number, certificate.id
    assert _count(Certificate) == 60
    assert number in text_of(office.get(f"/office/certificates/{certificate_id}/pdf").data)
    public = office.get(f"/verify/{number}")
    assert public.status_code == 200
    assert "有効" in public.text


def _pay_one(treasurer: Visitor) -> None:
    db.session.rollback()
    invoice = db.session.scalars(sa.select(Invoice).order_by(Invoice.number)).first()
    assert invoice is not None
    name, fee, new = invoice.member.organisation.name, invoice.total, f"member={invoice.member_id}&invoice={invoice.id}"
    paid = _send(treasurer, f"/office/payments/new?{new}", -1, received_on="2026-04-10", payer="カ）アサヒ")
    _send(treasurer, paid, "/receipt", to=name, purpose="令和8年度 年会費として")
    receipt = text_of(treasurer.get(f"{paid}/receipt").data)
    assert name in receipt
    assert f"{fee.amount:,}" in receipt


def _right_dashboard(treasurer: Visitor) -> None:
    shown = treasurer.get("/office/").text
    fees = standing.fees([FiscalYear(2026)])[0]
    assert (fees.invoices, fees.billed.amount, fees.open.amount + fees.received.amount) == (60, TOTAL, TOTAL)
    assert fees.received.amount in (120_000, 360_000)
    for figure in (f"{fees.received.amount:,}", f"{TOTAL:,}", f"{fees.open.amount:,}"):
        assert figure in shown, f"{figure} is not on the dashboard"
    assert re.search(r">\s*60\s*<", shown), "sixty corporate members are not on the dashboard"


def _send(visitor: Visitor, page: str, form: str | int, **fields: object) -> str:
    """Fill in a form that is accepted; answers where it leads."""
    answer = visitor.fill_in(page, form=form, **fields)
    assert answer.status_code == 303, f"{page} answered {answer.status_code}:\n{_told(answer.text)}"
    return answer.location


def _told(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))[-3000:]


def _count(noun: type, *conditions: object) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(noun).where(*conditions)) or 0  # type: ignore[arg-type]
