"""Registering: seats, parties, closing times, audiences, and that capacity 0 and no capacity are different things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events import registering, registrations, seating
from crm.events.events import Audience
from crm.events.registrations import Attendance, Ending, RegistrationState, Source
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from tests.builders import a_person, a_registration, an_event, an_organisation

CONFIRMED, WAITING = RegistrationState.CONFIRMED, RegistrationState.WAITING


def letters_to(registration: registrations.Registration) -> list[str]:
    """The letters posted about a registration, in order."""
    about = sa.select(Letter.template).where(Letter.about_id == registration.id, Letter.about_table == "registrations")
    return list(db.session.scalars(about.order_by(Letter.id)))


def test_whoever_comes_while_there_is_room_has_a_seat(app: Flask) -> None:
    session = an_event(2).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    assert [r.state for r in (first, second, third)] == [CONFIRMED, CONFIRMED, WAITING]


def test_the_letter_says_seat_or_waiting_and_never_the_other(app: Flask) -> None:
    session = an_event(1).sessions[0]
    assert letters_to(a_registration(session)) == ["events/registration_confirmed"]
    assert letters_to(a_registration(session)) == ["events/registration_waiting"]


def test_a_confirmation_carries_the_calendar_file_and_waiting_does_not(app: Flask) -> None:
    session = an_event(1, online_address="https://meet.example/abc").sessions[0]
    seated, waiting = a_registration(session), a_registration(session)
    by_about = {letter.about_id: letter for letter in db.session.scalars(sa.select(Letter))}
    assert [a.file.name for a in by_about[seated.id].attachments] == [f"{session.event.slug}.ics"]
    assert by_about[waiting.id].attachments == []
    assert "meet.example" in by_about[seated.id].body
    assert "meet.example" not in by_about[waiting.id].body


def test_no_capacity_means_no_limit(app: Flask) -> None:
    session = an_event(None).sessions[0]
    assert {a_registration(session).state for _ in range(5)} == {CONFIRMED}


def test_capacity_zero_takes_nobody(app: Flask) -> None:
    event = an_event(0)
    with pytest.raises(Refused):
        a_registration(event.sessions[0])
    with pytest.raises(Refused):
        a_registration(event.sessions[0], source=Source.OFFICE)
    assert not event.registration_open


def test_a_party_takes_as_many_seats_as_it_has_people(app: Flask) -> None:
    session = an_event(5, party_limit=4).sessions[0]
    assert a_registration(session, party_size=4).state is CONFIRMED
    assert a_registration(session, party_size=2).state is WAITING
    assert seating.seats_of(session).taken == 4


def test_nobody_overtakes_a_party_that_waits_though_one_seat_is_free(app: Flask) -> None:
    session = an_event(5, party_limit=4).sessions[0]
    a_registration(session, party_size=4)
    a_registration(session, party_size=2)
    assert a_registration(session).state is WAITING
    assert list(registrations.breaches()) == []


def test_a_party_larger_than_the_event_allows_is_refused(app: Flask) -> None:
    session = an_event(50).sessions[0]
    with pytest.raises(Refused) as refused:
        a_registration(session, party_size=2)
    assert refused.value.field == "party_size"


def test_closing_time_is_checked_when_the_form_arrives(app: Flask, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(5, closes_at=clock.now() + timedelta(hours=1))
    assert a_registration(event.sessions[0]).state is CONFIRMED
    clock_at("2026-05-01 10:00")
    with pytest.raises(Refused, match="Registration has closed|締め切り"):
        a_registration(event.sessions[0])


def test_registration_opens_when_it_says(app: Flask, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(5, opens_at=clock.now() + timedelta(days=1))
    with pytest.raises(Refused):
        a_registration(event.sessions[0])
    clock_at("2026-05-02 09:00")
    assert a_registration(event.sessions[0]).state is CONFIRMED


def test_without_a_closing_time_registration_closes_when_the_session_starts(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(5, days=1)
    clock_at("2026-05-02 09:00")
    with pytest.raises(Refused):
        a_registration(event.sessions[0])


def test_a_draft_takes_registrations_by_hand_only(app: Flask) -> None:
    session = an_event(5, published=False).sessions[0]
    with pytest.raises(Refused):
        a_registration(session)
    assert a_registration(session, source=Source.OFFICE).state is CONFIRMED


def test_the_office_cannot_register_past_who_waits(app: Flask) -> None:
    session = an_event(1).sessions[0]
    a_registration(session)
    assert a_registration(session, source=Source.OFFICE).state is WAITING


def test_an_event_by_invitation_takes_those_with_its_link(app: Flask) -> None:
    event = an_event(5, audience=Audience.INVITATION)
    with pytest.raises(Refused):
        a_registration(event.sessions[0])
    with pytest.raises(Refused):
        a_registration(event.sessions[0], key="guess")
    assert a_registration(event.sessions[0], key=event.invitation_key).state is CONFIRMED


def test_an_event_for_members_takes_mail_addresses_of_members(app: Flask) -> None:
    event = an_event(5, audience=Audience.MEMBERS)
    stranger = a_person(email="stranger@example.test")
    with pytest.raises(Refused) as refused:
        a_registration(event.sessions[0], email=stranger.email)
    assert refused.value.field == "email"
    assert a_registration(event.sessions[0], email=stranger.email, key=event.invitation_key).state is CONFIRMED


def test_a_known_organisation_is_recognised_and_a_doubtful_one_is_not(app: Flask) -> None:
    session = an_event(5).sessions[0]
    known = an_organisation("株式会社アオゾラ")
    assert a_registration(session, organisation="㈱アオゾラ").recognised is known
    an_organisation("合同会社アオゾラ")
    assert a_registration(session, organisation="アオゾラ").recognised is None


def test_a_letter_is_in_the_language_the_person_registered_in(app: Flask) -> None:
    session = an_event(5, title_en="Care seminar").sessions[0]
    registration = a_registration(session, locale="en")
    letter = db.session.scalars(sa.select(Letter).where(Letter.about_id == registration.id)).one()
    assert letter.subject == "Registration confirmed: Care seminar"


def test_walk_ins_are_present_and_take_no_seat_that_is_given_out(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1, days=1).sessions[0]
    a_registration(session)
    visitor = registering.Visitor("見本 次郎", "")
    with pytest.raises(Refused), act(Kind.REGISTERED):
        registering.walk_in(session.id, visitor)
    clock_at("2026-05-02 09:10")
    with act(Kind.REGISTERED):
        came = registering.walk_in(session.id, visitor)
    assert (came.state, came.attended, came.came) == (CONFIRMED, Attendance.PRESENT, 1)
    assert seating.seats_of(session).taken == 1
    assert list(registrations.breaches()) == []


def test_a_person_may_cancel_until_the_hours_the_office_set_and_the_office_always(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(5, days=1).sessions[0]
    early, late = a_registration(session), a_registration(session)
    clock_at("2026-05-02 07:59")
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(early.id, Ending.PERSON)
    clock_at("2026-05-02 08:00")
    with pytest.raises(Refused), act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(late.id, Ending.PERSON)
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(late.id, Ending.OFFICE)
    assert letters_to(late)[-1] == "events/registration_cancelled"


def test_cancelling_twice_is_refused(app: Flask) -> None:
    registration = a_registration(an_event(5).sessions[0])
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(registration.id, Ending.PERSON)
    with pytest.raises(Refused), act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(registration.id, Ending.PERSON)


def test_attended_is_kept_apart_from_registered(app: Flask) -> None:
    registration = a_registration(an_event(5).sessions[0])
    assert registration.attended is None
    with act(Kind.ATTENDANCE_TAKEN):
        registration.note_attendance(Attendance.ABSENT)
    assert (registration.state, registration.attended, registration.came) == (CONFIRMED, Attendance.ABSENT, 0)
