"""The sessions of an event: adding, changing time and capacity, removing one nobody registered for."""

from __future__ import annotations

from datetime import timedelta

from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.events import arranging, forms, seating
from crm.events.events import Event, EventSession
from crm.events.office import area
from crm.events.office.finding import event_or_404, session_or_404
from crm.events.office.parts import Parts
from crm.history.kinds import Kind
from crm.text import _
from crm.web.forms import Form
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
    return SESSIONS.add(
        event_id, lambda event, values: arranging.add_session(event, **values), _("The session was added.")
    )


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
    return SESSIONS.save(
        event_id, session_id, lambda session, values: arranging.change_session(session.id, **values)
    )  # fmt: skip


@area.post("/<int:event_id>/sessions/<int:session_id>/remove")
@requires(Permission.EVENTS_EDIT)
def remove_session(event_id: int, session_id: int) -> ResponseReturnValue:
    """Remove a session nobody ever registered for."""
    return SESSIONS.press(event_id, session_id, arranging.remove_session, _("The session was removed."))


def _form_page(event: Event, session: EventSession | None, form: Form, status: int = 200) -> ResponseReturnValue:
    seats = seating.seats_of(session) if session is not None else None
    return page("events/office/session.html", status, event=event, session=session, form=form, seats=seats)


def _saved(session: EventSession, form: Form) -> Kind:
    """More or less room is an act of its own kind."""
    is_same = form["capacity"].data == session.capacity
    return Kind.EVENT_SESSIONS_CHANGED if is_same else Kind.EVENT_CAPACITY_CHANGED


SESSIONS = Parts(forms.SessionForm, session_or_404, _form_page, ".show", Kind.EVENT_SESSIONS_CHANGED, _saved)
