"""The member's own pages about belonging: class, years, certificates, the employee figure. Every query starts at ``current_member()``."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.documents import issued
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, declarations, terms
from crm.members.certificates import Certificate
from crm.members.declarations import Declaration, DeclarationState
from crm.members.forms import FigureForm
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.portal import current_organisation, current_person, has_right, holds
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.pdf import pdf_answer
from crm.web.templating import page

area = portal_area("members", __name__, prefix="/membership")

__all__ = ["current_member", "current_organisation", "own_member", "figure_asked_of"]


def own_member() -> Member | None:
    """The membership, running or ended, of the organisation whose pages these are."""
    return terms.of(current_organisation())


def current_member() -> Member:
    """The membership, running or ended, of the organisation whose pages these are; 404 for one that never belonged."""
    member = own_member()
    if member is None:
        raise NotFound
    return member


def figure_asked_of(member: Member) -> Declaration | None:
    """What the office asks the member for and has no answer to yet: its employee figure for a fiscal year that is not over."""
    asked = sa.select(Declaration).where(
        Declaration.member_id == member.id, Declaration.state == DeclarationState.ASKED,
        Declaration.year >= FiscalYear.of(clock.today()),
    )  # fmt: skip
    return db.session.scalars(asked.order_by(Declaration.year).limit(1)).one_or_none()


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """The membership year by year, and its certificates."""
    member, today = current_member(), clock.today()
    own = db.session.scalars(certificates.of(member)).all() if has_right(PortalRight.CERTIFICATES_READ) else []
    return page(
        "members/portal/membership.html", member=member, today=today, year=FiscalYear.of(today), certificates=own,
        standing=member.standing_on(today), member_class=member.class_on(today), tells_figure=_tells_figure(member),
    )  # fmt: skip


@area.get("/certificates/<int:certificate_id>/pdf")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.CERTIFICATES_READ)
def certificate(certificate_id: int) -> ResponseReturnValue:
    """A certificate as issued; one that was revoked is no longer handed out."""
    own = certificates.of(current_member()).where(Certificate.id == certificate_id, Certificate.revoked_on.is_(None))
    found = db.session.scalars(own).one_or_none()
    if found is None or found.document is None:
        raise NotFound
    return pdf_answer(issued.for_reading(found.document), found.document.file_name)


@area.get("/employees")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.ORGANISATION_CHANGE)
def employees() -> ResponseReturnValue:
    """The employee figure the office holds, to be confirmed or corrected."""
    member = _telling_member()
    held = member.organisation.employees_on(clock.today())
    start = {"employees": held.employees if held else None, "on": min(clock.today(), _year(member).first_day)}
    return _figure(member, FigureForm(formdata=None, data=start))


@area.post("/employees")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.ORGANISATION_CHANGE)
def tell_employees() -> ResponseReturnValue:
    """What the organisation says; it counts at once where the office's rule says so, else when the office has accepted it."""
    member, form = _telling_member(), FigureForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_DECLARED, about=member):
            declarations.tell(
                member, _year(member), current_person(), form.employees.data, form.on.data, form.remark.data or ""
            )
            return done(url_for(".employees"), _("Thank you. We have received your answer."))
    return _figure(_telling_member(), form, 422)


def _figure(member: Member, form: FigureForm, status: int = 200) -> ResponseReturnValue:
    year = _year(member)
    told = db.session.scalars(declarations.of_year(year).where(Declaration.member_id == member.id)).one_or_none()
    return page(
        "members/portal/employees.html", status, member=member, year=year, form=form, declaration=told,
        counts=sorted(member.organisation.employee_counts, key=lambda count: count.on, reverse=True)[:10],
        held=member.organisation.employees_on(year.first_day), unchanged_on=min(clock.today(), year.first_day),
    )  # fmt: skip


def _tells_figure(member: Member) -> bool:
    """Whether a fee follows from the member's employee figure, and who looks may tell it."""
    is_corporate = member.class_on(clock.today()) is MemberClass.CORPORATE
    return is_corporate and has_right(PortalRight.ORGANISATION_CHANGE)


def _telling_member() -> Member:
    member = current_member()
    if not _tells_figure(member):
        raise NotFound
    return member


def _year(member: Member) -> FiscalYear:
    """The fiscal year a figure told today is for: the one the office asks about, else the next, whose fee is still open."""
    asked = figure_asked_of(member)
    return asked.year if asked is not None else FiscalYear.of(clock.today()) + 1
