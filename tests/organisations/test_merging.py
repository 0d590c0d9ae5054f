"""Merging two records of one organisation: everything moves, nothing is lost, and it can be undone."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock, schema
from crm.billing.payments import Payment
from crm.db import Model, db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.kpi import new_entrants
from crm.members import certificates, terms
from crm.members.members import Member
from crm.organisations import duplicates, merges, merging, moving
from crm.organisations.merges import Merge, Thing
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from crm.values.fiscal_year import FiscalYear
from tests.builders import (
    a_contract,
    a_member,
    a_participation,
    a_payment,
    a_person,
    a_registration,
    an_event,
    an_issued_invoice,
    an_organisation,
)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table but the record itself and the versions rows carry."""
    db.session.rollback()
    db.session.expire_all()
    apart = {"acts", "changes", "chain_heads", "commands", "merges"}
    found = {}
    for table in schema.load().sorted_tables:
        if table.name not in apart:
            rows = db.session.execute(
                sa.select(*(c for c in table.columns if c.name != "version")).order_by(table.c.id)
            )
            found[table.name] = [dict(row._mapping) for row in rows]
    return found


def merge(survivor: Any, merged: Any, **how: Any) -> Merge:
    with act(Kind.ORGANISATIONS_MERGED, about=survivor):
        return merging.merge(survivor, merged, **how)


def undo(made: Merge) -> None:
    with act(Kind.MERGE_UNDONE, about=made):
        merging.undo(made)


def test_every_foreign_key_to_an_organisation_or_a_person_is_found_from_the_tables(app: Flask) -> None:
    for table in ("organisations", "people", "members"):
        pointing = {
            (other.name, column.name)
            for other in schema.load().tables.values()
            for column in other.columns
            for key in column.foreign_keys
            if key.column.table.name == table
        }
        assert pointing
        known = {(one.table.name, one.attribute) for one in moving.references(table) if not one.table_column}
        assert known == pointing, "a column that points at the record would be forgotten by a merge"


def test_a_column_added_tomorrow_is_moved_tomorrow(app: Flask) -> None:
    class Novelty(Model):
        __tablename__ = "novelties"
        organisation_id: Any = sa.orm.mapped_column(sa.ForeignKey("organisations.id"), init=False)

    try:
        moving.nouns.cache_clear()
        moving.references.cache_clear()
        assert ("novelties", "organisation_id") in {
            (o.table.name, o.attribute) for o in moving.references("organisations")
        }
    finally:
        Model.metadata.remove(cast(sa.Table, Novelty.__table__))
        Model.registry._dispose_cls(Novelty)
        moving.nouns.cache_clear()
        moving.references.cache_clear()


def test_people_engagements_membership_and_invoices_move_and_come_back(app: Flask) -> None:
    one, other = (
        an_organisation("株式会社アオゾラ"),
        an_organisation("㈱アオゾラ", corporate_number="7000020141305", employees=101),
    )
    a_person(other, PersonRole.BILLING)
    a_participation(other)
    a_contract(other)
    member = a_member(other)
    invoice = an_issued_invoice(member)
    a_payment(360_000, invoices=[invoice], member=member)
    before = everything()
    made = merge(one, other, take={"corporate_number"})
    db.session.expire_all()
    assert db.session.get_one(Member, member.id).organisation_id == one.id
    assert invoice.member.organisation.id == one.id
    assert {p.organisation_id for p in db.session.scalars(sa.select(Person))} == {one.id}
    assert (one.corporate_number, other.corporate_number) == ("7000020141305", None)
    assert other.merged_into_id == one.id
    undo(made)
    after = everything()
    assert after == before


def test_the_name_of_the_merged_record_means_the_one_that_goes_on(app: Flask) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("大空商事株式会社")
    merge(one, other)
    assert [p.organisation_id for p in duplicates.proposals("大空商事㈱")] == [one.id]
    assert "大空商事" in one.search_key


def test_the_only_corporate_number_always_goes_on(app: Flask) -> None:
    one, other = an_organisation("株式会社アオゾラ"), an_organisation("㈱アオゾラ", corporate_number="7000020141305")
    made = merge(one, other, take=())
    assert [(p.organisation_id, p.certain) for p in duplicates.proposals("別の名", "7000020141305")] == [(one.id, True)]
    undo(made)
    assert (one.corporate_number, other.corporate_number) == (None, "7000020141305")


def test_different_corporate_numbers_are_never_merged(app: Flask) -> None:
    one = an_organisation("株式会社アカネ", corporate_number="7000020141305")
    other = an_organisation("株式会社アカネ", corporate_number="7000012050002")
    with pytest.raises(Refused, match="corporate number|法人番号"):
        merge(one, other)


def test_two_memberships_of_one_year_are_refused_until_one_has_ended(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    kept, second = a_member(one, on=date(2025, 4, 1)), a_member(other, on=date(2026, 4, 1))
    with pytest.raises(Refused, match=second.number):
        merge(one, other)
    today = clock.today()
    with act(Kind.MEMBER_WITHDRAWN, about=second):
        terms.withdraw(second, asked_on=today, effective_on=today, reason="二重登録")
    count = terms.count(today)
    merge(one, other)
    assert terms.count(today) == count
    assert db.session.get_one(Member, second.id).organisation_id == other.id
    assert db.session.get_one(Member, kept.id).organisation_id == one.id


def test_a_former_member_that_came_back_as_a_second_record_becomes_one_membership_with_its_gap(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    first = a_member(one, on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN, about=first):
        terms.withdraw(first, asked_on=date(2025, 3, 1), effective_on=date(2025, 3, 31), reason="休止")
    second = a_member(other, on=date(2026, 4, 1))
    before = everything()
    made = merge(one, other)
    db.session.expire_all()
    member = db.session.get_one(Member, first.id)
    assert [t.year.start for t in member.terms] == [2024, 2026]
    assert db.session.get_one(Member, second.id).terms == []
    undo(made)
    assert everything() == before


def test_a_duplicate_counts_once_among_the_new_entrants(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    stranger = an_organisation("株式会社ミドリ")
    for company in (one, other, stranger):
        a_participation(company, since="2026-05-01")
    year, day = FiscalYear(2026), date(2026, 9, 30)
    assert new_entrants.count(year, day).value == 3
    made = merge(one, other)
    assert new_entrants.count(year, day).value == 2
    undo(made)
    assert new_entrants.count(year, day).value == 3


def test_differing_employee_counts_of_one_day_must_be_put_right_first(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ", employees=100), an_organisation("㈱アカネ", employees=101)
    with pytest.raises(Refused, match="101"):
        merge(one, other)


def test_a_merge_is_not_undone_when_what_it_moved_went_elsewhere_since(app: Flask) -> None:
    one, other, third = (
        an_organisation("株式会社アカネ"),
        an_organisation("㈱アカネ"),
        an_organisation("株式会社ミドリ"),
    )
    someone = a_person(other)
    made = merge(one, other)
    merge(third, one)
    with pytest.raises(Refused):
        undo(made)
    db.session.rollback()
    undo(merges.into(Thing.ORGANISATIONS, third.id)[0])
    undo(made)
    db.session.expire_all()
    assert db.session.get_one(Person, someone.id).organisation_id == other.id


def test_what_was_added_since_stays_with_the_one_that_went_on(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    made = merge(one, other)
    later = a_person(one)
    undo(made)
    assert later.organisation_id == one.id
    assert db.session.get_one(Organisation, other.id).merged_into_id is None


def test_two_records_of_a_person_become_one_with_both_roles(app: Flask) -> None:
    one = an_organisation()
    kept, other = a_person(one, PersonRole.BILLING, email=""), a_person(one, PersonRole.LIAISON)
    with act(Kind.PEOPLE_MERGED, about=kept):
        made = merging.merge(kept, other, take={"email"})
    db.session.expire_all()
    assert kept.roles_on(clock.today()) == {PersonRole.BILLING, PersonRole.LIAISON}
    assert kept.email == made.chosen["survivor"]["email"][1]
    undo(made)
    db.session.expire_all()
    assert kept.roles_on(clock.today()) == {PersonRole.BILLING}
    assert kept.email == ""


def test_a_payment_of_one_that_settled_an_invoice_of_the_other_counts_once(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ", employees=101), an_organisation("㈱アカネ")
    first, second = a_member(one), a_member(other, "associate", on=date(2024, 11, 1))
    with act(Kind.MEMBER_WITHDRAWN, about=second):
        terms.withdraw(second, asked_on=date(2024, 12, 1), effective_on=date(2025, 3, 31), reason="統合前の登録")
    a_person(one, PersonRole.BILLING)
    invoice = an_issued_invoice(first)
    a_payment(360_000, invoices=[invoice], member=second)
    before = everything()
    made = merge(one, other)
    assert made.sums["rows"]["allocations"] == [1, 360_000]
    assert {p.member_id for p in db.session.scalars(sa.select(Payment))} == {first.id}
    undo(made)
    assert everything() == before


def test_registrations_and_held_rows_of_imports_move_too(app: Flask) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("大空商事株式会社")
    registration = a_registration(an_event().sessions[0], organisation="大空商事㈱")
    assert registration.recognised_id == other.id
    merge(one, other)
    db.session.expire_all()
    assert registration.recognised_id == one.id
    again = a_registration(an_event().sessions[0], organisation="大空商事株式会社")
    assert again.recognised_id == one.id


def test_what_does_not_add_up_writes_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = an_organisation("株式会社アカネ"), an_organisation("㈱アカネ")
    a_person(other)
    before = everything()
    monkeypatch.setattr(moving, "carry_out", lambda _moves: None)
    with pytest.raises(Refused, match="合計"):
        merge(one, other)
    assert everything() == before


def test_live_certificates_of_one_year_must_be_cleared_up_first(app: Flask) -> None:
    one, other = (
        an_organisation("株式会社アカネ", employees=101),
        an_organisation("㈱アカネ", employees=101, on=date(2024, 5, 1)),
    )
    first = a_member(one)
    second = a_member(other)
    with act(Kind.CERTIFICATES_ISSUED):
        issued = [certificates.issue(member, FiscalYear(2026)) for member in (first, second)]
    today = clock.today()
    with act(Kind.MEMBER_WITHDRAWN, about=second):
        terms.withdraw(second, asked_on=today, effective_on=today, reason="二重登録")
    with pytest.raises(Refused, match="会員証"):
        merge(one, other)
    with act(Kind.CERTIFICATE_REVOKED, about=issued[1]):
        issued[1].revoke(on=today, reason="二重登録")
    made = merge(one, other)
    db.session.expire_all()
    assert {one.member_id for one in issued} == {first.id}
    undo(made)
