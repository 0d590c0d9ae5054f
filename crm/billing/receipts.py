"""Receipts: one per payment, on demand; what is lost is issued again as a marked copy, counted in the register."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.billing import letters, papers
from crm.billing.payments import Payment
from crm.db import Model, db
from crm.documents import issued
from crm.documents.blocks import Addressee
from crm.documents.issued import IssuedDocument
from crm.documents.numbering import next_number
from crm.documents.papers import letterhead
from crm.errors import Refused
from crm.organisations.people import Person, PersonRole, holding
from crm.settings.settings import office_setting
from crm.text import _, label, speaking
from crm.values.fiscal_year import FiscalYear

SERIES = "REC"


class Receipt(Model):
    """The receipt of a payment; the database forbids a second one."""

    __tablename__ = "receipts"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), unique=True, init=False)
    payment: Mapped[Payment] = relationship()
    document_id: Mapped[int] = mapped_column(ForeignKey("issued_documents.id"), unique=True, init=False)
    document: Mapped[IssuedDocument] = relationship()


def of(payment: Payment) -> Receipt | None:
    """The payment's receipt, if it was issued."""
    return db.session.scalars(sa.select(Receipt).where(Receipt.payment == payment)).one_or_none()


def issue(payment: Payment, *, to: str = "", purpose: str = "", send: bool = False) -> Receipt:
    """Issue the receipt of a payment. ``to`` and ``purpose`` (但し書き) are by default the payer and what was settled.

    Raises ``Refused`` when there is one already, nothing says what the money was for, or nobody is there to send it to.
    """
    db.session.refresh(payment, with_for_update=True)
    if of(payment) is not None:
        raise Refused(_("A receipt was issued for this payment. Issue a copy if it was lost."))
    purpose = papers.worded_purpose(purpose) or papers.purpose_of(payment)
    if not purpose:
        raise Refused(_("Please say what the money was for, or allocate it first."), field="purpose")
    contact = contact_for(payment)
    if send and contact is None:
        raise Refused(_("There is no billing contact to send the receipt to."), field="send")
    today, language = clock.today(), contact.locale if contact else "ja"
    with speaking(language):
        way = label(payment.method)
    number = next_number(SERIES, FiscalYear.of(today))
    paper = papers.ReceiptPaper(
        issuer=letterhead(), language=language, number=number, to=_addressee(payment, to),
        issued_on=today, received_on=payment.received_on, amount=payment.amount, purpose=purpose, way=way,
        stamp_box=office_setting("billing.stamp_box"),
    )  # fmt: skip
    document = issued.issue(
        paper, number=number, to=paper.to.first_line, amount=payment.amount, issued_on=today,
        transaction_date=payment.received_on, about=payment,
    )  # fmt: skip
    receipt = Receipt(payment=payment, document=document)
    db.session.add(receipt)
    if send and contact is not None:
        letters.receipt_issued(payment, document, contact)
    return receipt


def contact_for(payment: Payment) -> Person | None:
    """The billing contact of the member who paid, today."""
    if payment.member is None:
        return None
    people = holding(PersonRole.BILLING, clock.today()).where(Person.organisation_id == payment.member.organisation_id)
    return db.session.scalars(people).first()


def addressee_of(payment: Payment) -> str:
    """The 宛名 unless someone asks for another: the member's legal name, else the payer."""
    return payment.member.organisation.name if payment.member else payment.payer


def _addressee(payment: Payment, to: str) -> Addressee:
    if to.strip() not in ("", addressee_of(payment)):
        return Addressee(organisation=to.strip())
    if payment.member is None:
        return Addressee(people=(payment.payer,))
    organisation = payment.member.organisation
    postal_code, address = organisation.place_for_invoices
    return Addressee(organisation=organisation.name, postal_code=postal_code, address=address)
