"""Erasing a person: everything of theirs goes, the books and the chain stay, and nobody finds the values anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock, schema, verifying
from crm.db import db
from crm.errors import Refused
from crm.events import registering
from crm.events.registering import Visitor as Guest
from crm.events.registrations import Source
from crm.history import chain
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act, Change
from crm.mail import outbox
from crm.mail.outbox import Letter, LetterState, Recipient
from crm.organisations import consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.moving import nouns
from crm.organisations.people import Person, PersonRole
from crm.privacy import column_words, erasing, finding, hand_overs, holdings
from crm.privacy.erasing import ERASED_NAME
from crm.privacy.hand_overs import Ground
from crm.privacy.keeping import KeptBy
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_person, an_event, an_organisation
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
NAME, KANA, EMAIL, PHONE = "髙橋 珠緒", "タカハシ タマオ", "tamao.takahashi@rare.example", "044-987-6543"


def someone(*roles: PersonRole, **values: Any) -> Any:
    person = a_person(
        an_organisation(), *roles, name=NAME, kana=KANA, email=EMAIL, phone=PHONE, department="総務部", **values
    )
    with act(Kind.PERSON_CHANGED, about=person):
        person.change(phone=PHONE + "0", email="old." + EMAIL)
    with act(Kind.PERSON_CHANGED, about=person):
        person.change(phone=PHONE, email=EMAIL)
    return person


def a_past_life() -> Any:
    """Someone with a consent, an event long over, a letter and a hand-over."""
    person = someone()
    event = an_event(20, days=3)
    with act(Kind.REGISTERED):
        made = registering.register(event.sessions[0].id, Guest(name=NAME, email=EMAIL.upper()), Source.OFFICE)
    with act(Kind.CONSENT_RECORDED, about=person):
        consents.record(person, Purpose.ANNOUNCEMENTS, text_version="1", way=Way.PAPER, evidence=f"{NAME}の署名")
        hand_overs.record("会場 見本館", "氏名", Ground.CONSENT, [person], handed_on=clock.today())
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(made.id, made_by())
    with act(Kind.LETTER_RELEASED):
        for letter in db.session.scalars(sa.select(Letter)):
            letter.state, letter.sent_at, letter.wakes_at = LetterState.SENT, clock.now(), None
    return person


def made_by() -> Any:
    from crm.events.registrations import Ending

    return Ending.OFFICE


def erase(person: Any, **given: Any) -> Any:
    with act(Kind.PERSON_ERASED, about=person):
        return erasing.erase(person, **{"reason": "本人の請求", "confirmed": person.name, **given})


def everything_stored() -> str:
    """Every value of every table, as text."""
    found = []
    for table in schema.load().tables.values():
        for row in db.session.execute(sa.select(table)):
            found.append(repr(tuple(row)))
    return "\n".join(found)


def test_no_table_with_personal_columns_is_without_a_way_to_find_a_person(app: Flask) -> None:
    assert finding.unreachable() == []


def test_every_personal_column_has_a_word_and_every_table_of_persons_is_named(app: Flask) -> None:
    personal = {key for table in finding.tables() for key in finding.personal(nouns()[table])}
    assert personal <= set(column_words.WORDS)
    unnamed = [t for t in finding.tables() if t not in column_words.TABLES and t not in column_words.table_words.WORDS]
    assert unnamed == []


def test_what_we_hold_is_found_in_any_spelling_of_the_address_and_by_former_addresses(app: Flask) -> None:
    person = a_past_life()
    who = finding.whom(person)
    assert who.addresses == {EMAIL, "old." + EMAIL}
    held = {holding.table: len(holding.rows) for holding in holdings.of(who)}
    assert held["people"] == held["registrations"] == held["consents"] == held["handed_over"] == 1
    assert held["letters"] == 2
    assert holdings.as_json(who)["held"]["registrations"][0]["name"] == NAME


def test_after_erasing_no_table_holds_a_value_of_the_person_and_the_record_is_whole(app: Flask) -> None:
    person = a_past_life()
    before = chain.head(db.session)
    hashes = list(db.session.scalars(sa.select(Act.hash).order_by(Act.number)))
    made = erase(person)
    stored = everything_stored()
    for value in (NAME, KANA, EMAIL, EMAIL.upper(), PHONE):
        assert value not in stored
    assert person.name == ERASED_NAME
    assert verifying.breaches() == []
    assert list(db.session.scalars(sa.select(Act.hash).order_by(Act.number)))[: len(hashes)] == hashes
    assert chain.head(db.session).number == before.number + 1
    assert made.changes_blanked >= 5
    erased_by = set(db.session.scalars(sa.select(Change.erased_by).where(Change.erased_by.is_not(None))))
    assert erased_by == {before.number + 1}


def test_the_erasing_act_itself_keeps_no_value(app: Flask) -> None:
    person = a_past_life()
    erase(person)
    last = db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()
    assert last.kind is Kind.PERSON_ERASED
    sealed = [change for change in last.changes if change.sealed]
    assert sealed
    assert all(change.salt is None and change.erased_by == last.number for change in sealed)
    assert all(not set(change.sealed) & (set(change.before) | set(change.after)) for change in sealed)


def test_the_books_stay_and_say_until_when(app: Flask) -> None:
    from tests.builders import a_paying_member, an_issued_invoice

    member = a_paying_member()
    an_issued_invoice(member)
    person = db.session.scalars(sa.select(Person).where(Person.organisation_id == member.organisation_id)).one()
    sent = db.session.scalars(sa.select(Letter)).one()
    with act(Kind.LETTER_RELEASED):
        sent.state, sent.sent_at, sent.wakes_at = LetterState.SENT, clock.now(), None
    with pytest.raises(Refused, match="(?i)roles|担当"):
        erase(person)
    with act(Kind.ROLE_ENDED):
        for held in person.roles:
            held.until = clock.today() - timedelta(days=1)
    seen = erasing.preview(person)
    lines = {kept_by: until for _words, _rows, kept_by, until in seen.stays_lines()}
    assert lines == {KeptBy.BOOKS: date(2037, 5, 31)}
    facts = [one.facts for one in db.session.scalars(sa.select(nouns()["issued_documents"]))]
    erase(person)
    assert [one.facts for one in db.session.scalars(sa.select(nouns()["issued_documents"]))] == facts
    assert db.session.get_one(Letter, sent.id).body == sent.body != ""
    assert verifying.breaches() == []


def test_a_namesake_and_a_successor_at_the_same_address_keep_theirs(app: Flask) -> None:
    person = a_past_life()
    namesake = a_person(name=NAME, email="other@example.test")
    with act(Kind.PERSON_ADDED):
        successor = a_person_at(person, "後任 次郎")
    with act(Kind.LETTER_RELEASED):
        theirs = outbox.post(
            "members/terms_missing", to=Recipient(EMAIL, "後任 次郎"), year=FiscalYear(2026), missing=1, url="x"
        )
        theirs.state = LetterState.SENT
    body, theirs_id = theirs.body, theirs.id
    erase(person)
    assert db.session.get_one(Letter, theirs_id).body == body
    assert namesake.name == NAME
    assert successor.email == EMAIL


def a_person_at(person: Any, name: str) -> Any:
    from crm.organisations import people

    return people.adding(an_organisation_without_act(), name, email=EMAIL)


def an_organisation_without_act() -> Any:
    from crm.organisations import organisations

    return organisations.adding("株式会社コウニン")


@pytest.mark.parametrize("given", [{"confirmed": "ちがう 名"}, {"reason": " "}])
def test_nothing_is_erased_without_the_name_typed_again_and_a_reason(app: Flask, given: dict[str, Any]) -> None:
    person = someone()
    with pytest.raises(Refused):
        erase(person, **given)
    db.session.rollback()
    assert person.name == NAME


def test_it_is_done_once_and_only_when_nothing_runs(app: Flask) -> None:
    person = someone()
    event = an_event(20, days=3)
    with act(Kind.REGISTERED):
        registering.register(event.sessions[0].id, Guest(name=NAME, email=EMAIL), Source.OFFICE)
    assert len(erasing.preview(person).objections) == 1  # the seat; the letter about it would be called off
    other = someone_else()
    erase(other)
    with pytest.raises(Refused):
        erase(other, confirmed=ERASED_NAME)


def someone_else() -> Any:
    return a_person(name="別の 人", email="someone.else@example.test")


def test_director_and_clerk_erase_with_the_name_typed_and_the_others_do_not_get_in(app: Flask, sign_in: SignIn) -> None:
    person = a_past_life()
    place = f"/office/privacy/people/{person.id}/erase"
    for role in ("treasurer", "coordinator", "auditor"):
        assert sign_in(role).get(place).status_code == 403
    clerk = sign_in("clerk")
    shown = clerk.get(place)
    assert shown.status_code == 200
    assert clerk.fill_in(place, reason="請求", confirmed="x", form="/erase").status_code == 422
    assert clerk.fill_in(place, reason="請求", confirmed=NAME, form="/erase").status_code == 303
    assert NAME not in clerk.get(f"/office/privacy/people/{person.id}").get_data(as_text=True)
    assert clerk.get(f"/office/organisations/people/{person.id}").status_code == 200
    assert clerk.get("/office/organisations/people").status_code == 200


def test_taking_the_data_out_is_an_act_and_gives_json_and_a_paper(app: Flask, sign_in: SignIn) -> None:
    person = a_past_life()
    clerk = sign_in("clerk")
    page = f"/office/privacy/people/{person.id}"
    assert clerk.fill_in(page, why="", form="/pdf").status_code == 422
    sent = next(f for f in forms_on(clerk.get(page).get_data(as_text=True)) if "/pdf" in f.action).values
    answer = clerk.post(page + "/json", data={**sent, "why": "請求 1"})
    assert answer.get_json()["person"]["name"] == NAME
    paper = clerk.fill_in(page, why="請求 1", form="/pdf")
    assert paper.get_data().startswith(b"%PDF")
    notes = db.session.scalars(
        sa.select(Act.note).where(Act.kind == Kind.PERSONAL_DATA_SHOWN).order_by(Act.number)
    ).all()
    assert notes == ["json: 請求 1", "pdf: 請求 1"]
    assert not db.session.scalars(sa.select(nouns()["issued_documents"])).all()
