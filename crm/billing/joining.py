"""Joining: an accepted application becomes a member with everything that belongs to it, the first invoice included.

One act: organisation, people, member number, term, certificate, invitation to the members' pages, invoice, and the letter that
says so. The first fee is the full one or monthly shares, as the office has set it (``fees.part_year``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from crm import clock
from crm.billing import bank_accounts, issuing
from crm.billing.invoices import Invoice, InvoiceState
from crm.db import db
from crm.members import accepting, letters
from crm.members.accepting import Accepted, Decision, Preview
from crm.members.applications import Application
from crm.settings.settings import office_setting
from crm.text import _
from crm.values import dates
from crm.values.fiscal_year import FiscalYear


@dataclass(frozen=True)
class Dates:
    """When the first invoice is issued and when it is due."""

    issued_on: date
    due_on: date

    @classmethod
    def usual(cls) -> Dates:
        """Today, and the next bank day after as many days as the office gives."""
        today = clock.today()
        return cls(today, dates.next_bank_day(today + timedelta(days=office_setting("billing.due_days"))))


def accept(
    application: Application, decision: Decision, *, by: str, first_invoice: Dates | None
) -> tuple[Accepted, Invoice | None]:
    """Make the applicant a member, bill the year they join in unless told otherwise, and post the letter, in the running act.

    Raises ``Refused`` as `members.accepting.accept` and `issuing.issue_for`; nothing is left half done.
    """
    accepted = accepting.accept(application, decision, by=by)
    invoice = None
    if first_invoice is not None:
        year = FiscalYear.of(decision.on)
        db.session.expire(accepted.member, ["classes", "terms"])  # the new days, in their order
        invoice = issuing.issue_for(accepted.member, year, on=first_invoice.issued_on, due=first_invoice.due_on)
    letters.application_accepted(application, accepted, decision, has_invoice=invoice is not None)
    return accepted, invoice


def no_invoice(preview: Preview) -> object | None:
    """Why no first invoice can be issued, ``None`` when one can; an associate member pays nothing and needs no reason."""
    fee = preview.fee
    if fee is None:
        return None
    if fee.tier is None or fee.amount is None:
        return _("No fee tier fits: the number of employees is not known.")
    if preview.member is not None and _is_billed(preview.member.id, fee.year):
        return _("The fee of this fiscal year was billed already.")
    if bank_accounts.printed() is None:
        return _("Please add the bank account to pay to first.")
    return None


def _is_billed(member_id: int, year: FiscalYear) -> bool:
    live = sa.exists().where(
        Invoice.member_id == member_id, Invoice.annual_fee_for == year, Invoice.state != InvoiceState.VOID
    )
    return bool(db.session.scalar(sa.select(live)))
