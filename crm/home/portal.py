"""The members' first page: what is to be done next, the membership at a glance, what is to be paid, the next events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.billing import invoices
from crm.billing.invoices import Invoice
from crm.db import db
from crm.events import registrations
from crm.events.events import EventSession
from crm.events.registrations import Registration, RegistrationState
from crm.home.public import next_events
from crm.members import certificates
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.portal import figure_asked_of, own_member
from crm.organisations import change_requests
from crm.organisations.change_requests import ChangeState
from crm.organisations.portal import current_organisation, has_right
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import total
from crm.web.audiences import portal_area
from crm.web.templating import page

area = portal_area("home", __name__, prefix="")


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """会員ページ."""
    today, organisation, member = clock.today(), current_organisation(), own_member()
    year, due = FiscalYear.of(today), _due(member)
    return page(
        "home/portal/home.html", organisation=organisation, member=member, today=today, year=year, due=due,
        term=next((t for t in member.terms if t.year == year), None) if member is not None else None,
        open=total(invoice.open for invoice in due), tasks=list(_tasks(member, due)), certificate=_certificate(member, year),
        events=next_events(3), registrations=_registrations(),
    )  # fmt: skip


def _due(member: Member | None) -> Sequence[Invoice]:
    """What is to be paid, for who may see money."""
    if member is None or not has_right(PortalRight.MONEY_READ):
        return []
    mine = invoices.open_().where(Invoice.member_id == member.id)
    return db.session.scalars(mine.order_by(Invoice.due_on, Invoice.id)).all()


def _tasks(member: Member | None, due: Sequence[Invoice]) -> Iterator[dict[str, Any]]:
    """What the member wants to do next, the most urgent first."""
    overdue = [invoice for invoice in due if invoice.due_on is not None and invoice.due_on < clock.today()]
    if overdue:
        note = _("If you have just paid, please disregard this: it takes a few days until a transfer shows here.")
        yield _task(_("Invoices past their due date"), _of_invoices(overdue), len(overdue), "warning", note)
    elif due:
        yield _task(_("Invoices to be paid"), _of_invoices(due), len(due), "info")
    asked = figure_asked_of(member) if member is not None and has_right(PortalRight.ORGANISATION_CHANGE) else None
    if asked is not None:
        note = _("It decides the annual fee of the fiscal year %(year)s.", year=asked.year.label)
        yield _task(
            _("Please confirm the number of employees"), url_for("portal.members.employees"), None, "warning", note
        )
    open_ = change_requests.of(current_organisation()).where(change_requests.ChangeRequest.state == ChangeState.OPEN)
    waiting = db.session.scalars(open_).all()
    if waiting:
        yield _task(_("Changes the office is looking at"), url_for("portal.organisation.show"), len(waiting), "info")


def _task(label: Any, url: str, count: int | None, tone: str, note: Any = "") -> dict[str, Any]:
    return {"label": label, "url": url, "count": count, "tone": tone, "note": note}


def _of_invoices(some: Sequence[Invoice]) -> str:
    if len(some) == 1:
        return url_for("portal.billing.show", invoice_id=some[0].id)
    return url_for("portal.billing.index")


def _certificate(member: Member | None, year: FiscalYear) -> Certificate | None:
    """The certificate of the year, for who may see it."""
    if member is None or not has_right(PortalRight.CERTIFICATES_READ):
        return None
    live = certificates.of(member).where(Certificate.year == year, Certificate.revoked_on.is_(None))
    return db.session.scalars(live.limit(1)).one_or_none()


def _registrations() -> Sequence[Registration]:
    """Whom the organisation registered for what comes."""
    if not has_right(PortalRight.EVENTS_REGISTER):
        return []
    mine = registrations.made_for(current_organisation()).where(
        EventSession.ends_at > clock.now(), Registration.state != RegistrationState.CANCELLED
    )
    return db.session.scalars(mine.limit(10)).all()
