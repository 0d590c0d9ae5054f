"""Events in the office: the list, making, changing, publishing, calling off and repeating one."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.config import settings
from crm.events import arranging, events, forms, seating
from crm.events.events import Event, EventKind, EventSession, EventState
from crm.events.office import area
from crm.events.office.finding import event_or_404
from crm.events.registrations import Registration, RegistrationState, seated
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _, ngettext
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page


def _persons(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """How many persons of an event's registrations satisfy a condition."""
    counted = (
        sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Registration.party_size), 0), sa.BigInteger))
        .join(EventSession, EventSession.id == Registration.session_id)
        .where(EventSession.event_id == Event.id, condition)
    )
    return counted.correlate(Event).scalar_subquery()


BEGINS = events.first_start().label("begins")
SEATED = _persons(seated()).label("seated")
WAITING = _persons(Registration.state == RegistrationState.WAITING).label("waiting")


def _when(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    over = events.last_end() <= clock.now()
    return select.where({"past": over, "coming": sa.or_(~over, events.last_end().is_(None))}[value])


LISTING = Listing(
    name="events",
    title=_("Events"),
    columns=[
        Column("title", _("Event title"), lambda row: row[0].title, sort=Event.title),
        Column("begins", _("Starts"), lambda row: row.begins, kind="moment", sort=BEGINS),
        Column("kind", _("Kind"), lambda row: row[0].kind, sort=Event.kind),
        Column("state", _("State"), lambda row: row[0].state, kind="status", sort=Event.state),
        Column("seated", _("Seats taken"), lambda row: row.seated, kind="number", sort=SEATED),
        Column("waiting", _("On the waiting list"), lambda row: row.waiting, kind="number", sort=WAITING),
    ],
    order=[BEGINS.desc(), Event.id.desc()],
    search=events.called_like,
    filters=[
        Filter("when", _("Date and time"), lambda: [("coming", _("Coming")), ("past", _("Past"))], _when),
        choice_filter("state", _("State"), Event.state, EventState),
        choice_filter("kind", _("Kind"), Event.kind, EventKind),
    ],
)


@area.get("/")
@requires(Permission.EVENTS_READ)
def index() -> ResponseReturnValue:
    """All events."""
    select: Any = sa.select(Event, BEGINS, SEATED, WAITING)
    listing = LISTING.of(select, url=lambda row: url_for(".show", event_id=row[0].id))
    return listing.exit() or page("events/office/events.html", listing=listing)


@area.get("/<int:event_id>")
@requires(Permission.EVENTS_READ)
def show(event_id: int) -> ResponseReturnValue:
    """One event: what it is, its sessions with their seats, what was done to it."""
    return _show(event_or_404(event_id), forms.CallOffForm())


@area.get("/new")
@requires(Permission.EVENTS_EDIT)
def new() -> ResponseReturnValue:
    """The form for a new event."""
    form = forms.NewEventForm(kind=EventKind.CARE_SEMINAR, party_limit=1)
    form.audience.data, form.language.data = events.Audience.PUBLIC, events.EventLanguage.JAPANESE
    return page("events/office/edit.html", form=form, event=None)


@area.post("/new")
@requires(Permission.EVENTS_EDIT)
def create() -> ResponseReturnValue:
    """Make an event with its first session, as a draft."""
    form = forms.NewEventForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_CREATED) as deed:
            values = form.values()
            times = values.pop("starts_at"), values.pop("ends_at"), values.pop("capacity")
            slug = values.pop("slug") or events.free_slug(f"event-{clock.day_of(times[0]):%Y%m%d}")
            made = events.adding(slug, values.pop("title"), values.pop("kind"), **values)
            arranging.add_session(made, *times)
            deed.about = made
            return done(
                url_for(".show", event_id=made.id), _("The event was saved as a draft. Publish it when it is ready.")
            )
    return page("events/office/edit.html", 422, form=form, event=None)


@area.get("/<int:event_id>/edit")
@requires(Permission.EVENTS_EDIT)
def edit(event_id: int) -> ResponseReturnValue:
    """The form that changes an event."""
    event = event_or_404(event_id)
    return page("events/office/edit.html", form=forms.EventForm.of(event), event=event)


@area.post("/<int:event_id>/edit")
@requires(Permission.EVENTS_EDIT)
def save(event_id: int) -> ResponseReturnValue:
    """Change an event's own fields."""
    event, form = event_or_404(event_id), forms.EventForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_CHANGED, about=event):
            form.check_version(event)
            values = form.values()
            arranging.change(event, **{**values, "slug": values["slug"] or event.slug})
            return done(url_for(".show", event_id=event.id), _("Saved."))
    return page("events/office/edit.html", 422, form=form, event=event)


@area.post("/<int:event_id>/publish")
@requires(Permission.EVENTS_EDIT)
def publish(event_id: int) -> ResponseReturnValue:
    """Show the event to everyone it is for."""
    event = event_or_404(event_id)
    with act(Kind.EVENT_PUBLISHED, about=event):
        arranging.publish(event)
        return done(url_for(".show", event_id=event.id), _("The event is published."))


@area.post("/<int:event_id>/call-off")
@requires(Permission.EVENTS_EDIT)
def call_off(event_id: int) -> ResponseReturnValue:
    """Cancel the whole event; everyone registered is told."""
    event, form = event_or_404(event_id), forms.CallOffForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_CANCELLED, about=event, note=form.reason.data):
            told = len(arranging.call_off(event, form.reason.data))
            words = ngettext("The event is called off. %(num)d letter was written.",
                             "The event is called off. %(num)d letters were written.", told)  # fmt: skip
            return done(url_for(".show", event_id=event.id), words)
    return _show(event, form, 422)


@area.get("/<int:event_id>/repeat")
@requires(Permission.EVENTS_EDIT)
def repeating(event_id: int) -> ResponseReturnValue:
    """The form for the same event on another day."""
    return page("events/office/repeat.html", event=event_or_404(event_id), form=forms.RepeatForm())


@area.post("/<int:event_id>/repeat")
@requires(Permission.EVENTS_EDIT)
def repeat(event_id: int) -> ResponseReturnValue:
    """Make the same event once more, as a draft on another day."""
    event, form = event_or_404(event_id), forms.RepeatForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_CREATED) as deed:
            day: date = form.values()["first_day"]
            again = arranging.repeat(event, form.slug.data or events.free_slug(f"event-{day:%Y%m%d}"), day)
            deed.about = again
            return done(url_for(".edit", event_id=again.id), _("A copy was made as a draft. Please check it."))
    return page("events/office/repeat.html", 422, event=event, form=form)


def _show(event: Event, form: forms.CallOffForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "events/office/event.html", status, event=event, form=form, seats=seating.seats_by_session(list(event.sessions)),
        entries=timeline.of(event), public_url=f"{settings().base_url}/events/{event.slug}",
    )  # fmt: skip
