"""What the books say before and after two records of one organisation are merged: what was billed and what came in."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.payments import Payment
from crm.db import db
from crm.text import _


def figures() -> list[tuple[Any, int]]:
    """Yen billed with invoices that stand, and yen received."""
    billed = sa.select(sa.func.coalesce(sa.func.sum(sa.cast(Invoice.total, sa.BigInteger)), 0))
    received = sa.select(sa.func.coalesce(sa.func.sum(sa.cast(Payment.amount, sa.BigInteger)), 0))
    return [
        (_("Billed (yen)"), int(db.session.scalar(billed.where(Invoice.state == InvoiceState.ISSUED)) or 0)),
        (_("Received (yen)"), int(db.session.scalar(received) or 0)),
    ]
