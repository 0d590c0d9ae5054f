"""Movements of a year: whatever happened, the table adds up, and says what is counted on each day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import schema
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import movements, terms, tiers
from crm.members.members import ClassPeriod, Member
from crm.members.movements import Figure, Group
from crm.members.tiers import PUBLISHED, PUBLISHED_SINCE, FeeTier, MemberClass
from crm.organisations.organisations import CountSource, EmployeeCount, Organisation
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member, an_organisation

CORPORATE, ASSOCIATE = MemberClass.CORPORATE, MemberClass.ASSOCIATE
FIRST = date(2024, 11, 1)
schema.load()  # rows are made below without a database: every noun must be known
YEARS = [FiscalYear(2024) + n for n in range(4)]
TIERS = [
    FeeTier(
        code=t.code, name=t.name, member_class=t.member_class, employees_min=t.employees_min, employees_max=t.employees_max,
        annual_fee=t.annual_fee, effective_from=PUBLISHED_SINCE,
    )
    for t in PUBLISHED
]  # fmt: skip

# A history: after so many days something happens, again and again. Days that meet the edge of a year are drawn often.
_wait = st.one_of(st.integers(0, 40), st.sampled_from([0, 1, 150, 151, 364, 365, 366]), st.integers(0, 500))
_histories = st.lists(
    st.tuples(st.lists(st.tuples(_wait, st.sampled_from("CALR")), max_size=7), st.lists(st.tuples(_wait, st.sampled_from([99, 100, 101])), max_size=4)),
    max_size=6,
)  # fmt: skip


def lived(number: int, happenings: list[tuple[int, str]], figures: list[tuple[int, int]]) -> Member:
    """A member to whom these things happened: C and A join or change the class, L leaves, R returns as it was."""
    organisation = Organisation(name=f"株式会社見本{number}")
    member = Member(organisation=organisation, number=f"M-{number:04d}")
    day = FIRST
    for wait, what in happenings:
        day += timedelta(days=wait)
        last = member.classes[-1] if member.classes else None
        runs = last is not None and last.until is None
        if what == "L" and runs:
            assert last is not None
            last.until = max(day, last.since)
            day = last.until + timedelta(days=1)
        elif what != "L" and not runs:
            new = {"C": CORPORATE, "A": ASSOCIATE}.get(what) or (last.member_class if last else CORPORATE)
            ClassPeriod(member=member, member_class=new, since=day)
        elif what in "CA" and last is not None and runs and day > last.since:
            new = CORPORATE if what == "C" else ASSOCIATE
            if new is not last.member_class:
                last.until = day - timedelta(days=1)
                ClassPeriod(member=member, member_class=new, since=day)
    day = FIRST
    for wait, employees in figures:
        day += timedelta(days=wait + 1)
        EmployeeCount(organisation=organisation, employees=employees, on=day, source=CountSource.DECLARED)
    return member


@settings(max_examples=150, deadline=None)
@given(_histories, st.integers(0, 364))
def test_whatever_happened_the_table_adds_up_and_agrees_with_the_count_of_each_day(histories, into) -> None:
    members = [lived(n, *history) for n, history in enumerate(histories)]
    closing: dict[Group, int] = {}
    for year in YEARS:
        for on in (year.first_day + timedelta(days=into), year.last_day):
            table = movements.tabled(members, year, on, TIERS)
            assert table.breaches() == []
            for member_class in MemberClass:
                there = sum(member.class_on(on) is member_class for member in members)
                assert table.members_on(member_class) == there, (year, on)
            for inward, outward in ((Figure.CLASS_IN, Figure.CLASS_OUT), (Figure.TIER_IN, Figure.TIER_OUT)):
                assert table.count(inward) == table.count(outward)
            assert {g: n for g in table.groups if (n := table.count(Figure.OPENING, group=g))} == closing
        closing = {g: n for g in table.groups if (n := table.count(Figure.CLOSING, group=g))}


@pytest.fixture
def _a_day(app, clock_at) -> None:
    clock_at("2027-05-10 09:00")


def cells(table: movements.Movements, code: str) -> dict[str, int]:
    group = next(g for g in table.groups if g.code == code)
    return {f.value: n for f in Figure if (n := table.count(f, group=group))}


@pytest.mark.usefixtures("_a_day")
def test_a_year_with_everything_in_it() -> None:
    stays = a_member(employees=100, on=date(2025, 4, 1))
    joins = a_member(employees=101, on=date(2026, 7, 1))
    leaves = a_member(employees=50, on=date(2025, 4, 1))
    rises = a_member(member_class="associate", employees=200, on=date(2025, 4, 1))
    back = a_member(employees=80, on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(leaves, asked_on=date(2026, 12, 1), effective_on=date(2027, 3, 31), reason="予算")
        terms.withdraw(back, asked_on=date(2025, 1, 1), effective_on=date(2025, 3, 31), reason="休止")
    with act(Kind.MEMBER_ADMITTED):
        terms.admit(back.organisation, CORPORATE, on=date(2026, 10, 1))
        terms.change_class(rises, CORPORATE, on=date(2026, 10, 1), reason="申請")
        stays.organisation.count_employees(101, on=date(2026, 3, 1), source=CountSource.DECLARED)
    table = movements.of_year(FiscalYear(2026))
    assert (table.on, table.breaches()) == (date(2027, 3, 31), [])
    assert cells(table, "corporate_large") == {"joined": 1, "class_in": 1, "tier_in": 1, "closing": 3}
    assert cells(table, "corporate_small") == {"opening": 2, "returned": 1, "tier_out": 1, "left": 1, "closing": 1}
    assert cells(table, "") == {"opening": 1, "class_out": 1}
    assert (table.count(Figure.CLOSING), table.last_days(), table.members_on()) == (4, 1, 5)
    assert table.members_on() == sum(terms.count(date(2027, 3, 31)).values())
    (entry,) = table.entries_of(Figure.JOINED)
    assert (entry.member, entry.day) == (joins, date(2026, 7, 1))
    summer = movements.of_year(FiscalYear(2026), on=date(2026, 6, 30))
    assert cells(summer, "corporate_small") == {"opening": 2, "tier_out": 1, "closing": 1}
    assert summer.members_on() == sum(terms.count(date(2026, 6, 30)).values())
    with pytest.raises(ValueError, match="outside"):
        movements.of_year(FiscalYear(2026), on=date(2027, 4, 1))


@pytest.mark.usefixtures("_a_day")
def test_a_change_of_class_on_1_april_belongs_to_the_new_year() -> None:
    member = a_member(member_class="associate", employees=200, on=date(2025, 4, 1))
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, CORPORATE, on=date(2026, 4, 1), reason="申請")
    db.session.expire_all()
    assert cells(movements.of_year(FiscalYear(2025)), "") == {"joined": 1, "closing": 1}
    after = movements.of_year(FiscalYear(2026))
    assert cells(after, "") == {"opening": 1, "class_out": 1}
    assert cells(after, "corporate_large") == {"class_in": 1, "closing": 1}


@pytest.mark.usefixtures("_a_day")
def test_without_an_employee_figure_the_row_says_so() -> None:
    a_member(an_organisation("株式会社不明"), on=date(2026, 4, 1))
    table = movements.of_year(FiscalYear(2026))
    group = next(g for g in table.groups if g.member_class is CORPORATE and not g.code)
    assert (table.count(Figure.JOINED, group=group), table.name_of(group)) == (1, "企業会員（社員数不明）")


@pytest.mark.usefixtures("_a_day")
def test_the_tiers_of_the_test_are_those_the_program_brings() -> None:
    a_member()
    assert {t.code for t in tiers.all_tiers()} == {t.code for t in TIERS}
