"""The office's pages about organisations: who may enter, what a wrong form answers, and that a right one acts."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.organisations import people, reviews
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from crm.organisations.succession import Succession
from tests.builders import a_person, an_organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]


def fresh(model: type[Any], row_id: int) -> Any:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(model, row_id)


@pytest.mark.parametrize(
    "page", ["", "1", "1/edit", "1/people", "1/names", "1/history", "new", "people/1", "people/1/leave"]
)
def test_every_page_opens_for_a_clerk_and_for_no_stranger(
    app: Flask, client: Visitor, sign_in: SignIn, page: str
) -> None:
    a_person(an_organisation("株式会社𠮷野", kana="ヨシノ", employees=101), PersonRole.BILLING, name="髙﨑 花子")
    assert client.get(f"/office/organisations/{page}").status_code in (302, 303)
    answer = sign_in("clerk").get(f"/office/organisations/{page}")
    assert answer.status_code == 200
    assert ("𠮷野" in answer.text) is (page not in ("new",))


@pytest.mark.parametrize("page", ["/office/imports/", "/office/imports/organisations", "/office/reviews/"])
def test_imports_are_for_those_who_may(app: Flask, sign_in: SignIn, page: str) -> None:
    assert sign_in("clerk").get(page).status_code == 200
    assert sign_in("auditor").get(page).status_code == 403


@pytest.mark.parametrize("words", ["𠮷野", "吉野", "ヨシノ", "ﾖｼﾉ", "よしの", "7000020141305", "(株)吉野"])
def test_the_list_is_searched_in_any_spelling(app: Flask, sign_in: SignIn, words: str) -> None:
    an_organisation("株式会社𠮷野", kana="ヨシノ", corporate_number="7000020141305")
    an_organisation("株式会社アオ", kana="アオ")
    text = sign_in("clerk").get("/office/organisations/", query_string={"q": words}).text
    assert "株式会社𠮷野" in text
    assert "株式会社アオ" not in text


def test_a_long_list_costs_as_few_queries_as_a_short_one(app: Flask, sign_in: SignIn, count_queries: Any) -> None:
    visitor = sign_in("clerk")
    an_organisation()
    counts = []
    for _ in range(2):
        with count_queries() as queries:
            assert visitor.get("/office/organisations/").status_code == 200
        counts.append(len(queries))
        for _number in range(30):
            an_organisation()
    assert counts[0] == counts[1]


def test_someone_alike_is_shown_before_a_new_one_is_added(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    visitor = sign_in("clerk")
    answer = visitor.fill_in("/office/organisations/new", form="/office/organisations/", name="合同会社アカネ")
    assert answer.status_code == 422
    assert "株式会社アカネ" in answer.text
    answer = visitor.fill_in(
        "/office/organisations/new", form="/office/organisations/", name="合同会社アカネ", is_another="y"
    )
    assert answer.status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(Organisation.id))) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "ア\u202eカ"}, {"corporate_number": "1234567890123"}, {"kana": "漢字"}, {"name": "あ" * 201},
     {"corporate_number": "7000020141305"}, {"postal_code": "12"}],
)  # fmt: skip
def test_a_wrong_form_answers_422_and_writes_nothing(app: Flask, sign_in: SignIn, wrong: dict[str, str]) -> None:
    an_organisation("川崎市", corporate_number="7000020141305")
    one = an_organisation("株式会社アカネ").id
    answer = sign_in("clerk").fill_in(f"/office/organisations/{one}/edit", form="/edit", **wrong)
    assert answer.status_code == 422
    assert fresh(Organisation, one).name == "株式会社アカネ"


def test_an_edit_of_what_another_just_saved_is_refused(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation("株式会社アカネ").id
    visitor = sign_in("clerk")
    shown = visitor.get(f"/office/organisations/{one}/edit")
    from tests.visiting import forms_on

    values = next(form for form in forms_on(shown.text) if form.action.endswith("/edit")).values
    assert visitor.fill_in(f"/office/organisations/{one}/edit", form="/edit", industry="介護").status_code == 303
    answer = visitor.post(f"/office/organisations/{one}/edit", data={**values, "industry": "医療"})
    assert answer.status_code == 409
    assert fresh(Organisation, one).industry == "介護"


def test_people_are_added_given_roles_and_leave_with_a_successor(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation().id
    visitor = sign_in("clerk")
    page = f"/office/organisations/{one}/people"
    for name in ("前任", "後任"):
        assert visitor.fill_in(page, form=page, name=name, locale="ja").status_code == 303
    old, new = db.session.scalars(sa.select(Person.id).order_by(Person.id)).all()
    base = f"/office/organisations/people/{old}"
    assert visitor.fill_in(base, form="/roles", role="billing", since="2025-04-01").status_code == 303
    assert visitor.fill_in(base, form="/roles", role="billing", since="2025-04-01").status_code == 422
    assert visitor.fill_in(base, form="/roles", role="liaison", since="2025-04-01").status_code == 303
    assert visitor.fill_in(base, form="/roles/end", ended_role="liaison", last_day="2026-01-31").status_code == 303
    assert visitor.fill_in(base, form=-1, department="総務部", name="前任 太郎").status_code == 303
    left = visitor.fill_in(f"{base}/leave", form="/leave", left_on="2099-04-01", successor_billing=str(new))
    assert left.status_code == 303
    assert (fresh(Person, old).name, fresh(Person, old).department) == ("前任 太郎", "総務部")
    assert fresh(Person, new).roles_on(date(2099, 4, 1)) == {PersonRole.BILLING}
    assert db.session.scalars(people.holding(PersonRole.BILLING, date(2099, 4, 1))).one().id == new


def test_a_count_a_name_and_a_bank_name_are_recorded(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation("株式会社キュウ").id
    base, visitor = f"/office/organisations/{one}", sign_in("clerk")
    assert visitor.fill_in(base, form="/employees", employees="１０１", on="R8.4.1").status_code == 303
    assert visitor.fill_in(f"{base}/names", form="/bank-names", bank_kana="漢字").status_code == 422
    assert visitor.fill_in(f"{base}/names", form="/bank-names", bank_kana="ｶ)ｷﾕｳ").status_code == 303
    changed = visitor.fill_in(f"{base}/names", form=f"{one}/names", new_name="株式会社シン", renamed_on="2026-04-01")
    assert changed.status_code == 303
    organisation = fresh(Organisation, one)
    assert (organisation.name, organisation.name_on(date(2026, 3, 31))) == ("株式会社シン", "株式会社キュウ")
    assert [count.employees for count in organisation.employee_counts] == [101]
    bank_name = organisation.bank_names[0].id
    assert visitor.fill_in(f"{base}/names", form=f"{bank_name}/remove").status_code == 303
    assert fresh(Organisation, one).bank_names == []


def test_an_absorption_is_recorded_by_name_and_shown_on_both_sides(app: Flask, sign_in: SignIn) -> None:
    small, big = an_organisation("株式会社ショウ").id, an_organisation("株式会社ダイ").id
    visitor = sign_in("clerk")
    page = f"/office/organisations/{small}/names"
    unknown = visitor.fill_in(page, form="/absorption", successor="株式会社シラナイ", absorbed_on="2026-04-01")
    assert unknown.status_code == 422
    assert visitor.fill_in(page, form="/absorption", successor="㈱ダイ", absorbed_on="2026-04-01").status_code == 303
    assert "株式会社ダイ" in visitor.get(f"/office/organisations/{small}").text
    assert "株式会社ショウ" in visitor.get(f"/office/organisations/{big}/names").text
    assert db.session.scalar(sa.select(sa.func.count(Succession.id))) == 1


def upload(visitor: Visitor, kind: str, text: str, encoding: str = "utf-8") -> Any:
    file = (io.BytesIO(text.encode(encoding)), "list.csv")
    return visitor.fill_in(f"/office/imports/{kind}", form=kind, file=file)


def test_a_file_is_uploaded_once_planned_confirmed_and_written(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    visitor = sign_in("clerk")
    answer = upload(visitor, "organisations", "団体名,業種\n㈱アカネ,介護\n株式会社髙﨑,医療\n", "cp932")
    assert answer.status_code == 303
    plan = visitor.get(answer.location)
    assert "株式会社髙﨑" in plan.text
    done = visitor.fill_in(answer.location, form="/imports/")
    assert done.status_code == 303
    assert db.session.scalars(sa.select(Organisation.name)).all() == ["株式会社アカネ", "株式会社髙﨑"]
    assert reviews.waiting_count() == 1
    held = db.session.scalars(reviews.waiting()).one().id
    assert "㈱アカネ" in visitor.get("/office/reviews/").text
    assert visitor.get(f"/office/reviews/{held}").status_code == 200
    assert visitor.fill_in(f"/office/reviews/{held}", form="/reviews/", organisation="").status_code == 422
    assert visitor.fill_in(f"/office/reviews/{held}", form="/reviews/").status_code == 303
    db.session.rollback()
    assert reviews.waiting_count() == 0
    assert db.session.scalars(sa.select(Organisation.industry).order_by(Organisation.id)).all() == ["介護", "医療"]


def test_errors_are_shown_with_row_and_column_and_nothing_is_written(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in("clerk")
    answer = upload(visitor, "organisations", "団体名,社員数\n株式会社アカネ,たくさん\n")
    plan = visitor.get(answer.location)
    assert "社員数" in plan.text
    assert 'name="plan"' not in plan.text
    assert upload(visitor, "organisations", "").status_code == 422
    assert visitor.fill_in("/office/imports/organisations", form="organisations").status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Organisation.id))) == 0


def test_a_plan_that_is_no_longer_true_is_not_written(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in("clerk")
    answer = upload(visitor, "organisations", "団体名,業種\n株式会社アカネ,介護\n")
    shown = visitor.get(answer.location).text
    an_organisation("株式会社アカネ")
    from tests.visiting import forms_on

    form = next(form for form in forms_on(shown) if "plan" in form.values)
    assert visitor.post(answer.location, data=form.values).status_code == 422
    assert db.session.scalar(sa.select(Organisation.industry)) == ""


def test_each_kind_has_a_template(app: Flask, sign_in: SignIn) -> None:
    from crm.organisations.importers import KINDS

    visitor = sign_in("clerk")
    for kind in KINDS:
        assert visitor.get(f"/office/imports/{kind}/template").data.startswith(b"PK")
        assert visitor.get(f"/office/imports/{kind}").status_code == 200
    assert visitor.get("/office/imports/unknown").status_code == 404
