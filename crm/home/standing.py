"""How the year stands: members by class, fees billed and received, new entrants against their target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from crm.billing.invoices import Invoice, InvoiceState
from crm.db import db
from crm.members import terms
from crm.members.tiers import MemberClass
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen


@dataclass(frozen=True)
class Fees:
    """The yearly fees of one fiscal year: how many invoices, what was billed, what came in."""

    year: FiscalYear
    invoices: int
    billed: Yen
    received: Yen

    @property
    def open(self) -> Yen:
        """What is still to come."""
        return self.billed - self.received

    @property
    def percent(self) -> int:
        """How much of it came in, rounded down."""
        return self.received.amount * 100 // self.billed.amount if self.billed else 0


def fees(years: list[FiscalYear]) -> list[Fees]:
    """The fees of several fiscal years, in one query."""
    live = (Invoice.annual_fee_for.in_(years), Invoice.state == InvoiceState.ISSUED)
    sums = sa.select(
        Invoice.annual_fee_for, sa.func.count(), sa.cast(sa.func.sum(Invoice.total), sa.BigInteger),
        sa.cast(sa.func.sum(Invoice.paid), sa.BigInteger),
    ).where(*live).group_by(Invoice.annual_fee_for)  # fmt: skip
    found = {row[0]: row for row in db.session.execute(sums)}
    return [
        Fees(year, *((found[year][1], Yen(int(found[year][2])), Yen(int(found[year][3]))) if year in found else (0, Yen(0), Yen(0))))
        for year in years
    ]  # fmt: skip


def members(day: date) -> dict[MemberClass, int]:
    """How many members of each class on a day."""
    return terms.count(day)
