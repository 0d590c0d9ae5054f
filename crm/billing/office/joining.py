"""Accepting an application in the office: a preview of everything that will happen, and doing it in one act.

It stands with billing, not with the applications, for the first invoice is part of it.
"""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.billing import joining
from crm.billing.joining import Dates
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import accepting, applications, certificates
from crm.members.accepting import Decision, Preview
from crm.members.applications import Application, ApplicationState
from crm.members.forms import NOBODY, AcceptForm, ChooseForm
from crm.members.office.applications import chosen_form, found, organisation_numbered, review
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.templating import page

area = office_area("joining", __name__, prefix="/applications")


@area.get("/<int:application_id>/accept")
@requires(Permission.APPLICATIONS_REVIEW)
def preview(application_id: int) -> ResponseReturnValue:
    """What accepting as the chosen organisation, class and day would do, before anything is done."""
    application = found(application_id)
    choice = chosen_form(application, formdata=request.args)
    with choice.refusals():
        if choice.validate():
            application.refuse_undecidable()
            return _preview(application, choice, _accept_form(application, choice))
    return review(application, choosing=choice)


@area.post("/<int:application_id>/accept")
@requires(Permission.APPLICATIONS_REVIEW)
def accept(application_id: int) -> ResponseReturnValue:
    """Do it all, unless something changed since it was shown."""
    application, form = found(application_id), AcceptForm()
    choice = chosen_form(application, formdata=request.form)
    if not choice.validate():
        return review(application, choosing=choice)
    if form.validate():
        with form.refusals(), act(Kind.APPLICATION_ACCEPTED, about=application, note=form.minutes.data):
            applications.lock(application)
            application.refuse_undecidable()
            form.check_version(application)
            organisation = _organisation(choice)
            foreseen = accepting.preview(application, organisation, choice.member_class.data, choice.on.data)
            if form.seen.data != _seen(foreseen):
                raise Refused(_("Meanwhile something changed: please look at the preview again."))
            accepted, _invoice = joining.accept(
                application, _decision(choice, form, organisation), by=signed_in_user().name,
                first_invoice=Dates(form.invoice_on.data, form.due_on.data) if form.with_invoice.data else None,
            )  # fmt: skip
            return done(
                url_for("office.members.show", member_id=accepted.member.id), _("Accepted. The letter is on its way.")
            )
    application = found(application_id)
    if not application.is_waiting:
        return review(application, choosing=_with_errors(application, form))
    return _preview(application, choice, form, 422)


def _preview(application: Application, choice: ChooseForm, form: AcceptForm, status: int = 200) -> ResponseReturnValue:
    foreseen = accepting.preview(application, _organisation(choice), choice.member_class.data, choice.on.data)
    no_invoice = joining.no_invoice(foreseen)
    form.seen.data = _seen(foreseen)
    form.version.data = str(application.version)
    if not form.is_sent:
        form.with_invoice.data = foreseen.fee is not None and no_invoice is None
        form.invite.data = foreseen.no_invitation is None
    context: dict[str, Any] = {
        "application": application, "choice": choice, "form": form, "foreseen": foreseen, "no_invoice": no_invoice,
        "board": application.state is ApplicationState.BOARD, "label_of": applications.label_of,
    }  # fmt: skip
    return page("billing/office/joining.html", status, **context)


def _accept_form(application: Application, choice: ChooseForm) -> AcceptForm:
    usual = Dates.usual()
    corporate = choice.member_class.data is MemberClass.CORPORATE
    return AcceptForm(formdata=None, data={
        "organisation": choice.organisation.data, "member_class": choice.member_class.data, "on": choice.on.data,
        "with_certificate": _certified_by_rule(corporate), "invite": True, "invoice_on": usual.issued_on,
        "due_on": usual.due_on,
    })  # fmt: skip


def _certified_by_rule(corporate: bool) -> bool:
    """Whether the office's rule gives a new member of this class a certificate."""
    return corporate or not certificates.only_corporate()


def _decision(choice: ChooseForm, form: AcceptForm, organisation: Organisation | None) -> Decision:
    return Decision(
        organisation=organisation, member_class=choice.member_class.data, on=choice.on.data, overwrite=form.overwrite.data,
        with_certificate=form.with_certificate.data, invite=form.invite.data, board_on=form.board_on.data,
        minutes=form.minutes.data,
    )  # fmt: skip


def _organisation(choice: ChooseForm) -> Organisation | None:
    chosen = choice.organisation.data
    if chosen == NOBODY:
        return None
    organisation = organisation_numbered(chosen)
    if organisation is None:
        raise Refused(_("Please choose one of the list."), field="organisation")
    return organisation


def _seen(foreseen: Preview) -> str:
    """What a preview promised, to be held against what would be done now."""
    fee = foreseen.fee
    amount = fee.amount.amount if fee is not None and fee.amount is not None else ""
    ends = ",".join(str(person.id) for person in foreseen.billing_ends)
    return f"{foreseen.organisation.id if foreseen.organisation else ''}:{amount}:{ends}:{foreseen.changes_class}"


def _with_errors(application: Application, form: AcceptForm) -> ChooseForm:
    """The review's own form carrying the refusal: somebody else decided while this one looked at the preview."""
    choice = chosen_form(application, formdata=None)
    choice.form_errors.extend(form.form_errors)
    return choice
