"""A member's own data in the portal: what the office holds, asking for changes, and what came of them."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import change_requests
from crm.organisations.change_requests import FIELDS, ChangeRequest, ChangeState
from crm.organisations.forms import OwnDataForm
from crm.organisations.portal import current_organisation, current_person, has_right, holds
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.templating import page

area = portal_area("organisation", __name__)
area.add_app_template_global(has_right, "has_right")

SHOWN = 20  # requests on the organisation's page; the older ones are the office's to look up


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """What the office holds about the organisation, and what was asked for."""
    organisation = current_organisation()
    requests = db.session.scalars(change_requests.of(organisation).limit(SHOWN)).all()
    return page(
        "organisations/portal/organisation.html", organisation=organisation, requests=requests, words=FIELDS,
        values=change_requests.values_of(organisation),
        waiting={field.name: field.after for request in requests for field in request.waiting},
    )  # fmt: skip


@area.get("/edit")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.ORGANISATION_CHANGE)
def edit() -> ResponseReturnValue:
    """The form, as it stands today."""
    return _form(OwnDataForm.of(current_organisation()))


@area.post("/edit")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.ORGANISATION_CHANGE)
def ask() -> ResponseReturnValue:
    """Ask for what differs; what may apply at once does."""
    organisation, form = current_organisation(), OwnDataForm()
    if form.validate():
        with form.refusals(), act(Kind.CHANGE_ASKED, about=organisation):
            form.check_version(organisation)
            values = form.values()
            reason, renamed_on = values.pop("reason"), values.pop("renamed_on")
            request = change_requests.ask(
                organisation, current_person(), values, reason=reason or "", renamed_on=renamed_on
            )
            waits = request.state is ChangeState.OPEN
            said = _("We have received it. The office looks at what needs its consent and writes to you.")
            return done(url_for(".show"), said if waits else _("Saved."))
    return _form(form, 422)


@area.get("/requests/<int:request_id>")
@requires(Permission.PROFILE_OWN)
def request(request_id: int) -> ResponseReturnValue:
    """What was asked for at one time, and what came of it."""
    return page("organisations/portal/request.html", request_=_own(request_id))


@area.post("/requests/<int:request_id>/take-back")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.ORGANISATION_CHANGE)
def take_back(request_id: int) -> ResponseReturnValue:
    """No longer ask for what still waits."""
    mine = _own(request_id)
    with act(Kind.CHANGE_TAKEN_BACK, about=mine.organisation):
        change_requests.take_back(mine)
        return done(url_for(".show"), _("The request was taken back."))


def _form(form: OwnDataForm, status: int = 200) -> ResponseReturnValue:
    reviewed = {name for name in FIELDS if not change_requests.applies_at_once(name)}
    return page("organisations/portal/edit.html", status, form=form, reviewed=reviewed)


def _own(request_id: int) -> ChangeRequest:
    mine = change_requests.of(current_organisation()).where(ChangeRequest.id == request_id)
    found = db.session.scalars(mine).one_or_none()
    if found is None:
        raise NotFound
    return found
