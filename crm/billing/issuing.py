"""The annual run: billing a fiscal year once.

A run is worked off in short acts: whoever was billed has an invoice, and the database forbids a second one; interrupted anywhere
and repeated, by one or by many, it ends as if undisturbed. Numbers follow the member numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from crm import clock
from crm.billing import invoices, letters, papers
from crm.billing.bank_accounts import BankAccount, printed
from crm.billing.invoices import Bill, Invoice, Item
from crm.billing.papers import InvoicePaper
from crm.billing.planning import Billable, plan
from crm.billing.runs import AnnualRun, Fact, RunState, fact, locked, remaining, unfinished
from crm.db import db
from crm.documents import issued
from crm.documents.numbering import next_numbers
from crm.documents.papers import Issuer, letterhead
from crm.errors import Busy, Refused
from crm.members import terms
from crm.members.members import Member
from crm.organisations.people import Person
from crm.settings.settings import office_setting
from crm.text import _, label
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Rounding, Tax, rate_on

SERIES = "INV"
BATCH = 200


class NobodyToBill(Refused):
    """Everyone who pays was billed, or is left out for a reason. ``left_out`` says who and why."""

    def __init__(self, left_out: list[Any]) -> None:
        super().__init__(_("There is nobody left to bill for this fiscal year."))
        self.left_out = left_out


def begin(year: FiscalYear, *, on: date, due: date) -> AnnualRun:
    """Open the record of a run, or find the unfinished one of the year and go on with it as it was begun.

    Raises ``NobodyToBill``, and ``Refused`` without an account to pay to or with dates that cannot be.
    """
    run = db.session.scalars(unfinished(year)).first()
    if run is not None:
        return run
    check_dates(year, on=on, due=due)
    planned = plan(year, on=on)
    left_out = [fact(left.member, left.reason.value) for left in planned.left_out]
    if not planned.billable:
        raise NobodyToBill(left_out)
    if printed() is None:
        raise Refused(_("Please add the bank account to pay to first."))
    run = AnnualRun(
        year=year, issue_on=on, due_on=due, members=[b.member.id for b in planned.billable], started_at=clock.now(),
        left_out=left_out,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError as error:  # another opened it in this very moment, and may even have ended it
        found = db.session.scalars(unfinished(year)).first()
        if found is None:
            raise Busy from error
        return found
    return run


def check_dates(year: FiscalYear, *, on: date, due: date) -> None:
    """Raises ``Refused`` naming the date that cannot be: due before issued, or issued years away from what is billed."""
    if due < on:
        raise Refused(_("The due date lies before the issue date."), field="due_on")
    if not (year - 1).first_day <= on <= (year + 1).last_day:
        raise Refused(_("The issue date lies more than a year away from the fiscal year."), field="issue_on")
    if due > (year + 2).last_day:
        raise Refused(_("The due date lies more than two years after the fiscal year."), field="due_on")


def work_off(run_id: int, *, most: int = BATCH) -> int:
    """Bill the next members of a run, in one act; answers how many are left. Whoever cannot be billed is named in the run."""
    run = locked(run_id)
    if run.state is RunState.ENDED:
        return 0
    waiting = remaining(run)
    now, later = waiting[:most], waiting[most:]
    if now:
        planned = plan(run.year, on=run.issue_on, only=now)
        common = Common.of(run.year, run.id, on=run.issue_on, due=run.due_on)
        with _or_busy():
            prepared, failed = _prepare(planned.billable, common)
            _issue(prepared, common)
        failed += [fact(left.member, label(left.reason)) for left in planned.left_out]  # changed since the run began
        run.failed = [*run.failed, *failed]
    if not later:
        run.state, run.ended_at = RunState.ENDED, clock.now()
    return len(later)


def issue_for(member: Member, year: FiscalYear, *, on: date, due: date) -> Invoice:
    """Bill one member for a year, as the run would. Raises ``Refused`` with the reason why the run would leave it out."""
    check_dates(year, on=on, due=due)
    planned = plan(year, on=on, only=[member.id])
    if planned.left_out:
        raise Refused(label(planned.left_out[0].reason))
    if not planned.billable:
        raise Refused(_("The membership does not run in this fiscal year."))
    common = Common.of(year, None, on=on, due=due)
    with _or_busy():
        [invoice_id] = _issue([_drafted(planned.billable[0], common)], common)
    return db.session.get_one(Invoice, invoice_id)


@contextmanager
def _or_busy() -> Iterator[None]:
    """Whoever bills the same member at this very moment meets the database's own bar: nothing is written, try again."""
    try:
        yield
    except IntegrityError as error:
        raise Busy from error


@dataclass(frozen=True)
class Common:
    """What all invoices of one issue have in common, read once."""

    year: FiscalYear
    run_id: int | None
    issue_on: date
    due_on: date
    issuer: Issuer
    account: BankAccount
    tax: Tax
    rounding: Rounding
    percent: int
    notes: tuple[str, ...]

    @classmethod
    def of(cls, year: FiscalYear, run_id: int | None, *, on: date, due: date) -> Common:
        """The settings in force. Raises ``Refused`` without an account to pay to."""
        tax, account = Tax(office_setting("fees.tax")), printed()
        if account is None:
            raise Refused(_("Please add the bank account to pay to first."))
        outside = [office_setting("fees.outside_scope_notice")] if tax is Tax.OUT_OF_SCOPE else []
        return cls(
            year, run_id, on, due, letterhead(), account, tax, Rounding(office_setting("tax.rounding")),
            rate_on(tax, year.first_day), (*outside, office_setting("billing.transfer_fee_note")),
        )  # fmt: skip


@dataclass(frozen=True)
class _Prepared:
    """An invoice that can be printed and only lacks its number."""

    bill: Bill
    contact: Person
    paper: InvoicePaper
    facts: dict[str, Any]


def _prepare(billable: Sequence[Billable], common: Common) -> tuple[list[_Prepared], list[Fact]]:
    """Each invoice with its paper, and who cannot be billed: a character no font has is found before a number is taken."""
    prepared, failed = [], []
    for each in billable:
        try:
            prepared.append(_drafted(each, common))
        except Refused as refusal:
            failed.append(fact(each.member, str(refusal)))
    return prepared, failed


def _drafted(billable: Billable, common: Common) -> _Prepared:
    term = terms.term_of(billable.member, common.year)
    if term is None:
        raise Refused(_("The membership does not run in this fiscal year."))
    item = Item(
        papers.annual_fee_text(common.year, billable.tier, billable.contact.locale), billable.fee, common.tax, common.percent,
        term.starts_on, term.ends_on,
    )  # fmt: skip
    bill = Bill(billable.member, (item,), common.year, common.run_id, common.rounding)
    paper = papers.invoice(
        bill, billable.contact, common.issuer, common.account, on=common.issue_on, due=common.due_on, notes=common.notes
    )
    return _Prepared(bill, billable.contact, paper, paper.packed())


def _issue(prepared: list[_Prepared], common: Common) -> list[int]:
    """Number, freeze and register what was prepared, and post it: a few statements for all of them; the invoices' ids."""
    numbers = next_numbers(SERIES, common.year, len(prepared))
    invoice_ids = invoices.issue_all([each.bill for each in prepared], numbers, on=common.issue_on, due=common.due_on)
    documents = issued.issue_all([
        issued.Entry(
            paper=each.paper, facts={**each.facts, "number": number}, number=number, to=each.paper.to.first_line,
            counterparty=each.bill.member.organisation.name, amount=each.bill.total, issued_on=common.issue_on,
            transaction_date=each.paper.served_from, about=(Invoice.__tablename__, invoice_id),
        )
        for each, number, invoice_id in zip(prepared, numbers, invoice_ids, strict=True)
    ])  # fmt: skip
    posted = [
        letters.Issued(invoice_id, document_id, number, each.bill, each.contact)
        for invoice_id, document_id, number, each in zip(invoice_ids, documents, numbers, prepared, strict=True)
    ]
    letters.invoices_issued(posted, on=common.issue_on, due=common.due_on)
    return invoice_ids
