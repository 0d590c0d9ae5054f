"""The member's own pages about belonging: class, years, certificates. Every query starts at ``current_member()``."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.documents import issued
from crm.members import certificates, terms
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.organisations.portal import current_organisation
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import portal_area
from crm.web.pdf import pdf_answer
from crm.web.templating import page

area = portal_area("members", __name__, prefix="/membership")

__all__ = ["current_member", "current_organisation"]


def current_member() -> Member:
    """The membership, running or ended, of the organisation whose pages these are; 404 for one that never belonged."""
    member = terms.of(current_organisation())
    if member is None:
        raise NotFound
    return member


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """The membership year by year, and its certificates."""
    member, today = current_member(), clock.today()
    own = db.session.scalars(certificates.of(member)).all()
    return page(
        "members/portal/membership.html", member=member, today=today, year=FiscalYear.of(today), certificates=own,
        standing=member.standing_on(today), member_class=member.class_on(today),
    )  # fmt: skip


@area.get("/certificates/<int:certificate_id>/pdf")
@requires(Permission.PROFILE_OWN)
def certificate(certificate_id: int) -> ResponseReturnValue:
    """A certificate as issued; one that was revoked is no longer handed out."""
    own = certificates.of(current_member()).where(Certificate.id == certificate_id, Certificate.revoked_on.is_(None))
    found = db.session.scalars(own).one_or_none()
    if found is None or found.document is None:
        raise NotFound
    return pdf_answer(issued.for_reading(found.document), found.document.file_name)
