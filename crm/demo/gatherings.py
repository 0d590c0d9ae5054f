"""Events of the invented consortium, relative to today: one open, one full with a waiting list, one that was held."""

from __future__ import annotations

from datetime import date, time, timedelta

from crm import clock
from crm.db import db
from crm.events import arranging, events, questions
from crm.events.events import Event, EventKind
from crm.events.questions import QuestionKind
from crm.events.registering import Visitor, notice, register
from crm.exchange import writing
from crm.exchange.reading import read
from crm.organisations import importers
from crm.organisations.importers import Origin

PLACE = "ナノ医療イノベーションセンター（iCONM）1階 マグネット"


def coming() -> None:
    """demo-open: in 30 days, 50 seats, none taken, with questions of its own."""
    event = _event("demo-open", "見本：看護師と考えるケア製品開発セミナー", "care_seminar", days=30, capacity=50)
    questions.adding(event, QuestionKind.CHOICE, "ご参加の目的をお選びください", is_required=True,
                     options=["情報収集", "製品の相談", "交流"])  # fmt: skip
    questions.adding(event, QuestionKind.PARAGRAPH, "講師への質問があればご記入ください")
    arranging.publish(event)


def full() -> None:
    """demo-full: in 14 days, 20 seats, all taken, people waiting."""
    event = _event("demo-full", "見本：訪問看護の現場を知るワークショップ", "workshop", days=14, capacity=20)
    arranging.publish(event)
    db.session.flush()
    session = event.sessions[0]
    for i in range(25):
        register(session.id, _visitor(i))


def past() -> None:
    """demo-past: held 40 days ago, with who came and who did not."""
    event = _event("demo-past", "見本：市民公開講座「これからの在宅ケア」", "public_lecture", days=-40, capacity=80)
    arranging.publish(event)
    db.session.flush()
    heading = ["行事", "氏名", "メール", "所属", "出欠"]
    people = [_visitor(i) for i in range(46)]
    listed = [
        ["demo-past", p.name, p.email, p.organisation, "欠席" if i % 9 == 4 else "出席"] for i, p in enumerate(people)
    ]
    data = writing.csv_bytes(heading, listed)
    importer = importers.named("attendance")
    importer.write(importer.plan(read(data, "出欠.csv")), Origin.of(data, "出欠.csv"))


def _event(slug: str, title: str, kind: str, *, days: int, capacity: int) -> Event:
    day: date = clock.today() + timedelta(days=days)
    event = events.adding(slug, title, EventKind(kind), description="見本の行事です。", place=PLACE)
    events.add_session(event, clock.moment_of(day, time(14, 0)), clock.moment_of(day, time(16, 0)), capacity)
    db.session.flush()
    return event


def _visitor(i: int) -> Visitor:
    family = ("青木", "石井", "上田", "遠藤", "岡田")[i % 5]
    organisation = ("株式会社見本ケアサービス", "見本大学看護学部", "", "見本総合病院")[i % 4]
    return Visitor(
        name=f"{family} 見本{i + 1}",
        email=f"visitor{i:02d}@example.jp",
        organisation=organisation,
        notice_version=notice()[1],
    )
