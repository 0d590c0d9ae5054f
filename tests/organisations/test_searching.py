"""Finding organisations and people: any part of a name, any width and kana, always what the tables say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import upgrading, verifying
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import searching
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.organisations.people import adding as adding_person
from tests import databases
from tests.builders import a_person, an_organisation


def names(words: str) -> set[str]:
    return set(db.session.scalars(sa.select(Organisation.name).where(searching.organisations(words).condition)))


def people(words: str) -> set[str]:
    return set(db.session.scalars(sa.select(Person.name).where(searching.people(words).condition)))


@pytest.fixture
def known(app: Flask) -> None:
    an_organisation("株式会社髙島屋計測", kana="タカシマヤケイソク")
    an_organisation("川崎重工業株式会社", kana="カワサキジュウコウギョウ", corporate_number="1140001005719")
    an_organisation("𠮷野ケア合同会社", kana="ヨシノケア")
    an_organisation("100%ケア_研究所")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("川崎", {"川崎重工業株式会社"}),
        ("業", {"川崎重工業株式会社"}),
        ("高島", {"株式会社髙島屋計測"}),
        ("髙", {"株式会社髙島屋計測"}),
        ("計測", {"株式会社髙島屋計測"}),
        ("測", {"株式会社髙島屋計測"}),
        ("ｹｲｿｸ", {"株式会社髙島屋計測"}),
        ("けいそく", {"株式会社髙島屋計測"}),
        ("吉野", {"𠮷野ケア合同会社"}),
        ("ﾖｼﾉ", {"𠮷野ケア合同会社"}),
        ("㈱", {"株式会社髙島屋計測", "川崎重工業株式会社"}),
        ("(同)", {"𠮷野ケア合同会社"}),
        ("1140001005719", {"川崎重工業株式会社"}),
        ("0571", {"川崎重工業株式会社"}),
        ("ケア 合同", {"𠮷野ケア合同会社"}),
        ("ケア", {"𠮷野ケア合同会社", "100%ケア_研究所"}),
        ("%", {"100%ケア_研究所"}),
        ("_", {"100%ケア_研究所"}),
        ("100%", {"100%ケア_研究所"}),
        ('"', set()),
        ("AND", set()),
        ("無い", set()),
        ("計測 無", set()),
    ],
)
def test_any_part_of_a_name_finds_it(known: None, words: str, found: set[str]) -> None:
    assert names(words) == found


def test_words_of_marks_alone_find_everything(known: None) -> None:
    assert len(names("・ .")) == len(names("")) == 4


def test_a_person_is_found_by_name_reading_and_address(app: Flask) -> None:
    a_person(name="山﨑 翔", kana="ヤマザキ ショウ", email="sho.yamazaki@example.jp")
    a_person(name="見本 花子", kana="ミホン ハナコ")
    assert people("翔") == people("山崎") == people("ﾔﾏｻﾞｷ") == people("やまざき") == people("山崎翔") == {"山﨑 翔"}
    assert people("sho.yama") == people("YAMAZAKI@example") == {"山﨑 翔"}
    assert people("花子 ミホン") == {"見本 花子"}


def test_the_index_follows_every_change(app: Flask) -> None:
    organisation = an_organisation("株式会社ミドリ")
    someone = a_person(organisation, name="旧姓 桜")
    with act(Kind.ORGANISATION_CHANGED, about=organisation):
        organisation.change(name="株式会社コガネ")
        someone.change(name="新姓 桜")
    assert names("ミドリ") == people("旧姓") == set()
    assert names("コガネ") == {"株式会社コガネ"}
    assert people("新姓") == {"新姓 桜"}
    with act(Kind.PERSON_CHANGED):
        for role in list(someone.roles):
            db.session.delete(role)
        db.session.delete(someone)
    assert people("新姓") == people("桜") == set()
    assert not list(searching.breaches())


def test_what_was_rolled_back_is_not_found(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), act(Kind.ORGANISATION_ADDED):
        db.session.add(Organisation(name="株式会社マボロシ"))
        db.session.flush()
        raise ZeroDivisionError
    assert names("マボロシ") == names("幻") == set()


def test_more_than_the_most_is_read_in_order_and_not_counted_further(
    app: Flask, monkeypatch: pytest.MonkeyPatch, sign_in: Any
) -> None:
    monkeypatch.setattr(searching, "MOST", 60)
    with act(Kind.ORGANISATION_ADDED):
        for number in range(130):
            db.session.add(Organisation(name=f"株式会社多数{number:03d}", kana=f"タスウ{129 - number:03d}"))
    assert searching.organisations("多数").is_many
    assert not searching.organisations("多数01").is_many
    visitor = sign_in("clerk")
    page = visitor.get("/office/organisations/?q=多数")
    assert "60" in page.text
    assert "株式会社多数129" in page.text
    assert "株式会社多数000" not in page.text
    assert len(visitor.get("/office/organisations/?q=多数&format=json").json) == 130
    assert "株式会社多数07" in visitor.get("/office/organisations/?q=多数&page=2").text


def test_keys_that_disagree_are_found_by_verify_and_renewed_by_an_upgrade(app: Flask) -> None:
    organisation = an_organisation("株式会社アオゾラ")
    a_person(organisation, name="見本 次郎")
    with db.engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        connection.execute(sa.text("UPDATE people SET search_key = ''"))
        connection.execute(sa.text("UPDATE organisations SET search_key = 'x'"))
    assert people("次郎") == set()
    assert any(breach.startswith("people: ") for breach in verifying.breaches())
    with db.engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        assert searching.refresh(connection) == 2
    db.session.rollback()
    assert people("次郎") == {"見本 次郎"}
    assert names("あおぞら") == {"株式会社アオゾラ"}
    assert not verifying.breaches()


def test_the_search_needs_no_table_of_the_models(app: Flask) -> None:
    assert upgrading.differences(db.engine) == []


def test_a_list_of_everyone_is_searched_by_any_part_of_a_name(app: Flask, sign_in: Any, count_queries: Any) -> None:
    organisation = an_organisation("株式会社アオゾラ")
    with act(Kind.PERSON_ADDED):
        for number in range(30):
            adding_person(organisation, f"見本 名前{number}", email=f"p{number}@example.test")
    visitor = sign_in("clerk")
    visitor.get("/office/organisations/people")
    with count_queries() as few:
        assert "見本 名前7" in visitor.get("/office/organisations/people?q=名前7").text
    with count_queries() as many:
        page = visitor.get("/office/organisations/people?q=名前")
    assert "株式会社アオゾラ" in page.text
    assert len(many) <= len(few) + 1


def test_people_of_an_older_installation_are_found_after_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    databases.migrate(url, "0009")
    engine = databases.open_engine(url)
    with engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        organisation = (
            "INSERT INTO organisations (id, name, kana, kind, kind_known, industry, postal_code, address, phone, representative, "
            "remark, source, is_example, search_key, duplicate_key, version) "
            "VALUES (1, '株式会社髙島', '', 'company', 1, '', '', '', '', '', '', '', 0, '株式会社高島', '高島', 1)"
        )
        person = (
            "INSERT INTO people (id, organisation_id, name, kana, email, phone, department, title, locale, version) "
            "VALUES (1, 1, '見本 ﾊﾅｺ', '', 'hana@example.jp', '', '', '', 'ja', 1)"
        )
        connection.execute(sa.text(organisation))
        connection.execute(sa.text(person))
    upgrading.upgrade(engine)
    with engine.connect() as connection:
        keys = connection.execute(sa.text("SELECT search_key FROM people")).scalars().all()
        search = "SELECT rowid FROM person_search WHERE person_search MATCH '\"ハナコ\"'"
        found = connection.execute(sa.text(search)).scalars().all()
    engine.dispose()
    assert (keys, found) == (["見本ハナコ hana@examplejp"], [1])
