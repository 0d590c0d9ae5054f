"""Applications in the office: the list, the review with possible duplicates beside it, and the decision."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import letters
from crm.members.accepting import accept as accept_application
from crm.members.applications import Application, ApplicationState, named_like
from crm.members.forms import NOBODY, AcceptForm, DeclineForm, RemarkForm
from crm.members.members import Member
from crm.members.office import BIGGEST_ID
from crm.members.tiers import MemberClass
from crm.organisations import duplicates
from crm.organisations.duplicates import Proposal
from crm.organisations.organisations import Organisation
from crm.organisations.organisations import named_like as organisation_named_like
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import Form, done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

area = office_area("applications", __name__)

FOUND_AT_MOST = 20

LISTING = Listing(
    name="applications",
    title=_("Applications"),
    columns=[
        Column("name", _("Legal name"), sort=Application.name),
        Column("number", _("Application number"), sort=Application.number),
        Column("state", _("State"), kind="status", sort=Application.state),
        Column("member_class", _("Class"), sort=Application.member_class),
        Column("employees", _("Employees"), kind="number", sort=Application.employees),
        Column("submitted_at", _("Submitted"), kind="moment", sort=Application.submitted_at),
        Column("decided_at", _("Decided"), kind="moment", sort=Application.decided_at),
    ],
    order=[Application.state != ApplicationState.SUBMITTED, Application.id.desc()],
    search=named_like,
    filters=[
        choice_filter("state", _("State"), Application.state, ApplicationState),
        choice_filter("class", _("Class"), Application.member_class, MemberClass),
    ],
)


@area.get("/")
@requires(Permission.APPLICATIONS_READ)
def index() -> ResponseReturnValue:
    """All applications, those that wait first."""
    listing = LISTING.of(sa.select(Application), url=lambda a: url_for(".show", application_id=a.id))
    return listing.exit() or page("members/office/applications.html", listing=listing)


@area.get("/<int:application_id>")
@requires(Permission.APPLICATIONS_READ)
def show(application_id: int) -> ResponseReturnValue:
    """One application: what it says, whom it may be, and what can be done."""
    application = _found(application_id)
    return _review(application)


@area.post("/<int:application_id>/accept")
@requires(Permission.APPLICATIONS_REVIEW)
def accept(application_id: int) -> ResponseReturnValue:
    """Make the applicant a member."""
    application = _found(application_id)
    form = _accept_form(application, _proposed(application))
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_ACCEPTED, about=application):
            form.check_version(application)
            member = accept_application(
                application, organisation=_organisation(form.organisation.data), member_class=form.member_class.data,
                on=form.on.data, by=signed_in_user().name, with_certificate=form.with_certificate.data,
                overwrite=form.overwrite.data,
            )  # fmt: skip
            return done(url_for("office.members.show", member_id=member.id), _("Accepted. The letter is on its way."))
    return _review(_found(application_id), accepting=form)


@area.post("/<int:application_id>/return")
@requires(Permission.APPLICATIONS_REVIEW)
def give_back(application_id: int) -> ResponseReturnValue:
    """Return it with a remark; the applicant corrects it under the same link."""
    application, form = _found(application_id), RemarkForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_RETURNED, about=application, note=form.remark.data):
            application.give_back(remark=form.remark.data, by=signed_in_user().name)
            letters.application_returned(application)
            return done(url_for(".show", application_id=application_id), _("Returned. The letter is on its way."))
    return _review(_found(application_id), returning=form)


@area.post("/<int:application_id>/decline")
@requires(Permission.APPLICATIONS_REVIEW)
def decline(application_id: int) -> ResponseReturnValue:
    """Decline it with a reason."""
    application, form = _found(application_id), DeclineForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_DECLINED, about=application, note=form.reason.data):
            application.decline(reason=form.reason.data, by=signed_in_user().name)
            letters.application_declined(application)
            return done(url_for(".show", application_id=application_id), _("Declined. The letter is on its way."))
    return _review(_found(application_id), declining=form)


def _review(application: Application, **forms: Form) -> ResponseReturnValue:
    proposed = _proposed(application)
    entries = timeline.of(application)
    words = request.args.get("q", "").strip()[:100]
    context: dict[str, Any] = {
        "application": application, "proposed": proposed, "entries": entries, "q": words,
        "names": actor_names(entry.actor for entry in entries), "known": _known(proposed),
        "accepting": forms.get("accepting") or _accept_form(application, proposed, formdata=None),
        "returning": forms.get("returning") or RemarkForm(formdata=None),
        "declining": forms.get("declining") or DeclineForm(formdata=None),
    }  # fmt: skip
    return page("members/office/application.html", 422 if forms else 200, **context)


def _proposed(application: Application) -> list[Proposal]:
    """Whom the applicant may be, and why; with ``?q=`` also whom the office looked for."""
    found = duplicates.proposals(application.name, application.corporate_number)
    words = (request.args.get("q") or request.form.get("q") or "").strip()[:100]
    if words:
        ids = {p.organisation_id for p in found}
        select = (
            sa.select(Organisation)
            .where(organisation_named_like(words))
            .order_by(Organisation.kana)
            .limit(FOUND_AT_MOST)
        )
        found += [Proposal(o.id, o.name, _("Found by search.")) for o in db.session.scalars(select) if o.id not in ids]
    return found


def _known(proposed: list[Proposal]) -> dict[int, tuple[Organisation, Member | None]]:
    """The proposed organisations with their membership, to be compared with the application."""
    ids = [p.organisation_id for p in proposed]
    select = sa.select(Organisation, Member).outerjoin(Member, Member.organisation_id == Organisation.id)
    return {o.id: (o, m) for o, m in db.session.execute(select.where(Organisation.id.in_(ids)))}


def _accept_form(application: Application, proposed: list[Proposal], **source: Any) -> AcceptForm:
    certain = next((str(p.organisation_id) for p in proposed if p.certain), "")
    chosen = certain or ("" if proposed else NOBODY)  # who is only alike is never chosen by the machine
    form = AcceptForm(**source, data={
        "organisation": chosen, "member_class": application.member_class, "on": clock.today(), "with_certificate": True,
    })  # fmt: skip
    if source or not form.is_sent:
        form.version.data = str(application.version)
    form.organisation.choices = [
        *([("", str(_("Please choose")))] if not chosen else []),
        (NOBODY, str(_("A new organisation"))),
        *((str(p.organisation_id), p.name) for p in proposed),
    ]
    return form


def _organisation(chosen: str) -> Organisation | None:
    if chosen == NOBODY:
        return None
    organisation = db.session.get(Organisation, int(chosen)) if chosen.isdecimal() else None
    if organisation is None:
        raise Refused(_("Please choose one of the list."), field="organisation")
    return organisation


def _found(application_id: int) -> Application:
    application = db.session.get(Application, application_id) if application_id <= BIGGEST_ID else None
    if application is None:
        raise NotFound
    return application
