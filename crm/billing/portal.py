"""The member's own pages about money: invoices, receipts. Every query starts at ``current_member()``.

Drafts are the office's own; what was issued is shown with how it stands, also when it was cancelled.
"""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.billing import bank_accounts, invoices, receipts
from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.payments import Allocation, Payment
from crm.billing.receipts import Receipt
from crm.db import db
from crm.documents import issued
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members.portal import current_member
from crm.organisations.portal import holds
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.pdf import pdf_answer
from crm.web.templating import page

area = portal_area("billing", __name__, prefix="/invoices")

LISTING = Listing(
    name="invoices",
    title=_("Invoices"),
    columns=[
        Column("number", _("Invoice number"), kind="code", sort=Invoice.number),
        Column("year", _("Annual fee for"), value="annual_fee_for", kind="year", sort=Invoice.annual_fee_for),
        Column("issued_on", _("Issued on"), kind="day", sort=Invoice.issued_on),
        Column("due_on", _("Due on"), kind="day", sort=Invoice.due_on),
        Column("total", _("Amount"), kind="yen", sort=Invoice.total),
        Column("open", _("Still open"), kind="yen"),
        Column("standing", _("State"), value=lambda invoice: invoice.standing(clock.today()), kind="status"),
    ],
    order=[Invoice.issued_on.desc(), Invoice.id.desc()],
    search=lambda words: Invoice.number.icontains(words, autoescape=True),
)


def own_invoices() -> sa.Select[Invoice]:
    """The member's invoices that were issued, those that were cancelled among them."""
    return invoices.of(current_member()).where(Invoice.state != InvoiceState.DRAFT)


def own_payments() -> sa.Select[Payment]:
    """What the member paid, newest first."""
    mine = sa.select(Payment).where(Payment.member_id == current_member().id)
    return mine.order_by(Payment.received_on.desc(), Payment.id.desc())


@area.get("/")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def index() -> ResponseReturnValue:
    """The member's invoices."""
    listing = LISTING.of(own_invoices().order_by(None), url=lambda invoice: url_for(".show", invoice_id=invoice.id))
    return listing.exit() or page("billing/portal/invoices.html", listing=listing)


@area.get("/<int:invoice_id>")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def show(invoice_id: int) -> ResponseReturnValue:
    """One invoice: what for, what is open, where to pay to, what was paid."""
    invoice = _own(invoice_id)
    paid = sa.select(Allocation).join(Allocation.payment).options(contains_eager(Allocation.payment))
    allocations = db.session.scalars(
        paid.where(Allocation.invoice_id == invoice.id, Allocation.undone_on.is_(None)).order_by(Allocation.id)
    ).all()
    return page(
        "billing/portal/invoice.html", invoice=invoice, standing=invoice.standing(clock.today()),
        allocations=allocations, account=bank_accounts.printed() if invoice.open else None,
    )  # fmt: skip


@area.get("/<int:invoice_id>/pdf")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def pdf(invoice_id: int) -> ResponseReturnValue:
    """The invoice as issued."""
    document = _own(invoice_id).document
    if document is None:
        raise NotFound
    return pdf_answer(issued.for_reading(document), document.file_name)


@area.get("/payments")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def paid() -> ResponseReturnValue:
    """What the member paid, with the receipts."""
    with_uses = selectinload(Payment.allocations).selectinload(Allocation.invoice)
    payments = db.session.scalars(own_payments().options(with_uses)).all()
    own = Receipt.payment_id.in_([payment.id for payment in payments])
    issued_for = sa.select(Receipt).where(own).options(joinedload(Receipt.document))
    by_payment = {receipt.payment_id: receipt for receipt in db.session.scalars(issued_for)}
    return page("billing/portal/payments.html", payments=payments, receipts=by_payment)


@area.post("/payments/<int:payment_id>/receipt")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def issue_receipt(payment_id: int) -> ResponseReturnValue:
    """Issue the receipt of a payment, once; from then on it can be downloaded."""
    payment = _own_payment(payment_id)
    with act(Kind.RECEIPT_ISSUED, about=payment):
        receipts.issue(payment)
        return done(url_for(".paid"), _("The receipt was issued. You can download it now."))


@area.get("/payments/<int:payment_id>/receipt")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.MONEY_READ)
def receipt(payment_id: int) -> ResponseReturnValue:
    """The receipt of a payment, as issued."""
    found = receipts.of(_own_payment(payment_id))
    if found is None:
        raise NotFound
    return pdf_answer(issued.for_reading(found.document), found.document.file_name)


def _own(invoice_id: int) -> Invoice:
    wanted = own_invoices().where(Invoice.id == invoice_id).options(selectinload(Invoice.lines))
    invoice = db.session.scalars(wanted).one_or_none()
    if invoice is None:
        raise NotFound
    return invoice


def _own_payment(payment_id: int) -> Payment:
    wanted = own_payments().where(Payment.id == payment_id)
    payment = db.session.scalars(wanted).one_or_none()
    if payment is None:
        raise NotFound
    return payment
