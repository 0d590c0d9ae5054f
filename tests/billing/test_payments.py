"""Payments, what they settle, and their receipts."""

from __future__ import annotations

import io
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from crm import clock
from crm.billing import corrections, invoices, papers, payments, receipts
from crm.billing.invoices import Standing
from crm.billing.payments import Payment, PaymentMethod
from crm.billing.receipts import Receipt
from crm.db import db
from crm.documents import issued, numbering
from crm.documents.issued import IssuedDocument
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen
from tests import builders

TODAY = clock.today


def test_an_invoice_stands_as_its_payments_say(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    assert invoice.standing(date(2026, 4, 30)) is Standing.OPEN
    assert invoice.standing(date(2026, 5, 1)) is Standing.OVERDUE
    builders.a_payment(20_000, invoices=[invoice])
    assert (invoice.open, invoice.standing(date(2026, 4, 30))) == (Yen(100_000), Standing.PARTLY_PAID)
    assert invoice.standing(date(2026, 5, 1)) is Standing.OVERDUE
    builders.a_payment(100_000, invoices=[invoice])
    assert (invoice.open, invoice.standing(date(2026, 5, 1))) == (Yen(0), Standing.SETTLED)


def test_one_payment_settles_many_invoices_and_an_invoice_takes_many_payments(app: Flask) -> None:
    member = builders.a_paying_member()
    first, second = builders.an_issued_invoice(member, 2025), builders.an_issued_invoice(member, 2026)
    payment = builders.a_payment(200_000, invoices=[first, second])
    assert [a.amount for a in payment.allocations] == [Yen(120_000), Yen(80_000)]
    assert (first.open, second.open, payment.unallocated) == (Yen(0), Yen(40_000), Yen(0))
    builders.a_payment(50_000, invoices=[second])
    assert second.open == Yen(0)
    assert db.session.scalars(payments.without_a_home()).one().unallocated == Yen(10_000)
    assert list(payments.breaches()) == []
    assert list(invoices.breaches()) == []


def test_more_than_is_open_or_left_is_refused(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(130_000)
    for amount in (Yen(120_001), Yen(130_001), Yen(0)):
        with pytest.raises(Refused) as refused, act(Kind.PAYMENT_ALLOCATED):
            payments.allocate(payment, invoice, amount, on=TODAY())
        assert refused.value.field == "amount"
    small = builders.a_payment(100)
    with pytest.raises(Refused), act(Kind.PAYMENT_ALLOCATED):
        payments.allocate(small, invoice, Yen(101), on=TODAY())
    assert (invoice.open, payment.unallocated) == (Yen(120_000), Yen(130_000))


def test_money_goes_to_issued_invoices_only(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(1_000)
    with act(Kind.INVOICE_VOIDED):
        corrections.void(invoice, reason="誤り")
    with pytest.raises(Refused), act(Kind.PAYMENT_ALLOCATED):
        payments.allocate(payment, invoice, Yen(1_000), on=TODAY())


def test_an_allocation_is_taken_back_with_a_reason_and_the_row_stays(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(invoices=[invoice])
    (allocation,) = payment.allocations
    with pytest.raises(Refused), act(Kind.PAYMENT_UNMATCHED):
        payments.unmatch(allocation, reason=" ", on=TODAY())
    with act(Kind.PAYMENT_UNMATCHED):
        payments.unmatch(allocation, reason="別の会員の入金", on=TODAY())
    assert (allocation.undone_on, allocation.undone_reason) == (TODAY(), "別の会員の入金")
    assert (invoice.open, payment.unallocated) == (Yen(120_000), Yen(120_000))
    with pytest.raises(Refused), act(Kind.PAYMENT_UNMATCHED):
        payments.unmatch(allocation, reason="もう一度", on=TODAY())


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("令和8年度年会費", "令和8年度年会費"), ("年会費として", "年会費"), ("但し、年会費として。", "年会費"), ("但　年会費", "年会費"),
        ("但馬支部の会費", "但馬支部の会費"), ("として", ""),
    ],
)  # fmt: skip
def test_what_the_money_was_for_is_printed_without_doubled_words(written: str, printed: str) -> None:
    assert papers.worded_purpose(written) == printed


def test_what_is_paid_on_cannot_be_cancelled(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    builders.a_payment(1, invoices=[invoice])
    with pytest.raises(Refused), act(Kind.INVOICE_VOIDED):
        corrections.void(invoice, reason="誤り")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("amount", {"amount": Yen(0)}),
        ("amount", {"amount": Yen(-1)}),
        ("received_on", {"received_on": date(2199, 1, 1)}),
        ("payer", {"payer": "　"}),
    ],
)
def test_what_is_no_payment_is_refused(app: Flask, field: str, values: dict[str, object]) -> None:
    given = {
        "received_on": date(2026, 4, 20),
        "amount": Yen(1),
        "method": PaymentMethod.CASH,
        "payer": "見本",
        **values,
    }
    with pytest.raises(Refused) as refused, act(Kind.PAYMENT_RECORDED):
        payments.record(today=TODAY(), **given)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert db.session.scalar(sa.select(sa.func.count(Payment.id))) == 0


def a_receipt(payment: Payment, **values: object) -> Receipt:
    with act(Kind.RECEIPT_ISSUED, about=payment):
        return receipts.issue(payment, **values)  # type: ignore[arg-type]


def text_of(document: IssuedDocument) -> str:
    return "".join(p.extract_text() for p in PdfReader(io.BytesIO(issued.pdf(document))).pages)


def test_a_receipt_is_issued_once(app: Flask) -> None:
    invoice = builders.an_issued_invoice(builders.a_paying_member("株式会社青空"))
    payment = builders.a_payment(invoices=[invoice])
    receipt = a_receipt(payment)
    text = text_of(receipt.document)
    for words in ("領収書", "REC-", "株式会社青空　御中", "￥120,000", "年会費", "令和8年4月20日"):
        assert words.replace("　", "") in text.replace("　", ""), words
    with pytest.raises(Refused):
        a_receipt(payment)
    assert numbering.last_taken("REC", FiscalYear.of(TODAY())) == 1
    with act(Kind.PAPER_REISSUED):
        copy = issued.reissue(receipt.document, reason="紛失")
    assert "再発行" in "".join(p.extract_text() for p in PdfReader(io.BytesIO(issued.pdf(copy))).pages)


def test_a_receipt_says_what_the_money_was_for(app: Flask) -> None:
    payment = builders.a_payment(5_000, payer="見本 一郎")
    with pytest.raises(Refused) as refused:
        a_receipt(payment)
    assert refused.value.field == "purpose"
    text = text_of(a_receipt(payment, purpose="講演会参加費", to="株式会社別名").document)
    assert "講演会参加費" in text
    assert "株式会社別名" in text


def test_a_receipt_with_a_character_no_font_has_is_refused_at_its_field(app: Flask) -> None:
    payment = builders.a_payment(5_000)
    with pytest.raises(Refused):
        a_receipt(payment, purpose="\U0001f98a")
    assert numbering.last_taken("REC", FiscalYear.of(TODAY())) == 0


def test_a_receipt_is_sent_to_the_billing_contact_when_asked(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(invoices=[invoice])
    receipt = a_receipt(payment, send=True)
    (letter,) = db.session.scalars(outbox.about(payment))
    assert receipt.document.number in letter.subject
    assert [a.document for a in letter.attachments] == [receipt.document]
