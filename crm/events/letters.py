"""The letters about registrations, each in the language the person registered in. Who gave no mail address gets none."""

from __future__ import annotations

from typing import Any

from crm import text
from crm.config import settings
from crm.events import tickets
from crm.events.registrations import Registration
from crm.mail import outbox
from crm.mail.outbox import Draft, Recipient


def confirmed(registration: Registration) -> None:
    """A seat is theirs: where, when, the ticket, and the session for their calendar."""
    _post("events/registration_confirmed", registration, with_calendar=True)


def waiting(registration: Registration) -> None:
    """No seat yet: a place on the waiting list, and what happens next. Never mistaken for a confirmation."""
    _post("events/registration_waiting", registration)


def promoted(registration: Registration) -> None:
    """From the waiting list to a seat, because there is more room."""
    _post("events/promoted", registration, with_calendar=True)


def offer(registration: Registration) -> None:
    """A seat became free and is held for them until the deadline."""
    _post("events/offer", registration, until=registration.offer_until)


def offer_lapsed(registration: Registration) -> None:
    """The deadline passed; the seat went to the next."""
    _post("events/offer_lapsed", registration)


def cancelled(registration: Registration) -> None:
    """Their registration has ended, by themselves or by the office."""
    by_office = registration.ended_by is not None and registration.ended_by.value == "office"
    _post("events/registration_cancelled", registration, by_office=by_office)


def event_cancelled(registration: Registration) -> None:
    """The event does not take place."""
    _post("events/event_cancelled", registration, reason=registration.session.event.cancelled_reason)


def session_changed(registration: Registration) -> None:
    """The session has another time or place."""
    _post("events/session_changed", registration, with_calendar=registration.state.value == "confirmed")


def _post(name: str, registration: Registration, *, with_calendar: bool = False, **more: Any) -> None:
    if not registration.email:
        return
    session = registration.session
    event = session.event
    with text.speaking(registration.locale):
        values: dict[str, Any] = {
            "title": " ".join(filter(None, [event.text("title"), session.name])),
            "place": event.text("place"),
        }
    calendar = session.calendar_id if with_calendar else None
    values |= {
        "has_calendar": calendar is not None, "starts_at": session.starts_at, "ends_at": session.ends_at,
        "online_address": event.online_address, "party_size": registration.party_size,
        "own_url": tickets.own_url(registration), "event_url": f"{settings().base_url}/events/{event.slug}",
    }  # fmt: skip
    draft = Draft(
        to=Recipient(registration.email, registration.name, registration.locale),
        about=(registration.__tablename__, registration.id),
        files=[] if calendar is None else [calendar],
        values={**values, **more},
    )
    outbox.post_all(name, [draft])
