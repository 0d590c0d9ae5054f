"""``crm invoices``, ``papers``, ``bank account``: billing a year, the list of invoices, stored papers, where to pay to."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm import clock
from crm.billing import bank_accounts, invoices, issuing, planning, runs
from crm.billing.bank_accounts import AccountType
from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.issuing import NobodyToBill
from crm.billing.runs import AnnualRun
from crm.cli.answering import Answer, command, nothing_to_do, refused, say
from crm.db import db
from crm.documents import issued
from crm.documents.issued import DocumentState, IssuedDocument
from crm.errors import Busy
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members.members import Member
from crm.text import _, gettext
from crm.values import dates
from crm.values.fiscal_year import FiscalYear

PAUSES = [0.05] * 20 + [1.0] * 30  # seconds


class Day(click.ParamType):
    """A day in any of the spellings an office uses."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day; a usage error for what is none."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return dates.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Year(click.ParamType):
    """A fiscal year: 2026, R8."""

    name = "year"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FiscalYear:
        """The fiscal year; a usage error for what is none."""
        if isinstance(value, FiscalYear):
            return value
        try:
            return FiscalYear.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@command()
@click.option("--fiscal-year", "year", type=Year(), required=True)
@click.option("--issue-date", "on", type=Day(), required=True)
@click.option("--due-date", "due", type=Day(), required=True)
@click.option("--dry-run", is_flag=True, help="Only show who would be billed, and who is left out.")
def run(year: FiscalYear, on: date, due: date, dry_run: bool) -> Answer:
    """Bill every paying member for a fiscal year, once. An interrupted run goes on."""
    if dry_run:
        issuing.check_dates(year, on=on, due=due)
        return _planned(planning.plan(year, on=on))
    try:
        with act(Kind.ANNUAL_RUN_STARTED, note=year.label) as deed:
            started = issuing.begin(year, on=on, due=due)
            deed.about, run_id = started, started.id
    except NobodyToBill as nobody:
        planned = planning.plan(year, on=on)
        raise nothing_to_do(**{**_planned(planned), "reason": str(nobody)}) from nobody
    if (started.issue_on, started.due_on) != (on, due):
        say(_("An interrupted run goes on with the dates it began with."))
    _work_off(run_id)
    made = _made(run_id)
    for one in made["failed"]:
        say(_("Not billed: %(organisation)s (%(reason)s)", organisation=one["organisation"], reason=one["reason"]))
    if not made["issued"]:  # only those are left who could not be billed before either
        raise nothing_to_do(**made)
    return made


def _work_off(run_id: int) -> None:
    """Bill in short acts until nobody is left, with a progress bar on a terminal."""
    expected = left = db.session.get_one(AnnualRun, run_id).expected
    bar = click.progressbar(
        length=expected, label=gettext("Invoices"), file=sys.stderr, hidden=not sys.stderr.isatty()
    )  # fmt: skip
    with bar:
        while True:
            before, left = left, _next_batch(run_id)
            bar.update(max(0, before - left))
            if not left:
                return


def _next_batch(run_id: int) -> int:
    """One act; while others hold the database it is tried again for half a minute, then ``Busy`` (exit 5)."""
    for pause in PAUSES:
        try:
            with act(Kind.ANNUAL_INVOICES_ISSUED, about=db.session.get(AnnualRun, run_id)):
                return issuing.work_off(run_id)
        except Busy:
            time.sleep(pause)
    raise Busy


def _planned(planned: planning.Plan) -> Answer:
    """What a run would do, in the words of the contract."""
    return {
        "run": None,
        "expected": len(planned.billable),
        "issued": 0,
        "total_yen": planned.total.amount,
        "invoices": [{"number": None, **_of(b.member), "total_yen": b.fee.amount} for b in planned.billable],
        "left_out": [{**_of(x.member), "reason": x.reason.value} for x in planned.left_out],
        "failed": [],
    }


def _made(run_id: int) -> Answer:
    """What a run has done."""
    made = db.session.get_one(AnnualRun, run_id)
    found = db.session.scalars(_with_organisation(runs.invoices_of(made))).all()
    return {
        "run": made.id,
        "expected": made.expected,
        "issued": len(found),
        "total_yen": sum(i.total.amount for i in found),
        "invoices": [{"number": i.number, **_of(i.member), "total_yen": i.total.amount} for i in found],
        "left_out": made.left_out,
        "failed": made.failed,
    }


@command(name="list")
@click.option("--fiscal-year", "year", type=Year())
@click.option("--open", "only_open", is_flag=True, help="Only those on which something is still to be paid.")
def list_(year: FiscalYear | None, only_open: bool) -> Answer:
    """The invoices, by number."""
    select = invoices.open_() if only_open else sa.select(Invoice).where(Invoice.state != InvoiceState.DRAFT)
    if year is not None:
        in_year = sa.and_(Invoice.annual_fee_for.is_(None), Invoice.issued_on.between(year.first_day, year.last_day))
        select = select.where(sa.or_(Invoice.annual_fee_for == year, in_year))
    today = clock.today()
    return {
        "invoices": [
            {"number": i.number, **_of(i.member), "issued_on": i.issued_on, "due_on": i.due_on, "total_yen": i.total.amount,
             "open_yen": i.open.amount, "state": i.standing(today).value}
            for i in db.session.scalars(_with_organisation(select).order_by(Invoice.number))
        ]
    }  # fmt: skip


@command()
@click.argument("number")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--format", "form", type=click.Choice(["pdf"]), default="pdf", show_default=True)
def get(number: str, output: Path, form: str) -> Answer:
    """The stored PDF of an invoice, receipt or certificate; drawn now if it was not drawn yet."""
    document = db.session.scalars(sa.select(IssuedDocument).where(IssuedDocument.number == number)).one_or_none()
    if document is None:
        raise refused(_("There is no paper with the number %(number)s.", number=number), number=number)
    drawn = issued.pdf(document)  # what failed to be drawn is tried again, and says why if it fails again
    if document.state is not DocumentState.DRAWN:
        with act(Kind.PAPER_DRAWN, about=document):
            issued.attach(document, drawn)
    output.write_bytes(drawn)
    return {"number": number, "file": str(output), "bytes": len(drawn), "format": form}


@command()
@click.option("--bank", required=True)
@click.option("--branch", required=True)
@click.option("--type", "kind", type=click.Choice([t.value for t in AccountType]), required=True)
@click.option("--number", required=True)
@click.option("--holder-kana", required=True)
@click.option("--holder", default="", help="The holder's name as printed; by default the issuer's.")
def add(bank: str, branch: str, kind: str, number: str, holder_kana: str, holder: str) -> Answer:
    """An account of the consortium; the first is printed on invoices."""
    with act(Kind.BANK_ACCOUNT_ADDED):
        account = bank_accounts.add(
            bank=bank, branch=branch, type=AccountType(kind), number=number, holder_kana=holder_kana, holder=holder
        )
        db.session.flush()
        return {"account": account.id}


def _with_organisation(select: sa.Select[Invoice]) -> sa.Select[Invoice]:
    return select.options(joinedload(Invoice.member).joinedload(Member.organisation))


def _of(member: Member) -> dict[str, Any]:
    return {"organisation": member.organisation.name, "organisation_id": member.organisation_id}


_ACCOUNT = click.Group("account", commands=[add], help="Accounts of the consortium.")
COMMANDS = [
    click.Group("invoices", commands=[run, list_], help="Billing a fiscal year; the list of invoices."),
    click.Group("papers", commands=[get], help="Papers as they were issued."),
    click.Group("bank", commands=[_ACCOUNT], help="Where members transfer to."),
]
