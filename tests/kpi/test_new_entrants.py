"""New-entrant companies by definition r8-1, on the histories that make it hard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.history.kinds import Kind
from crm.history.recording import act
from crm.kpi import new_entrants
from crm.kpi.new_entrants import NewEntrants
from crm.members import terms
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations import succession
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.projects.contracts import ContractKind
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_contract, a_participation, an_organisation

YEAR = FiscalYear(2026)
END = YEAR.last_day
LICENCE = ContractKind.LICENCE


def a_corporate_member(
    organisation: Organisation, on: str = "2026-06-01", to: MemberClass = MemberClass.CORPORATE
) -> Member:
    with act(Kind.MEMBER_ADMITTED):
        return terms.admit(organisation, to, on=date.fromisoformat(on))


def leaves(member: Member, on: str) -> None:
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 1, 1), effective_on=date.fromisoformat(on), reason="見本")


def absorbed(predecessor: Organisation, successor: Organisation, on: str) -> None:
    with act(Kind.SUCCESSION_RECORDED):
        succession.absorb(predecessor, successor, date.fromisoformat(on))


def joined(old: Organisation, new: Organisation, on: str) -> None:
    with act(Kind.SUCCESSION_RECORDED):
        succession.join_names(old, new, date.fromisoformat(on))


def companies(*names: str) -> list[Organisation]:
    return [an_organisation(f"株式会社{name}") for name in names]


def counted(year: FiscalYear = YEAR, as_of: date | str | None = None) -> NewEntrants:
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    return new_entrants.count(year, day or year.last_day)


def told(found: NewEntrants) -> list[tuple[str, str]]:
    """Name without 株式会社, and category, of every entry."""
    return [(entry.organisation.removeprefix("株式会社"), entry.category.value) for entry in found.entries]


def left_out(found: NewEntrants) -> list[str]:
    return [one.organisation.removeprefix("株式会社") for one in found.left_out]


# --- the four ways


def test_each_of_the_four_ways_counts_with_its_date_and_evidence(app: Flask) -> None:
    a, b, c, d = companies("ア", "イ", "ウ", "エ")
    a_participation(a, "2026-04-01", evidence="参画届")
    a_contract(b, signed="2026-05-11", evidence="契約書第1号")
    a_contract(c, LICENCE, signed="2026-06", evidence="契約書第2号")
    member = a_corporate_member(d, "2026-07-01")
    found = counted()
    assert (found.value, found.strict_value, found.definition) == (4, 4, "r8-1")
    assert told(found) == [("ア", "change"), ("イ", "joint_research"), ("ウ", "licence"), ("エ", "member")]
    assert {one.value: n for one, n in found.by_category.items()} == dict.fromkeys(
        ("change", "joint_research", "licence", "member"), 1
    )
    assert [str(entry.step.since) for entry in found.entries] == ["2026-04-01", "2026-05-11", "2026-06", "2026-07-01"]
    assert [entry.step.evidence for entry in found.entries[:3]] == ["参画届", "契約書第1号", "契約書第2号"]
    assert member.number in found.entries[3].step.evidence


def test_an_empty_year_counts_nothing(app: Flask) -> None:
    found = counted()
    assert (found.value, found.strict_value, found.entries, found.left_out) == (0, 0, (), ())


@pytest.mark.parametrize("kind", [kind for kind in OrganisationKind if kind is not OrganisationKind.COMPANY])
def test_only_companies_count(app: Flask, kind: OrganisationKind) -> None:
    other = an_organisation("見本機構", kind=kind)
    a_participation(other, "2026-04-01")
    a_contract(other, signed="2026-05-01")
    a_corporate_member(other)
    found = counted()
    assert (found.value, found.strict_value, found.left_out) == (0, 0, ())
    assert {one.organisation for one in found.not_counted} == {"見本機構"}


def test_where_the_kind_is_not_known_the_legal_form_decides(app: Flask) -> None:
    a_participation(an_organisation("株式会社ミチ", kind_known=False), "2026-04-01")
    a_participation(an_organisation("ミチ研究所", kind_known=False), "2026-04-01")
    a_participation(an_organisation("株式会社大学", kind=OrganisationKind.OTHER), "2026-04-01")
    found = counted()
    assert told(found) == [("ミチ", "change")]
    assert sorted(one.organisation for one in found.not_counted) == ["ミチ研究所", "株式会社大学"]


def test_associate_members_do_not_count(app: Flask) -> None:
    (one,) = companies("ジュン")
    a_corporate_member(one, "2026-06-01", MemberClass.ASSOCIATE)
    assert counted().value == 0


def test_an_associate_counts_when_it_becomes_a_corporate_member(app: Flask) -> None:
    (one,) = companies("ジュン")
    member = a_corporate_member(one, "2025-06-01", MemberClass.ASSOCIATE)
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, MemberClass.CORPORATE, on=date(2026, 9, 1), reason="見本")
    found = counted()
    assert told(found) == [("ジュン", "member")]
    assert str(found.entries[0].step.since) == "2026-09-01"
    assert counted(FiscalYear(2025)).value == 0
    assert counted(as_of="2026-08-31").value == 0


# --- first and second


def test_a_second_participation_or_contract_of_the_same_kind_is_not_new(app: Flask) -> None:
    a, b, c = companies("ア", "イ", "ウ")
    a_participation(a, "2023-04-01", topic=1)
    a_participation(a, "2026-04-01", topic=2)
    a_contract(b, signed="2024-05")
    a_contract(b, signed="2026-05-01", title="次")
    a_contract(c, LICENCE, signed="2024-05-01")
    a_contract(c, LICENCE, signed="2026-05-01", title="次")
    found = counted()
    assert found.value == 0
    assert [one.organisation for one in found.not_counted] == ["株式会社ア", "株式会社イ", "株式会社ウ"]
    assert all("2" in str(one.reason) for one in found.not_counted)


def test_the_first_contract_of_another_kind_is_new_whatever_came_before(app: Flask) -> None:
    a, b = companies("ア", "イ")
    a_contract(a, LICENCE, signed="2019-05-01")
    a_contract(a, signed="2026-05-01")
    a_participation(b, "2020-04-01")
    a_contract(b, LICENCE, signed="2026-06-01")
    assert told(counted()) == [("ア", "joint_research"), ("イ", "licence")]


def test_two_topics_or_contracts_in_the_first_year_count_once_by_the_first(app: Flask) -> None:
    (one,) = companies("ア")
    a_contract(one, signed="2026-09-01", title="次", evidence="二")
    a_contract(one, signed="2026-05-01", title="初", evidence="一")
    found = counted()
    assert (found.value, found.entries[0].step.evidence) == (1, "一")


def test_a_participation_without_a_beginning_was_there_before(app: Flask) -> None:
    (one,) = companies("ア")
    a_participation(one, None)
    assert counted().value == 0
    a_participation(one, "2026-05-01", topic=2)
    found = counted()
    assert found.value == 0
    assert [entry.category.value for entry in found.not_counted] == ["change"]


def test_a_company_counts_once_under_the_lowest_number(app: Flask) -> None:
    (one,) = companies("ア")
    a_contract(one, LICENCE, signed="2026-04-10")
    a_contract(one, signed="2026-05-10")
    a_participation(one, "2026-12-01")
    found = counted()
    assert told(found) == [("ア", "change")]
    assert [other.value for other in found.entries[0].also] == ["joint_research", "licence"]
    assert told(counted(as_of="2026-11-30")) == [("ア", "joint_research")]
    assert told(counted(as_of="2026-05-09")) == [("ア", "licence")]


# --- members and the stricter reading


def test_a_new_member_that_meets_another_number_in_the_year_is_left_out_under_4(app: Flask) -> None:
    (one,) = companies("ア")
    a_corporate_member(one, "2026-05-01")
    a_contract(one, signed="2026-10-01")
    before, after = counted(as_of="2026-09-30"), counted()
    assert (told(before), left_out(before)) == ([("ア", "member")], [])
    assert (told(after), left_out(after)) == ([("ア", "joint_research")], ["ア"])
    assert [other.value for other in after.entries[0].also] == ["member"]
    assert "2026-10-01" in str(after.left_out[0].reason)
    assert (before.value, after.value, after.strict_value) == (1, 1, 1)


def test_the_stricter_reading_leaves_out_earlier_participants_and_partners(app: Flask) -> None:
    a, b, c, d = companies("ア", "イ", "ウ", "エ")
    a_participation(a, "2024-04-01")
    a_contract(b, LICENCE, signed="2020-01")
    a_participation(c, None)
    for one in (a, b, c, d):
        a_corporate_member(one, "2026-05-01")
    found = counted()
    assert (found.value, found.strict_value) == (4, 1)
    assert found.left_out == ()
    assert [one.organisation for one in found.strictly_left_out] == ["株式会社ア", "株式会社イ", "株式会社ウ"]


def test_an_entry_under_another_number_is_no_matter_of_the_stricter_reading(app: Flask) -> None:
    (one,) = companies("ア")
    a_participation(one, "2020-04-01")
    a_contract(one, signed="2026-05-01")
    assert (counted().value, counted().strict_value) == (1, 1)


def test_leaving_later_in_the_year_does_not_undo_having_entered(app: Flask) -> None:
    a, b = companies("ア", "イ")
    leaves(a_corporate_member(a, "2026-05-01"), "2026-09-30")
    a_participation(b, "2026-05-01", until=DayOrMonth.parse("2026-08"))
    assert told(counted()) == [("イ", "change"), ("ア", "member")]


def test_returning_is_not_new(app: Flask) -> None:
    a, b = companies("ア", "イ")
    leaves(a_corporate_member(a, "2024-11-01"), "2025-03-31")
    a_corporate_member(a, "2026-05-01")
    a_participation(b, "2020-04-01", until=DayOrMonth.parse("2021-03"))
    a_participation(b, "2026-04-01")
    assert counted().value == 0
    assert len(counted().not_counted) == 2


# --- days


def test_31_march_belongs_to_the_old_year_and_1_april_to_the_new(app: Flask) -> None:
    a, b, c, d = companies("ア", "イ", "ウ", "エ")
    a_participation(a, "2026-03-31")
    a_participation(b, "2026-04-01")
    a_contract(c, signed="2027-03-31")
    a_contract(d, LICENCE, signed="2027-04-01")
    far = date(2027, 12, 31)
    assert told(counted(FiscalYear(2025), far)) == [("ア", "change")]
    assert told(counted(YEAR, far)) == [("イ", "change"), ("ウ", "joint_research")]
    assert told(counted(FiscalYear(2027), far)) == [("エ", "licence")]


def test_nothing_dated_after_the_as_of_day_is_seen(app: Flask) -> None:
    (one,) = companies("ア")
    a_participation(one, "2026-06-15")
    assert [counted(as_of=day).value for day in ("2026-06-14", "2026-06-15", "2027-03-31")] == [0, 1, 1]


def test_a_month_is_seen_from_its_last_day_and_lies_within_its_year(app: Flask) -> None:
    a, b = companies("ア", "イ")
    a_contract(a, signed="2026-05")
    a_contract(b, LICENCE, signed="2027-03")
    assert [counted(as_of=day).value for day in ("2026-05-30", "2026-05-31", "2027-03-30", "2027-03-31")] == [
        0,
        1,
        1,
        2,
    ]
    assert counted(FiscalYear(2027)).value == 0


def test_a_day_in_a_month_comes_before_the_month_known_without_its_day(app: Flask) -> None:
    (one,) = companies("ア")
    a_contract(one, signed="2026-05", title="月", evidence="月")
    a_contract(one, signed="2026-05-20", title="日", evidence="日")
    assert counted().entries[0].step.evidence == "日"


def test_without_a_day_it_is_today_and_for_a_past_year_its_last_day(app: Flask, clock_at: Callable[[str], Any]) -> None:
    a, b = companies("ア", "イ")
    a_participation(a, "2026-06-15")
    a_participation(b, "2026-12-01")
    clock_at("2026-07-01 09:00")
    assert (new_entrants.count(YEAR).as_of, new_entrants.count(YEAR).value) == (date(2026, 7, 1), 1)
    clock_at("2027-05-01 09:00")
    assert (new_entrants.count(YEAR).as_of, new_entrants.count(YEAR).value) == (END, 2)
    clock_at("2026-06-15 00:30")  # the evening before in UTC
    assert new_entrants.count(YEAR).value == 1


# --- former names


def test_a_renamed_company_is_not_new(app: Flask) -> None:
    (one,) = companies("キュウ")
    a_participation(one, "2020-04-01")
    with act(Kind.SUCCESSION_RECORDED):
        succession.rename(one, "株式会社シン", date(2026, 4, 1))
    a_participation(one, "2026-05-01")
    assert counted().value == 0


def test_a_company_held_as_two_records_is_one_when_it_changed_its_name(app: Flask) -> None:
    old, new = companies("キュウ", "シン")
    a_contract(old, signed="2020-04-01")
    a_contract(new, signed="2026-05-01")
    a_participation(old, "2026-04-10")
    a_corporate_member(new, "2026-06-01")
    joined(old, new, "2026-04-15")
    found = counted()
    assert (told(found), left_out(found)) == ([("シン", "change")], ["シン"])
    assert counted(as_of="2026-04-12").value == 1


def test_three_names_of_one_company_are_one(app: Flask) -> None:
    first, second, third = companies("イチ", "ニ", "サン")
    joined(first, second, "2020-04-01")
    joined(second, third, "2025-04-01")
    a_contract(first, LICENCE, signed="2019-04-01")
    a_contract(third, LICENCE, signed="2026-04-01")
    a_contract(second, signed="2026-04-02")
    assert told(counted()) == [("サン", "joint_research")]


# --- absorptions


def test_what_was_absorbed_before_makes_it_not_the_first(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2020-04-01")
    absorbed(small, big, "2026-04-01")
    a_participation(big, "2026-04-01")
    found = counted()
    assert found.value == 0
    assert "株式会社ショウ" in str(found.not_counted[0].reason)


def test_what_is_absorbed_later_does_not(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2020-04-01")
    a_participation(big, "2026-04-01")
    absorbed(small, big, "2026-04-02")
    assert told(counted()) == [("ダイ", "change")]


def test_absorption_counts_at_second_hand_and_by_the_day(app: Flask) -> None:
    one, two, three = companies("イチ", "ニ", "サン")
    a_contract(one, signed="2015-04")
    absorbed(one, two, "2020-04-01")
    absorbed(two, three, "2026-05-10")
    a_contract(three, signed="2026-05-10")
    assert counted().value == 0
    other = companies("シ")[0]
    absorbed(three, other, "2026-08-01")
    a_contract(other, signed="2026-07-31")
    assert told(counted()) == [("シ", "joint_research")]


def test_an_absorbed_company_that_had_entered_before_counts_as_it_stood(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2026-04-10")
    absorbed(small, big, "2026-06-01")
    a_participation(big, "2026-07-01")
    assert told(counted()) == [("ショウ", "change")]
    assert told(counted(as_of="2026-05-31")) == [("ショウ", "change")]


def test_both_count_when_the_successor_entered_before_it_absorbed(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2026-04-10")
    a_participation(big, "2026-04-20")
    absorbed(small, big, "2026-06-01")
    assert told(counted()) == [("ショウ", "change"), ("ダイ", "change")]


def test_the_past_of_the_successor_does_not_touch_the_absorbed(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(big, "2020-04-01")
    a_participation(small, "2026-05-01")
    absorbed(small, big, "2026-06-01")
    assert told(counted()) == [("ショウ", "change")]


def test_a_new_member_is_left_out_when_what_it_had_absorbed_entered_in_the_year(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2026-04-10")
    absorbed(small, big, "2026-05-01")
    a_corporate_member(big, "2026-06-01")
    found = counted()
    assert (told(found), left_out(found)) == ([("ショウ", "change")], ["ダイ"])
    assert "株式会社ショウ" in str(found.left_out[0].reason)


def test_a_new_member_stays_when_it_absorbs_a_newcomer_afterwards(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2026-04-10")
    a_corporate_member(big, "2026-06-01")
    absorbed(small, big, "2026-06-02")
    found = counted()
    assert told(found) == [("ショウ", "change"), ("ダイ", "member")]
    assert (found.left_out, found.strict_value) == ((), 2)


def test_the_stricter_reading_sees_what_was_absorbed_by_then_and_no_more(app: Flask) -> None:
    big, small, late = companies("ダイ", "ショウ", "ノチ")
    a_participation(small, "2020-04-01")
    a_participation(late, "2020-04-01")
    absorbed(late, big, "2026-07-01")
    a_corporate_member(big, "2026-06-01")
    assert (counted().value, counted().strict_value) == (1, 1)
    absorbed(small, big, "2026-05-31")
    assert (counted().value, counted().strict_value) == (1, 0)


def test_a_member_whose_absorbed_company_was_a_member_before_is_not_new(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_corporate_member(small, "2025-04-01")
    absorbed(small, big, "2026-04-01")
    a_corporate_member(big, "2026-05-01")
    assert counted().value == 0


def test_an_absorption_after_the_as_of_day_is_not_seen(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    a_participation(small, "2020-04-01")
    absorbed(small, big, "2026-05-01")
    a_participation(big, "2026-05-01")
    a_participation(small, "2026-06-01", topic=2)  # still written under the old record
    assert [counted(as_of=day).value for day in ("2026-04-30", "2026-05-01", "2027-03-31")] == [0, 0, 0]


def test_a_contract_still_written_under_the_absorbed_record_is_the_successors(app: Flask) -> None:
    big, small = companies("ダイ", "ショウ")
    absorbed(small, big, "2026-05-01")
    a_contract(small, signed="2026-06-01")
    assert told(counted()) == [("ダイ", "joint_research")]
    a_contract(big, signed="2026-05-15")
    assert counted().value == 1


# --- the books


def test_the_figure_opens_into_json_with_every_key_of_the_contract(app: Flask) -> None:
    (one,) = companies("ア")
    a_corporate_member(one, "2026-05-01")
    a_contract(one, signed="2026-10", evidence="契約書")
    answer = counted().as_json(target=3)
    assert answer["by_category"] == {"change": 0, "joint_research": 1, "licence": 0, "member": 0}
    assert answer["entries"] == [
        {"organisation": "株式会社ア", "organisation_id": one.id, "category": "joint_research", "also": ["member"],
         "date": "2026-10", "evidence": "契約書"}
    ]  # fmt: skip
    assert {key: answer[key] for key in ("definition", "fiscal_year", "as_of", "value", "target", "strict_value")} == {
        "definition": "r8-1", "fiscal_year": 2026, "as_of": "2027-03-31", "value": 1, "target": 3, "strict_value": 1,
    }  # fmt: skip
    assert [set(left) >= {"organisation", "category", "reason"} for left in answer["left_out"]] == [True]


def test_queries_do_not_grow_with_the_companies(app: Flask) -> None:
    def fill(names: list[str]) -> None:
        ones = companies(*names)
        for one in ones:
            a_participation(one, "2026-05-01")
            a_contract(one, signed="2026-06-01")
        absorbed(ones[0], ones[1], "2026-07-01")

    fill(["ア", "イ"])
    with _queries() as few:
        counted()
    fill([f"見本{n}" for n in range(8)])
    with _queries() as many:
        assert counted().value == 10
    assert len(few) == len(many) <= 6


@contextmanager
def _queries() -> Iterator[list[str]]:
    from crm.db import db

    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    db.session.rollback()
    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)
