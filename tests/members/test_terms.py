"""Belonging from year to year: joining, leaving, returning, changing class, counting on any day, and the fee that follows."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import fees, terms, tiers
from crm.members.members import Member, MembershipTerm, Standing, TermState
from crm.members.renewing import outlook
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations.organisations import CountSource
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen
from tests.builders import a_member, an_organisation, the_tiers

CORPORATE, ASSOCIATE = MemberClass.CORPORATE, MemberClass.ASSOCIATE
FY2025, FY2026, FY2027 = FiscalYear(2025), FiscalYear(2026), FiscalYear(2027)

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _today(clock_at) -> None:
    clock_at("2026-07-01 09:00")


def fee_of(member: Member, year: FiscalYear) -> Yen | None:
    basis = fees.basis(member, year)
    assert basis is not None
    return basis.fee(by_month=fees.by_month())


@pytest.mark.parametrize(("employees", "fee"), [(0, 120_000), (100, 120_000), (101, 360_000), (5_000, 360_000)])
def test_the_edge_between_the_fees_lies_between_100_and_101_employees(employees: int, fee: int) -> None:
    assert fee_of(a_member(employees=employees), FY2026) == Yen(fee)


def test_an_associate_pays_nothing_whatever_its_size() -> None:
    assert fee_of(a_member(member_class="associate", employees=5_000), FY2026) == Yen(0)


def test_without_an_employee_count_no_fee_is_guessed() -> None:
    basis = fees.basis(a_member(employees=None), FY2026)
    assert basis is not None
    assert (basis.tier, basis.fee(by_month=False), basis.employees) == (None, None, None)


def test_the_count_of_the_years_first_day_decides_and_not_a_later_one() -> None:
    member = a_member(employees=100, on=date(2025, 4, 1))
    with act(Kind.EMPLOYEES_COUNTED):
        member.organisation.count_employees(101, on=date(2026, 4, 2), source=CountSource.DECLARED)
    assert fee_of(member, FY2026) == Yen(120_000)
    assert fee_of(member, FY2027) == Yen(360_000)


def test_who_joins_during_the_year_pays_by_the_count_of_that_day() -> None:
    organisation = an_organisation(employees=100, on=date(2026, 4, 1))
    with act(Kind.EMPLOYEES_COUNTED):
        organisation.count_employees(101, on=date(2026, 9, 30), source=CountSource.DECLARED)
    member = a_member(organisation, on=date(2026, 10, 1))
    assert fee_of(member, FY2026) == Yen(360_000)
    basis = fees.basis(member, FY2026)
    assert basis is not None
    assert (basis.day, basis.days_old) == (date(2026, 10, 1), 1)


def test_a_monthly_share_is_what_remains_of_the_year() -> None:
    basis = fees.basis(a_member(on=date(2026, 10, 15)), FY2026)
    assert basis is not None
    assert (basis.fee(by_month=False), basis.fee(by_month=True)) == (Yen(360_000), Yen(180_000))


@pytest.mark.parametrize(("day", "year"), [(date(2026, 3, 31), FY2025), (date(2026, 4, 1), FY2026)])
def test_joining_on_31_march_belongs_to_the_old_year_and_on_1_april_to_the_new(day: date, year: FiscalYear) -> None:
    member = a_member(on=day)
    (term,) = member.terms
    assert (term.year, term.starts_on, term.ends_on) == (year, day, year.last_day)


def test_a_decision_of_the_board_holds_from_its_day_on_and_leaves_earlier_years() -> None:
    member = a_member(on=date(2025, 4, 1))
    with act(Kind.TIER_CHANGED):
        large = next(t for t in tiers.all_tiers() if t.code == "corporate_large")
        tiers.decide(large, annual_fee=Yen(400_000), effective_from=date(2027, 4, 1), source="理事会 2027-01")
    assert [fee_of(member, y) for y in (FY2025, FY2026, FY2027)] == [Yen(360_000), Yen(360_000), Yen(400_000)]


@pytest.mark.parametrize(
    ("fee", "day", "source", "field"),
    [(1, date(2024, 11, 1), "x", "effective_from"), (1, date(2026, 3, 31), "x", "effective_from"),
     (360_000, date(2027, 4, 1), "x", "annual_fee"), (1, date(2027, 4, 1), " ", "source")],
)  # fmt: skip
def test_a_decision_that_would_touch_the_past_or_changes_nothing_is_refused(
    fee: int, day: date, source: str, field: str
) -> None:
    the_tiers()
    large = next(t for t in tiers.all_tiers() if t.code == "corporate_large")
    with pytest.raises(Refused) as refusal, act(Kind.TIER_CHANGED):
        tiers.decide(large, annual_fee=Yen(fee), effective_from=day, source=source)
    assert refusal.value.field == field


def test_the_published_tiers_are_put_in_once() -> None:
    with act(Kind.TIER_CHANGED):
        assert tiers.ensure() == 3
    with act(Kind.TIER_CHANGED):
        assert tiers.ensure() == 0
    assert db.session.scalar(sa.select(sa.func.count(FeeTier.id))) == 3


def test_numbers_are_given_in_order_and_never_given_again() -> None:
    first, second = a_member(number="M-0002"), a_member()
    third = a_member()
    assert [first.number, second.number, third.number] == ["M-0002", "M-0001", "M-0003"]
    with pytest.raises(Refused), act(Kind.MEMBER_ADMITTED):
        terms.admit(an_organisation_in_this_act(), CORPORATE, on=date(2026, 4, 1), number="M-0002")


def an_organisation_in_this_act() -> object:
    from crm.organisations import organisations

    return organisations.adding("株式会社同番号")


def test_who_is_a_member_is_not_admitted_again() -> None:
    member = a_member()
    with pytest.raises(Refused, match=member.organisation.name), act(Kind.MEMBER_ADMITTED):
        terms.admit(member.organisation, CORPORATE, on=date(2026, 5, 1))


def test_who_returns_after_a_gap_keeps_the_number_and_the_gap_stays_visible() -> None:
    member = a_member(on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN, about=member):
        terms.withdraw(member, asked_on=date(2025, 1, 10), effective_on=date(2025, 3, 31), reason="予算")
    with act(Kind.MEMBER_ADMITTED, about=member):
        again = terms.admit(member.organisation, ASSOCIATE, on=date(2026, 4, 1))
    assert again is member
    assert [t.year.start for t in member.terms] == [2024, 2026]
    assert terms.term_of(member, FY2025) is None
    assert [member.class_on(d) for d in (date(2025, 3, 31), date(2025, 4, 1), date(2026, 4, 1))] == [
        CORPORATE,
        None,
        ASSOCIATE,
    ]
    assert member.joined_on == date(2026, 4, 1)
    assert list(terms.breaches()) == []


def test_back_within_the_year_of_leaving_the_term_runs_again_and_the_days_tell_the_gap() -> None:
    member = a_member(on=date(2026, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 5, 1), effective_on=date(2026, 5, 31), reason="統合")
    assert member.terms[0].state is TermState.WITHDRAWN
    with act(Kind.MEMBER_ADMITTED):
        terms.admit(member.organisation, CORPORATE, on=date(2026, 10, 1))
    (term,) = member.terms
    assert (term.state, term.ends_on, term.withdrawal_reason) == (TermState.ACTIVE, FY2026.last_day, "")
    assert member.class_on(date(2026, 6, 1)) is None


def test_a_withdrawal_ends_membership_with_its_last_day() -> None:
    member = a_member(on=date(2025, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 6, 20), effective_on=date(2027, 3, 31), reason="事業再編")
    assert member.standing_on(date(2026, 7, 1)) is Standing.LEAVING
    assert member.class_on(date(2027, 3, 31)) is CORPORATE
    assert member.class_on(date(2027, 4, 1)) is None
    assert terms.term_of(member, FY2027) is None
    with act(Kind.MEMBER_STAYED):
        terms.stay(member)
    assert member.standing_on(date(2027, 4, 1)) is Standing.MEMBER
    assert list(terms.breaches()) == []


@pytest.mark.parametrize(("effective", "reason"), [("2025-03-31", "x"), ("2026-09-30", " ")])
def test_a_withdrawal_needs_a_reason_and_a_day_of_membership(effective: str, reason: str) -> None:
    member = a_member(on=date(2025, 4, 1))
    with pytest.raises(Refused), act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 6, 20), effective_on=date.fromisoformat(effective), reason=reason)
    assert db.session.get_one(Member, member.id).left_on is None


def test_a_withdrawal_cannot_undo_a_change_of_class_that_took_effect_but_drops_one_that_was_planned() -> None:
    member = a_member(member_class="associate", on=date(2025, 4, 1))
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, CORPORATE, on=date(2026, 4, 1), reason="申請")
    with pytest.raises(Refused), act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 6, 1), effective_on=date(2026, 3, 31), reason="誤")
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, ASSOCIATE, on=date(2026, 10, 1), reason="申請")
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 7, 1), effective_on=date(2026, 9, 30), reason="退会届")
    db.session.expire_all()
    assert [(p.member_class, p.until) for p in member.classes] == [
        (ASSOCIATE, date(2026, 3, 31)),
        (CORPORATE, date(2026, 9, 30)),
    ]
    assert list(terms.breaches()) == []


def test_a_change_of_class_is_dated_and_makes_the_years_term_corporate() -> None:
    member = a_member(member_class="associate", employees=101, on=date(2025, 4, 1))
    with act(Kind.TERMS_RENEWED):
        terms.renew(FY2026)
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, CORPORATE, on=date(2026, 10, 1), reason="申請")
    assert [(t.year, t.member_class) for t in member.terms] == [(FY2025, ASSOCIATE), (FY2026, CORPORATE)]
    assert member.class_on(date(2026, 9, 30)) is ASSOCIATE
    assert fee_of(member, FY2026) == Yen(360_000)
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, ASSOCIATE, on=date(2027, 4, 1), reason="申請")
    assert fee_of(member, FY2026) == Yen(360_000)
    assert fee_of(member, FY2027) == Yen(0)


def test_a_tier_fixed_by_hand_needs_a_reason_and_can_be_given_back() -> None:
    member = a_member(employees=250)
    (term,) = member.terms
    small = next(t for t in tiers.all_tiers() if t.code == "corporate_small")
    with pytest.raises(Refused), act(Kind.MEMBER_TIER_FIXED):
        terms.fix_tier(term, small, reason="")
    with act(Kind.MEMBER_TIER_FIXED):
        terms.fix_tier(term, small, reason="国内単体は80名")
    assert fee_of(member, FY2026) == Yen(120_000)
    assert terms.tier_of(term) is small
    with act(Kind.MEMBER_TIER_FIXED):
        terms.fix_tier(term, None, reason="")
    assert fee_of(member, FY2026) == Yen(360_000)


def test_members_are_counted_on_any_day() -> None:
    a_member(on=date(2025, 4, 1))
    associate = a_member(member_class="associate", on=date(2025, 12, 31))
    left = a_member(on=date(2025, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(left, asked_on=date(2025, 11, 1), effective_on=date(2025, 12, 31), reason="退会")
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(associate, CORPORATE, on=date(2026, 4, 1), reason="申請")
    counted = {d: tuple(terms.count(date.fromisoformat(d)).values()) for d in ("2025-03-31", "2025-12-30", "2025-12-31", "2026-01-01", "2026-04-01")}  # fmt: skip
    assert counted == {
        "2025-03-31": (0, 0), "2025-12-30": (2, 0), "2025-12-31": (2, 1), "2026-01-01": (1, 1), "2026-04-01": (2, 0),
    }  # fmt: skip


def test_renewing_makes_one_term_for_everyone_who_belongs_and_nothing_the_second_time() -> None:
    a_member(on=date(2025, 4, 1))
    a_member(member_class="associate", on=date(2025, 4, 1))
    left = a_member(on=date(2025, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(left, asked_on=date(2026, 1, 1), effective_on=date(2026, 3, 31), reason="退会")
    with act(Kind.TERMS_RENEWED):
        assert len(terms.renew(FY2026)) == 2
    with act(Kind.TERMS_RENEWED):
        assert terms.renew(FY2026) == []
    assert db.session.scalar(sa.select(sa.func.count(MembershipTerm.id)).where(MembershipTerm.year == FY2026)) == 2


def test_the_outlook_names_who_crosses_the_edge_and_whose_figure_is_old_or_missing() -> None:
    crossing = a_member(employees=100, on=date(2025, 4, 1))
    with act(Kind.EMPLOYEES_COUNTED):
        crossing.organisation.count_employees(101, on=date(2026, 3, 1), source=CountSource.DECLARED)
    old = a_member(employees=50, on=date(2025, 4, 1))
    unknown = a_member(employees=None, on=date(2025, 4, 1))
    found = {r.member.id: r for r in outlook(FY2026)}
    assert (found[crossing.id].crosses, found[crossing.id].is_old) == (True, False)
    assert (found[old.id].crosses, found[old.id].is_old) == (False, True)
    assert found[unknown.id].needs_figure
