"""Stopping announcements: a page with a button, one click from mail programs, and taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.announcements import letters
from crm.announcements.announcements import Announcement
from crm.announcements.recipients import AnnouncementRecipient
from crm.config import Settings
from crm.db import db
from crm.history.records import Act
from crm.mail.outbox import Letter, LetterKind, LetterState, Trouble
from crm.organisations import consent_texts, consents
from crm.organisations.consents import Consent, Purpose, Way
from crm.organisations.people import Person
from tests.visiting import Visitor

Made = Callable[..., Announcement]
People = Callable[..., Person]


@pytest.fixture(params=[False, True])
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """With and without https, under which cookies are stricter."""
    return replace(settings, base_url="https://crm.example.jp" if request.param else "http://localhost")


def the_link() -> str:
    """The path of the newest announcement's link to stop."""
    db.session.rollback()
    url = db.session.scalars(
        sa.select(Letter.unsubscribe_url).where(Letter.kind == LetterKind.ANNOUNCEMENT).order_by(Letter.id.desc())
    ).first()
    assert url is not None
    return re.sub(r"^https?://[^/]+", "", url)


def agrees(person: Person) -> bool:
    db.session.rollback()
    return consents.has_consented(person, Purpose.ANNOUNCEMENTS)


def acts() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0


def test_opening_the_link_changes_nothing_and_the_button_stops(someone: People, sent: Made, client: Visitor) -> None:
    person = someone(email="hanako@example.test")
    sent()
    link, before = the_link(), acts()
    for _again in range(2):
        shown = client.get(link)
        assert shown.status_code == 200
        assert "hanako@example.test" in shown.text
    assert client.head(link).status_code == 200
    assert agrees(person)
    assert acts() == before
    answer = client.fill_in(link, form="/unsubscribe/")
    assert answer.status_code == 303
    assert not agrees(person)
    assert "No more announcements" in client.get(f"{link}?lang=en", follow_redirects=True).text


@pytest.mark.parametrize("multipart", [False, True])
def test_one_click_from_a_mail_program_stops_at_once_without_cookies_and_again_changes_nothing(
    someone: People, sent: Made, client: Visitor, multipart: bool
) -> None:
    person = someone()
    sent()
    link, before = the_link(), acts()
    kind = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
    for _again in range(3):
        answer = client.post(link, data={"List-Unsubscribe": "One-Click"}, content_type=kind)
        assert answer.status_code == 200
        assert "Location" not in answer.headers
    assert not agrees(person)
    assert acts() == before + 1


def test_the_evidence_stays_who_agreed_to_what_and_when_and_how_they_stopped(
    someone: People, sent: Made, client: Visitor
) -> None:
    someone()
    announcement = sent()
    client.post(the_link(), data={"List-Unsubscribe": "One-Click"})
    db.session.rollback()
    kept = db.session.scalars(sa.select(Consent)).one()
    assert kept.way is Way.FORM
    assert kept.withdrawn_way is Way.MAILED_LINK
    assert kept.withdrawn_note == f"announcement {announcement.id}"
    assert db.session.scalars(sa.select(AnnouncementRecipient.unsubscribed_at)).one() is not None


def test_who_stopped_gets_no_further_announcement_and_what_was_on_its_way_is_dropped(
    someone: People, sent: Made, client: Visitor
) -> None:
    someone("止めた人", email="stop@example.test")
    someone("他の人")
    sent()
    stop = db.session.scalars(
        sa.select(Letter.unsubscribe_url).where(Letter.recipient_email == "stop@example.test")
    ).one()
    client.post(re.sub(r"^https?://[^/]+", "", str(stop)), data={"List-Unsubscribe": "One-Click"})
    db.session.rollback()
    dropped = db.session.scalars(sa.select(Letter).where(Letter.recipient_email == "stop@example.test")).one()
    assert (dropped.state, dropped.trouble) == (LetterState.DROPPED, Trouble.UNSUBSCRIBED)
    sent()
    assert len(db.session.scalars(sa.select(Letter).where(Letter.recipient_email == "stop@example.test")).all()) == 1


def test_stopping_means_the_address_on_whatever_record_it_stands(someone: People, sent: Made, client: Visitor) -> None:
    one, other = someone("一人目", email="same@example.test"), someone("二人目", email="same@example.test")
    sent()
    client.post(the_link(), data={"List-Unsubscribe": "One-Click"})
    assert not agrees(one)
    assert not agrees(other)


def test_stopping_means_the_address_however_it_is_spelled(someone: People, sent: Made, client: Visitor) -> None:
    one, other = someone(email="hanako@example.test"), someone(email="Hanako@example.test")
    sent()
    assert client.post(the_link(), data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert (agrees(one), agrees(other)) == (False, False)


def test_stopping_can_be_taken_back_on_the_page_with_a_new_consent_to_the_words_shown(
    someone: People, sent: Made, client: Visitor
) -> None:
    person = someone()
    sent()
    link = the_link()
    client.fill_in(link, form="/unsubscribe/")
    answer = client.fill_in(link, form="/again")
    assert answer.status_code == 303
    assert agrees(person)
    newest = consents.consents_of(person)[0]
    assert newest.way is Way.MAILED_LINK
    assert newest.wording == consent_texts.wording(Purpose.ANNOUNCEMENTS)
    assert newest.text_version == consent_texts.version(Purpose.ANNOUNCEMENTS)
    sent()
    assert client.get(the_link()).status_code == 200


def test_taking_it_back_needs_the_page(someone: People, sent: Made, client: Visitor) -> None:
    person = someone()
    sent()
    link = the_link()
    client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert client.post(f"{link}/again").status_code == 400
    assert not agrees(person)


@pytest.mark.parametrize("token", ["x", "WzFd.x.y", "０", "a" * 3000])
def test_a_link_that_is_not_ours_opens_nothing(client: Visitor, token: str) -> None:
    assert client.get(f"/unsubscribe/{token}").status_code == 404
    assert client.post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 404


def test_an_altered_link_stops_nobody(someone: People, sent: Made, client: Visitor) -> None:
    person = someone()
    sent()
    assert client.post(the_link()[:-2] + "zz").status_code == 404
    assert agrees(person)


def test_the_link_of_a_test_letter_explains_itself(app: Flask, client: Visitor) -> None:
    link = re.sub(r"^https?://[^/]+", "", letters.unsubscribe_url(0))
    assert client.get(link).status_code == 200
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
