"""Two fiscal years of the invented consortium: billed, mostly paid, some overdue, certified."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from crm import clock
from crm.billing import issuing, payments, receipts
from crm.billing.invoices import Invoice
from crm.billing.payments import PaymentMethod
from crm.db import db
from crm.members import certificates
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen


def bill(year: int, on: date, due: date) -> None:
    """One annual run, worked off to its end."""
    run = issuing.begin(FiscalYear(year), on=on, due=due)
    while issuing.work_off(run.id):
        pass


def payments_2025() -> None:
    """All but two paid; one left out the bank's charge, one paid too much."""
    for i, invoice in enumerate(_invoices(2025)):
        if i not in (4, 11):
            _pay(i, invoice, _some_days_after(invoice, i), with_receipt=i % 3 == 0)


def payments_2026() -> None:
    """Most paid by now; the rest is overdue or has only just been billed."""
    for i, invoice in enumerate(_invoices(2026)):
        if i not in (2, 4, 9, 13, 15):
            _pay(i, invoice, _some_days_after(invoice, i), with_receipt=i % 2 == 0)
    payments.record(
        received_on=min(date(2026, 6, 1), clock.today()), amount=Yen(120_000), method=PaymentMethod.TRANSFER,
        payer="ミホン タロウ", today=clock.today(), note="どの請求書の入金か確認中",
    )  # fmt: skip


def certificates_2026() -> None:
    """Certificates for everyone who belongs in 令和8年度."""
    certificates.issue_all(FiscalYear(2026))


def _some_days_after(invoice: Invoice, i: int) -> date:
    """When the money came: within the weeks after the invoice, never in the future."""
    assert invoice.issued_on is not None
    return min(invoice.issued_on + timedelta(days=5 + i), clock.today())


def _invoices(year: int) -> list[Invoice]:
    return list(
        db.session.scalars(
            sa.select(Invoice).where(Invoice.annual_fee_for == FiscalYear(year)).order_by(Invoice.number)
        )
    )


def _pay(i: int, invoice: Invoice, on: date, *, with_receipt: bool) -> None:
    short, over = (Yen(440), Yen(0)) if i == 6 else (Yen(0), Yen(1000)) if i == 8 else (Yen(0), Yen(0))
    amount = invoice.total - short + over
    payment = payments.record(
        received_on=on, amount=amount, method=PaymentMethod.TRANSFER, payer=invoice.member.organisation.kana or "ミホン",
        today=clock.today(), member=invoice.member,
    )  # fmt: skip
    payments.settle(payment, [invoice], on=on)
    if with_receipt:
        db.session.flush()
        receipts.issue(payment)
