"""Applications in the office: the list, the review with what to look at first, and returning, declining, passing on.

Accepting stands in `billing/office/joining.py`, for the first invoice is part of it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.documents import files
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.members import applications, letters, reviewing
from crm.members.applications import Application, ApplicationState, named_like
from crm.members.forms import NOBODY, BoardForm, ChooseForm, DeclineForm, RemarkForm
from crm.members.members import Member
from crm.members.reviewing import Known
from crm.members.tiers import MemberClass
from crm.organisations import duplicates
from crm.organisations.duplicates import Proposal
from crm.organisations.organisations import Organisation
from crm.organisations.organisations import named_like as organisation_named_like
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import Form, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

BIGGEST, LONGEST_ID = 2**63 - 1, 18
FOUND_AT_MOST = 20

area = office_area("applications", __name__)

NEXT = {
    ApplicationState.UNCONFIRMED: _("The applicant confirms the mail address"),
    ApplicationState.SUBMITTED: _("Review it"),
    ApplicationState.BOARD: _("Note what the board decided"),
    ApplicationState.RETURNED: _("The applicant corrects it"),
}
"""What comes next, and so whose turn it is."""

LISTING = Listing(
    name="applications",
    title=_("Applications"),
    columns=[
        Column("name", _("Legal name"), sort=Application.name),
        Column("number", _("Application number"), kind="code", sort=Application.number),
        Column("state", _("State"), kind="status", sort=Application.state),
        Column("next", _("What comes next"), value=lambda a: NEXT.get(a.state)),
        Column("waiting", _("Days waiting"), kind="number", value=lambda a: a.days_waiting(clock.today()),
               sort=Application.submitted_at),
        Column("member_class", _("Class"), sort=Application.member_class),
        Column("employees", _("Employees"), kind="number", sort=Application.employees),
        Column("submitted_at", _("Submitted"), kind="moment", sort=Application.submitted_at),
        Column("decided_at", _("Decided"), kind="moment", sort=Application.decided_at),
    ],
    order=[Application.state.not_in(applications.UNDECIDED), Application.state != ApplicationState.RETURNED,
           Application.id.desc()],
    search=named_like,
    filters=[
        choice_filter("state", _("State"), Application.state, ApplicationState, without=[ApplicationState.LAPSED]),
        Filter("turn", _("Whose turn"), lambda: [("office", _("The office's")), ("applicant", _("The applicant's"))],
               lambda select, whose: select.where(Application.state.in_(_turn(whose)))),
        choice_filter("class", _("Class"), Application.member_class, MemberClass),
    ],
)  # fmt: skip


def _turn(whose: str) -> frozenset[ApplicationState]:
    return applications.UNDECIDED if whose == "office" else applications.OPEN - applications.UNDECIDED


@area.get("/")
@requires(Permission.APPLICATIONS_READ)
def index() -> ResponseReturnValue:
    """All applications, those that wait first."""
    listing = LISTING.of(applications.kept(), url=lambda a: url_for(".show", application_id=a.id))
    return listing.exit() or page(
        "members/office/applications.html", listing=listing, board=applications.board_decides()
    )


@area.get("/<int:application_id>")
@requires(Permission.APPLICATIONS_READ)
def show(application_id: int) -> ResponseReturnValue:
    """One application: what to look at first, what it says, whom it may be, and what can be done."""
    return review(found(application_id))


@area.get("/<int:application_id>/evidence")
@requires(Permission.APPLICATIONS_READ)
def evidence(application_id: int) -> ResponseReturnValue:
    """The proof the applicant attached, as a file to save: it comes from outside and is never shown within our pages."""
    application = found(application_id)
    if application.evidence is None:
        raise NotFound
    response = Response(files.read(application.evidence), content_type=application.evidence.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=application.evidence.name)
    return response


@area.post("/<int:application_id>/pass-on")
@requires(Permission.APPLICATIONS_REVIEW)
def pass_on(application_id: int) -> ResponseReturnValue:
    """The office has reviewed it; the board decides."""
    application, form = found(application_id), BoardForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_PASSED_ON, about=application, note=form.opinion.data):
            applications.lock(application)
            application.pass_on(opinion=form.opinion.data, by=signed_in_user().name)
            letters.application_passed_on(application)
            return done(
                url_for(".show", application_id=application_id),
                _("Passed on to the board. The applicant is told by letter."),
            )
    return review(found(application_id), passing_on=form)


@area.post("/<int:application_id>/return")
@requires(Permission.APPLICATIONS_REVIEW)
def give_back(application_id: int) -> ResponseReturnValue:
    """Return it with remarks; the applicant corrects it under the same link."""
    application, form = found(application_id), RemarkForm()
    if form.validate():
        said = form.by_field()
        with form.refusals(), act(Kind.APPLICATION_RETURNED, about=application, note=_note(form.remark.data, said)):
            applications.lock(application)
            application.give_back(remark=form.remark.data, by=signed_in_user().name, fields=said)
            letters.application_returned(application)
            return done(url_for(".show", application_id=application_id), _("Returned. The letter is on its way."))
    return review(found(application_id), returning=form)


@area.post("/<int:application_id>/decline")
@requires(Permission.APPLICATIONS_REVIEW)
def decline(application_id: int) -> ResponseReturnValue:
    """Decline it with a reason."""
    application, form = found(application_id), DeclineForm()
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_DECLINED, about=application, note=form.reason.data):
            applications.lock(application)
            application.decline(reason=form.reason.data, by=signed_in_user().name)
            letters.application_declined(application)
            return done(url_for(".show", application_id=application_id), _("Declined. The letter is on its way."))
    return review(found(application_id), declining=form)


def review(application: Application, **forms: Form) -> ResponseReturnValue:
    """The page of one application; with a form that was refused it answers 422."""
    proposed = proposals(application)
    known = _known(proposed)
    entries = timeline.of(application)
    context: dict[str, Any] = {
        "application": application, "proposed": proposed, "entries": entries, "q": _words(), "known": known,
        "names": actor_names(entry.actor for entry in entries),
        "findings": reviewing.findings(application, proposed, known, clock.today()) if application.is_waiting else [],
        "letters": db.session.scalars(outbox.about(application)).all(), "label_of": applications.label_of,
        "next": NEXT.get(application.state), "days": application.days_waiting(clock.today()),
        "board": applications.board_decides() and application.state is ApplicationState.SUBMITTED,
        "choosing": forms.get("choosing") or chosen_form(application, formdata=None),
        "returning": forms.get("returning") or RemarkForm(formdata=None),
        "declining": forms.get("declining") or DeclineForm(formdata=None),
        "passing_on": forms.get("passing_on") or BoardForm(formdata=None), "refused": next(iter(forms.values()), None),
    }  # fmt: skip
    return page("members/office/application.html", 422 if forms else 200, **context)


def chosen_form(application: Application, **source: Any) -> ChooseForm:
    """Which organisation, class and day: who is certain is chosen already, who is only alike never by the machine."""
    proposed = proposals(application)
    certain = next((str(p.organisation_id) for p in proposed if p.certain), "")
    chosen = certain or ("" if proposed else NOBODY)
    form = ChooseForm(**source, data={
        "organisation": chosen, "member_class": application.member_class, "on": clock.today(),
    })  # fmt: skip
    listed = {NOBODY: str(_("A new organisation")), **{str(p.organisation_id): p.name for p in proposed}}
    other = form.organisation.data or ""
    organisation = organisation_numbered(other) if other not in listed else None  # found by search before
    listed |= {other: organisation.name} if organisation is not None else {}
    form.organisation.choices = [*([("", str(_("Please choose")))] if not chosen else []), *listed.items()]
    return form


def organisation_numbered(written: str) -> Organisation | None:
    """The organisation of an id as it came with a form; none for what is no id, and for a record that was merged away."""
    is_id = written.isascii() and written.isdecimal() and len(written) <= LONGEST_ID
    organisation = db.session.get(Organisation, int(written)) if is_id else None
    return organisation if organisation is not None and organisation.merged_into_id is None else None


def proposals(application: Application) -> list[Proposal]:
    """Whom the applicant may be, and why; with ``?q=`` also whom the office looked for."""
    found = duplicates.proposals(application.name, application.corporate_number)
    words = _words()
    if words:
        ids = {p.organisation_id for p in found}
        select = (
            sa.select(Organisation)
            .where(organisation_named_like(words), Organisation.merged_into_id.is_(None))
            .order_by(Organisation.kana)
            .limit(FOUND_AT_MOST)
        )
        found += [Proposal(o.id, o.name, _("Found by search.")) for o in db.session.scalars(select) if o.id not in ids]
    return found


def found(application_id: int) -> Application:
    """The application of an address, or 404."""
    application = db.session.get(Application, application_id) if application_id <= BIGGEST else None
    if application is None or application.state is ApplicationState.LAPSED:
        raise NotFound
    return application


def _words() -> str:
    return (request.args.get("q") or request.form.get("q") or "").replace("\0", "").strip()[:100]


def _known(proposed: list[Proposal]) -> Known:
    """The proposed organisations with their membership, to be compared with the application."""
    ids = [p.organisation_id for p in proposed]
    select = (
        sa.select(Organisation, Member)
        .outerjoin(Member, Member.organisation_id == Organisation.id)
        .options(selectinload(Member.classes))
    )
    return {o.id: (o, m) for o, m in db.session.execute(select.where(Organisation.id.in_(ids)))}


def _note(remark: str, fields: dict[str, str]) -> str:
    """Remarks as the history shows them."""
    return "\n".join(
        filter(None, [remark, *(f"{applications.label_of(name)}: {text}" for name, text in fields.items())])
    )
