"""The sessions of an event: adding, changing time and capacity, removing one nobody registered for."""

from __future__ import annotations

from datetime import timedelta

from flask import url_for
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.events import arranging, forms, seating
from crm.events.events import Event, EventSession
from crm.events.office import area
from crm.events.office.finding import event_or_404, session_or_404
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import Form, done
from crm.web.templating import page


@area.get("/<int:event_id>/sessions/new")
@requires(Permission.EVENTS_EDIT)
def new_session(event_id: int) -> ResponseReturnValue:
    """The form for another session, a week after the last."""
    event = event_or_404(event_id)
    form = forms.SessionForm()
    if event.sessions:
        last, week = event.sessions[-1], timedelta(days=7)
        form.starts_at.data, form.ends_at.data = last.starts_at + week, last.ends_at + week
        form.capacity.data = last.capacity
    return _form_page(event, None, form)


@area.post("/<int:event_id>/sessions/new")
@requires(Permission.EVENTS_EDIT)
def add_session(event_id: int) -> ResponseReturnValue:
    """Add a session."""
    event, form = event_or_404(event_id), forms.SessionForm()
    if form.validate():
        with form.refusals(), act(Kind.EVENT_SESSIONS_CHANGED, about=event):
            arranging.add_session(event, **form.values())
            return done(url_for(".show", event_id=event.id), _("The session was added."))
    return _form_page(event, None, form, 422)


@area.get("/<int:event_id>/sessions/<int:session_id>/edit")
@requires(Permission.EVENTS_EDIT)
def edit_session(event_id: int, session_id: int) -> ResponseReturnValue:
    """The form that changes a session."""
    event = event_or_404(event_id)
    session = session_or_404(event, session_id)
    return _form_page(event, session, forms.SessionForm.of(session))


@area.post("/<int:event_id>/sessions/<int:session_id>/edit")
@requires(Permission.EVENTS_EDIT)
def save_session(event_id: int, session_id: int) -> ResponseReturnValue:
    """Change a session's time, title or capacity. More room confirms who waits, another time is told to everyone."""
    event, form = event_or_404(event_id), forms.SessionForm()
    session = session_or_404(event, session_id)
    if form.validate():
        kind = Kind.EVENT_SESSIONS_CHANGED if form.capacity.data == session.capacity else Kind.EVENT_CAPACITY_CHANGED
        with form.refusals(), act(kind, about=event):
            form.check_version(session)
            arranging.change_session(session.id, **form.values())
            return done(url_for(".show", event_id=event.id), _("Saved."))
    return _form_page(event, session, form, 422)


@area.post("/<int:event_id>/sessions/<int:session_id>/remove")
@requires(Permission.EVENTS_EDIT)
def remove_session(event_id: int, session_id: int) -> ResponseReturnValue:
    """Remove a session nobody ever registered for."""
    event = event_or_404(event_id)
    session = session_or_404(event, session_id)
    with act(Kind.EVENT_SESSIONS_CHANGED, about=event):
        arranging.remove_session(session)
        return done(url_for(".show", event_id=event.id), _("The session was removed."))


def _form_page(event: Event, session: EventSession | None, form: Form, status: int = 200) -> ResponseReturnValue:
    seats = seating.seats_of(session) if session is not None else None
    return page("events/office/session.html", status, event=event, session=session, form=form, seats=seats)
