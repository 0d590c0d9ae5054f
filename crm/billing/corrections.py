"""Corrections: an issued invoice is cancelled, never changed. It keeps its number, and its letter is kept from leaving."""

from __future__ import annotations

import sqlalchemy as sa

from crm.billing.invoices import Invoice
from crm.db import db
from crm.mail import outbox


def void(invoice: Invoice, *, reason: str) -> None:
    """Cancel an issued invoice nothing was paid on; the annual fee may then be billed anew.

    Raises ``Refused`` without a reason, or while money is allocated. Who allocates money at this moment is waited for.
    """
    db.session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    db.session.refresh(invoice)
    invoice.void(reason)
    for letter in db.session.scalars(outbox.about(invoice)):
        if letter.may_be_held:
            letter.hold()
