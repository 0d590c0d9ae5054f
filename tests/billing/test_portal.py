"""A member's own pages about money: invoices, payments, receipts; those of others are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from crm.billing import receipts
from crm.billing.invoices import Invoice
from crm.billing.receipts import Receipt
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import portal_access
from crm.organisations.people import PersonRole
from tests import builders
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]


@pytest.fixture(autouse=True)
def today(clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-11 10:00")


def at(member: Any, sign_in: SignIn) -> Visitor:
    """Someone of the member, in the portal."""
    person = builders.a_person(member.organisation, PersonRole.BILLING)
    with act(Kind.USER_INVITED):
        user = portal_access.invite_person(person)
        user.set_password("夕焼けの多摩川を渡る青い電車")
        db.session.flush()
    return sign_in(user=user)


def a_receipt(payment: Any) -> Receipt:
    with act(Kind.RECEIPT_ISSUED, about=payment):
        return receipts.issue(payment)


def count(noun: Any) -> int:
    return db.session.query(noun).count()


def test_a_member_sees_their_own_invoices_and_no_others(app: Flask, sign_in: SignIn) -> None:
    mine = builders.an_issued_invoice(builders.a_paying_member("株式会社見本寝具"))
    theirs = builders.an_issued_invoice(builders.a_paying_member("別の会社"))
    visitor = at(mine.member, sign_in)
    rows = visitor.get("/portal/invoices/?format=json").json
    assert [row["number"] for row in rows] == [mine.number]
    shown = visitor.get(f"/portal/invoices/{mine.id}").text
    assert "￥120,000" in shown
    assert "川崎見本銀行" in shown
    assert theirs.number not in visitor.get("/portal/invoices/").text


def test_the_invoice_is_downloaded_as_issued(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    paper = at(invoice.member, sign_in).get(f"/portal/invoices/{invoice.id}/pdf?download")
    assert paper.data.startswith(b"%PDF")
    assert paper.headers["Content-Disposition"] == f"attachment; filename={invoice.number}.pdf"


def test_money_of_others_is_not_there(app: Flask, sign_in: SignIn) -> None:
    mine, theirs = builders.an_issued_invoice(), builders.an_issued_invoice()
    payment = builders.a_payment(invoices=[theirs])
    a_receipt(payment)
    visitor = at(mine.member, sign_in)
    token = forms_on(visitor.get("/portal/me/").text)[0].values["csrf_token"]
    for invoice_id in (theirs.id, theirs.id + 1000, 0, 2**63, 10**30):
        assert visitor.get(f"/portal/invoices/{invoice_id}").status_code == 404
        assert visitor.get(f"/portal/invoices/{invoice_id}/pdf").status_code == 404
    for payment_id in (payment.id, payment.id + 1000, 0, 2**63):
        address = f"/portal/invoices/payments/{payment_id}/receipt"
        assert visitor.get(address).status_code in (404, 405)
        assert visitor.post(address, data={"csrf_token": token}).status_code == 404
    assert count(Receipt) == 1


def test_a_draft_is_the_offices_own(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_paying_member()
    with act(Kind.INVOICE_ISSUED) as deed:
        deed.about = draft = Invoice(member=member)
        db.session.add(draft)
        db.session.flush()
    visitor = at(member, sign_in)
    assert visitor.get(f"/portal/invoices/{draft.id}").status_code == 404
    assert visitor.get("/portal/invoices/?format=json").json == []
    assert "まだありません" in visitor.get("/portal/invoices/").text


def test_a_cancelled_invoice_says_that_nothing_is_to_be_paid(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    with act(Kind.INVOICE_VOIDED, about=invoice):
        invoice.void("見本")
    shown = at(invoice.member, sign_in).get(f"/portal/invoices/{invoice.id}").text
    assert "お支払いは不要です" in shown
    assert "お振込先" not in shown


def test_a_receipt_is_issued_on_demand_and_once(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(invoices=[invoice])
    visitor = at(invoice.member, sign_in)
    page, address = "/portal/invoices/payments", f"/portal/invoices/payments/{payment.id}/receipt"
    assert visitor.get(address).status_code == 404
    sent = next(form for form in forms_on(visitor.get(page).text) if form.action == address)
    assert visitor.post(address, data=sent.values).status_code == 303
    assert visitor.post(address, data=sent.values).status_code == 303
    assert visitor.post(address, data={"csrf_token": sent.values["csrf_token"]}).status_code == 409
    assert count(Receipt) == 1
    assert visitor.get(address).data.startswith(b"%PDF")
    assert f'action="{address}"' not in visitor.get(page).text


def test_for_money_without_a_home_no_receipt_is_offered(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_paying_member()
    builders.a_payment(member=member)
    visitor = at(member, sign_in)
    assert "/receipt" not in visitor.get("/portal/invoices/payments").text
    assert count(Receipt) == 0
