"""Segments: whom conditions mean, and why some of them are not written to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from crm.announcements import choosing, segments
from crm.announcements.choosing import Count, WhyNot
from crm.announcements.conditions import Belonging, Conditions
from crm.announcements.segments import Segment
from crm.db import db
from crm.errors import Refused
from crm.events import attendance
from crm.events.attendance import Tick
from crm.events.events import EventKind
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import resting
from crm.members import terms
from crm.members.tiers import MemberClass
from crm.organisations import consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.organisations import OrganisationKind
from crm.organisations.people import Person, PersonRole
from tests.builders import a_member, a_registration, an_event, an_organisation

People = Callable[..., Person]


def names(**conditions: Any) -> set[str]:
    """The names of those the conditions mean today."""
    found = db.session.execute(choosing.chosen(Conditions(**conditions))).all()
    return {row[0].name for row in found}


def reasons(**conditions: Any) -> dict[str, WhyNot | None]:
    found = db.session.execute(choosing.chosen(Conditions(**conditions))).all()
    return {row[0].name: choosing.reason(row) for row in found}


def member(name: str, someone: People, cls: str = "corporate", employees: int | None = 50, **more: Any) -> Any:
    organisation = an_organisation(f"株式会社{name}", employees=employees, on=date(2024, 11, 1), **more.pop("of", {}))
    someone(name, organisation=organisation, roles=(PersonRole.LIAISON,))
    return a_member(organisation, cls, on=more.pop("on", date(2025, 4, 1)))


@pytest.fixture(autouse=True)
def _today(clock_at: Callable[[str], Any]) -> None:
    clock_at("2026-06-01 10:00")


def test_without_conditions_everyone_who_has_not_left_is_meant(someone: People) -> None:
    someone("居る人")
    gone = someone("去った人")
    with act(Kind.PERSON_CHANGED, about=gone):
        gone.leaves(date(2026, 5, 1), {})
    assert names() == {"居る人"}


def test_who_cannot_be_written_to_is_listed_with_the_reason(someone: People) -> None:
    someone("届く人")
    someone("宛先なし", email="")
    someone("同意なし", agrees=False)
    someone("休止中", email="rests@example.test")
    with act(Kind.ADDRESS_RESTED) as deed:
        deed.about = resting.rest("rests@example.test")
    assert reasons() == {
        "届く人": None, "宛先なし": WhyNot.NO_ADDRESS, "同意なし": WhyNot.NO_CONSENT, "休止中": WhyNot.ADDRESS_RESTS,
    }  # fmt: skip
    assert choosing.count(Conditions()) == Count(4, 1)
    assert names(reachable=True) == {"届く人", "同意なし"}
    assert names(consent=Purpose.ANNOUNCEMENTS) == {"届く人", "宛先なし", "休止中"}


def test_who_took_their_consent_back_is_not_written_to(someone: People) -> None:
    person = someone("考え直した人")
    with act(Kind.CONSENT_WITHDRAWN, about=person):
        consents.withdraw(person, Purpose.ANNOUNCEMENTS, way=Way.TELEPHONE)
    assert reasons() == {"考え直した人": WhyNot.NO_CONSENT}


def test_members_by_class_tier_and_days(someone: People) -> None:
    member("大企業", someone, employees=101)
    member("小企業", someone, employees=100, on=date(2026, 5, 11))
    member("准会員", someone, "associate")
    left = member("退会者", someone, on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN, about=left):
        terms.withdraw(left, asked_on=date(2026, 2, 1), effective_on=date(2026, 3, 31), reason="事業の終了")
    someone("会員外")
    assert names(belonging=Belonging.MEMBERS) == {"大企業", "小企業", "准会員"}
    assert names(belonging=Belonging.FORMER) == {"退会者"}
    assert names(belonging=Belonging.NEVER) == {"会員外"}
    assert names(classes=(MemberClass.ASSOCIATE,)) == {"准会員"}
    assert names(tiers=("corporate_large",)) == {"大企業"}
    assert names(tiers=("corporate_small", "associate")) == {"小企業", "准会員"}
    assert names(joined_from=date(2026, 4, 1)) == {"小企業"}
    assert names(joined_to=date(2024, 12, 31)) == {"退会者"}
    assert names(left_from=date(2026, 3, 1), left_to=date(2026, 3, 31)) == {"退会者"}


def test_organisations_by_kind_and_industry_and_people_by_role_and_language(someone: People) -> None:
    hospital = an_organisation("見本病院", kind=OrganisationKind.MEDICAL_PROVIDER, industry="医療")
    someone("看護部長", organisation=hospital, roles=(PersonRole.EVENTS,))
    someone("Jane", organisation=hospital, locale="en")
    someone("会社員", organisation=an_organisation("株式会社通信", industry="情報通信"))
    assert names(kinds=(OrganisationKind.MEDICAL_PROVIDER,)) == {"看護部長", "Jane"}
    assert names(industries=("情報通信", "医療"), languages=("en",)) == {"Jane"}
    assert names(roles=(PersonRole.EVENTS, PersonRole.BILLING)) == {"看護部長"}


def test_a_role_that_has_ended_does_not_count(someone: People) -> None:
    person = someone("元担当", roles=(PersonRole.LIAISON,))
    with act(Kind.ROLE_ENDED, about=person):
        person.gives_up(PersonRole.LIAISON, date(2026, 5, 31))
    assert names(roles=(PersonRole.LIAISON,)) == set()


def test_who_came_to_an_event_is_found_and_who_only_registered_is_not(
    someone: People, clock_at: Callable[[str], Any]
) -> None:
    clock_at("2026-05-15 10:00")
    event = an_event(days=5, kind=EventKind.WORKSHOP)
    came, stayed = someone("来た人"), someone("来なかった人")
    one = a_registration(event.sessions[0], "来た人", email=came.email)
    a_registration(event.sessions[0], "来なかった人", email=stayed.email)
    clock_at("2026-06-01 10:00")
    with act(Kind.ATTENDANCE_TAKEN, about=event):
        attendance.take(event.sessions[0], {one.id: Tick(None, True)})
    assert names(attended_event=event.id) == {"来た人"}
    assert names(attended_kind=EventKind.WORKSHOP) == {"来た人"}
    assert names(attended_kind=EventKind.SYMPOSIUM) == set()
    assert names(attended_since=date(2026, 5, 1)) == {"来た人"}
    assert names(attended_since=date(2026, 5, 30)) == set()
    assert names(attended_event=event.id, attended_since=date(2026, 5, 30)) == set()


def test_conditions_come_back_as_they_were_kept(a_segment: Callable[..., Segment]) -> None:
    asked = {
        "belonging": Belonging.MEMBERS, "classes": (MemberClass.CORPORATE,), "tiers": ("corporate_small",),
        "joined_from": date(2025, 4, 1), "roles": (PersonRole.BILLING,), "languages": ("en",), "attended_event": 3,
        "attended_kind": EventKind.WORKSHOP, "attended_since": date(2026, 1, 1), "consent": Purpose.PHOTOGRAPHS, "reachable": True,
    }  # fmt: skip
    segment = a_segment(**asked)
    db.session.expire_all()
    assert segment.conditions == Conditions(**asked)
    assert set(segment.stored) == set(asked)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"joined_from": date(2026, 4, 2), "joined_to": date(2026, 4, 1)}, "joined_to"),
        ({"belonging": Belonging.NEVER, "classes": (MemberClass.CORPORATE,)}, "belonging"),
        ({"belonging": Belonging.FORMER, "tiers": ("associate",)}, "belonging"),
    ],
)
def test_conditions_that_cannot_all_hold_are_refused(app: Any, asked: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refusal, act(Kind.SEGMENT_ADDED):
        segments.adding("矛盾", "", Conditions(**asked))
    assert refusal.value.field == field


def test_two_segments_do_not_share_a_name(a_segment: Callable[..., Segment]) -> None:
    name = a_segment().name
    with pytest.raises(Refused) as refusal, act(Kind.SEGMENT_ADDED):
        segments.adding(name, "", Conditions())
    assert refusal.value.field == "name"


def test_counting_takes_the_same_number_of_queries_however_many_people_there_are(someone: People, app: Any) -> None:
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def queries() -> int:
        asked.clear()
        choosing.count(
            Conditions(tiers=("corporate_small",), roles=(PersonRole.LIAISON,), attended_kind=EventKind.WORKSHOP)
        )
        return len([one for one in asked if one.startswith("SELECT")])

    member("一社目", someone)
    few = queries()
    for number in range(5):
        member(f"次の会社{number}", someone)
    assert queries() == few <= 6


def test_a_person_of_two_records_is_one_person_of_the_record_that_stands(someone: People) -> None:
    one, other = someone("統合先"), someone("統合元")
    with act(Kind.PERSON_CHANGED, about=other):
        other.merged_into_id = one.id
    assert names() == {"統合先"}
