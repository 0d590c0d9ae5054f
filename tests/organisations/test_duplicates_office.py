"""Duplicates in the office: proposed with the reason, told apart and remembered, merged and undone on screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.organisations import candidates, distinctions
from crm.organisations.merges import Merge, Thing
from crm.organisations.organisations import Organisation
from crm.organisations.people import PersonRole
from tests.builders import a_contract, a_person, an_organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
LIST = "/office/organisations/duplicates"


def pairs() -> set[tuple[int, int]]:
    db.session.rollback()
    return {(one.id, other.id) for one, other, _by in db.session.execute(candidates.organisations())}


def test_the_work_list_holds_each_likeness_once_with_its_reason(app: Flask, sign_in: SignIn) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("合同会社アオゾラ")
    third = an_organisation("見本第三株式会社", kana="ソラ", address="川崎市1-1")
    fourth = an_organisation("ソラ商会", kana="ソラ", address="川崎市1-1")
    an_organisation("別物", kana="ソラ", address="横浜市")
    assert pairs() == {(one.id, other.id), (third.id, fourth.id)}
    text = sign_in("clerk").get(LIST).text
    assert "法人格" in text
    assert "読みと住所" in text


def test_different_corporate_numbers_are_not_proposed(app: Flask) -> None:
    an_organisation("株式会社アカネ", corporate_number="7000020141305")
    an_organisation("株式会社アカネ", corporate_number="7000012050002")
    assert pairs() == set()


def test_the_work_list_is_searched_and_costs_the_same_however_long(
    app: Flask, sign_in: SignIn, count_queries: Any
) -> None:
    visitor, counts = sign_in("clerk"), []
    an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    for _ in range(2):
        with count_queries() as queries:
            assert visitor.get(LIST).status_code == 200
        counts.append(len(queries))
        for number in range(5):
            an_organisation(f"株式会社見本{number}号"), an_organisation(f"見本{number}号")
    assert counts[0] == counts[1]
    assert "アカネ" not in visitor.get(LIST, query_string={"q": "見本3号"}).text


def test_told_apart_is_remembered_with_its_reason_and_can_be_taken_back(app: Flask, sign_in: SignIn) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("合同会社アオゾラ")
    visitor = sign_in("clerk")
    page = f"/office/organisations/merge/organisations/{one.id}/{other.id}"
    assert visitor.fill_in(page, form="/apart", apart_reason="").status_code == 422
    assert visitor.fill_in(page, form="/apart", apart_reason="別法人と電話で確認").status_code == 303
    assert pairs() == set()
    assert "合同会社" not in visitor.get(f"/office/organisations/{one.id}").text
    assert "別法人と電話で確認" in visitor.get("/office/organisations/duplicates/apart").text
    assert visitor.fill_in("/office/organisations/duplicates/apart", form="/take-back").status_code == 303
    assert pairs() == {(one.id, other.id)}


def test_adding_someone_alike_all_the_same_tells_them_apart(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation("株式会社アカネ")
    sign_in("clerk").fill_in(
        "/office/organisations/new", form="/office/organisations/", name="合同会社アカネ", is_another="y"
    )
    added = db.session.scalars(sa.select(Organisation).where(Organisation.name == "合同会社アカネ")).one()
    assert distinctions.of(Thing.ORGANISATIONS, one.id, added.id) is not None
    assert pairs() == set()


def test_correcting_a_name_into_a_likeness_shows_it_before_saving(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    other = an_organisation("株式会社ミドリ")
    visitor = sign_in("clerk")
    answer = visitor.fill_in(f"/office/organisations/{other.id}/edit", form="/edit", name="アカネ㈱")
    assert answer.status_code == 422
    assert "株式会社アカネ" in answer.text
    answer = visitor.fill_in(f"/office/organisations/{other.id}/edit", form="/edit", name="アカネ㈱", is_another="y")
    assert answer.status_code == 303


def test_a_pair_is_merged_with_the_chosen_values_and_undone(app: Flask, sign_in: SignIn) -> None:
    one, other = (
        an_organisation("株式会社アオゾラ", phone="044-000-0001"),
        an_organisation("㈱アオゾラ", phone="044-000-0002"),
    )
    someone = a_person(other, PersonRole.BILLING, name="青空 花子")
    a_contract(other)
    visitor = sign_in("clerk")
    page = f"/office/organisations/merge/organisations/{one.id}/{other.id}"
    assert "044-000-0002" in visitor.get(page).text
    answer = visitor.fill_in(page, form="/merge/", take_phone="other", reason="同じ会社", follow_redirects=True)
    assert answer.status_code == 200
    assert "青空 花子" in visitor.get(f"/office/organisations/{one.id}").text
    assert "044-000-0002" in visitor.get(f"/office/organisations/{one.id}").text
    merged = visitor.get(f"/office/organisations/{other.id}").text
    assert f'href="/office/organisations/{one.id}"' in merged
    assert "㈱アオゾラ" not in visitor.get("/office/organisations/").text
    assert visitor.get("/office/organisations/", query_string={"q": "アオゾラ"}).text.count("株式会社アオゾラ") >= 1
    made = db.session.scalars(sa.select(Merge)).one()
    history = visitor.get(f"/office/organisations/{one.id}/history").text
    assert history.count("団体を追加") == 2
    assert visitor.fill_in(f"/office/organisations/merges/{made.id}", form="/undo").status_code == 303
    db.session.expire_all()
    assert someone.organisation_id == other.id
    assert db.session.get_one(Organisation, one.id).phone == "044-000-0001"


def test_a_merged_record_is_not_changed_any_more(app: Flask, sign_in: SignIn) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("㈱アオゾラ")
    visitor = sign_in("clerk")
    form = f"/office/organisations/merge/organisations/{one.id}/{other.id}"
    late = visitor.get(f"/office/organisations/{other.id}/edit")
    assert late.status_code == 200
    assert visitor.fill_in(form, form="/merge/").status_code == 303
    answer = visitor.fill_in(f"/office/organisations/{other.id}/edit", form="/edit", name="別名")
    assert answer.status_code == 409


def test_two_records_of_one_person_are_listed_and_merged(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation()
    kept, other = (
        a_person(one, PersonRole.BILLING, name="青空 花子"),
        a_person(one, PersonRole.LIAISON, name="青空花子"),
    )
    visitor = sign_in("clerk")
    assert "青空花子" in visitor.get("/office/organisations/duplicates/people").text
    page = f"/office/organisations/merge/people/{kept.id}/{other.id}"
    assert visitor.fill_in(page, form="/merge/").status_code == 303
    text = visitor.get(f"/office/organisations/{one.id}/people").text
    assert "青空花子" not in text


@pytest.mark.parametrize(
    ("role", "reads", "merges"),
    [("director", 200, 200), ("clerk", 200, 200), ("treasurer", 200, 403), ("coordinator", 200, 403),
     ("auditor", 200, 403), ("city_officer", 403, 403)],
)  # fmt: skip
def test_only_director_and_clerk_merge(app: Flask, sign_in: SignIn, role: str, reads: int, merges: int) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("㈱アオゾラ")
    visitor = sign_in(role)
    assert visitor.get(LIST).status_code == reads
    assert visitor.get(f"/office/organisations/merge/organisations/{one.id}/{other.id}").status_code == reads
    assert visitor.get(f"/office/organisations/{one.id}/merge").status_code == merges
