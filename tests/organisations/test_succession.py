"""Whose past belongs to whom: changes of name, absorptions, their days and chains."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import succession
from crm.organisations.organisations import Organisation
from crm.organisations.succession import Lineage
from tests.builders import an_organisation

DAY = date(2026, 4, 1)
BEFORE = date(2026, 3, 31)


def absorbed(predecessor: Organisation, successor: Organisation, on: date = DAY) -> None:
    with act(Kind.SUCCESSION_RECORDED):
        succession.absorb(predecessor, successor, on)


def renamed(organisation: Organisation, name: str, on: date = DAY) -> None:
    with act(Kind.SUCCESSION_RECORDED):
        succession.rename(organisation, name, on)


def test_renaming_keeps_the_former_name_with_its_day(app: Flask) -> None:
    one = an_organisation("アキュルナ株式会社")
    renamed(one, "株式会社ミライ")
    assert one.name == "株式会社ミライ"
    assert [(former.name, former.until) for former in one.former_names] == [("アキュルナ株式会社", DAY)]
    assert one.name_on(BEFORE) == "アキュルナ株式会社"
    assert one.name_on(DAY) == "株式会社ミライ"


def test_a_renamed_organisation_is_found_by_both_names(app: Flask) -> None:
    one = an_organisation("アキュルナ株式会社", kana="アキュルナ")
    renamed(one, "株式会社ミライ")
    assert "ミライ" in one.search_key
    assert "アキユルナ" in one.search_key
    with act(Kind.ORGANISATION_CHANGED):
        one.change(kana="ミライ")
    assert "アキユルナ" in one.search_key


def test_a_name_may_come_back(app: Flask) -> None:
    one = an_organisation("株式会社アカ")
    renamed(one, "株式会社アオ", date(2020, 1, 1))
    renamed(one, "株式会社アカ", date(2022, 1, 1))
    assert one.name_on(date(2019, 1, 1)) == "株式会社アカ"
    assert one.name_on(date(2021, 1, 1)) == "株式会社アオ"
    assert one.name_on(date(2023, 1, 1)) == "株式会社アカ"


def test_what_was_absorbed_by_the_day_counts_and_later_does_not(app: Flask) -> None:
    big, small = an_organisation("株式会社ダイ"), an_organisation("株式会社ショウ")
    absorbed(small, big)
    assert succession.whose_past(big, DAY) == {big.id, small.id}
    assert succession.whose_past(big, BEFORE) == {big.id}
    assert succession.whose_past(small, DAY) == {small.id}


def test_absorption_is_transitive_with_each_day_of_its_own(app: Flask) -> None:
    one, two, three = (an_organisation(f"株式会社{name}") for name in ("イチ", "ニ", "サン"))
    absorbed(one, two, date(2024, 4, 1))
    absorbed(two, three, date(2025, 4, 1))
    lineage = Lineage.load()
    assert lineage.whose_past(three.id, date(2025, 4, 1)) == {one.id, two.id, three.id}
    assert lineage.whose_past(three.id, date(2025, 3, 31)) == {three.id}
    assert lineage.whose_past(two.id, date(2024, 4, 1)) == {one.id, two.id}
    assert succession.successor_of(one, DAY) is three
    assert succession.successor_of(one, date(2024, 12, 31)) is two
    assert succession.successor_of(one, date(2024, 3, 31)) is None


def test_two_records_of_one_renamed_company_are_one_on_every_day(app: Flask) -> None:
    old, new, taken = (an_organisation(f"株式会社{name}") for name in ("キュウ", "シン", "ベツ"))
    absorbed(taken, old, date(2020, 1, 1))
    with act(Kind.SUCCESSION_RECORDED):
        succession.join_names(old, new, DAY)
    assert succession.whose_past(new, BEFORE) == {old.id, new.id, taken.id}
    assert Lineage.load().same(old.id) == {old.id, new.id}
    assert Lineage.load(as_of=BEFORE).same(old.id) == {old.id}


def test_all_successions_cost_two_queries(app: Flask, count_queries: object) -> None:
    ones = [an_organisation() for _ in range(6)]
    for predecessor, successor in zip(ones, ones[1:], strict=False):
        absorbed(predecessor, successor)
    ids = [one.id for one in ones]
    with count_queries() as queries:  # type: ignore[operator]
        lineage = Lineage.load()
        assert [len(lineage.whose_past(one, DAY)) for one in ids] == [1, 2, 3, 4, 5, 6]
    assert len(queries) == 2  # the successions, and the records that were merged


def test_nobody_is_absorbed_twice_by_oneself_or_in_a_circle(app: Flask) -> None:
    one, two, three = an_organisation(), an_organisation(), an_organisation()
    absorbed(one, two)
    for predecessor, successor in ((one, three), (three, three), (two, one)):
        with pytest.raises(Refused):
            absorbed(predecessor, successor)


def test_an_absorbed_organisation_says_into_whom(app: Flask) -> None:
    big, small = an_organisation("株式会社ダイ"), an_organisation("株式会社ショウ")
    absorbed(small, big)
    said = succession.concerning(small)
    assert [(one.kind.value, one.successor.name, one.effective_on) for one in said] == [
        ("absorbed", "株式会社ダイ", DAY)
    ]
    assert small.name == "株式会社ショウ"
