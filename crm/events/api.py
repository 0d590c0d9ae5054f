"""Events and registrations for programs: ``/api/v1/events…``, ``/api/v1/registrations/{id}/cancel``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import contains_eager, selectinload
from werkzeug.exceptions import BadRequest, NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.events import arranging, events, questions, registering, registrations, seating
from crm.events.events import Audience, Event, EventKind, EventSession, EventState
from crm.events.registrations import Attendance, Ending, Registration, RegistrationState, Source
from crm.events.seating import Seats
from crm.exchange import cells
from crm.exchange.jsonin import NotJson, parse_json
from crm.history.kinds import Kind
from crm.history.recording import Deed, act
from crm.text import _
from crm.values import BadValue
from crm.web.api import MOST, PER_PAGE, listed, whole
from crm.web.audiences import api_area
from crm.web.safety import csrf

C = TypeVar("C", bound=StrEnum)

area = api_area("events", __name__, prefix="")

WITH_ALL = (selectinload(Event.sessions), selectinload(Event.questions))
USUAL_LENGTH = timedelta(hours=2)
YEARS = range(2000, 2200)


@area.get("/events")
@requires(Permission.EVENTS_READ)
def index() -> ResponseReturnValue:
    """All events by cursor; ``?q=`` searches, ``?state=`` and ``?kind=`` narrow."""
    select = sa.select(Event).options(selectinload(Event.sessions))
    if words := request.args.get("q", "").strip()[:200]:
        select = select.where(events.called_like(words))
    if state := request.args.get("state"):
        select = select.where(Event.state == _member(EventState, state, "state"))
    if kind := request.args.get("kind"):
        select = select.where(Event.kind == _member(EventKind, kind, "kind"))
    limit, after = whole("limit", PER_PAGE, least=1, most=MOST), whole("cursor", 0, least=0, most=2**62)
    rows = db.session.scalars(select.where(Event.id > after).order_by(Event.id).limit(limit + 1)).all()
    seats = seating.seats_by_session([s for event in rows[:limit] for s in event.sessions])
    return jsonify(
        items=[event_json(event, seats) for event in rows[:limit]], next=rows[limit - 1].id if len(rows) > limit else None
    )  # fmt: skip


@area.get("/events/<slug>")
@requires(Permission.EVENTS_READ)
def show(slug: str) -> ResponseReturnValue:
    """One event."""
    event = _event(slug)
    return jsonify(event_json(event, seating.seats_by_session(list(event.sessions))))


@area.post("/events")
@csrf.exempt
@requires(Permission.EVENTS_EDIT)
def create() -> ResponseReturnValue:
    """A new event: ``title``, ``sessions`` with ``starts_at`` and ``capacity``; ``published`` opens it at once."""
    body = _body()
    title, slug = _text(body, "title", 200, required=True), _text(body, "slug", events.LONGEST_SLUG)
    kind = _member(EventKind, body.get("kind") or EventKind.OTHER.value, "kind")
    audience = _member(Audience, body.get("audience") or Audience.PUBLIC.value, "audience")
    given = body.get("sessions")
    if not isinstance(given, list) or not 1 <= len(given) <= 100:
        raise Refused(_("Give at least one session."), field="sessions")
    sessions = [_session(each, f"sessions.{number}") for number, each in enumerate(given)]
    texts = {name: _text(body, name, most) for name, most in TEXTS.items() if body.get(name) is not None}
    times = {name: _moment(body, name) for name in ("opens_at", "closes_at") if body.get(name) is not None}
    party_limit = _whole(body, "party_limit", least=1, most=registrations.LARGEST_PARTY)
    with act(Kind.EVENT_CREATED) as deed:
        slug = slug or events.free_slug(f"event-{clock.day_of(sessions[0][0]):%Y%m%d}")
        event = events.adding(slug, title, kind, audience=audience, party_limit=party_limit or 1, **texts, **times)
        for session in sessions:
            arranging.add_session(event, *session)
        if body.get("published") is True or body.get("state") == "published":
            arranging.publish(event)
        db.session.flush()
        deed.about = event
        shape = event_json(event, seating.seats_by_session(list(event.sessions)))
        return _created(deed, shape, url_for(".show", slug=event.slug))


@area.patch("/events/<slug>/sessions/<int:session_id>")
@csrf.exempt
@requires(Permission.EVENTS_EDIT)
def change_session(slug: str, session_id: int) -> ResponseReturnValue:
    """Another ``capacity``, ``null`` for no limit. More room confirms who waits, in order, and tells them."""
    event, body = _event(slug), _body()
    if all(session.id != session_id for session in event.sessions):
        raise NotFound
    if "capacity" not in body:
        raise Refused(_("This must be filled in."), field="capacity")
    capacity = _whole(body, "capacity", least=0, most=events.LARGEST_ROOM)
    with act(Kind.EVENT_CAPACITY_CHANGED, about=event) as deed:
        session = arranging.change_capacity(session_id, capacity)
        db.session.flush()
        return _answered(deed, session_json(session, seating.seats_of(session)), 200)


@area.get("/events/<slug>/registrations")
@requires(Permission.REGISTRATIONS_READ)
def registered(slug: str) -> ResponseReturnValue:
    """An event's registrations by cursor; ``?state=`` and ``?session=`` narrow."""
    select = registrations.of_event(_event(slug)).options(contains_eager(Registration.session))
    if state := request.args.get("state"):
        select = select.where(Registration.state == _member(RegistrationState, state, "state"))
    if session_id := whole("session", 0, least=0, most=2**62):
        select = select.where(Registration.session_id == session_id)
    return listed(select, Registration.id, registration_json)


@area.post("/events/<slug>/registrations")
@csrf.exempt
@requires(Permission.REGISTRATIONS_EDIT)
def register(slug: str) -> ResponseReturnValue:
    """Register ``name``, ``email``, ``organisation``; ``session`` where there are several; ``answers`` by question id."""
    event, body = _event(slug), _body()
    session_id = _chosen(event, body)
    answers = body.get("answers") or {}
    if not isinstance(answers, dict):
        raise Refused(_("This must be an object."), field="answers")
    visitor = registering.Visitor(
        name=_text(body, "name", 100, required=True),
        email=_read(body, "email", cells.email, required=True),
        organisation=_text(body, "organisation", 200),
        party_size=_whole(body, "party_size", least=1, most=registrations.LARGEST_PARTY) or 1,
        locale="en" if body.get("locale") == "en" else "ja",
        answers=questions.answers(event.questions, {f"q{key}".replace("qq", "q"): v for key, v in answers.items()}),
        notice_version=registering.notice()[1],
        key=event.invitation_key,  # a program of the office decides itself whom it registers
    )
    with act(Kind.REGISTERED) as deed:
        made = registering.register(session_id, visitor, Source.PROGRAM)
        deed.about = made
        return _created(deed, registration_json(made), url_for(".registered", slug=slug))


@area.post("/registrations/<int:registration_id>/cancel")
@csrf.exempt
@requires(Permission.REGISTRATIONS_EDIT)
def cancel(registration_id: int) -> ResponseReturnValue:
    """End a registration; its seat is offered to the next in line. 409 when it has ended already."""
    if db.session.get(Registration, registration_id) is None:
        raise NotFound
    with act(Kind.REGISTRATION_CANCELLED) as deed:
        deed.about = ended = registering.cancel(registration_id, Ending.OFFICE)
        return _answered(deed, registration_json(ended), 200)


def event_json(event: Event, seats: dict[int, Seats]) -> dict[str, Any]:
    """An event as programs see it."""
    return {
        "id": event.id,
        "slug": event.slug,
        "title": event.title,
        "kind": event.kind.value,
        "state": event.state.value,
        "audience": event.audience.value,
        "registration_open": event.registration_open,
        "place": event.place,
        "opens_at": _iso(event.opens_at),
        "closes_at": _iso(event.closes_at),
        "sessions": [session_json(session, seats[session.id]) for session in event.sessions],
    }


def session_json(session: EventSession, seats: Seats) -> dict[str, Any]:
    """A session as programs see it; ``confirmed``, ``offered`` and ``waiting`` in persons."""
    return {
        "id": session.id,
        "title": session.title,
        "starts_at": _iso(session.starts_at),
        "ends_at": _iso(session.ends_at),
        "capacity": session.capacity,
        "confirmed": seats.confirmed,
        "offered": seats.offered,
        "waiting": seats.waiting,
    }


def registration_json(registration: Registration) -> dict[str, Any]:
    """A registration as programs see it; ``attended`` is null until someone looked."""
    attended = None if registration.attended is None else registration.attended is Attendance.PRESENT
    return {
        "id": registration.id,
        "name": registration.name,
        "email": registration.email,
        "organisation": registration.organisation,
        "organisation_id": registration.recognised_id,
        "session": registration.session_id,
        "party_size": registration.party_size,
        "state": registration.state.value,
        "offer_until": _iso(registration.offer_until),
        "registered_at": _iso(registration.registered_at),
        "attended": attended,
    }


TEXTS = {
    "title_en": 200, "description": 4000, "description_en": 4000, "place": 200, "place_en": 200, "online_address": 500,
}  # fmt: skip


def _created(deed: Deed, shape: dict[str, Any], location: str) -> Response:
    response = _answered(deed, shape, 201)
    response.headers["Location"] = location
    return response


def _answered(deed: Deed, shape: dict[str, Any], status: int) -> Response:
    """The answer, kept with the command: the same key sent again gets the same body."""
    deed.leads_to(request.path, answer=json.dumps(shape, ensure_ascii=False))
    response = jsonify(shape)
    response.status_code = status
    return response


def _event(slug: str) -> Event:
    event = db.session.scalars(events.of_slug(slug).options(*WITH_ALL)).one_or_none()
    if event is None:
        raise NotFound
    return event


def _chosen(event: Event, body: dict[str, Any]) -> int:
    """The session asked for; where there is one, it need not be named."""
    wanted = body.get("session")
    if wanted is None and len(event.sessions) == 1:
        return event.sessions[0].id
    if isinstance(wanted, bool) or wanted not in [session.id for session in event.sessions]:
        raise Refused(_("There is no such session."), field="session")
    return int(wanted)


def _body() -> dict[str, Any]:
    try:
        body = parse_json(request.get_data())
    except NotJson as refusal:
        raise BadRequest(str(refusal)) from refusal
    if not isinstance(body, dict):
        raise BadRequest("JSON")
    return body


def _session(given: Any, field: str) -> tuple[datetime, datetime, int | None]:
    if not isinstance(given, dict):
        raise Refused(_("This must be an object."), field=field)
    starts = _moment(given, "starts_at", field)
    if starts is None:
        raise Refused(_("This must be filled in."), field=f"{field}.starts_at")
    ends = _moment(given, "ends_at", field) or starts + USUAL_LENGTH
    return starts, ends, _whole(given, "capacity", least=0, most=events.LARGEST_ROOM, within=field)


def _moment(body: dict[str, Any], name: str, within: str = "") -> datetime | None:
    """An ISO 8601 moment; without an offset it is Tokyo time."""
    given, field = body.get(name), f"{within}.{name}".lstrip(".")
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except (ValueError, TypeError) as error:
        raise Refused(_("Write a time as 2026-04-01T14:00:00+09:00."), field=field) from error
    if moment.year not in YEARS:
        raise Refused(_("This day cannot be right."), field=field)
    return (moment if moment.tzinfo else moment.replace(tzinfo=clock.TOKYO)).astimezone(UTC)


def _whole(body: dict[str, Any], name: str, *, least: int, most: int, within: str = "") -> int | None:
    given, field = body.get(name), f"{within}.{name}".lstrip(".")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise Refused(_("From %(least)s to %(most)s.", least=least, most=f"{most:,}"), field=field)
    return given


def _text(body: dict[str, Any], name: str, most: int, *, required: bool = False) -> str:
    return str(_read(body, name, cells.text(most, lines=most > 500), required=required))


def _read(body: dict[str, Any], name: str, parse: Callable[[str], str], *, required: bool = False) -> str:
    """A text value, read as a cell of a spreadsheet is. Raises ``Refused`` at its name."""
    given = body.get(name)
    if given is None or given == "" or (isinstance(given, str) and not given.strip()):
        if required:
            raise Refused(_("This must be filled in."), field=name)
        return ""
    if not isinstance(given, str):
        raise Refused(_("This must be text."), field=name)
    try:
        return parse(given)
    except BadValue as error:
        raise Refused(_(str(error)), field=name) from error
    except Refused as refusal:
        raise Refused(refusal.message, field=name) from refusal


def _member(members: type[C], given: object, field: str) -> C:
    """A member of an enumeration by its value. Raises ``Refused`` listing the values."""
    known = {member.value: member for member in members}
    if not isinstance(given, str) or given not in known:
        raise Refused(_("Choose one of: %(words)s.", words=", ".join(known)), field=field)
    return known[given]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(clock.TOKYO).isoformat()
