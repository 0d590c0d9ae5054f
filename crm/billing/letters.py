"""Letters about money: the invoice, the receipt."""

from __future__ import annotations

from crm.billing.invoices import Invoice
from crm.billing.payments import Payment
from crm.documents.issued import IssuedDocument
from crm.mail import outbox
from crm.mail.outbox import Letter, Recipient
from crm.organisations.people import Person


def invoice_issued(invoice: Invoice, contact: Person) -> Letter:
    """The invoice to the billing contact, with the paper; posted once per invoice."""
    assert invoice.document is not None
    return outbox.post(
        "billing/invoice_issued", to=recipient(contact), about=invoice, documents=[invoice.document],
        key=f"invoice_issued:{invoice.id}", organisation=invoice.member.organisation.name, number=invoice.number,
        year=invoice.annual_fee_for, amount=invoice.total, due_on=invoice.due_on, issued_on=invoice.issued_on,
    )  # fmt: skip


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
