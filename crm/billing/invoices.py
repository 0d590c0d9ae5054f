"""Invoice: what a member owes. Once issued it never changes; a correction is another document.

The database itself forbids two live annual invoices for one member and fiscal year. What is open follows from the payments'
allocations; no state is typed over the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, event, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, selectinload

from crm.db import Model, Versioned, db
from crm.documents.issued import IssuedDocument
from crm.errors import Refused
from crm.history.inserting import insert_all
from crm.members.members import Member
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Rounding, Tax, TaxTotal, by_rate
from crm.values.yen import Yen, total


class InvoiceState(StrEnum):
    """Drafted, issued (numbered and frozen), void (keeps its number)."""

    DRAFT = "draft"
    ISSUED = "issued"
    VOID = "void"


class Standing(StrEnum):
    """How an invoice stands on a day, computed from the ledger: 未入金, 一部入金, 期限超過, 入金済, 取消."""

    OPEN = "open"
    PARTLY_PAID = "partly_paid"
    OVERDUE = "overdue"
    SETTLED = "settled"
    VOID = "void"
    DRAFT = "draft"


class Invoice(Versioned, Model):
    """One invoice to a member. ``annual_fee_for`` marks the yearly fee; ``total`` is frozen when it is issued."""

    __tablename__ = "invoices"
    __table_args__ = (
        Index(
            "uq_invoices_one_live_annual_fee", "member_id", "annual_fee_for", unique=True,
            sqlite_where=text("state <> 'void'"), postgresql_where=text("state <> 'void'"),
        ),
        CheckConstraint("total >= 0", name="total_not_negative"),
        Index("ix_invoices_due", "state", "due_on"),
    )  # fmt: skip

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True, init=False)
    member: Mapped[Member] = relationship()
    annual_fee_for: Mapped[FiscalYear | None] = mapped_column(default=None, index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("annual_runs.id"), default=None, index=True)
    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", order_by="InvoiceLine.position", default_factory=list, init=False
    )
    rounding: Mapped[Rounding] = mapped_column(default=Rounding.FLOOR)
    state: Mapped[InvoiceState] = mapped_column(default=InvoiceState.DRAFT, init=False)
    number: Mapped[str | None] = mapped_column(default=None, init=False, unique=True)
    issued_on: Mapped[date | None] = mapped_column(default=None, init=False)
    due_on: Mapped[date | None] = mapped_column(default=None, init=False)
    total: Mapped[Yen] = mapped_column(default=Yen(0), init=False)
    void_reason: Mapped[str] = mapped_column(default="", init=False)
    document: Mapped[IssuedDocument | None] = relationship(  # the paper under its number
        primaryjoin=lambda: foreign(Invoice.number) == IssuedDocument.number, viewonly=True, default=None, init=False
    )
    if TYPE_CHECKING:
        paid: Mapped[Yen] = mapped_column(init=False)  # the sum of live allocations; ``payments`` attaches it

    def totals(self) -> tuple[TaxTotal, ...]:
        """Net and tax per rate, rounded once per rate (消費税法基本通達 1-8-15)."""
        return by_rate(self.lines, self.rounding)

    def void(self, reason: str) -> None:
        """Cancel an issued invoice on which nothing was paid; it keeps its number."""
        if self.state is not InvoiceState.ISSUED:
            raise Refused(_("Only an issued invoice can be cancelled."))
        if not reason.strip():
            raise Refused(_("Please give the reason."), field="reason")
        if self.paid:
            raise Refused(_("Money is allocated to this invoice; take the allocation back first."))
        self.state, self.void_reason = InvoiceState.VOID, reason.strip()

    @property
    def open(self) -> Yen:
        """What is still to be paid."""
        return self.total - self.paid if self.state is InvoiceState.ISSUED else Yen(0)

    def standing(self, today: date) -> Standing:
        """How it stands on a day."""
        if self.state is not InvoiceState.ISSUED:
            return Standing(self.state.value)
        if not self.open:
            return Standing.SETTLED
        if self.due_on is not None and self.due_on < today:
            return Standing.OVERDUE
        return Standing.PARTLY_PAID if self.paid else Standing.OPEN


class InvoiceLine(Model):
    """One line: what, when it was supplied, its price without tax, and the tax treatment with the percent of that day."""

    __tablename__ = "invoice_lines"
    __table_args__ = (CheckConstraint("net >= 0", name="net_not_negative"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True, init=False)
    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    position: Mapped[int]
    text: Mapped[str]
    net: Mapped[Yen]
    tax: Mapped[Tax]
    percent: Mapped[int]
    served_from: Mapped[date]
    served_until: Mapped[date]


@dataclass(frozen=True)
class Item:
    """A line to be billed: its words, its price without tax, the treatment, and the days it is supplied for."""

    text: str
    net: Yen
    tax: Tax
    percent: int
    served_from: date
    served_until: date


@dataclass(frozen=True)
class Bill:
    """An invoice before it has its number: whom it bills for what. ``run_id`` is the annual run it belongs to, if any."""

    member: Member
    items: tuple[Item, ...]
    annual_fee_for: FiscalYear | None = None
    run_id: int | None = None
    rounding: Rounding = Rounding.FLOOR

    @cached_property
    def totals(self) -> tuple[TaxTotal, ...]:
        """Net and tax per rate, rounded once per rate (消費税法基本通達 1-8-15)."""
        return by_rate(self.items, self.rounding)

    @cached_property
    def total(self) -> Yen:
        """What is to be paid."""
        return total(row.gross for row in self.totals)


def issue_all(bills: Sequence[Bill], numbers: Sequence[str], *, on: date, due: date) -> list[int]:
    """Issue bills under their numbers in the running act, with a few statements; the invoices' ids, in order.

    Raises ``Refused`` when one has no line or is due before its day, ``IntegrityError`` when a member has a live invoice of
    the year.
    """
    if due < on:
        raise Refused(_("The due date lies before the issue date."), field="due_on")
    if not all(bill.items for bill in bills):
        raise Refused(_("An invoice needs at least one line."))
    ids = insert_all(Invoice, [
        {
            "member_id": bill.member.id, "annual_fee_for": bill.annual_fee_for, "run_id": bill.run_id,
            "rounding": bill.rounding, "state": InvoiceState.ISSUED, "number": number, "issued_on": on, "due_on": due,
            "total": bill.total,
        }
        for bill, number in zip(bills, numbers, strict=True)
    ])  # fmt: skip
    insert_all(InvoiceLine, [
        {"invoice_id": invoice_id, "position": position, **vars(item)}
        for invoice_id, bill in zip(ids, bills, strict=True) for position, item in enumerate(bill.items, 1)
    ])  # fmt: skip
    return ids


@event.listens_for(InvoiceLine, "before_update")
@event.listens_for(InvoiceLine, "before_delete")
def _refuse_changes(_mapper: Any, _connection: Any, line: InvoiceLine) -> None:
    """What was billed stays as it was billed, whatever code may try."""
    raise RuntimeError("an issued invoice does not change")


def open_(today: date | None = None) -> sa.Select[Invoice]:
    """Issued invoices on which something is still to be paid; with a day, those due before it."""
    select = sa.select(Invoice).where(Invoice.state == InvoiceState.ISSUED, Invoice.total > Invoice.paid)
    return select if today is None else select.where(Invoice.due_on < today)


def stands(standing: Standing, today: date) -> sa.ColumnElement[bool]:
    """The condition that an invoice stands so on a day; says what ``Invoice.standing`` says."""
    owed = sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.total > Invoice.paid)
    late = Invoice.due_on < today
    return {
        Standing.DRAFT: Invoice.state == InvoiceState.DRAFT,
        Standing.VOID: Invoice.state == InvoiceState.VOID,
        Standing.SETTLED: sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.total <= Invoice.paid),
        Standing.OVERDUE: sa.and_(owed, late),
        Standing.PARTLY_PAID: sa.and_(owed, ~late, Invoice.paid > Yen(0)),
        Standing.OPEN: sa.and_(owed, ~late, Invoice.paid == Yen(0)),
    }[standing]


def of(member: Member) -> sa.Select[Invoice]:
    """A member's invoices, newest first."""
    return sa.select(Invoice).where(Invoice.member == member).order_by(Invoice.issued_on.desc(), Invoice.id.desc())


def breaches() -> Iterator[str]:
    """Issued invoices whose total is not the sum of their lines, or that are void and yet paid."""
    issued = sa.select(Invoice).where(Invoice.state != InvoiceState.DRAFT).options(selectinload(Invoice.lines))
    for invoice in db.session.scalars(issued):
        if invoice.total != total(row.gross for row in invoice.totals()):
            yield f"invoices: the total of {invoice.number} is not the sum of its lines"
    for number in db.session.scalars(
        sa.select(Invoice.number).where(Invoice.state == InvoiceState.VOID, Invoice.paid > Yen(0))
    ):
        yield f"invoices: money is allocated to the cancelled {number}"
