"""Corporate numbers compared with the register: by the network or by a file, without changing anything of ours by itself."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import config
from crm.db import db
from crm.exchange.sheets import Unreadable
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import register, register_checks, register_door
from crm.organisations.organisations import NumberSource, NumberState, Organisation
from crm.organisations.register import Difference, NameTaking
from crm.organisations.register_checks import Standing
from crm.organisations.register_rows import rows_of_file
from tests.builders import an_organisation
from tests.organisations.register_files import a_number, a_register, a_row, as_csv

AOZORA, MIDORI, KOGANE = a_number(100000000001), a_number(100000000002), a_number(100000000003)


def read(*rows: list[str], encoding: str = "cp932") -> register.Comparison:
    with act(Kind.REGISTER_COMPARED):
        return register_checks.read_file(io.BytesIO(as_csv(*rows, encoding=encoding)), "14_kanagawa.csv")


def of(organisation: Organisation) -> register.RegisterEntry:
    entry = register.of(organisation)
    assert entry is not None
    return entry


def set_up(address: str | None) -> None:
    chosen = dataclasses.replace(
        config.settings(), register_api_id="K123" if address else None, register_api_base=address
    )
    config.put_in_force(chosen)


@pytest.mark.parametrize(
    ("ours", "registered"),
    [
        ("神奈川県川崎市川崎区殿町3-25-14", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("川崎市川崎区殿町3-25-14 ライフイノベーションセンター5F", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("川崎市川崎区殿町三丁目25番14号", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("東京都千代田区霞が関3−1−1", "東京都千代田区霞が関３丁目１番１号"),
        ("東京都港区芝十二丁目1番地", "東京都港区芝１２丁目１番地"),
        ("京都府京都市南区上鳥羽鉾立町11番地1", "京都府京都市南区上鳥羽鉾立町１１番地１"),
        ("京都府京都市南区上鳥羽鉾立町11-1", "京都府京都市南区上鳥羽鉾立町１１番地の１"),
    ],
)
def test_an_address_in_its_long_form_is_the_same(ours: str, registered: str) -> None:
    assert register.same_place(registered, ours)


@pytest.mark.parametrize(
    ("ours", "registered"),
    [
        ("川崎市川崎区殿町3-25-1", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("川崎市川崎区殿町3-25-145", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("川崎市幸区殿町3-25-14", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
        ("", "神奈川県川崎市川崎区殿町３丁目２５番１４号"),
    ],
)
def test_another_house_is_another_address(ours: str, registered: str) -> None:
    assert not register.same_place(registered, ours)


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_a_file_of_the_register_verifies_the_numbers_it_holds(app: Flask, clock_at: Any, encoding: str) -> None:
    clock_at("2026-05-10 09:00")
    known = an_organisation("株式会社ＡＢＣ髙島", corporate_number=AOZORA, address="川崎市川崎区殿町3-25-14")
    other = an_organisation("株式会社ミドリ", corporate_number=MIDORI)
    assert known.number_state is NumberState.FORM_ONLY
    answer = read(a_row(AOZORA, "株式会社ＡＢＣ高島"), a_row(KOGANE, "誰かの会社"), encoding=encoding)
    assert (answer.read, answer.found, answer.alike) == (2, 1, [known])
    assert known.number_state is NumberState.VERIFIED
    assert (known.number_checked_on, known.number_source) == (date(2026, 5, 10), NumberSource.DOWNLOAD)
    assert other.number_state is NumberState.FORM_ONLY, "a file of one prefecture says nothing about others"
    assert known.name == "株式会社ＡＢＣ髙島", "nothing of ours is changed by comparing"


def test_only_the_newest_row_of_a_number_counts_and_deleted_ones_do_not() -> None:
    rows = [
        a_row(AOZORA, "株式会社旧名", latest="0"), a_row(AOZORA, "株式会社新名"), a_row(MIDORI, "株式会社誤り", process="99"),
    ]  # fmt: skip
    assert [row.name for row in rows_of_file(io.BytesIO(as_csv(*rows)))] == ["株式会社新名"]


def test_a_zip_is_read_as_the_csv_files_in_it() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("14_kanagawa.csv", as_csv(a_row(AOZORA, "株式会社アオゾラ"), encoding="utf-8"))
        archive.writestr("14_kanagawa.csv.asc", "signature")
    packed.seek(0)
    (row,) = rows_of_file(packed)
    assert (row.name, row.postal_code, row.address) == (
        "株式会社アオゾラ", "210-0821", "神奈川県川崎市川崎区殿町３丁目２５番１４号",
    )  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" * 20, b"a,b,c\n1,2,3\n" * 3, b"PK\x03\x04broken", as_csv(a_row("123", "x"))]
)
def test_what_is_no_file_of_the_register_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        list(rows_of_file(io.BytesIO(data)))


def test_a_zip_whose_packed_bytes_are_broken_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("14_kanagawa.csv", as_csv(*(a_row(AOZORA, f"株式会社アオゾラ{n}") for n in range(200))))
    broken = bytearray(packed.getvalue())
    start = 30 + len("14_kanagawa.csv")
    broken[start : start + 40] = bytes([255]) * 40
    with pytest.raises(Unreadable):
        list(rows_of_file(io.BytesIO(bytes(broken))))


def test_what_differs_is_shown_taken_over_by_a_person_and_then_alike(app: Flask, clock_at: Any) -> None:
    clock_at("2026-05-10 09:00")
    known = an_organisation("株式会社アオゾラ", corporate_number=AOZORA, address="東京都千代田区1-1")
    read(a_row(AOZORA, "アオゾラ株式会社", kana="アオゾラ"))
    assert of(known).differences(known) == [Difference.NAME, Difference.ADDRESS]
    with act(Kind.REGISTER_APPLIED, about=known):
        register.apply(
            known, of(known), name=NameTaking.RENAME, renamed_on=date(2026, 4, 20), fields=["kana", "postal_code"]
        )
    assert (known.name, known.kana, known.postal_code, known.address) == (
        "アオゾラ株式会社", "アオゾラ", "210-0821", "東京都千代田区1-1",
    )  # fmt: skip
    assert known.name_on(date(2026, 4, 19)) == "株式会社アオゾラ"
    assert of(known).differences(known) == [], "the address was left as it is: both are right"
    read(a_row(AOZORA, "アオゾラ株式会社", street="殿町１丁目"))
    assert of(known).differences(known) == [Difference.ADDRESS], "the register says something new, so it is asked anew"


def test_a_closed_company_names_who_took_over(app: Flask) -> None:
    gone = an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    heir = an_organisation("株式会社ミドリ", corporate_number=MIDORI)
    answer = read(a_row(AOZORA, "株式会社アオゾラ", close="2026-04-01", cause="11", successor=MIDORI))
    assert answer.closed == [gone]
    assert register.successor(of(gone)) is heir
    assert str(of(gone).closed_because)


def test_a_name_without_a_number_is_recognised_by_a_person(app: Flask) -> None:
    nameless = an_organisation("株式会社コガネ")
    answer = read(a_row(KOGANE, "株式会社コガネ"), a_row(MIDORI, "株式会社コガネ", close="2020-01-01"))
    assert answer.proposed == 1
    (entry,) = register.candidates(nameless)
    with act(Kind.REGISTER_APPLIED, about=nameless):
        register.take_number(nameless, entry)
    assert (nameless.corporate_number, nameless.number_state) == (KOGANE, NumberState.VERIFIED)
    assert register.candidates(nameless) == []


def test_the_work_list_holds_what_a_person_must_see(app: Flask) -> None:
    alike = an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    different = an_organisation("株式会社ミドリ", corporate_number=MIDORI)
    unverified = an_organisation("株式会社コガネ", corporate_number=KOGANE)
    without = an_organisation("見本大学")
    read(a_row(AOZORA, "株式会社アオゾラ"), a_row(MIDORI, "株式会社アカネ"))

    def standing(one: Standing) -> list[Organisation]:
        entry = register.RegisterEntry
        select = sa.select(Organisation).outerjoin(entry, entry.corporate_number == Organisation.corporate_number)
        return list(db.session.scalars(select.where(register_checks.standing(one)).order_by(Organisation.id)))

    assert standing(Standing.DIFFERENT) == [different]
    assert standing(Standing.UNVERIFIED) == [unverified]
    assert standing(Standing.TO_DO) == [different, unverified]
    assert standing(Standing.WITHOUT_NUMBER) == [without]
    assert standing(Standing.VERIFIED) == [alike, different]
    assert register_checks.different_count() == 1


def test_a_changed_number_is_no_longer_verified(app: Flask) -> None:
    known = an_organisation("株式会社アオゾラ", corporate_number=AOZORA)
    read(a_row(AOZORA, "株式会社アオゾラ"))
    with act(Kind.ORGANISATION_CHANGED, about=known):
        known.change(corporate_number=MIDORI)
    assert (known.number_state, known.number_checked_on, known.number_source) == (NumberState.FORM_ONLY, None, None)


def test_the_register_on_the_network_is_asked_ten_at_a_time(app: Flask) -> None:
    numbers = [a_number(200000000000 + n) for n in range(12)]
    known = [an_organisation(f"株式会社見本{n}社", corporate_number=number) for n, number in enumerate(numbers)]
    with a_register(*(a_row(number, f"株式会社見本{n}社") for n, number in enumerate(numbers[:11]))) as asked:
        set_up(asked.address)
        rows = register_checks.ask(register_checks.longest_ago())
        with act(Kind.REGISTER_COMPARED):
            answer = register_checks.keep_answer(rows, numbers)
    assert [len(question["number"][0].split(",")) for question in asked] == [10, 2]
    assert {question["type"][0] for question in asked} == {"02"}
    assert asked[0]["id"] == ["K123"]
    assert (answer.found, answer.unknown) == (11, [known[11]])
    assert known[11].number_state is NumberState.NOT_FOUND
    assert known[0].number_source is NumberSource.WEB_API
    assert register_checks.longest_ago(1) == [numbers[0]]


def test_without_an_id_or_an_answer_nothing_is_changed_and_it_is_said_why(app: Flask) -> None:
    with pytest.raises(register_door.RegisterNotSetUp):
        register_door.look_up([AOZORA])
    set_up("http://127.0.0.1:9/4")
    with pytest.raises(register_door.RegisterSilent) as silent:
        register_door.look_up([AOZORA])
    assert "K123" not in str(silent.value)
    with a_register(status=403) as asked:
        set_up(asked.address)
        with pytest.raises(register_door.RegisterSilent, match="403"):
            register_door.look_up([AOZORA])


def test_the_office_compares_and_takes_over_on_screen(app: Flask, sign_in: Any) -> None:
    known = an_organisation("㈱アオゾラ", corporate_number=AOZORA, address="東京都千代田区1-1")
    clerk = sign_in("clerk")
    page = clerk.get(f"/office/organisations/{known.id}/corporate-number")
    assert "CRM_REGISTER_API_ID" in page.text
    place = f"/office/organisations/{known.id}/corporate-number"
    with a_register(a_row(AOZORA, "株式会社アオゾラ")) as asked:
        set_up(asked.address)
        assert clerk.fill_in(place, form="corporate-number/check").status_code == 303
    set_up(None)
    page = clerk.get(place)
    assert "殿町３丁目" in page.text
    assert "照合済" in page.text
    listed = clerk.get("/office/organisations/corporate-numbers")
    assert "㈱アオゾラ" in listed.text
    answer = clerk.fill_in(place, form="corporate-number", name_taking="correct", take_address="y")
    assert answer.status_code == 303
    db.session.refresh(known)
    assert (known.name, known.address) == ("株式会社アオゾラ", "神奈川県川崎市川崎区殿町３丁目２５番１４号")
    assert "㈱アオゾラ" not in clerk.get("/office/organisations/corporate-numbers").text
    assert sign_in("city_officer").get("/office/organisations/corporate-numbers").status_code == 403
    assert sign_in("auditor").get("/office/organisations/corporate-numbers").status_code == 200
