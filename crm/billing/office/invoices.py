"""Invoices in the office: the list, one invoice with its payments and its paper, cancelling it, billing one member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.billing import corrections, invoices, issuing, runs
from crm.billing.forms import IssueForm, VoidForm
from crm.billing.invoices import Invoice, InvoiceState, Standing
from crm.billing.payments import Allocation
from crm.db import db
from crm.documents import issued
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.members.members import Member
from crm.organisations.organisations import Organisation, named_like
from crm.settings.settings import office_setting
from crm.text import _, label
from crm.values import dates, japanese
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing
from crm.web.pdf import pdf_answer
from crm.web.templating import page, year

area = office_area("billing", __name__, prefix="/billing")

SHOWN = (Standing.OPEN, Standing.PARTLY_PAID, Standing.OVERDUE, Standing.SETTLED, Standing.VOID)
RUNS_OFFERED = 20


def _like(words: str) -> sa.ColumnElement[bool]:
    """The number in any width, or the organisation's name or member number."""
    number = japanese.plain_dashes(japanese.narrow(words))
    return sa.or_(
        named_like(words),
        Invoice.number.icontains(number, autoescape=True),
        Member.number.icontains(number, autoescape=True),
    )


def _years() -> list[tuple[str, str]]:
    found = sa.select(Invoice.annual_fee_for).where(Invoice.annual_fee_for.is_not(None)).distinct()
    years = sorted((y for y in db.session.scalars(found) if y is not None), reverse=True)
    return [(str(y.start), year(y)) for y in years]


def _runs() -> list[tuple[str, str]]:
    latest = sa.select(runs.AnnualRun).order_by(runs.AnnualRun.id.desc()).limit(RUNS_OFFERED)
    return [(str(run.id), f"{year(run.year)} #{run.id}") for run in db.session.scalars(latest)]


def _in_run(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise ValueError(value)
    return select.where(Invoice.run_id == int(value))


LISTING = Listing(
    name="invoices",
    title=_("Invoices"),
    columns=[
        Column("number", _("Invoice number"), kind="code", sort=Invoice.number),
        Column("organisation", _("Organisation"), value="member.organisation.name", sort=Organisation.kana),
        Column("year", _("Annual fee for"), value="annual_fee_for", kind="year", sort=Invoice.annual_fee_for),
        Column("issued_on", _("Issued on"), kind="day", sort=Invoice.issued_on),
        Column("due_on", _("Due on"), kind="day", sort=Invoice.due_on),
        Column("total", _("Amount"), kind="yen", sort=Invoice.total),
        Column("open", _("Still open"), kind="yen"),
        Column("standing", _("State"), value=lambda invoice: invoice.standing(clock.today()), kind="status"),
    ],
    order=[Invoice.number.desc()],
    search=_like,
    filters=[
        Filter("year", _("Fiscal year"), _years, lambda s, v: s.where(Invoice.annual_fee_for == FiscalYear.parse(v))),
        Filter("standing", _("State"), lambda: [(s.value, label(s)) for s in SHOWN],
               lambda s, v: s.where(invoices.stands(Standing(v), clock.today()))),
        Filter("run", _("Annual run"), _runs, _in_run),
    ],
)  # fmt: skip


@area.get("/")
@requires(Permission.INVOICES_READ)
def index() -> ResponseReturnValue:
    """Every invoice that was issued, newest number first."""
    select = (
        sa.select(Invoice)
        .where(Invoice.state != InvoiceState.DRAFT)
        .join(Invoice.member)
        .join(Member.organisation)
        .options(contains_eager(Invoice.member).contains_eager(Member.organisation))
    )
    listing = LISTING.of(select, url=lambda invoice: url_for(".show", invoice_id=invoice.id))
    return listing.exit() or page("billing/office/invoices.html", listing=listing)


@area.get("/of/<int:organisation_id>")
@requires(Permission.INVOICES_READ)
def of_organisation(organisation_id: int) -> ResponseReturnValue:
    """The tab of an organisation that shows what it was billed; from here one member can be billed alone."""
    return _tab(organisation_id, _issue_form())


@area.post("/of/<int:organisation_id>")
@requires(Permission.INVOICES_ISSUE)
def issue(organisation_id: int) -> ResponseReturnValue:
    """Bill one member for a year, as the annual run would."""
    member, form = _member_of(organisation_id), IssueForm()
    if member is None:
        raise NotFound
    if form.validate():
        with form.refusals(), act(Kind.INVOICE_ISSUED) as deed:
            invoice = issuing.issue_for(member, form.year.data, on=form.issue_on.data, due=form.due_on.data)
            deed.about = invoice
            message = _("The invoice %(number)s was issued.", number=invoice.number)
            return done(url_for(".show", invoice_id=invoice.id), message)
    return _tab(organisation_id, form, 422)


@area.get("/<int:invoice_id>")
@requires(Permission.INVOICES_READ)
def show(invoice_id: int) -> ResponseReturnValue:
    """One invoice: its lines, what was paid, its paper and letters, what happened to it."""
    invoice = _found(invoice_id)
    entries = timeline.of(invoice)
    paid = sa.select(Allocation).where(Allocation.invoice_id == invoice_id).options(joinedload(Allocation.payment))
    return page(
        "billing/office/invoice.html", invoice=invoice, standing=invoice.standing(clock.today()), entries=entries,
        allocations=db.session.scalars(paid.order_by(Allocation.id)).all(),
        letters=db.session.scalars(outbox.about(invoice)).all(), names=actor_names(e.actor for e in entries),
    )  # fmt: skip


@area.get("/<int:invoice_id>/paper")
@requires(Permission.INVOICES_READ)
def paper(invoice_id: int) -> ResponseReturnValue:
    """The invoice as it was sent."""
    document = _found(invoice_id).document
    if document is None:
        raise NotFound
    return pdf_answer(issued.for_reading(document), document.file_name)


@area.get("/<int:invoice_id>/void")
@requires(Permission.INVOICES_ISSUE)
def voiding(invoice_id: int) -> ResponseReturnValue:
    """Before an invoice is cancelled: which one, and why."""
    return page("billing/office/invoice_void.html", invoice=_found(invoice_id), form=VoidForm())


@area.post("/<int:invoice_id>/void")
@requires(Permission.INVOICES_ISSUE)
def void(invoice_id: int) -> ResponseReturnValue:
    """Cancel it; it keeps its number, and the year's fee may be billed anew."""
    invoice, form = _found(invoice_id), VoidForm()
    if form.validate():
        with form.refusals(), act(Kind.INVOICE_VOIDED, about=invoice, note=form.reason.data):
            corrections.void(invoice, reason=form.reason.data)
            return done(url_for(".show", invoice_id=invoice_id), _("The invoice was cancelled."))
    return page("billing/office/invoice_void.html", 422, invoice=_found(invoice_id), form=form)


def _tab(organisation_id: int, form: IssueForm, status: int = 200) -> ResponseReturnValue:
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    member = _member_of(organisation_id)
    billed = sa.select(Invoice).where(Invoice.member == member, Invoice.state != InvoiceState.DRAFT)
    rows = db.session.scalars(billed.order_by(Invoice.issued_on.desc(), Invoice.id.desc())).all() if member else []
    return page(
        "billing/office/invoices_of_organisation.html", status, organisation=organisation, member=member, invoices=rows,
        today=clock.today(), form=form,
    )  # fmt: skip


def _member_of(organisation_id: int) -> Member | None:
    return db.session.scalars(sa.select(Member).where(Member.organisation_id == organisation_id)).one_or_none()


def _issue_form() -> IssueForm:
    today = clock.today()
    due = dates.next_bank_day(today + timedelta(days=office_setting("billing.due_days")))
    return IssueForm(formdata=None, data={"year": FiscalYear.of(today), "issue_on": today, "due_on": due})


def _found(invoice_id: int) -> Invoice:
    # each loaded apart: a joined row that may be absent could not be locked when the invoice is
    loading = (
        selectinload(Invoice.member).selectinload(Member.organisation), selectinload(Invoice.lines),
        selectinload(Invoice.document),
    )  # fmt: skip
    invoice = db.session.get(Invoice, invoice_id, options=loading)
    if invoice is None or invoice.state is InvoiceState.DRAFT:
        raise NotFound
    return invoice


from crm.billing.office import running  # noqa: E402, F401  (its views hang themselves on the area)
