"""The annual run: billing a fiscal year once.

A run is worked off in short acts: whoever was billed has an invoice, and the database forbids a second one; interrupted anywhere
and repeated, by one or by many, it ends as if undisturbed. Numbers follow the member numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm import clock
from crm.billing import letters, papers
from crm.billing.bank_accounts import BankAccount, printed
from crm.billing.invoices import Invoice
from crm.billing.planning import Billable, plan
from crm.billing.runs import AnnualRun, RunState, locked, unfinished
from crm.db import db
from crm.documents import issued
from crm.documents.numbering import next_number
from crm.documents.papers import Issuer, letterhead
from crm.errors import Refused
from crm.members import terms
from crm.settings.settings import office_setting
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Rounding, Tax, rate_on

SERIES = "INV"
BATCH = 100


class NobodyToBill(Refused):
    """Everyone who pays was billed, or is left out for a reason."""


def begin(year: FiscalYear, *, on: date, due: date) -> AnnualRun:
    """Open the record of a run, or find the unfinished one of the year and go on with it.

    Raises ``NobodyToBill``, and ``Refused`` without an account to pay to or with dates that cannot be.
    """
    run = db.session.scalars(unfinished(year)).first()
    if run is not None:
        return run
    if due < on:
        raise Refused(_("The due date lies before the issue date."), field="due_on")
    if not (year - 1).first_day <= on <= year.last_day:
        raise Refused(_("The issue date lies outside the fiscal year and the one before it."), field="issue_on")
    planned = plan(year, on=on)
    if not planned.billable:
        raise NobodyToBill(_("There is nobody left to bill for this fiscal year."))
    if printed() is None:
        raise Refused(_("Please add the bank account to pay to first."))
    left_out = [
        {
            "organisation": x.member.organisation.name,
            "organisation_id": x.member.organisation_id,
            "reason": x.reason.value,
        }
        for x in planned.left_out
    ]
    run = AnnualRun(
        year=year, issue_on=on, due_on=due, expected=len(planned.billable), started_at=clock.now(), left_out=left_out
    )
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError:  # another opened it in this very moment
        return db.session.scalars(unfinished(year)).one()
    return run


def work_off(run_id: int, *, most: int = BATCH) -> int:
    """Bill the next members of a run, in one act; answers how many are left. Whoever cannot be billed is named in the run."""
    run = locked(run_id)
    if run.state is RunState.ENDED:
        return 0
    failed = {x["organisation_id"] for x in run.failed}
    planned = plan(run.year, on=run.issue_on, unbilled_only=True).billable
    waiting = [b for b in planned if b.member.organisation_id not in failed]
    common = Common.now(run)
    for billable in waiting[:most]:
        try:
            _issue(billable, common)
        except Refused as refusal:
            who = billable.member.organisation
            run.failed = [*run.failed, {"organisation": who.name, "organisation_id": who.id, "reason": str(refusal)}]
    if len(waiting) <= most:
        run.state, run.ended_at = RunState.ENDED, clock.now()
    return max(0, len(waiting) - most)


@dataclass(frozen=True)
class Common:
    """What all invoices of a run have in common, read once."""

    run: AnnualRun
    issuer: Issuer
    account: BankAccount
    tax: Tax
    rounding: Rounding
    percent: int
    notes: tuple[str, ...]

    @classmethod
    def now(cls, run: AnnualRun) -> Common:
        """As the office's settings are now."""
        tax, account = Tax(office_setting("fees.tax")), printed()
        if account is None:
            raise Refused(_("Please add the bank account to pay to first."))
        outside = [office_setting("fees.outside_scope_notice")] if tax is Tax.OUT_OF_SCOPE else []
        return cls(
            run, letterhead(), account, tax, Rounding(office_setting("tax.rounding")), rate_on(tax, run.year.first_day),
            (*outside, office_setting("billing.transfer_fee_note")),
        )  # fmt: skip


def _issue(billable: Billable, common: Common) -> Invoice:
    run, member = common.run, billable.member
    term = terms.term_of(member, run.year)
    if term is None:
        raise Refused(_("The membership does not run in this fiscal year."))
    invoice = Invoice(member=member, annual_fee_for=run.year, run_id=run.id, rounding=common.rounding)
    invoice.add_line(
        papers.annual_fee_text(run.year, billable.tier, billable.contact.locale), billable.fee, tax=common.tax,
        percent=common.percent, served_from=term.starts_on, served_until=term.ends_on,
    )  # fmt: skip
    paper = papers.invoice(
        invoice, billable.contact, common.issuer, common.account, on=run.issue_on, due=run.due_on, notes=common.notes
    )
    paper.packed()  # a character no font has is found here, before a number is taken
    invoice.issue(next_number(SERIES, run.year), on=run.issue_on, due=run.due_on)
    numbered = paper.under(invoice.number or "")
    invoice.document = issued.issue(
        numbered, number=numbered.number, to=numbered.to.first_line, amount=invoice.total,
        counterparty=member.organisation.name, issued_on=run.issue_on, transaction_date=term.starts_on, about=invoice,
    )  # fmt: skip
    letters.invoice_issued(invoice, billable.contact)
    return invoice


def invoices_of(run: AnnualRun) -> sa.Select[Invoice]:
    """What a run has issued so far, by number."""
    return sa.select(Invoice).where(Invoice.run_id == run.id).order_by(Invoice.number)
