"""Letters about money: the invoice, the receipt."""

from __future__ import annotations

from collections.abc import Iterable

from crm.billing.invoices import Invoice
from crm.billing.payments import Payment
from crm.documents.issued import IssuedDocument
from crm.mail import outbox
from crm.mail.outbox import Draft, Letter, Recipient
from crm.organisations.people import Person


def invoices_issued(issued: Iterable[tuple[Invoice, IssuedDocument, Person]]) -> list[Letter]:
    """Each invoice to its billing contact, with the paper; posted once per invoice."""
    drafts = [
        Draft(
            to=recipient(contact), about=invoice, documents=[document], key=f"invoice_issued:{invoice.id}",
            values={
                "organisation": invoice.member.organisation.name, "number": invoice.number, "year": invoice.annual_fee_for,
                "amount": invoice.total, "due_on": invoice.due_on, "issued_on": invoice.issued_on,
            },
        )
        for invoice, document, contact in issued
    ]  # fmt: skip
    return outbox.post_all("billing/invoice_issued", drafts)


def receipt_issued(payment: Payment, document: IssuedDocument, contact: Person) -> Letter:
    """The receipt to the billing contact, with the paper; posted once per payment."""
    return outbox.post(
        "billing/receipt_issued", to=recipient(contact), about=payment, documents=[document],
        key=f"receipt_issued:{payment.id}", number=document.number, amount=payment.amount, received_on=payment.received_on,
        organisation=payment.member.organisation.name if payment.member else payment.payer,
    )  # fmt: skip


def recipient(person: Person) -> Recipient:
    """A person as the outbox addresses them."""
    return Recipient(email=person.email, name=person.name, locale=person.locale)
