"""A session as an .ics file (RFC 5545) with its time zone. It is given to those confirmed only: it names the online address."""

from __future__ import annotations

from urllib.parse import urlsplit

from crm import clock, text
from crm.config import settings
from crm.documents import files
from crm.documents.files import StoredFile
from crm.events.events import Event, EventSession, EventState

MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"


def refresh(event: Event) -> None:
    """Make the files of a published event's sessions anew, in the running act. Drafts and called-off events have none."""
    if event.state is EventState.PUBLISHED:
        for session in event.sessions:
            refresh_session(session)


def refresh_session(session: EventSession) -> None:
    """Make one session's file anew and keep it."""
    session.calendar = _kept(session)


def ics(session: EventSession) -> bytes:
    """The session as a calendar of one entry; the same UID each time, so that a later file replaces an earlier."""
    from icalendar import Calendar  # a tenth of a second to import; most processes never write one
    from icalendar import Event as Entry

    event = session.event
    calendar = Calendar()
    calendar.add("prodid", "-//Kawasaki Care Design Consortium//Caresaki CRM//JA")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    entry = Entry()
    entry.add("uid", f"event-session-{session.id}@{urlsplit(settings().base_url).hostname or 'localhost'}")
    entry.add("dtstamp", clock.now())
    entry.add("sequence", session.version)
    entry.add("dtstart", session.starts_at.astimezone(clock.TOKYO))
    entry.add("dtend", session.ends_at.astimezone(clock.TOKYO))
    entry.add("summary", " ".join(filter(None, [event.title, session.title])))
    entry.add("url", f"{settings().base_url}/events/{event.slug}")
    if event.place or event.online_address:
        entry.add("location", event.place or event.online_address)
    entry.add("description", "\n".join(filter(None, [event.description, event.online_address])))
    calendar.add_component(entry)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _kept(session: EventSession) -> StoredFile:
    with text.speaking("ja"):
        return files.keep(ics(session), name=f"{session.event.slug}.ics", media_type=MEDIA_TYPE)
