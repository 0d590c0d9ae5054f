"""Organisations from a spreadsheet: planned, then written, all or nothing, and the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, ReadRow
from crm.exchange.plan import BadRows, Plan, Reviewing
from crm.exchange.reading import read
from crm.history.recording import act
from crm.organisations import importing, people, reviews
from crm.organisations.importers import Importer, Origin, ReviewDecision
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.organisations.people import Person, PersonRole
from crm.organisations.reviews import ImportReview
from tests.builders import a_person, an_organisation

TOKYO_METRO = "8000020130001"
KAWASAKI = "7000020141305"

FULL = (
    "団体名,団体名カナ,法人番号,種別,業種,社員数,社員数基準日,郵便番号,住所,電話,代表者名,担当者名,担当者メール,請求先メール,"
    "振込名義カナ,備考\n"
    "株式会社𠮷野髙﨑,ヨシノタカサキ,8000020130001,企業,情報通信,101,令和8年4月1日,〒210-0821,川崎市川崎区殿町3-25-14,044-589-5785,"
    "髙﨑 一郎,𠮷野 花子,hanako@example.test,keiri@example.test,ｶ)ﾖｼﾉﾀｶｻｷ／ﾖｼﾉﾀｶｻｷ,大切な相手\n"
)


def planned(text: str, importer: Importer = importing.ORGANISATIONS) -> Plan:
    return importer.plan(read(text.encode(), "list.csv"))


def imported(text: str, reviewing: Reviewing = Reviewing.HOLD, importer: Importer = importing.ORGANISATIONS) -> Plan:
    data = text.encode()
    with act(importer.act):
        plan = importer.plan(read(data, "list.csv")).reviewed(reviewing)
        importer.write(plan, Origin.of(data, "list.csv"))
    return plan


def counted(plan: Plan) -> tuple[int, int, int, int]:
    return plan.created, plan.updated, plan.unchanged, len(plan.review)


def all_names() -> list[str]:
    return list(db.session.scalars(sa.select(Organisation.name).order_by(Organisation.id)))


def test_a_full_row_is_kept_to_the_letter_with_people_count_and_bank_names(app: Flask) -> None:
    assert counted(imported(FULL)) == (1, 0, 0, 0)
    one = db.session.scalars(sa.select(Organisation)).one()
    assert (one.name, one.kana, one.corporate_number) == ("株式会社𠮷野髙﨑", "ヨシノタカサキ", TOKYO_METRO)
    assert (one.kind, one.kind_known, one.postal_code) == (OrganisationKind.COMPANY, True, "210-0821")
    assert [(c.employees, c.on, c.source.value) for c in one.employee_counts] == [(101, date(2026, 4, 1), "imported")]
    assert len(one.bank_names) == 1  # both spellings have one key
    roles = {p.email: p.roles_on(date(2020, 1, 1)) for p in db.session.scalars(people.at(one))}
    assert roles == {"hanako@example.test": {PersonRole.LIAISON}, "keiri@example.test": {PersonRole.BILLING}}


def test_the_same_file_twice_is_all_unchanged(app: Flask) -> None:
    text = FULL + "合同会社アカネ,,,,,,,,,,,,,,,\n"
    imported(text)
    assert counted(imported(text)) == (0, 0, 2, 0)


def test_without_a_day_the_count_is_of_today_and_stays_the_same_tomorrow(
    app: Flask, clock_at: Callable[[str], Any]
) -> None:
    text = "団体名,社員数\n株式会社アカネ,250名\n"
    clock_at("2026-05-01 10:00")
    imported(text)
    clock_at("2026-06-01 10:00")
    assert counted(imported(text)) == (0, 0, 1, 0)
    assert counted(imported(text.replace("250", "99"))) == (0, 1, 0, 0)
    one = db.session.scalars(sa.select(Organisation)).one()
    assert [(c.employees, c.on) for c in one.employee_counts] == [(250, date(2026, 5, 1)), (99, date(2026, 6, 1))]


def test_blank_cells_change_nothing_and_given_ones_do(app: Flask) -> None:
    imported(FULL)
    plan = imported("団体名,業種,電話\n株式会社𠮷野髙﨑,,03-1234-5678\n")
    assert counted(plan) == (0, 1, 0, 0)
    assert plan.steps[0].target.changed == ["phone"]
    one = db.session.scalars(sa.select(Organisation)).one()
    assert (one.industry, one.phone) == ("情報通信", "03-1234-5678")


def test_one_mail_address_for_both_tasks_is_one_person(app: Flask) -> None:
    text = "団体名,担当者名,担当者メール,請求先メール\n株式会社アカネ,見本,A@example.test,a@example.test\n"
    imported(text)
    person = db.session.scalars(sa.select(Person)).one()
    assert person.roles_on(clock.today()) == {PersonRole.LIAISON, PersonRole.BILLING}
    assert counted(imported(text)) == (0, 0, 1, 0)


def test_who_left_is_not_brought_back_by_an_old_list(app: Flask) -> None:
    text = "団体名,担当者名,担当者メール\n株式会社アカネ,見本,a@example.test\n"
    imported(text)
    with act(importing.ORGANISATIONS.act):
        db.session.scalars(sa.select(Person)).one().leaves(clock.today(), {})
    assert counted(imported(text)) == (0, 0, 1, 0)


def test_the_corporate_number_decides_whatever_the_name(app: Flask) -> None:
    one = an_organisation("株式会社アカネ", corporate_number=KAWASAKI)
    assert counted(imported(f"団体名,法人番号\n株式会社ミドリ,{KAWASAKI}\n")) == (0, 1, 0, 0)
    assert (one.name, [former.name for former in one.former_names]) == ("株式会社ミドリ", ["株式会社アカネ"])
    assert counted(imported("団体名\n株式会社アカネ\n")) == (0, 0, 0, 1)  # its former name
    assert counted(imported(f"団体名,法人番号\n株式会社ミドリ,{TOKYO_METRO}\n")) == (1, 0, 0, 0)
    assert all_names() == ["株式会社ミドリ", "株式会社ミドリ"]


@pytest.mark.parametrize(
    "name", ["㈱アカネ", "(株)アカネ", "アカネ株式会社", "合同会社アカネ", "アカネ", "株式会社 アカネ"]
)
def test_a_like_name_is_held_for_a_person(app: Flask, name: str) -> None:
    one = an_organisation("株式会社アカネ")
    plan = imported(f"団体名,業種\n{name},介護\n株式会社アオ,医療\n")
    assert counted(plan) == (1, 0, 0, 1)
    assert [match.organisation_id for match in plan.review[0].matches] == [one.id]
    held = db.session.scalars(sa.select(ImportReview)).one()
    assert (held.row_number, held.cells, held.is_waiting) == (2, {"industry": "介護", "name": name}, True)
    assert all_names() == ["株式会社アカネ", "株式会社アオ"]


def test_the_same_row_is_held_once(app: Flask) -> None:
    an_organisation("株式会社アカネ")
    for _ in range(2):
        assert counted(imported("団体名\n㈱アカネ\n")) == (0, 0, 0, 1)
    assert db.session.scalar(sa.select(sa.func.count(ImportReview.id))) == 1


def test_a_list_that_holds_someone_twice_is_asked_about(app: Flask) -> None:
    plan = imported("団体名\n株式会社アカネ\n㈱アカネ\n")
    assert counted(plan) == (1, 0, 0, 1)
    with pytest.raises(BadRows) as bad:
        imported("団体名\n株式会社ミドリ\n株式会社ミドリ\n")
    assert [(error.row, error.column) for error in bad.value.plan.errors] == [(3, "団体名")]


def test_rows_in_doubt_are_created_or_skipped_on_request(app: Flask) -> None:
    an_organisation("株式会社アカネ")
    assert counted(imported("団体名\n㈱アカネ\n")) == (0, 0, 0, 1)
    assert counted(imported("団体名\n㈱アカネ\n", Reviewing.SKIP)) == (0, 0, 0, 1)
    assert all_names() == ["株式会社アカネ"]
    assert counted(imported("団体名\n㈱アカネ\n", Reviewing.CREATE)) == (1, 0, 0, 0)
    assert all_names() == ["株式会社アカネ", "㈱アカネ"]
    assert reviews.waiting_count() == 0
    assert counted(imported("団体名\n㈱アカネ\n")) == (0, 0, 1, 0)


def decided(decision: ReviewDecision, organisation: Organisation | None = None) -> ImportReview:
    with act(importing.ORGANISATIONS.act):
        review = db.session.scalars(reviews.waiting()).one()
        reviews.decide(review, decision, organisation)
    return review


def test_a_held_row_that_is_the_same_updates_what_it_gives_but_not_the_name(app: Flask) -> None:
    one = an_organisation("株式会社アカネ")
    text = "団体名,業種,社員数\n㈱アカネ,介護,12\n"
    imported(text)
    assert decided(ReviewDecision.SAME, one).organisation is one
    assert (one.name, one.industry, one.employee_counts[0].employees) == ("株式会社アカネ", "介護", 12)
    assert counted(imported(text)) == (0, 0, 1, 0)


def test_a_held_row_is_created_or_left_out_and_not_asked_about_again(app: Flask) -> None:
    an_organisation("株式会社アカネ")
    imported("団体名\n㈱アカネ\n")
    made = decided(ReviewDecision.CREATE).organisation
    assert made is not None
    assert made.name == "㈱アカネ"
    imported("団体名\n合同会社アカネ\n")
    assert decided(ReviewDecision.SKIP).organisation is None
    assert counted(imported("団体名\n㈱アカネ\n合同会社アカネ\n")) == (0, 0, 2, 0)
    with pytest.raises(Refused), act(importing.ORGANISATIONS.act):
        reviews.decide(db.session.scalars(sa.select(ImportReview)).first(), ReviewDecision.SKIP)  # type: ignore[arg-type]


def test_one_bad_row_among_many_writes_nothing_and_names_row_and_column(app: Flask) -> None:
    rows = "".join(f"株式会社見本{n:04}\n" for n in range(300))
    text = (
        "団体名,社員数,社員数基準日,法人番号\n"
        + rows.replace("\n", ",,,\n")
        + "株式会社ワルイ,-3,2026-02-30,1234567890123\n"
    )
    with pytest.raises(BadRows) as bad:
        imported(text)
    assert [(e.row, e.column) for e in bad.value.plan.errors] == [
        (302, "社員数"),
        (302, "社員数基準日"),
        (302, "法人番号"),
    ]
    assert bad.value.plan.as_json()["created"] == 0
    assert all_names() == []


def test_a_day_without_a_number_of_employees_is_an_error(app: Flask) -> None:
    plan = planned("団体名,社員数基準日\n株式会社アカネ,2026-04-01\n")
    assert [(e.row, e.column) for e in plan.errors] == [(2, "社員数")]


def test_another_packages_columns_are_planned_checked_and_written_in_the_same_act(app: Flask) -> None:
    seen: list[tuple[str, str]] = []

    def preparing(rows: Sequence[ReadRow]) -> importing.FollowUp:
        def follow(row: importing.OrganisationRow) -> Callable[[Organisation, Origin], None] | None:
            wish = row.values.get("class")
            if wish == "bad":
                raise Refused("no such class", field="class")
            return (lambda organisation, origin: seen.append((organisation.name, wish))) if wish else None

        return follow

    extended = importing.importer(extra_columns=[Column("class", "会員区分", cells.text())], follow_up=preparing)
    assert [c.heading for c in extended.columns.columns][-2:] == ["会員区分", "備考"]
    plan = imported("団体名,会員区分\n株式会社アカネ,企業会員\n株式会社アオ,\n", importer=extended)
    assert seen == [("株式会社アカネ", "企業会員")]
    assert counted(plan) == (2, 0, 0, 0)
    again = planned("団体名,会員区分\n株式会社アカネ,准会員\n株式会社アオ,\n", importer=extended)
    assert counted(again) == (0, 1, 1, 0)
    assert [(e.row, e.column) for e in planned("団体名,会員区分\nX,bad\n", importer=extended).errors] == [
        (2, "会員区分")
    ]


def test_a_large_list_costs_few_queries(app: Flask, count_queries: Any) -> None:
    text = "団体名,担当者メール,社員数\n" + "".join(f"株式会社見本{n},a{n}@example.test,5\n" for n in range(300))
    imported(text)
    with count_queries() as queries:
        assert counted(planned(text)) == (0, 0, 300, 0)
    assert len(queries) < 20


def test_a_known_person_gets_the_billing_task(app: Flask) -> None:
    one = an_organisation("株式会社アカネ")
    someone = a_person(one, PersonRole.LIAISON, email="a@example.test", name="見本")
    imported("団体名,請求先メール\n株式会社アカネ,a@example.test\n")
    db.session.expire_all()
    assert someone.roles_on(clock.today()) == {PersonRole.LIAISON, PersonRole.BILLING}
    assert db.session.scalar(sa.select(sa.func.count(Person.id))) == 1
