"""What members ask to have changed of their own data, in the office: the work list, and deciding field by field."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.exceptions import NotFound

from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import change_requests, letters
from crm.organisations.change_requests import ChangeRequest, ChangeState
from crm.organisations.forms import DecisionForm, decision_form
from crm.organisations.office import BIGGEST_ID, area
from crm.organisations.organisations import Organisation, named_like
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

LISTING = Listing(
    name="change-requests",
    title=_("Change requests"),
    columns=[
        Column("organisation", _("Organisation"), value="organisation.name", sort=Organisation.name),
        Column("fields", _("What is to change"), value="words"),
        Column("person", _("Asked by"), value="person.name"),
        Column("asked_at", _("Asked at"), kind="moment", sort=ChangeRequest.asked_at),
        Column("state", _("State"), kind="status", sort=ChangeRequest.state),
    ],
    order=[ChangeRequest.state != ChangeState.OPEN, ChangeRequest.id.desc()],
    search=named_like,
    filters=[choice_filter("state", _("State"), ChangeRequest.state, ChangeState)],
)


@area.get("/changes")
@requires(Permission.ORGANISATIONS_READ)
def changes() -> ResponseReturnValue:
    """The requests, those that wait first."""
    select = (
        sa.select(ChangeRequest)
        .join(ChangeRequest.organisation)
        .options(
            joinedload(ChangeRequest.organisation), joinedload(ChangeRequest.person), selectinload(ChangeRequest.fields)
        )
    )
    listing = LISTING.of(select, url=lambda request: url_for(".change", request_id=request.id))
    return listing.exit() or page("organisations/office/changes.html", listing=listing)


@area.get("/changes/<int:request_id>")
@requires(Permission.ORGANISATIONS_READ)
def change(request_id: int) -> ResponseReturnValue:
    """One request: what stood there, what is asked for, what stands there now."""
    request = _request(request_id)
    return _show(request, decision_form(request.waiting))


@area.post("/changes/<int:request_id>")
@requires(Permission.ORGANISATIONS_EDIT)
def decide_change(request_id: int) -> ResponseReturnValue:
    """Accept or decline each field, and tell the member."""
    request = _request(request_id)
    form = decision_form(request.waiting)
    if form.validate():
        with form.refusals(), act(Kind.CHANGE_DECIDED, about=request.organisation):
            form.check_version(request.organisation)
            change_requests.decide(
                request, form.accepted(), form.remarks(), form.remark.data or "", by=signed_in_user().name
            )
            letters.changes_decided(request)
            return done(url_for(".change", request_id=request_id), _("Decided. The member is told by letter."))
    return _show(_request(request_id), form, 422)


def _request(request_id: int) -> ChangeRequest:
    found = db.session.get(ChangeRequest, request_id) if request_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound
    return found


def _show(request: ChangeRequest, form: DecisionForm, status: int = 200) -> ResponseReturnValue:
    if not form.is_sent:
        form.version.data = str(request.organisation.version)
    return page(
        "organisations/office/change.html", status, request_=request, organisation=request.organisation, form=form,
        decided=[field for field in request.fields if field not in request.waiting],
        waiting=[(field, form[f"decision_{field.name}"], form[f"remark_{field.name}"]) for field in request.waiting
                 if f"decision_{field.name}" in form],
    )  # fmt: skip
