"""The members' first page: the membership at a glance, what is to be paid, the next events."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.billing import invoices
from crm.billing.invoices import Invoice
from crm.db import db
from crm.home.public import next_events
from crm.members import terms
from crm.organisations.portal import current_organisation
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import total
from crm.web.audiences import portal_area
from crm.web.templating import page

area = portal_area("home", __name__, prefix="")


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """会員ページ."""
    today, organisation = clock.today(), current_organisation()
    member = terms.of(organisation)
    open_invoices = invoices.open_().where(Invoice.member_id == (member.id if member is not None else None))
    due = db.session.scalars(open_invoices.order_by(Invoice.due_on, Invoice.id)).all()
    year = FiscalYear.of(today)
    return page(
        "home/portal/home.html", organisation=organisation, member=member, today=today, year=year, due=due,
        term=next((t for t in member.terms if t.year == year), None) if member is not None else None,
        open=total(invoice.open for invoice in due), overdue=[i for i in due if i.due_on is not None and i.due_on < today],
        events=next_events(3),
    )  # fmt: skip
