"""The register of requests (開示・訂正・利用停止・消去): entering one, checking who asks, answering with a letter."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.privacy import letters, requests
from crm.privacy.forms import AnswerForm, IdentityForm, RequestForm
from crm.privacy.office import BIGGEST_ID, area, meant
from crm.privacy.requests import OPEN, PrivacyRequest, RequestKind, RequestOutcome, RequestState
from crm.text import _
from crm.web.forms import Form, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page


def _standing(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value not in ("open", "closed"):
        raise ValueError(value)
    return select.where(PrivacyRequest.state.in_(OPEN) if value == "open" else PrivacyRequest.state.not_in(OPEN))


LISTING = Listing(
    name="privacy-requests",
    title=_("Requests about personal data"),
    columns=[
        Column("number", _("Number"), sort=PrivacyRequest.number),
        Column("kind", _("What is asked for"), sort=PrivacyRequest.kind),
        Column("name", _("Name"), sort=PrivacyRequest.name),
        Column("received_on", _("Request received on"), kind="day", sort=PrivacyRequest.received_on),
        Column("due_on", _("Answer by"), kind="day", sort=PrivacyRequest.due_on),
        Column("state", _("State"), kind="status", sort=PrivacyRequest.state),
        Column("outcome", _("Answer")),
    ],
    order=[PrivacyRequest.state.not_in(OPEN), PrivacyRequest.due_on, PrivacyRequest.id],
    search=lambda words: sa.or_(
        PrivacyRequest.name.icontains(words, autoescape=True), PrivacyRequest.number.icontains(words, autoescape=True)
    ),
    filters=[
        Filter(
            "standing",
            _("Answered or not"),
            lambda: [("open", _("To be answered")), ("closed", _("Answered or withdrawn"))],
            _standing,
        ),
        choice_filter("kind", _("What is asked for"), PrivacyRequest.kind, RequestKind),
    ],
)


@area.get("/")
@requires(Permission.PRIVACY_MANAGE)
def index() -> ResponseReturnValue:
    """Every request, open ones first."""
    listing = LISTING.of(sa.select(PrivacyRequest), url=lambda one: url_for(".request_", request_id=one.id))
    return listing.exit() or page("privacy/office/index.html", listing=listing)


@area.get("/requests/new")
@requires(Permission.PRIVACY_MANAGE)
def new_request() -> ResponseReturnValue:
    """The form for a request that came in."""
    return page("privacy/office/new_request.html", form=RequestForm(data={"received_on": clock.today()}))


@area.post("/requests/new")
@requires(Permission.PRIVACY_MANAGE)
def receive() -> ResponseReturnValue:
    """Enter it; the person is told that it came, where there is a mail address."""
    form = RequestForm()
    if form.validate():
        with form.refusals(), act(Kind.PRIVACY_REQUEST_RECEIVED) as deed:
            values = form.values()
            person = meant(said, "person") if (said := values.pop("person") or "") else None
            deed.about = made = requests.receive(values.pop("kind"), values.pop("name"), person=person, **values)
            db.session.flush()
            letters.received(made)
            return done(url_for(".request_", request_id=made.id), _("Entered. Next check who asks."))
    return page("privacy/office/new_request.html", 422, form=form)


@area.get("/requests/<int:request_id>")
@requires(Permission.PRIVACY_MANAGE)
def request_(request_id: int) -> ResponseReturnValue:
    """One request with its steps."""
    return _show(_found(request_id))


@area.post("/requests/<int:request_id>/identity")
@requires(Permission.PRIVACY_MANAGE)
def check_identity(request_id: int) -> ResponseReturnValue:
    """Note by what it was checked who asks."""
    asked, form = _found(request_id), IdentityForm()
    if form.validate():
        with form.refusals(), act(Kind.PRIVACY_REQUEST_CHECKED, about=asked):
            form.check_version(asked)
            person = meant(form.identified.data, "identified") if form.identified.data else None
            asked.check_identity(form.identity_how.data, person=person, on=form.checked_on.data)
            return done(url_for(".request_", request_id=request_id), _("Saved."))
    return _show(_found(request_id), form)


@area.post("/requests/<int:request_id>/answer")
@requires(Permission.PRIVACY_MANAGE)
def answer(request_id: int) -> ResponseReturnValue:
    """Close it with an answer, by mail if wanted."""
    asked, form = _found(request_id), AnswerForm()
    if form.validate():
        with form.refusals(), act(Kind.PRIVACY_REQUEST_ANSWERED, about=asked):
            form.check_version(asked)
            asked.answer(form.outcome.data, form.reason.data or "", on=form.answered_on.data)
            if form.send.data:
                letters.answered(asked)
            return done(url_for(".request_", request_id=request_id), _("Answered."))
    return _show(_found(request_id), form)


@area.post("/requests/<int:request_id>/withdraw")
@requires(Permission.PRIVACY_MANAGE)
def withdraw(request_id: int) -> ResponseReturnValue:
    """The person takes it back."""
    asked = _found(request_id)
    with act(Kind.PRIVACY_REQUEST_WITHDRAWN, about=asked):
        asked.withdraw(clock.today())
        return done(url_for(".request_", request_id=request_id), _("Saved."))


def _show(asked: PrivacyRequest, sent: Form | None = None) -> ResponseReturnValue:
    today = clock.today()
    identity = sent if isinstance(sent, IdentityForm) else IdentityForm(None, data={"checked_on": today})
    answering = (
        sent
        if isinstance(sent, AnswerForm)
        else AnswerForm(None, data={"answered_on": today, "send": bool(asked.email), "outcome": RequestOutcome.GRANTED})
    )
    for form in (identity, answering):
        form.version.data = form.version.data or str(asked.version)
    return page(
        "privacy/office/request.html", 422 if sent else 200, asked=asked, identity=identity, answering=answering, sent=sent,
        is_late=asked.is_late(today), may_answer=asked.state is RequestState.CHECKED,
    )  # fmt: skip


def _found(request_id: int) -> PrivacyRequest:
    found = db.session.get(PrivacyRequest, request_id) if request_id <= BIGGEST_ID else None
    if found is None:
        raise NotFound
    return found
