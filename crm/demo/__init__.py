"""The demonstration: the figures of the public paper, and an invented consortium marked 見本, told through the use cases.

It calls what the screens call, so it tells the truth and breaks when they do. Each stage is one act; a demonstration that was
interrupted goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm.access import users
from crm.access.permissions import Role
from crm.db import db
from crm.demo import (
    announcing,
    consortium,
    gatherings,
    likenesses,
    personal_data,
    public_facts,
    serving_themselves,
    turning,
    years,
)
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as
from crm.history.records import Act
from crm.organisations.people import Person
from crm.organisations.portal_access import PortalAccess
from crm.text import _

ACTOR = Actor("demo")
PASSWORD = "mihon-tamagawa-hanabi"
LOGINS = (
    ("director@example.jp", "見本 理事", Role.DIRECTOR),
    ("clerk@example.jp", "見本 事務", Role.CLERK),
    ("treasurer@example.jp", "見本 会計", Role.TREASURER),
    ("coordinator@example.jp", "見本 調整", Role.COORDINATOR),
    ("auditor@example.jp", "見本 監事", Role.AUDITOR),
    ("city@example.jp", "見本 市職員", Role.CITY_OFFICER),
    ("member@example.jp", "見本 会員", Role.MEMBER),
)
MEMBERS_PERSON = "liaison00@example.jp"  # whose account the member's login is


@dataclass(frozen=True)
class Stage:
    """One part of the demonstration: its name in the record, the kind of act, what it does."""

    name: str
    kind: Kind
    tell: Callable[[], Any]


STAGES = (
    Stage("利用者", Kind.USER_INVITED, lambda: _users()),
    Stage("公表資料の団体", Kind.ORGANISATIONS_IMPORTED, public_facts.participants),
    Stage("公表資料の契約", Kind.ENGAGEMENTS_IMPORTED, public_facts.contracts),
    Stage("公表資料のベンチャー", Kind.VENTURE_RECORDED, public_facts.ventures),
    Stage("公表資料の指標", Kind.KPI_TABLE_IMPORTED, public_facts.indicators),
    Stage("公表資料の実績", Kind.TOTALS_IMPORTED, public_facts.totals),
    Stage("公表資料の連携施設", Kind.CARE_SITES_IMPORTED, public_facts.care_sites),
    Stage("公表資料の学校プログラム", Kind.SCHOOL_PROGRAMS_IMPORTED, public_facts.school_programs),
    Stage("公表資料の覚書と来訪校", Kind.TOTALS_IMPORTED, public_facts.partners_and_visitors),
    Stage("設定", Kind.SETTING_CHANGED, consortium.office),
    Stage("会員（令和7年4月まで）", Kind.MEMBER_ADMITTED, lambda: consortium.members(date(2024, 11, 1), date(2025, 4, 1))),
    Stage("令和7年度 会費請求", Kind.ANNUAL_INVOICES_ISSUED, lambda: years.bill(2025, date(2025, 4, 10), date(2025, 5, 12))),
    Stage("会員（令和7年度中の入会）", Kind.MEMBER_ADMITTED, lambda: consortium.members(date(2025, 4, 2), date(2026, 3, 31))),
    Stage("令和7年度 会費請求（途中入会）", Kind.ANNUAL_INVOICES_ISSUED,
          lambda: years.bill(2025, date(2025, 11, 10), date(2025, 12, 10))),
    Stage("令和7年度 入金", Kind.PAYMENT_RECORDED, years.payments_2025),
    Stage("令和8年度 会費請求", Kind.ANNUAL_INVOICES_ISSUED, lambda: years.bill(2026, date(2026, 4, 10), date(2026, 5, 11))),
    Stage("会員（令和8年度の入会）", Kind.MEMBER_ADMITTED, lambda: consortium.members(date(2026, 4, 1), date(2027, 3, 31))),
    Stage("令和8年度 会費請求（途中入会）", Kind.ANNUAL_INVOICES_ISSUED,
          lambda: years.bill(2026, date(2026, 7, 10), date(2026, 8, 10))),
    Stage("令和8年度 入金", Kind.PAYMENT_RECORDED, years.payments_2026),
    Stage("令和8年度 会員証", Kind.CERTIFICATES_ISSUED, years.certificates_2026),
    Stage("会員ページの利用者", Kind.USER_INVITED, lambda: _members_login()),
    Stage("入会申込", Kind.APPLICATION_SUBMITTED, consortium.applications),
    Stage("年度更新", Kind.EMPLOYEES_ASKED, turning.begun),
    Stage("これからの行事", Kind.EVENT_PUBLISHED, gatherings.coming),
    Stage("満席の行事", Kind.REGISTERED, gatherings.full),
    Stage("終わった行事", Kind.ATTENDANCE_TAKEN, gatherings.past),
    Stage("会員ページでの手続き", Kind.CHANGE_ASKED, lambda: serving_themselves.told(MEMBERS_PERSON)),
    Stage("似た団体", Kind.ORGANISATIONS_MERGED, likenesses.found),
    Stage("案内メール", Kind.ANNOUNCEMENT_POSTED, announcing.sent),
    Stage("個人データの請求", Kind.PRIVACY_REQUEST_RECEIVED, personal_data.asked_and_given),
)  # fmt: skip
LAST = Stage("見本データ", Kind.DEMONSTRATION_FILLED, lambda: None)


def fill(say: Callable[[str], None]) -> None:
    """Tell every stage that was not told yet. Raises ``Refused`` when the office already holds data of its own."""
    others = db.session.scalar(sa.select(sa.func.count()).select_from(Act).where(Act.actor != str(ACTOR), ~_of_setup()))
    if others and not _told():
        raise Refused(_("The office holds data already; the demonstration only goes into an empty one."))
    with acting_as(ACTOR):
        for stage in (*STAGES, LAST):
            if stage.name not in _told():
                say(stage.name)
                with act(stage.kind, note=stage.name):
                    stage.tell()


def is_filled() -> bool:
    """Whether the whole demonstration is there."""
    return LAST.name in _told()


def logins() -> list[tuple[str, str, str]]:
    """Mail address, password and name of each demonstration login that exists."""
    present = {u.email for u in db.session.scalars(sa.select(users.User).where(users.User.is_demo))}
    return [(email, PASSWORD, name) for email, name, _role in LOGINS if email in present]


def _told() -> set[str]:
    return set(db.session.scalars(sa.select(Act.note).where(Act.actor == str(ACTOR))))


def _of_setup() -> sa.ColumnElement[bool]:
    """What ``crm setup`` itself does: the published fee tiers."""
    return Act.kind == Kind.TIER_CHANGED


def _users() -> None:
    for email, name, role in LOGINS:
        if role is not Role.MEMBER:
            users.add_with_password(email=email, name=name, role=role, password=PASSWORD, is_demo=True)


def _members_login() -> None:
    """The account of a member's liaison, under an address that is easy to type."""
    email, name = next((email, name) for email, name, role in LOGINS if role is Role.MEMBER)
    user = users.add_with_password(email=email, name=name, role=Role.MEMBER, password=PASSWORD, is_demo=True)
    person = db.session.scalars(sa.select(Person).where(Person.email == MEMBERS_PERSON)).one()
    db.session.add(PortalAccess(user=user, person=person))
