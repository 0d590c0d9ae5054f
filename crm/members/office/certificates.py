"""Certificates in the office: the register, issuing them for one member or a whole year, revoking."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import BadRequest, NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.documents import issued
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, letters
from crm.members.certificates import Certificate
from crm.members.forms import IssueCertificatesForm, ReasonForm
from crm.members.members import Member
from crm.members.office import BIGGEST_ID, found
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation, named_like
from crm.text import _, ngettext
from crm.values import BadValue
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

area = office_area("certificates", __name__)


def _years() -> list[tuple[str, str]]:
    used = db.session.scalars(sa.select(Certificate.year).distinct().order_by(Certificate.year.desc()))
    return [(str(year), year.era) for year in used]


LISTING = Listing(
    name="certificates",
    title=_("Certificates"),
    columns=[
        Column("number", _("Certificate number"), sort=Certificate.number),
        Column("organisation", _("Legal name"), value="member.organisation.name", sort=Organisation.kana,
               url=lambda c: url_for("office.members.papers", member_id=c.member_id)),
        Column("class", _("Class"), value="member_class", sort=Certificate.member_class),
        Column("year", _("Fiscal year"), kind="year", sort=Certificate.year),
        Column("issued_on", _("Issued"), kind="day", sort=Certificate.issued_on),
        Column("valid_until", _("Valid until"), kind="day", sort=Certificate.valid_until),
        Column("state", _("State"), value=lambda c: c.state_on(clock.today()), kind="status"),
        Column("revoked_reason", _("Why revoked")),
    ],
    order=[Certificate.id.desc()],
    search=lambda words: sa.or_(named_like(words), Certificate.number.icontains(words, autoescape=True)),
    filters=[
        Filter("year", _("Fiscal year"), _years, lambda s, v: s.where(Certificate.year == FiscalYear.parse(v))),
        choice_filter("class", _("Class"), Certificate.member_class, MemberClass),
        Filter("state", _("State"), lambda: [("revoked", _("Revoked"))],
               lambda s, v: s.where(Certificate.revoked_on.is_not(None))),
    ],
)  # fmt: skip


@area.get("/")
@requires(Permission.CERTIFICATES_READ)
def index() -> ResponseReturnValue:
    """The register of issues."""
    select = sa.select(Certificate).join(Certificate.member).join(Member.organisation).options(
        contains_eager(Certificate.member).contains_eager(Member.organisation),
        contains_eager(Certificate.member).selectinload(Member.classes),
    )  # fmt: skip
    listing = LISTING.of(select, url=lambda c: url_for(".show", certificate_id=c.id))
    return listing.exit() or page("members/office/certificates.html", listing=listing)


@area.get("/issue")
@requires(Permission.CERTIFICATES_ISSUE)
def preview() -> ResponseReturnValue:
    """Who would get a certificate for a year, and who not and why."""
    written = request.args.get("year", "").strip()
    try:
        year = FiscalYear.parse(written) if written else FiscalYear.of(clock.today())
    except BadValue as error:
        raise BadRequest("year") from error
    return _preview(IssueCertificatesForm(formdata=None, data={"year": year, "send": True}), year)


@area.post("/issue")
@requires(Permission.CERTIFICATES_ISSUE)
def issue() -> ResponseReturnValue:
    """Issue them."""
    form = IssueCertificatesForm()
    if form.validate():
        with form.refusals(), act(Kind.CERTIFICATES_ISSUED, note=str(form.year.data)):
            made = certificates.issue_all(form.year.data)
            if not made:
                raise Refused(_("Everyone who belongs in this fiscal year has a certificate."))
            _send(made, form.send.data)
            message = ngettext("%(num)d certificate was issued.", "%(num)d certificates were issued.", len(made))
            return done(url_for(".index", year=form.year.data.start), message)
    return _preview(form, form.year.data or FiscalYear.of(clock.today()), 422)


@area.post("/members/<int:member_id>")
@requires(Permission.CERTIFICATES_ISSUE)
def issue_one(member_id: int) -> ResponseReturnValue:
    """Issue one member's."""
    member, form = found(member_id), IssueCertificatesForm()
    if form.validate():
        with form.refusals(), act(Kind.CERTIFICATES_ISSUED, about=member, note=str(form.year.data)):
            _send([certificates.issue(member, form.year.data)], form.send.data)
            return done(url_for("office.members.papers", member_id=member_id), _("The certificate was issued."))
    member = found(member_id)
    known = db.session.scalars(certificates.of(member)).all()
    return page("members/office/member_certificates.html", 422, member=member, issued=known, form=form)


@area.get("/<int:certificate_id>")
@requires(Permission.CERTIFICATES_READ)
def show(certificate_id: int) -> ResponseReturnValue:
    """One certificate."""
    return _show(_found(certificate_id), ReasonForm())


@area.get("/<int:certificate_id>/pdf")
@requires(Permission.CERTIFICATES_READ)
def pdf(certificate_id: int) -> ResponseReturnValue:
    """The paper as issued."""
    certificate = _found(certificate_id)
    if certificate.document is None:
        raise NotFound
    response = Response(issued.pdf(certificate.document), content_type=issued.PDF)
    response.headers.set("Content-Disposition", "inline", filename=certificate.document.file_name)
    return response


@area.post("/<int:certificate_id>/revoke")
@requires(Permission.CERTIFICATES_ISSUE)
def revoke(certificate_id: int) -> ResponseReturnValue:
    """Take it back; from now on the public page says so."""
    certificate, form = _found(certificate_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(Kind.CERTIFICATE_REVOKED, about=certificate, note=form.reason.data):
            certificate.revoke(on=clock.today(), reason=form.reason.data)
            return done(url_for(".show", certificate_id=certificate_id), _("The certificate is revoked."))
    return _show(_found(certificate_id), form, 422)


def _send(made: list[Certificate], wanted: bool) -> None:
    for certificate in made if wanted else []:
        letters.certificate_issued(certificate, certificates.liaison(certificate.member, clock.today()))


def _preview(form: IssueCertificatesForm, year: FiscalYear, status: int = 200) -> ResponseReturnValue:
    everyone = certificates.candidates(year)
    context: dict[str, Any] = {
        "form": form, "year": year,
        "getting": [c for c in everyone if c.why_not is None], "left_out": [c for c in everyone if c.why_not is not None],
        "years": [FiscalYear.of(clock.today()) + n for n in (-1, 0, 1)],
    }  # fmt: skip
    return page("members/office/certificates_issue.html", status, **context)


def _show(certificate: Certificate, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    state = certificate.state_on(clock.today())
    return page("members/office/certificate.html", status, certificate=certificate, state=state, form=form,
                verify_url=certificates.verify_url(certificate.number))  # fmt: skip


def _found(certificate_id: int) -> Certificate:
    certificate = db.session.get(Certificate, certificate_id) if certificate_id <= BIGGEST_ID else None
    if certificate is None:
        raise NotFound
    return certificate
