"""What everyone sees of events: the list, an event's page, registering, and the page of one's own registration."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm import clock
from crm.db import db
from crm.documents import files
from crm.events import events, forms, questions, registering, registrations, seating, tickets, waitlist
from crm.events.events import Event, EventSession
from crm.events.registrations import Ending, Registration, RegistrationState
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.audiences import public_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.safety import limiter, public_rate
from crm.web.templating import page, part

area = public_area("events", __name__)

TITLE = Column("title", _("Event title"))
COMING = Listing("events", [TITLE], [events.first_start().asc(), Event.id], search=events.called_like, per_page=20)
PAST = Listing("events", [TITLE], [events.first_start().desc(), Event.id], search=events.called_like, per_page=20)


@area.get("/events/")
def index() -> ResponseReturnValue:
    """Events to come; with ``when=past`` those that were."""
    past = request.args.get("when") == "past"
    over = events.last_end() <= clock.now()
    select = events.visible().where(over if past else ~over).options(selectinload(Event.sessions))
    listing = (PAST if past else COMING).of(select)
    sessions = [s for row in listing.rows for s in row.item.sessions]
    return page(
        "events/public/list.html", listing=listing, past=past, availability=_availability(sessions)
    )  # fmt: skip


@area.get("/events/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """An event's page."""
    event = _event(slug)
    return page(
        "events/public/event.html", event=event, availability=_availability(event.sessions),
        key=request.args.get("key", "")[:100],
        invited=event.audience is events.Audience.PUBLIC or event.audience is events.Audience.MEMBERS
        or registering.is_invited(event, request.args.get("key", "")),
    )  # fmt: skip


@area.get("/events/<slug>/register")
def registration(slug: str) -> ResponseReturnValue:
    """The registration form."""
    event = _event(slug)
    form = forms.RegistrationForm.asking(event, _open_sessions(event))
    form.key.data = request.args.get("key", "")[:100]
    return _form_page(event, form)


@area.post("/events/<slug>/register")
@limiter.limit(public_rate)
def register(slug: str) -> ResponseReturnValue:
    """Register: 303 to the registration's own page, which says whether there is a seat."""
    event = _event(slug)
    open_sessions = _open_sessions(event)
    form = forms.RegistrationForm.asking(event, open_sessions or list(event.sessions))
    if form.validate() and form.session_id is not None:
        with form.refusals(), act(Kind.REGISTERED) as deed:
            made = registering.register(form.session_id, form.visitor())  # type: ignore[attr-defined]
            deed.about = made
            return done(url_for(".own", token=tickets.own_token(made)))
    return _form_page(event, form, 422)


@area.get("/registrations/<token>")
def own(token: str) -> ResponseReturnValue:
    """One's own registration: state, ticket, calendar file, and the buttons to answer an offer or cancel."""
    mine = _own(token)
    ahead = 0
    if mine.state is RegistrationState.WAITING:
        ahead = len([r for r in db.session.scalars(waitlist.in_line(mine.session)) if r.id < mine.id])
    body = page(
        "events/public/own.html", registration=mine, event=mine.session.event, token=token, ahead=ahead,
        may_cancel=registering.may_cancel(mine), offer_stands=not mine.offer_has_lapsed,
    )  # fmt: skip
    body.headers["X-Robots-Tag"] = "noindex"  # type: ignore[union-attr]
    return body


@area.get("/registrations/<token>/ticket.svg")
def ticket(token: str) -> ResponseReturnValue:
    """The ticket's code as a picture, for who has a seat."""
    mine = _own(token)
    if mine.state is not RegistrationState.CONFIRMED:
        raise NotFound
    return Response(tickets.qr_svg(tickets.ticket(mine)), mimetype="image/svg+xml")


@area.get("/registrations/<token>/calendar.ics")
def calendar(token: str) -> ResponseReturnValue:
    """The session for one's calendar, for who has a seat."""
    mine = _own(token)
    file = mine.session.calendar
    if mine.state is not RegistrationState.CONFIRMED or file is None:
        raise NotFound
    answer = Response(files.read(file), content_type="text/calendar; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    return answer


@area.post("/registrations/<token>/cancel")
@limiter.limit(public_rate)
def cancel(token: str) -> ResponseReturnValue:
    """Give up one's seat or place in line."""
    said = _("Your registration has been cancelled.")
    return _answered(token, Kind.REGISTRATION_CANCELLED, lambda number: registering.cancel(number, Ending.PERSON), said)


@area.post("/registrations/<token>/accept")
@limiter.limit(public_rate)
def accept(token: str) -> ResponseReturnValue:
    """Take the seat that was offered."""
    return _answered(token, Kind.OFFER_ACCEPTED, waitlist.accept, _("The place is yours."))


@area.post("/registrations/<token>/decline")
@limiter.limit(public_rate)
def decline(token: str) -> ResponseReturnValue:
    """Leave the seat that was offered to the next."""
    said = _("Thank you for telling us. The place goes to the next in line.")
    return _answered(token, Kind.OFFER_DECLINED, waitlist.decline, said)


def _answered(token: str, kind: Kind, doing: Callable[[int], object], said: object) -> ResponseReturnValue:
    """What someone decides about their own registration; ``doing`` takes its id."""
    mine = _own(token)
    with act(kind, about=mine):
        doing(mine.id)
        return done(url_for(".own", token=token), said)


def _form_page(event: Event, form: forms.PersonForm, status: int = 200) -> ResponseReturnValue:
    reasons = [event.closed_reason(s) for s in event.sessions]
    words, version = registering.notice()
    if not form.is_sent:
        form.notice_version.data = version  # type: ignore[attr-defined]
    return page(
        "events/public/register.html", status, event=event, form=form,
        fields=_fields(event, form, words, version),
        closed=None if event.registration_open else next(iter(reasons), _("Registration has closed.")),
        availability=_availability(event.sessions),
    )  # fmt: skip


def _fields(event: Event, form: forms.PersonForm, words: str, version: str) -> Markup:
    """The form's fields; those of a form nobody has filled in yet are drawn once for all who are shown the same words."""
    offered = form["session"].choices if "session" in form else ()
    key = (
        event.slug, event.party_limit, version, tuple(map(tuple, offered)),
        tuple((q.id, q.kind, q.is_required, q.spoken("text"), q.spoken("help"), *q.choices()) for q in event.questions),
    )  # fmt: skip
    return part("events/public/_fields.html", None if form.is_sent else key, event=event, form=form, notice=words)


def _event(slug: str) -> Event:
    event = questions.with_form(slug)
    if event is None or not event.is_visible:
        raise NotFound
    return event


def _own(token: str) -> Registration:
    code = tickets.code_of(token)
    mine = code and registrations.with_event(code)
    if not mine:
        raise NotFound
    return mine


def _open_sessions(event: Event) -> list[EventSession]:
    return [s for s in event.sessions if event.closed_reason(s) is None]


def _availability(sessions: list[EventSession]) -> dict[int, seating.Availability]:
    """What each session's line says, by one query for all."""
    seats = seating.seats_by_session(sessions)
    return {s.id: seating.availability(s, seats[s.id]) for s in sessions}
