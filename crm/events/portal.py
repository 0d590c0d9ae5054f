"""Events in the members' pages: what comes, registering colleagues, and what the organisation's own people registered."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload
from werkzeug.exceptions import NotFound

from crm import clock, text
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.events import colleagues, events, questions, registering, registrations, seating
from crm.events.events import Audience, Event, EventSession
from crm.events.forms import ColleaguesForm
from crm.events.registering import Visitor
from crm.events.registrations import Ending, Registration
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import people
from crm.organisations.people import Person
from crm.organisations.portal import current_organisation, current_person, holds
from crm.organisations.portal_rights import PortalRight
from crm.text import _
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.templating import page

area = portal_area("events", __name__)

COMING = Listing(
    "events", [Column("title", _("Event title"))], [events.first_start().asc(), Event.id], search=events.called_like,
    per_page=20,
)  # fmt: skip
SHOWN = 200  # registrations on one page


@area.get("/")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.EVENTS_REGISTER)
def index() -> ResponseReturnValue:
    """Events to come, and the organisation's own registrations."""
    select = events.visible().where(events.last_end() > clock.now()).options(selectinload(Event.sessions))
    listing = COMING.of(select)
    sessions = [session for row in listing.rows for session in row.item.sessions]
    mine = db.session.scalars(registrations.made_for(current_organisation()).limit(SHOWN)).all()
    return page(
        "events/portal/events.html", listing=listing, availability=_availability(sessions), registrations=mine,
        may_cancel={one.id for one in mine if registering.may_cancel(one)},
    )  # fmt: skip


@area.get("/<slug>")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.EVENTS_REGISTER)
def registration(slug: str) -> ResponseReturnValue:
    """Whom to register for an event."""
    event = _event(slug)
    return _show(event, _form(event))


@area.post("/<slug>")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.EVENTS_REGISTER)
def register(slug: str) -> ResponseReturnValue:
    """Register them: each a seat or a place on the waiting list, by the rules everyone registers by."""
    event = _event(slug)
    form = _form(event)
    if form.validate() and form.session_id is not None:
        with form.refusals(), act(Kind.REGISTERED, about=event):
            made = colleagues.register(form.session_id, _visitors(form), by=current_person())
            waiting = sum(one.offer_until is None and one.state.value == "waiting" for one in made)
            said = _("Registered. The confirmations are on their way.")
            some = _("Registered. On the waiting list: %(number)s. The letters say who.", number=waiting)
            return done(url_for(".index"), some if waiting else said, "warning" if waiting else "success")
    return _show(event, form, 422)


@area.post("/registrations/<int:registration_id>/cancel")
@requires(Permission.PROFILE_OWN)
@holds(PortalRight.EVENTS_REGISTER)
def cancel(registration_id: int) -> ResponseReturnValue:
    """Give up the seat or the place in line of someone the organisation registered."""
    mine = _own(registration_id)
    with act(Kind.REGISTRATION_CANCELLED, about=mine):
        registering.cancel(mine.id, Ending.PERSON)
        return done(url_for(".index"), _("The registration of %(name)s has been cancelled.", name=mine.name))


def _form(event: Event) -> ColleaguesForm:
    open_sessions = [session for session in event.sessions if event.closed_reason(session) is None]
    form = ColleaguesForm.asking(event, open_sessions or list(event.sessions))
    assert isinstance(form, ColleaguesForm)
    form.colleagues.choices = [(str(one.id), one.name) for one in _people()]
    return form


def _visitors(form: ColleaguesForm) -> list[Visitor]:
    """Those who were chosen, and someone else by name. Raises ``Refused`` for who is no colleague."""
    known = {str(one.id): one for one in _people()}
    chosen = [str(value) for value in form.colleagues.data or ()]
    if not set(chosen) <= set(known):
        raise Refused(_("Please choose one of the list."), field="colleagues")
    organisation, version = current_organisation().name, registering.notice()[1]
    named = [(one.name, one.email, one.locale) for one in map(known.__getitem__, chosen)]
    if form.name.data:
        named.append((form.name.data, form.email.data or "", text.locale()))
    elif form.email.data:
        raise Refused(_("A name is needed."), field="name")
    return [
        Visitor(name=name, email=email, organisation=organisation, locale=locale, answers=form.answers, notice_version=version)
        for name, email, locale in named
    ]  # fmt: skip


def _people() -> list[Person]:
    today = clock.today()
    return [one for one in db.session.scalars(people.at(current_organisation())) if one.is_here_on(today)]


def _show(event: Event, form: ColleaguesForm, status: int = 200) -> ResponseReturnValue:
    reasons = [event.closed_reason(session) for session in event.sessions]
    mine = registrations.made_for(current_organisation()).where(EventSession.event_id == event.id)
    return page(
        "events/portal/register.html", status, event=event, form=form, notice=registering.notice()[0],
        closed=None if event.registration_open else next(iter(reasons), _("Registration has closed.")),
        availability=_availability(event.sessions), registrations=db.session.scalars(mine).all(),
    )  # fmt: skip


def _event(slug: str) -> Event:
    event = questions.with_form(slug)
    if event is None or not event.is_visible or event.audience is Audience.INVITATION:
        raise NotFound
    return event


def _own(registration_id: int) -> Registration:
    mine: sa.Select[Registration] = registrations.made_for(current_organisation())
    found = db.session.scalars(mine.where(Registration.id == registration_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _availability(sessions: list[EventSession]) -> dict[int, seating.Availability]:
    seats = seating.seats_by_session(sessions)
    return {one.id: seating.availability(one, seats[one.id]) for one in sessions}
