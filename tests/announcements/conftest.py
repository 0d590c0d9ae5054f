"""People to write to: members and others, with and without an address and consent; segments and announcements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from crm import worker
from crm.announcements import announcements, segments, sending
from crm.announcements.announcements import Announcement
from crm.announcements.conditions import Conditions
from crm.announcements.segments import Segment
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person
from crm.settings import settings as office_settings
from tests.builders import a_person

TEXT = "{宛名}\n\n{団体名}の皆さまへ、次の会のご案内です。"


@pytest.fixture(autouse=True)
def _the_sender(app: Flask) -> None:
    """The office has said what must stand beneath an announcement."""
    with act(Kind.SETTING_CHANGED):
        office_settings.change("issuer.email", "office@example.jp")


@pytest.fixture
def someone(app: Flask) -> Callable[..., Person]:
    """Someone who agreed to announcements, unless ``agrees=False``."""

    def made(
        name: str = "見本 花子",
        *,
        agrees: bool = True,
        organisation: Any = None,
        roles: tuple[Any, ...] = (),
        **values: Any,
    ) -> Person:
        person: Person = a_person(organisation, *roles, name=name, **values)
        if agrees:
            with act(Kind.CONSENT_RECORDED, about=person):
                consents.record(person, Purpose.ANNOUNCEMENTS, text_version="1", way=Way.FORM)
        return person

    return made


@pytest.fixture
def a_segment(app: Flask) -> Callable[..., Segment]:
    """A segment with conditions; everyone without any."""
    numbers = iter(range(1000))

    def made(**conditions: Any) -> Segment:
        with act(Kind.SEGMENT_ADDED) as deed:
            deed.about = segment = segments.adding(f"見本の宛先{next(numbers)}", "", Conditions(**conditions))
        return segment

    return made


@pytest.fixture
def an_announcement(app: Flask, a_segment: Callable[..., Segment]) -> Callable[..., Announcement]:
    """A draft to a segment (to everyone)."""

    def made(segment: Segment | None = None, **texts: str) -> Announcement:
        to = segment or a_segment()
        with act(Kind.ANNOUNCEMENT_WRITTEN) as deed:
            deed.about = written = announcements.writing(to, **{"subject": "会員交流会のご案内", "body": TEXT, **texts})
        return written

    return made


@pytest.fixture
def sent(an_announcement: Callable[..., Announcement]) -> Callable[..., Announcement]:
    """An announcement that is scheduled for now and carried out by the worker."""

    def made(announcement: Announcement | None = None, **texts: str) -> Announcement:
        one = announcement or an_announcement(**texts)
        with act(Kind.ANNOUNCEMENT_SCHEDULED, about=one):
            sending.schedule(one, None)
        worker.run_once()
        db.session.refresh(one)
        return one

    return made
