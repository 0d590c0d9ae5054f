"""Payments in the office: the list, recording one by hand, what it settles, its receipt."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager, selectinload
from werkzeug.exceptions import BadRequest, NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.billing import invoices, papers, payments, receipts
from crm.billing.forms import AllocateForm, PaymentForm, ReceiptForm, UnmatchForm
from crm.billing.invoices import Invoice
from crm.billing.payments import Allocation, Payment, PaymentMethod
from crm.billing.receipts import Receipt
from crm.db import db
from crm.documents import issued
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members.members import Member
from crm.organisations.organisations import Organisation, named_like
from crm.text import _
from crm.values import japanese
from crm.values.yen import total
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.pdf import pdf_answer
from crm.web.templating import page

area = office_area("payments", __name__)

NOBODY = "none"  # ``?member=none``: the payment is recorded without a member
OPEN_SUM = sa.type_coerce(
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Invoice.total - Invoice.paid), 0), sa.BigInteger))
    .where(Invoice.member_id == Member.id, Invoice.state == invoices.InvoiceState.ISSUED)
    .correlate(Member)
    .scalar_subquery(),
    Invoice.total.type,
)


def _by_allocation(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    conditions = {
        "all": sa.true(), "unallocated": Payment.amount > Payment.allocated, "allocated": Payment.amount == Payment.allocated,
    }  # fmt: skip
    return select.where(conditions[value])


LISTING = Listing(
    name="payments",
    title=_("Payments"),
    columns=[
        Column("received_on", _("Received on"), kind="day", sort=Payment.received_on),
        Column("payer", _("Payer"), sort=Payment.payer),
        Column("member", _("Member"), value="member.organisation.name", sort=Organisation.kana),
        Column("method", _("Way of payment"), sort=Payment.method),
        Column("amount", _("Amount"), kind="yen", sort=Payment.amount),
        Column("allocated", _("Allocated"), kind="yen", sort=Payment.allocated),
        Column("unallocated", _("Without a home"), kind="yen", sort=Payment.amount - Payment.allocated),
        Column("receipt", _("Receipt"), value="receipt.document.number",
               url=lambda p: url_for(".receipt", payment_id=p.id) if p.receipt else None),
    ],
    order=[Payment.received_on.desc(), Payment.id.desc()],
    search=lambda words: sa.or_(payments.paid_by_like(words), named_like(words),
                                Member.number.icontains(words, autoescape=True)),
    filters=[
        choice_filter("method", _("Way of payment"), Payment.method, PaymentMethod),
        Filter("allocation", _("Allocation"),
               lambda: [("unallocated", _("Money without a home")), ("allocated", _("All allocated"))], _by_allocation),
    ],
)  # fmt: skip

PAYERS = Listing(
    name="payers",
    title=_("Members"),
    columns=[
        Column("organisation", _("Organisation"), value="Member.organisation.name", sort=Organisation.kana),
        Column("number", _("Member number"), kind="code", value="Member.number", sort=Member.number),
        Column("open", _("Still open"), kind="yen", sort=OPEN_SUM),
    ],
    order=[OPEN_SUM.desc(), Organisation.kana, Member.id],
    search=lambda words: sa.or_(
        named_like(words), Member.number.icontains(words, autoescape=True),
        sa.exists().where(Invoice.member_id == Member.id, Invoice.number.icontains(words, autoescape=True)),
    ),
)  # fmt: skip


@area.get("/")
@requires(Permission.PAYMENTS_READ)
def index() -> ResponseReturnValue:
    """All payments, newest first; ``?allocation=unallocated`` those of which something has no home."""
    select = (
        sa.select(Payment)
        .outerjoin(Payment.member)
        .outerjoin(Member.organisation)
        .options(
            contains_eager(Payment.member).contains_eager(Member.organisation),
            selectinload(Payment.receipt).selectinload(Receipt.document),
        )
    )
    listing = LISTING.of(select, url=lambda payment: url_for(".show", payment_id=payment.id))
    return listing.exit() or page("billing/office/payments.html", listing=listing)


@area.get("/of/<int:organisation_id>")
@requires(Permission.PAYMENTS_READ)
def of_organisation(organisation_id: int) -> ResponseReturnValue:
    """The tab of an organisation that shows what it paid."""
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound
    paid = sa.select(Payment).join(Payment.member).where(Member.organisation_id == organisation.id)
    rows = db.session.scalars(paid.order_by(Payment.received_on.desc(), Payment.id.desc())).all()
    return page("billing/office/payments_of_organisation.html", organisation=organisation, payments=rows)


@area.get("/new")
@requires(Permission.PAYMENTS_RECORD)
def new() -> ResponseReturnValue:
    """Recording by hand: first whose payment it is, then what it pays. ``?invoice=`` ticks only that one, by its id."""
    if "member" not in request.args:
        select = (
            sa.select(Member, OPEN_SUM.label("open"))
            .join(Member.organisation)
            .options(contains_eager(Member.organisation))
        )
        listing = PAYERS.of(select, url=lambda row: url_for(".new", member=row.Member.id))
        return page("billing/office/payment_member.html", listing=listing)
    member = _payer()
    owed = _open_of(member)
    ticked = [i for i in owed if str(i.id) in request.args.getlist("invoice")] or owed
    amount = total(i.open for i in ticked) if ticked else None
    form = PaymentForm(formdata=None, data={
        "received_on": clock.today(), "amount": amount, "payer": member.organisation.name if member else "",
        "method": PaymentMethod.TRANSFER, "invoices": [i.id for i in ticked],
    })  # fmt: skip
    return _new_page(form.offer(owed), member, owed)


@area.post("/new")
@requires(Permission.PAYMENTS_RECORD)
def create() -> ResponseReturnValue:
    """Record it and settle what was ticked, the oldest first, as far as the money goes."""
    member = _payer()
    form = PaymentForm().offer(owed := _open_of(member))
    if form.validate():
        with form.refusals(), act(Kind.PAYMENT_RECORDED) as deed:
            deed.about = payment = payments.record(
                received_on=form.received_on.data, amount=form.amount.data, method=form.method.data,
                payer=form.payer.data, today=clock.today(), member=member, note=form.note.data,
            )  # fmt: skip
            payments.settle(payment, [i for i in owed if i.id in form.invoices.data], on=clock.today())
            return done(url_for(".show", payment_id=payment.id), *_what_became_of(payment))
    return _new_page(form, member, _open_of(member), 422)


@area.get("/<int:payment_id>")
@requires(Permission.PAYMENTS_READ)
def show(payment_id: int) -> ResponseReturnValue:
    """One payment: what is known of it, what it settles, its receipt, what happened to it."""
    return _page(payment_id)


@area.post("/<int:payment_id>/allocate")
@requires(Permission.PAYMENTS_RECORD)
def allocate(payment_id: int) -> ResponseReturnValue:
    """Settle more with it: ticked invoices of its member, or one by its number."""
    payment = _found(payment_id)
    form = AllocateForm().offer(owed := _open_of(payment.member))
    if form.validate():
        with form.refusals(), act(Kind.PAYMENT_ALLOCATED, about=payment) as deed:
            chosen = [i for i in owed if i.id in form.invoices.data]
            named = _named(form.number.data)
            made = payments.direct(
                payment, [*chosen, *(i for i in named if i not in chosen)], form.amount.data, on=clock.today()
            )
            deed.note = "、".join(a.invoice.number or "" for a in made)
            return done(url_for(".show", payment_id=payment_id), *_what_became_of(payment))
    return _page(payment_id, 422, allocating=form)


@area.get("/<int:payment_id>/allocations/<int:allocation_id>/unmatch")
@requires(Permission.PAYMENTS_RECORD)
def unmatching(payment_id: int, allocation_id: int) -> ResponseReturnValue:
    """Before an allocation is taken back: which one, and why."""
    return page(
        "billing/office/payment_unmatch.html", allocation=_allocation(payment_id, allocation_id), form=UnmatchForm()
    )


@area.post("/<int:payment_id>/allocations/<int:allocation_id>/unmatch")
@requires(Permission.PAYMENTS_RECORD)
def unmatch(payment_id: int, allocation_id: int) -> ResponseReturnValue:
    """Take it back; the row stays, with the reason."""
    allocation, form = _allocation(payment_id, allocation_id), UnmatchForm()
    if form.validate():
        with form.refusals(), act(Kind.PAYMENT_UNMATCHED, about=allocation.payment, note=form.reason.data):
            payments.unmatch(allocation, reason=form.reason.data, on=clock.today())
            return done(url_for(".show", payment_id=payment_id), _("The allocation was taken back."))
    allocation = _allocation(payment_id, allocation_id)
    return page("billing/office/payment_unmatch.html", 422, allocation=allocation, form=form)


@area.post("/<int:payment_id>/receipt")
@requires(Permission.PAYMENTS_RECORD)
def issue_receipt(payment_id: int) -> ResponseReturnValue:
    """Issue its receipt, once."""
    payment, form = _found(payment_id), ReceiptForm()
    if form.validate():
        with form.refusals(), act(Kind.RECEIPT_ISSUED, about=payment) as deed:
            made = receipts.issue(payment, to=form.to.data, purpose=form.purpose.data, send=form.send.data)
            deed.note = made.document.number
            message = _("The receipt %(number)s was issued.", number=made.document.number)
            return done(url_for(".show", payment_id=payment_id), message)
    return _page(payment_id, 422, receiving=form)


@area.get("/<int:payment_id>/receipt")
@requires(Permission.PAYMENTS_READ)
def receipt(payment_id: int) -> ResponseReturnValue:
    """The receipt as issued."""
    made = _found(payment_id).receipt
    if made is None:
        raise NotFound
    return pdf_answer(issued.for_reading(made.document), made.document.file_name)


def _page(
    payment_id: int, status: int = 200, *, allocating: AllocateForm | None = None, receiving: ReceiptForm | None = None
) -> ResponseReturnValue:
    payment = _found(payment_id)
    owed = _open_of(payment.member) if payment.unallocated else []
    entries = timeline.of(payment)
    purpose = papers.purpose_of(payment)
    contact = receipts.contact_for(payment)
    filled = {"to": receipts.addressee_of(payment), "purpose": purpose, "send": False}
    return page(
        "billing/office/payment.html", status, payment=payment, owed=owed, contact=contact, entries=entries,
        allocating=allocating or AllocateForm(formdata=None).offer(owed),
        receiving=receiving or ReceiptForm(formdata=None, data=filled),
        names=actor_names(e.actor for e in entries),
    )  # fmt: skip


def _new_page(form: PaymentForm, member: Member | None, owed: list[Invoice], status: int = 200) -> ResponseReturnValue:
    return page(
        "billing/office/payment_new.html", status, form=form, member=member, owed=owed,
        action=url_for(".create", member=member.id if member else NOBODY),
    )  # fmt: skip


def _what_became_of(payment: Payment) -> tuple[object, str]:
    """What to say when money was recorded or allocated: how much of it has no home."""
    if not payment.unallocated:
        return _("The payment is allocated in full."), "success"
    left = payment.unallocated.formatted
    return _("Saved. %(amount)s of this payment is money without a home.", amount=left), "warning"


def _payer() -> Member | None:
    """Whose payment the address says it is."""
    written = request.args.get("member", "")
    if written == NOBODY:
        return None
    if not (written.isascii() and written.isdecimal() and len(written) < 19):
        raise BadRequest("member")
    member = db.session.get(Member, int(written), options=[selectinload(Member.organisation)])
    if member is None:
        raise NotFound
    return member


def _open_of(member: Member | None) -> list[Invoice]:
    """What a member still owes, the oldest first."""
    if member is None:
        return []
    owed = invoices.open_().where(Invoice.member_id == member.id).order_by(Invoice.due_on, Invoice.id)
    return list(db.session.scalars(owed))


def _named(written: str) -> list[Invoice]:
    """The invoice with this number, if one was written. Raises ``Refused`` for a number there is not."""
    number = japanese.plain_dashes(japanese.narrow(written)).strip().upper()
    if not number:
        return []
    invoice = db.session.scalars(sa.select(Invoice).where(Invoice.number == number)).one_or_none()
    if invoice is None:
        raise Refused(_("There is no invoice with the number %(number)s.", number=number), field="number")
    return [invoice]


def _allocation(payment_id: int, allocation_id: int) -> Allocation:
    """An allocation that stands."""
    found = next((a for a in _found(payment_id).allocations if a.id == allocation_id), None)
    if found is None:
        raise NotFound
    return found


def _found(payment_id: int) -> Payment:
    # each loaded apart: a joined row that may be absent could not be locked when the payment is
    loading = (
        selectinload(Payment.member).selectinload(Member.organisation),
        selectinload(Payment.allocations).selectinload(Allocation.invoice).options(
            selectinload(Invoice.lines), selectinload(Invoice.member).selectinload(Member.organisation)
        ),
        selectinload(Payment.receipt).selectinload(Receipt.document),
    )  # fmt: skip
    payment = db.session.get(Payment, payment_id, options=loading)
    if payment is None:
        raise NotFound
    return payment
