"""Letters about money: the invoice, the receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from crm.billing.invoices import Bill, Invoice
from crm.billing.payments import Payment
from crm.documents.issued import IssuedDocument
from crm.mail import outbox
from crm.mail.outbox import Draft, Letter, Recipient
from crm.organisations.people import Person


@dataclass(frozen=True)
class Issued:
    """An invoice that was issued, as its letter tells of it."""

    invoice_id: int
    document_id: int
    number: str
    bill: Bill
    contact: Person


def invoices_issued(issued: Iterable[Issued], *, on: date, due: date) -> None:
    """Each invoice to its billing contact, with the paper; posted once per invoice."""
    outbox.post_all("billing/invoice_issued", [
        Draft(
            to=recipient(each.contact), about=(Invoice.__tablename__, each.invoice_id), documents=[each.document_id],
            key=f"invoice_issued:{each.invoice_id}",
            values={
                "organisation": each.bill.member.organisation.name, "number": each.number, "issued_on": on, "due_on": due,
                "year": each.bill.annual_fee_for, "amount": each.bill.total,
            },
        )
        for each in issued
    ])  # fmt: skip


def receipt_issued(payment: Payment, document: IssuedDocument, contact: Person) -> Letter:
    """The receipt to the billing contact, with the paper; posted once per payment."""
    return outbox.post(
        "billing/receipt_issued", to=recipient(contact), about=payment, documents=[document],
        key=f"receipt_issued:{payment.id}", number=document.number, amount=payment.amount, received_on=payment.received_on,
        organisation=payment.member.organisation.name if payment.member else payment.payer,
    )  # fmt: skip


def recipient(person: Person) -> Recipient:
    """A person as the outbox addresses them."""
    return Recipient(email=person.email, name=person.known_name, locale=person.locale)
