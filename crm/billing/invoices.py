"""Invoice: what a member owes. Once issued it never changes; a correction is another document.

The database itself forbids two live annual invoices for one member and fiscal year. What is open follows from the payments'
allocations; no state is typed over the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, selectinload

from crm.db import Model, Versioned, db
from crm.documents.issued import IssuedDocument
from crm.errors import Refused
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

    def add_line(self, text: str, net: Yen, *, tax: Tax, percent: int, served_from: date, served_until: date) -> None:
        """Add a line, priced without tax, for what was supplied between two days. Only a draft takes lines."""
        if self.state is not InvoiceState.DRAFT:
            raise Refused(_("An issued invoice does not change."))
        InvoiceLine(
            invoice=self, position=len(self.lines) + 1, text=text, net=net, tax=tax, percent=percent,
            served_from=served_from, served_until=served_until,
        )  # fmt: skip

    def totals(self) -> tuple[TaxTotal, ...]:
        """Net and tax per rate, rounded once per rate (消費税法基本通達 1-8-15)."""
        return by_rate(self.lines, self.rounding)

    def issue(self, number: str, *, on: date, due: date) -> None:
        """Freeze the invoice under its number. Raises ``Refused`` when it was issued, has no lines or is due before its day."""
        if self.state is not InvoiceState.DRAFT:
            raise Refused(_("This invoice has already been issued."))
        if not self.lines:
            raise Refused(_("An invoice needs at least one line."))
        if due < on:
            raise Refused(_("The due date lies before the issue date."), field="due_on")
        self.state, self.number, self.issued_on, self.due_on = InvoiceState.ISSUED, number, on, due
        self.total = total(row.gross for row in self.totals())

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
