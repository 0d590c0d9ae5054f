"""What a member of the invented consortium did in the members' pages: changes asked for, a colleague, seats, a consent."""

from __future__ import annotations

from datetime import time, timedelta

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.demo.gatherings import PLACE
from crm.events import arranging, colleagues, events
from crm.events.events import Audience, EventKind
from crm.events.registering import Visitor, notice
from crm.organisations import change_requests, consent_texts, consents, letters, people
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person, PersonRole


def told(email: str) -> None:
    """The organisation of the person with this mail address has something to see on every page."""
    person = db.session.scalars(sa.select(Person).where(Person.email == email)).one()
    organisation = person.organisation
    colleague = people.adding(organisation, "見本 行事", email="events00@example.jp", department="総務部")
    colleague.takes(PersonRole.EVENTS, clock.today())
    declined = change_requests.ask(organisation, person, {"kana": "ミホン"}, reason="読みの省略を希望します。")
    change_requests.decide(declined, set(), {"kana": "登記の読みのままといたします。"}, "", by="見本 事務")
    letters.changes_decided(declined)
    change_requests.ask(
        organisation, person, {"representative": "見本 新太郎", "billing_postal_code": "210-0000",
                               "billing_address": "神奈川県川崎市川崎区見本町20-1"}, reason="代表者の交代と経理部の移転のため",
    )  # fmt: skip
    consents.record(
        person, Purpose.ANNOUNCEMENTS, text_version=consent_texts.version(Purpose.ANNOUNCEMENTS), way=Way.PORTAL,
        wording=consent_texts.wording(Purpose.ANNOUNCEMENTS),
    )  # fmt: skip
    _registered(person, colleague)


def _registered(person: Person, colleague: Person) -> None:
    """demo-members: in 21 days, for members; two of the organisation come."""
    day = clock.today() + timedelta(days=21)
    event = events.adding(
        "demo-members", "見本：会員交流会", EventKind("workshop"), description="会員の方を対象とした交流会です。", place=PLACE,
        audience=Audience.MEMBERS,
    )  # fmt: skip
    events.add_session(event, clock.moment_of(day, time(15, 0)), clock.moment_of(day, time(17, 0)), 30)
    arranging.publish(event)
    db.session.flush()
    visitors = [
        Visitor(name=one.name, email=one.email, organisation=person.organisation.name, notice_version=notice()[1])
        for one in (person, colleague)
    ]
    colleagues.register(event.sessions[0].id, visitors, by=person)
