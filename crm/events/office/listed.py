"""Who is on an event's lists: the list with its answers, one registration, adding by hand, correcting, cancelling."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager, joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.events import forms, registering, registrations, seating, tickets
from crm.events.events import Event, EventSession
from crm.events.office import area
from crm.events.office.finding import event_or_404, registration_or_404
from crm.events.registrations import Attendance, Ending, Registration, RegistrationState, Source
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import Form, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

COLUMNS = (
    Column("name", _("Name"), sort=Registration.name),
    Column("email", _("Mail address"), sort=Registration.email),
    Column("organisation", _("Organisation or affiliation"), sort=Registration.organisation),
    Column("state", _("State"), kind="status", sort=Registration.state),
    Column("party_size", _("Persons"), kind="number", sort=Registration.party_size),
    Column("attended", _("Attendance"), kind="status", sort=Registration.attended),
    Column("registered_at", _("Registered at"), kind="moment", sort=Registration.id),
)
ONLY_IN_FILES = (
    Column("came", _("Persons who came"), kind="number"),
    Column("source", _("How they registered")),
    Column("recognised", _("Recognised as"), "recognised.name"),
)


@area.get("/<int:event_id>/registrations")
@requires(Permission.REGISTRATIONS_READ)
def listed(event_id: int) -> ResponseReturnValue:
    """Everyone on an event's lists; in files with the answers as columns."""
    event = event_or_404(event_id)
    whole = (contains_eager(Registration.session), joinedload(Registration.recognised))
    select = registrations.of_event(event).options(*whole)
    listing = _listing(event).of(select, url=lambda row: url_for(".registration", registration_id=row.id))
    return listing.exit() or page(
        "events/office/registrations.html", event=event, listing=listing,
        seats=seating.seats_by_session(list(event.sessions)),
    )  # fmt: skip


@area.get("/registrations/<int:registration_id>")
@requires(Permission.REGISTRATIONS_READ)
def registration(registration_id: int) -> ResponseReturnValue:
    """One registration: state, answers, letters' page, what was done to it."""
    mine = registration_or_404(registration_id)
    return _one_page(mine, forms.CorrectionForm.of(mine))


@area.post("/registrations/<int:registration_id>")
@requires(Permission.REGISTRATIONS_EDIT)
def correct_registration(registration_id: int) -> ResponseReturnValue:
    """Correct name, mail address or organisation."""
    mine, form = registration_or_404(registration_id), forms.CorrectionForm()
    if form.validate():
        with form.refusals(), act(Kind.REGISTRATION_CHANGED, about=mine):
            form.check_version(mine)
            mine.correct(**form.values())
            return done(url_for(".registration", registration_id=mine.id), _("Saved."))
    return _one_page(mine, form, 422)


@area.post("/registrations/<int:registration_id>/cancel")
@requires(Permission.REGISTRATIONS_EDIT)
def cancel_registration(registration_id: int) -> ResponseReturnValue:
    """End a registration; the person is told and the seat passes on."""
    mine = registration_or_404(registration_id)
    with act(Kind.REGISTRATION_CANCELLED, about=mine):
        registering.cancel(mine.id, Ending.OFFICE)
        return done(url_for(".registration", registration_id=mine.id), _("The registration has been cancelled."))


@area.get("/<int:event_id>/registrations/new")
@requires(Permission.REGISTRATIONS_EDIT)
def new_registration(event_id: int) -> ResponseReturnValue:
    """The form for someone who registered by telephone."""
    event = event_or_404(event_id)
    return _hand_page(event, forms.HandForm.asking(event, _coming(event)))


@area.post("/<int:event_id>/registrations/new")
@requires(Permission.REGISTRATIONS_EDIT)
def add_registration(event_id: int) -> ResponseReturnValue:
    """Register someone by hand: outside the registration period too, but not past who waits."""
    event = event_or_404(event_id)
    form = forms.HandForm.asking(event, _coming(event))
    if form.validate() and form.session_id is not None:
        with form.refusals(), act(Kind.REGISTERED) as deed:
            made = registering.register(form.session_id, form.visitor(), Source.OFFICE)
            deed.about = made
            seated = made.state is RegistrationState.CONFIRMED
            words = (
                _("The place is confirmed.") if seated else _("There is no place free. They are on the waiting list.")
            )
            return done(url_for(".listed", event_id=event.id), words, "success" if seated else "warning")
    return _hand_page(event, form, 422)


def _listing(event: Event) -> Listing:
    columns = list(COLUMNS)
    sessions = [(str(s.id), forms.session_words(s)) for s in event.sessions]
    filters = [
        choice_filter("state", _("State"), Registration.state, RegistrationState),
        choice_filter("attended", _("Attendance"), Registration.attended, Attendance),
    ]
    if len(sessions) > 1:
        columns.insert(3, Column("session", _("Session"), lambda r: r.session.starts_at, kind="moment"))
        filters.insert(0, Filter("session", _("Session"), lambda: sessions, _of_session))
    if request.args.get("format"):
        columns += [*ONLY_IN_FILES, *_answer_columns(event)]
    return Listing(
        name=f"registrations-{event.slug}", title=event.title[:31], columns=columns, filters=filters,
        order=[Registration.session_id, Registration.id], search=registrations.named_like,
    )  # fmt: skip


def _of_session(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    return select.where(Registration.session_id == int(value))


def _answer_columns(event: Event) -> list[Column]:
    """A column for every question as it was asked: one that was reworded after answers has two."""
    order = {question.id: question.position for question in event.questions}
    rows = db.session.scalars(registrations.of_event(event).with_only_columns(Registration.answers))
    asked = {(a["question"], a["text"]) for answers in rows for a in answers}
    asked |= {(question.id, question.text) for question in event.questions}
    ordered = sorted(asked, key=lambda each: (order.get(each[0], 1_000), each[0], each[1]))
    return [Column(f"q{number}", text, _answer_to(number, text)) for number, text in ordered]


def _answer_to(number: int, text: str) -> Any:
    def answer(row: Registration) -> Any:
        given = [a["value"] for a in row.answers if (a["question"], a["text"]) == (number, text)]
        value = given[0] if given else None
        return "、".join(value) if isinstance(value, list) else value

    return answer


def _coming(event: Event) -> list[EventSession]:
    return [s for s in event.sessions if not s.has_started] or list(event.sessions)


def _one_page(mine: Registration, form: Form, status: int = 200) -> ResponseReturnValue:
    return page(
        "events/office/registration.html", status, registration=mine, event=mine.session.event, form=form,
        entries=timeline.of(mine), own_url=tickets.own_url(mine),
    )  # fmt: skip


def _hand_page(event: Event, form: forms.PersonForm, status: int = 200) -> ResponseReturnValue:
    return page("events/office/registration_new.html", status, event=event, form=form)
