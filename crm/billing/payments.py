"""Payments and what they settle: n to m, never above either's amount, undone only with a reason.

The ledger is these rows alone: an invoice's state of payment is computed from the live allocations, by one formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import InstrumentedAttribute, Mapped, column_property, mapped_column, relationship

from crm.billing.invoices import Invoice, InvoiceState
from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.members.members import Member
from crm.organisations import naming
from crm.text import _
from crm.values.yen import Yen

if TYPE_CHECKING:
    from crm.billing.receipts import Receipt


class PaymentMethod(StrEnum):
    """振込, 現金, カード, その他."""

    TRANSFER = "transfer"
    CASH = "cash"
    CARD = "card"
    OTHER = "other"


class Payment(Versioned, Model):
    """Money that came in. What is not allocated is money without a home, and shown as such."""

    __tablename__ = "payments"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    received_on: Mapped[date] = mapped_column(index=True)
    amount: Mapped[Yen]
    method: Mapped[PaymentMethod]
    payer: Mapped[str]
    payer_key: Mapped[str] = mapped_column(init=False, default="")  # what ``paid_by_like`` searches, one width and case
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True, init=False, default=None)
    member: Mapped[Member | None] = relationship(default=None)
    note: Mapped[str] = mapped_column(default="")
    allocations: Mapped[list[Allocation]] = relationship(back_populates="payment", default_factory=list, init=False)
    receipt: Mapped[Receipt | None] = relationship(viewonly=True, default=None, init=False)
    if TYPE_CHECKING:
        allocated: Mapped[Yen] = mapped_column(init=False)  # the sum of live allocations, attached below

    def __post_init__(self) -> None:
        self.payer_key = naming.search_key(self.payer)

    @property
    def unallocated(self) -> Yen:
        """What has no home yet."""
        return self.amount - self.allocated


class Allocation(Model):
    """A part of a payment that settles a part of an invoice. Undoing keeps the row, with day and reason."""

    __tablename__ = "allocations"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True, init=False)
    payment: Mapped[Payment] = relationship(back_populates="allocations")
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True, init=False)
    invoice: Mapped[Invoice] = relationship()
    amount: Mapped[Yen]
    allocated_on: Mapped[date]
    undone_on: Mapped[date | None] = mapped_column(default=None, init=False)
    undone_reason: Mapped[str] = mapped_column(default="", init=False)


def _live_sum(owner: InstrumentedAttribute[int], column: InstrumentedAttribute[int]) -> sa.ScalarSelect[Yen]:
    """The sum of the allocations that stand."""
    amount = sa.type_coerce(
        sa.cast(sa.func.coalesce(sa.func.sum(Allocation.amount), 0), sa.BigInteger), Allocation.amount.type
    )
    return (
        sa.select(amount)
        .where(column == owner, Allocation.undone_on.is_(None))
        .correlate_except(Allocation)
        .scalar_subquery()
    )


Invoice.paid = column_property(_live_sum(Invoice.id, Allocation.invoice_id))
Payment.allocated = column_property(_live_sum(Payment.id, Allocation.payment_id))


def record(
    *,
    received_on: date,
    amount: Yen,
    method: PaymentMethod,
    payer: str,
    today: date,
    member: Member | None = None,
    note: str = "",
) -> Payment:
    """Money that came in by hand. Raises ``Refused`` for nothing, for a day to come or without a payer."""
    if not amount or amount < Yen(0):
        raise Refused(_("A payment is at least one yen."), field="amount")
    if received_on > today:
        raise Refused(_("This day is still to come."), field="received_on")
    if not payer.strip():
        raise Refused(_("Please say who paid."), field="payer")
    payment = Payment(received_on=received_on, amount=amount, method=method, payer=payer, member=member, note=note)
    db.session.add(payment)
    db.session.flush()
    return payment


def allocate(payment: Payment, invoice: Invoice, amount: Yen, *, on: date) -> Allocation:
    """Settle a part of an invoice with a part of a payment. Over-allocation is impossible: both rows are locked first."""
    _lock(payment, invoice)
    if invoice.state is not InvoiceState.ISSUED:
        raise Refused(_("Money can only be allocated to an issued invoice."))
    if not amount or amount < Yen(0):
        raise Refused(_("At least one yen has to be allocated."), field="amount")
    if amount > payment.unallocated:
        raise Refused(
            _("Only %(amount)s of this payment is left.", amount=payment.unallocated.formatted), field="amount"
        )
    if amount > invoice.open:
        raise Refused(
            _("Only %(amount)s is open on %(number)s.", amount=invoice.open.formatted, number=invoice.number),
            field="amount",
        )
    allocation = Allocation(payment=payment, invoice=invoice, amount=amount, allocated_on=on)
    db.session.add(allocation)
    payment.member = payment.member or invoice.member
    _reread(payment, invoice)
    return allocation


def settle(payment: Payment, invoices: list[Invoice], *, on: date) -> list[Allocation]:
    """Allocate the payment to the invoices in their order, as far as it goes."""
    made = []
    for invoice in invoices:
        amount = min(payment.unallocated, invoice.open)
        if amount:
            made.append(allocate(payment, invoice, amount, on=on))
    return made


def direct(payment: Payment, invoices: list[Invoice], amount: Yen | None, *, on: date) -> list[Allocation]:
    """Allocate to the chosen invoices: an amount to one of them, or without an amount as far as the payment goes.

    Raises ``Refused`` without an invoice, for an amount to several, and where nothing is open or left.
    """
    if not invoices:
        raise Refused(_("Please choose an invoice, or enter its number."), field="invoices")
    if amount is not None and len(invoices) > 1:
        raise Refused(_("An amount can be given for one invoice only."), field="amount")
    for invoice in invoices:
        if invoice.state is InvoiceState.ISSUED and not invoice.open:
            raise Refused(_("Nothing is open on %(number)s.", number=invoice.number), field="number")
    if amount is not None:
        return [allocate(payment, invoices[0], amount, on=on)]
    if not payment.unallocated:
        raise Refused(_("Nothing of this payment is left."))
    return [
        allocate(payment, invoice, min(payment.unallocated, invoice.open), on=on)
        for invoice in invoices
        if payment.unallocated
    ]


def unmatch(allocation: Allocation, *, reason: str, on: date) -> None:
    """Take an allocation back; the row stays with day and reason."""
    if not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    _lock(allocation.payment, allocation.invoice)
    db.session.refresh(allocation)
    if allocation.undone_on is not None:
        raise Refused(_("This allocation was taken back already."))
    allocation.undone_on, allocation.undone_reason = on, reason.strip()
    _reread(allocation.payment, allocation.invoice)


def paid_by_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words, in any width or kana, all occur in the payer as the bank wrote it."""
    keys = [naming.search_key(word) for word in words.split()]
    return sa.and_(*(Payment.payer_key.contains(key, autoescape=True) for key in keys if key))


def without_a_home() -> sa.Select[Payment]:
    """Payments of which something is not allocated, oldest first."""
    return sa.select(Payment).where(Payment.amount > Payment.allocated).order_by(Payment.received_on, Payment.id)


def _lock(payment: Payment, invoice: Invoice) -> None:
    """Hold both rows until the act ends (payments before invoices), then read what was allocated meanwhile."""
    for row in (payment, invoice):
        db.session.execute(sa.select(type(row).id).where(type(row).id == row.id).with_for_update())
    _reread(payment, invoice)


def _reread(payment: Payment, invoice: Invoice) -> None:
    db.session.flush()
    db.session.refresh(payment, ["amount", "allocated"])
    db.session.refresh(invoice, ["state", "total", "paid"])


def breaches() -> Iterator[str]:
    """Payments or invoices on which more than their amount is allocated."""
    for kind, whole, used in ((Payment, Payment.amount, Payment.allocated), (Invoice, Invoice.total, Invoice.paid)):
        for row_id in db.session.scalars(sa.select(kind.id).where(used > whole)):
            yield f"{kind.__tablename__}: more than its amount is allocated on {row_id}"
