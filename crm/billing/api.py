"""Invoices and payments for programs: ``GET /api/v1/invoices``, ``GET /api/v1/payments``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.billing.invoices import Invoice, InvoiceState, open_
from crm.billing.payments import Allocation, Payment, PaymentMethod
from crm.billing.receipts import Receipt
from crm.errors import Refused
from crm.members.members import Member
from crm.text import _
from crm.values import BadValue
from crm.values.fiscal_year import FiscalYear
from crm.web.api import listed
from crm.web.audiences import api_area

area = api_area("billing", __name__, prefix="")


@area.get("/invoices")
@requires(Permission.INVOICES_READ)
def invoices() -> ResponseReturnValue:
    """Every invoice that was issued; ``?fiscal_year=`` those for a year's fee, ``?open=true`` those still to be paid."""
    wanted = _choice("open", ("true", "false"))
    select = open_() if wanted == "true" else sa.select(Invoice).where(Invoice.state != InvoiceState.DRAFT)
    if wanted == "false":
        select = select.where(sa.or_(Invoice.state == InvoiceState.VOID, Invoice.total <= Invoice.paid))
    if written := request.args.get("fiscal_year", "").strip():
        select = select.where(Invoice.annual_fee_for == _year(written))
    today = clock.today()
    return listed(
        select.options(joinedload(Invoice.member).joinedload(Member.organisation)), Invoice.id,
        lambda invoice: invoice_as_json(invoice, today),
    )  # fmt: skip


@area.get("/payments")
@requires(Permission.PAYMENTS_READ)
def payments() -> ResponseReturnValue:
    """Every payment; ``?allocation=unallocated`` those of which something has no home, ``?method=`` narrows."""
    select = sa.select(Payment).options(
        joinedload(Payment.member).joinedload(Member.organisation),
        selectinload(Payment.allocations).joinedload(Allocation.invoice),
        selectinload(Payment.receipt).joinedload(Receipt.document),
    )
    if method := _choice("method", [m.value for m in PaymentMethod]):
        select = select.where(Payment.method == PaymentMethod(method))
    if share := _choice("allocation", ("allocated", "unallocated")):
        is_all = Payment.amount == Payment.allocated
        select = select.where(is_all if share == "allocated" else ~is_all)
    return listed(select, Payment.id, payment_as_json)


def invoice_as_json(invoice: Invoice, today: date) -> dict[str, Any]:
    """An invoice as programs see it on a day."""
    return {
        "id": invoice.id,
        "number": invoice.number,
        **_of(invoice.member),
        "fiscal_year": invoice.annual_fee_for.start if invoice.annual_fee_for else None,
        "issued_on": _iso(invoice.issued_on),
        "due_on": _iso(invoice.due_on),
        "total_yen": invoice.total.amount,
        "open_yen": invoice.open.amount,
        "state": invoice.standing(today).value,
    }


def payment_as_json(payment: Payment) -> dict[str, Any]:
    """A payment as programs see it, with what it settles."""
    return {
        "id": payment.id,
        "received_on": _iso(payment.received_on),
        "payer": payment.payer,
        **_of(payment.member),
        "method": payment.method.value,
        "amount_yen": payment.amount.amount,
        "allocated_yen": payment.allocated.amount,
        "unallocated_yen": payment.unallocated.amount,
        "invoices": [
            {"number": a.invoice.number, "amount_yen": a.amount.amount}
            for a in payment.allocations
            if a.undone_on is None
        ],
        "receipt": payment.receipt.document.number if payment.receipt else None,
    }


def _of(member: Member | None) -> dict[str, Any]:
    return {
        "organisation": member.organisation.name if member else None,
        "organisation_id": member.organisation_id if member else None,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _choice(name: str, words: Collection[str]) -> str | None:
    """One of a few words of the query, if it is asked. Raises ``Refused`` at its name for any other."""
    written = request.args.get(name)
    if written is not None and written not in words:
        raise Refused(_("Please choose one of the list."), field=name)
    return written


def _year(written: str) -> FiscalYear:
    try:
        return FiscalYear.parse(written)
    except BadValue as error:
        raise Refused(_(str(error)), field="fiscal_year") from error
