"""Ticking who came, session by session, and adding who came without registering."""

from __future__ import annotations

import re

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.events import attendance, forms, registering, registrations
from crm.events.attendance import Tick
from crm.events.events import Event, EventSession
from crm.events.office import area
from crm.events.office.finding import event_or_404, session_or_404
from crm.events.registrations import LARGEST_PARTY, Attendance, Registration
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _, gettext, ngettext
from crm.web.forms import done
from crm.web.listing import Column, Listing, ListPage
from crm.web.templating import page

SHOWN = re.compile(r"(\d{1,18}):(present|absent|)")
LISTING = Listing(
    name="attendance",
    title=_("Attendance"),
    columns=[
        Column("name", _("Name"), sort=Registration.name),
        Column("organisation", _("Organisation or affiliation"), sort=Registration.organisation),
        Column("party_size", _("Persons"), kind="number"),
        Column("attended", _("Attendance"), kind="status"),
        Column("came", _("Persons who came"), kind="number"),
    ],
    order=[Registration.name, Registration.id],
    search=registrations.named_like,
    per_page=200,
)


@area.get("/<int:event_id>/attendance")
@requires(Permission.REGISTRATIONS_READ)
def attendance_of_event(event_id: int) -> ResponseReturnValue:
    """The session of today, else the first: its attendance."""
    event = event_or_404(event_id)
    begun = [s for s in event.sessions if s.has_started] or event.sessions[:1]
    if not begun:
        return done(url_for(".show", event_id=event.id), _("This event has no session yet."), "info")
    return _page(event, begun[-1], forms.WalkInForm())


@area.get("/<int:event_id>/attendance/<int:session_id>")
@requires(Permission.REGISTRATIONS_READ)
def attending(event_id: int, session_id: int) -> ResponseReturnValue:
    """Everyone with a seat, to be ticked."""
    event = event_or_404(event_id)
    session = session_or_404(event, session_id)
    return _listing(session).exit() or _page(event, session, forms.WalkInForm())


@area.post("/<int:event_id>/attendance/<int:session_id>")
@requires(Permission.REGISTRATIONS_EDIT)
def take_attendance(event_id: int, session_id: int) -> ResponseReturnValue:
    """Keep what was ticked on the page that was shown."""
    event = event_or_404(event_id)
    session = session_or_404(event, session_id)
    with act(Kind.ATTENDANCE_TAKEN, about=event):
        changed = attendance.take(session, _ticks(), rest_absent=bool(request.form.get("rest_absent")))
        here = url_for(".attending", event_id=event.id, session_id=session.id, q=request.args.get("q") or None)
        return done(here, ngettext("%(num)d entry was changed.", "%(num)d entries were changed.", changed))


@area.post("/<int:event_id>/attendance/<int:session_id>/walk-in")
@requires(Permission.REGISTRATIONS_EDIT)
def add_walk_in(event_id: int, session_id: int) -> ResponseReturnValue:
    """Someone came without registering."""
    event, form = event_or_404(event_id), forms.WalkInForm()
    session = session_or_404(event, session_id)
    if form.validate():
        with form.refusals(), act(Kind.ATTENDANCE_TAKEN, about=event):
            visitor = registering.Visitor(
                form.name.data, form.email.data, form.organisation.data, form.party_size.data or 1
            )  # fmt: skip
            registering.walk_in(session.id, visitor)
            here = url_for(".attending", event_id=event.id, session_id=session.id)
            return done(here, _("%(name)s was added as present.", name=form.name.data))
    return _page(event, session, form, 422)


def _listing(session: EventSession) -> ListPage:
    return LISTING.of(attendance.listed(session).order_by(None))


def _page(event: Event, session: EventSession, form: forms.WalkInForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "events/office/attendance.html", status, event=event, session=session, form=form, listing=_listing(session),
        counts=attendance.counts(event), words=forms.session_words, may_walk_in=session.starts_at - registering.WALK_IN_FROM,
    )  # fmt: skip


def _ticks() -> dict[int, Tick]:
    """What the page showed (``shown``: id and state), what is ticked (``present``), how many came (``came-<id>``)."""
    present = set(request.form.getlist("present"))
    ticks = {}
    for shown in request.form.getlist("shown"):
        match = SHOWN.fullmatch(shown)
        if match is None:
            raise BadRequest("shown")
        number, state = match.groups()
        ticks[int(number)] = Tick(Attendance(state) if state else None, number in present, _came(number))
    return ticks


def _came(number: str) -> int | None:
    typed = request.form.get(f"came-{number}", "").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 3 and 1 <= int(typed) <= LARGEST_PARTY):
        raise Refused(gettext("From %(least)s to %(most)s.", least=1, most=LARGEST_PARTY), field="came")
    return int(typed)
