"""Certificates in the office: the register, issuing them for one member or a whole year, again, in English, revoking."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import BadRequest, NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.documents import files, issued
from crm.documents.issued import DocumentCopy, Drawable
from crm.errors import Busy, Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import certificates, certifying, letters
from crm.members.certificates import Certificate
from crm.members.certifying import CertificateRun
from crm.members.forms import IssueCertificatesForm, OtherLanguageForm, ReasonForm, ReissueForm
from crm.members.members import Member
from crm.members.office import BIGGEST_ID, found
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation, named_like
from crm.organisations.people import Person
from crm.text import _, gettext
from crm.values import BadValue
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import Form, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

AT_ONCE = 2.0  # seconds a press of the button certifies by itself; the worker goes on with the rest

area = office_area("certificates", __name__)


def _years() -> list[tuple[str, str]]:
    used = db.session.scalars(sa.select(Certificate.year).distinct().order_by(Certificate.year.desc()))
    return [(str(year), year.era) for year in used]


LISTING = Listing(
    name="certificates",
    title=_("Certificates"),
    columns=[
        Column("number", _("Certificate number"), kind="code", sort=Certificate.number),
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
    """Begin the run; a few are issued at once, the worker goes on with the rest and gathers the files."""
    form = IssueCertificatesForm()
    if form.validate():
        with form.refusals():
            run_id, answer = _begun(form)
            _certify_for_a_while(run_id)
            return answer
    return _preview(form, form.year.data or FiscalYear.of(clock.today()), 422)


def _begun(form: IssueCertificatesForm) -> tuple[int, ResponseReturnValue]:
    with act(Kind.CERTIFICATES_ISSUED, note=str(form.year.data)) as deed:
        deed.about = begun = certifying.begin(form.year.data, send=form.send.data)
        return begun.id, done(url_for(".run", run_id=begun.id))


def _certify_for_a_while(run_id: int) -> None:
    """Issue in short acts for a moment; the worker, which looks every few seconds, does the rest."""
    until = time.monotonic() + AT_ONCE
    try:
        while time.monotonic() < until:
            with act(Kind.CERTIFICATES_ISSUED, about=db.session.get(CertificateRun, run_id)):
                if not certifying.work_off(run_id):
                    return
    except Busy:
        return


@area.get("/runs/<int:run_id>")
@requires(Permission.CERTIFICATES_READ)
def run(run_id: int) -> ResponseReturnValue:
    """One go at a year's certificates: how far it is, then its files."""
    found_run = _run(run_id)
    entries = timeline.of(found_run)
    return page(
        "members/office/certificate_run.html", run=found_run, progress=_progress(found_run), entries=entries,
        names=actor_names(entry.actor for entry in entries),
    )  # fmt: skip


@area.get("/runs/<int:run_id>/progress")
@requires(Permission.CERTIFICATES_READ)
def progress(run_id: int) -> ResponseReturnValue:
    """How far it is, for the page that watches it."""
    return jsonify(_progress(_run(run_id)))


@area.get("/runs/<int:run_id>/<any(zip, pdf):form>")
@requires(Permission.CERTIFICATES_READ)
def gathered(run_id: int, form: str) -> ResponseReturnValue:
    """The year's certificates as one ZIP of signed originals, or as one PDF to print."""
    file = getattr(_run(run_id), form)
    if file is None:
        raise NotFound
    return _handed_out(files.read(file), file.media_type, file.name, "attachment")


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
    return _show(_found(certificate_id))


@area.get("/<int:certificate_id>/pdf")
@requires(Permission.CERTIFICATES_READ)
def pdf(certificate_id: int) -> ResponseReturnValue:
    """The paper as issued; ``?language=other`` the one in the other language, ``?copy=1`` a copy by its place."""
    certificate = _found(certificate_id)
    asked = request.args.get("copy", "")
    thing: Drawable | None = certificate.document
    if request.args.get("language") == "other":
        thing = certificate.other_document
    elif asked and certificate.document is not None:
        thing = next((copy for copy in certificate.document.copies if str(copy.ordinal) == asked), None)
    if thing is None:
        raise NotFound
    return _handed_out(issued.for_reading(thing), issued.PDF, thing.file_name, "inline")


@area.post("/<int:certificate_id>/revoke")
@requires(Permission.CERTIFICATES_ISSUE)
def revoke(certificate_id: int) -> ResponseReturnValue:
    """Take it back; from now on the public page says so."""
    certificate, form = _found(certificate_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(Kind.CERTIFICATE_REVOKED, about=certificate, note=form.reason.data):
            certificate.revoke(on=clock.today(), reason=form.reason.data)
            if form.send.data:
                letters.certificate_revoked(certificate, _liaison(certificate))
            return done(url_for(".show", certificate_id=certificate_id), _("The certificate is revoked."))
    return _show(_found(certificate_id), 422, revoking=form)


@area.post("/<int:certificate_id>/reissue")
@requires(Permission.PAPERS_REISSUE)
def reissue(certificate_id: int) -> ResponseReturnValue:
    """Issue it again as a copy marked 再発行, which keeps its number; with the reason, and to the liaison if wanted."""
    certificate, form = _found(certificate_id), ReissueForm()
    if form.validate():
        with form.refusals():
            with act(Kind.PAPER_REISSUED, about=certificate, note=form.why.data):
                if certificate.revoked_on is not None or certificate.document is None:
                    raise Refused(_("This certificate was revoked already."))
                copy_id = issued.reissue(certificate.document, reason=form.why.data).id
                answer = done(url_for(".show", certificate_id=certificate_id), _("The copy was issued."))
            if form.send_copy.data:
                _send_copy(certificate_id, copy_id)
            return answer
    return _show(_found(certificate_id), 422, reissuing=form)


def _send_copy(certificate_id: int, copy_id: int) -> None:
    """Draw the copy now, for it goes with the letter."""
    drawn = issued.render(db.session.get_one(DocumentCopy, copy_id))
    certificate = _found(certificate_id)
    with act(Kind.PAPER_DRAWN, about=certificate):
        copy = db.session.get_one(DocumentCopy, copy_id)
        issued.attach(copy, drawn)
        assert copy.file is not None
        letters.certificate_copied(certificate, _liaison(certificate), copy.file)


@area.post("/<int:certificate_id>/other-language")
@requires(Permission.CERTIFICATES_ISSUE)
def other_language(certificate_id: int) -> ResponseReturnValue:
    """The same certificate in English (or in Japanese, if it was issued in English)."""
    certificate, form = _found(certificate_id), OtherLanguageForm()
    if form.validate():
        with form.refusals(), act(Kind.CERTIFICATE_TRANSLATED, about=certificate):
            certificates.in_other_language(certificate, name=form.name.data)
            return done(
                url_for(".show", certificate_id=certificate_id), _("The certificate was issued in the other language.")
            )
    return _show(_found(certificate_id), 422, translating=form)


def _liaison(certificate: Certificate) -> Person | None:
    return certificates.liaison(certificate.member, clock.today())


def _handed_out(content: bytes, media_type: str, name: str, way: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers.set("Content-Disposition", way, filename=name)
    return response


def _send(made: list[Certificate], wanted: bool) -> None:
    for certificate in made if wanted else []:
        letters.certificate_issued(certificate, certificates.liaison(certificate.member, clock.today()))


def _preview(form: IssueCertificatesForm, year: FiscalYear, status: int = 200) -> ResponseReturnValue:
    everyone = certificates.candidates(year)
    context: dict[str, Any] = {
        "form": form, "year": year,
        "getting": [c for c in everyone if c.why_not is None], "left_out": [c for c in everyone if c.why_not is not None],
        "years": [FiscalYear.of(clock.today()) + n for n in (-1, 0, 1)], "newest": certifying.newest(year),
        "running": db.session.scalars(certifying.unfinished(year)).first(), "there": _number_of(year),
    }  # fmt: skip
    return page("members/office/certificates_issue.html", status, **context)


def _number_of(year: FiscalYear) -> int:
    live = sa.select(sa.func.count(Certificate.id)).where(Certificate.year == year, Certificate.revoked_on.is_(None))
    return db.session.scalar(live) or 0


def _show(certificate: Certificate, status: int = 200, **forms: Form) -> ResponseReturnValue:
    entries = timeline.of(certificate)
    context: dict[str, Any] = {
        "certificate": certificate, "state": certificate.state_on(clock.today()), "entries": entries,
        "names": actor_names(entry.actor for entry in entries), "refused": next(iter(forms.values()), None),
        "copies": certificate.document.copies if certificate.document is not None else [],
        "verify_url": certificates.verify_url(certificate.number),
        "revoking": forms.get("revoking") or ReasonForm(formdata=None),
        "reissuing": forms.get("reissuing") or ReissueForm(formdata=None),
        "translating": forms.get("translating") or OtherLanguageForm(formdata=None),
    }  # fmt: skip
    return page("members/office/certificate.html", status, **context)


def _progress(run: CertificateRun) -> dict[str, Any]:
    """As progress.mjs reads it."""
    at = certifying.progress(run)
    return {
        "done": at.done, "total": at.total, "finished": not run.is_running, "url": url_for(".run", run_id=run.id),
        "text": gettext("%(done)s of %(total)s done", done=f"{at.done:,}", total=f"{at.total:,}"),
    }  # fmt: skip


def _run(run_id: int) -> CertificateRun:
    found_run = db.session.get(CertificateRun, run_id) if run_id <= BIGGEST_ID else None
    if found_run is None:
        raise NotFound
    return found_run


def _found(certificate_id: int) -> Certificate:
    certificate = db.session.get(Certificate, certificate_id) if certificate_id <= BIGGEST_ID else None
    if certificate is None:
        raise NotFound
    return certificate
