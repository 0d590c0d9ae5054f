"""Leaving: what a withdrawal leaves behind, known before it is recorded — invoices, certificates, accounts of the members' pages.

Nothing of it is done by the machine: what is owed stays owed, a certificate says by itself that the member left, an account
stays open so that invoices and receipts can still be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from crm.access.users import User, UserState
from crm.billing import invoices
from crm.billing.invoices import Invoice, InvoiceState
from crm.db import db
from crm.members import certificates
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.organisations.people import Person
from crm.organisations.portal_access import PortalAccess


@dataclass(frozen=True)
class Leaving:
    """What is there when a member leaves with a day.

    ``owed`` are open invoices that stay due, ``too_much`` those of a fiscal year that begins after the day, which are to be
    cancelled whether paid or not; ``expiring`` certificates run out with the day or before, ``ending`` ones end early by it.
    """

    on: date
    owed: list[Invoice]
    too_much: list[Invoice]
    expiring: list[Certificate]
    ending: list[Certificate]
    accounts: list[Person]


def preview(member: Member, on: date) -> Leaving:
    """What leaving with a day would leave behind. Writes nothing."""
    live = invoices.of(member).where(Invoice.state == InvoiceState.ISSUED)
    issued = db.session.scalars(live).unique().all()
    later = [i for i in issued if i.annual_fee_for is not None and i.annual_fee_for.first_day > on]
    held = db.session.scalars(certificates.of(member).where(Certificate.revoked_on.is_(None)))
    running = [c for c in held if c.valid_until >= on]
    return Leaving(
        on, [i for i in issued if i not in later and i.total > i.paid], later,
        [c for c in running if c.valid_until == on], [c for c in running if c.valid_until > on], _with_account(member),
    )  # fmt: skip


def _with_account(member: Member) -> list[Person]:
    """The member's people who can sign in or are invited to."""
    return list(db.session.scalars(
        sa.select(Person)
        .join(PortalAccess, PortalAccess.person_id == Person.id)
        .join(User, User.id == PortalAccess.user_id)
        .where(Person.organisation_id == member.organisation_id, User.state != UserState.DISABLED)
        .order_by(Person.id)
    ))  # fmt: skip
