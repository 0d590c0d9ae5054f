"""Lists that go out to Excel and come back: every difference beforehand, all or nothing, and undone as a whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from python_calamine import CalamineWorkbook

from crm import verifying
from crm.db import db
from crm.errors import Refused
from crm.exchange import round_trip
from crm.exchange.reading import read
from crm.exchange.round_trip_workbook import workbook
from crm.exchange.sheets import Row, Sheet
from crm.history import undoing
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act
from crm.organisations import importers, sheets
from crm.organisations.importers import Origin
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person, PersonRole
from tests.builders import a_member, a_person, an_organisation
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]


def out(kind: str) -> Sheet:
    """The list as it comes back untouched from the workbook."""
    trip = sheets.named(kind)
    return read(workbook(trip, trip.rows("")), "list.xlsx")


def corrected(sheet: Sheet, record_id: int, /, **cells: str) -> Sheet:
    """The sheet with cells of one record typed over, by code."""
    trip = next(
        trip
        for trip in map(sheets.named, sheets.TRIPS)
        if len(trip.fields) + 2 == len(sheet.headings) and trip.kind == KIND[0]
    )
    places = {one.code: place for place, one in enumerate(trip.fields, start=2)} | {"id": 0, "version": 1}
    rows = []
    for row in sheet.rows:
        values = list(row.cells)
        if values[0] == str(record_id):
            for code, cell in cells.items():
                values[places[code]] = cell
        rows.append(Row(row.number, tuple(values)))
    return Sheet(sheet.name, sheet.form, sheet.headings, tuple(rows))


KIND = ["organisations"]


def change(kind: str, record_id: int, /, **cells: str) -> round_trip.Edits:
    KIND[0] = kind
    return round_trip.edits(sheets.named(kind), corrected(out(kind), record_id, **cells))


def write(plan: round_trip.Edits) -> Act:
    with act(Kind.SHEET_EDITED, note="list.xlsx"):
        plan.carry_out()
    return db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()


def undo(past: Act) -> int:
    with act(Kind.IMPORT_UNDONE, about=past):
        return undoing.undo(past)


@pytest.mark.parametrize("kind", sheets.TRIPS)
def test_a_list_that_comes_back_untouched_changes_nothing(app: Flask, kind: str) -> None:
    a_member()
    an_organisation("㈱髙﨑𠮷野家", phone="044-589-5785", postal_code="210-0821", remark="一行目\n二行目", industry="=1+1",
                    corporate_number="7000020141305")  # fmt: skip
    a_person(an_organisation("'引用", address="-5"), PersonRole.LIAISON, name="見本　花子", locale="en", phone="044-1")
    plan = round_trip.edits(sheets.named(kind), out(kind))
    assert (plan.errors, plan.ignored, plan.edits) == ([], [], [])
    assert plan.count >= 1


def test_texts_numbers_and_days_stand_as_such_in_the_workbook(app: Flask) -> None:
    member = a_member(employees=250)
    trip = sheets.named("members")
    body = workbook(trip, trip.rows(""))
    assert body == workbook(trip, trip.rows(""))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    row = dict(zip(rows[0], rows[1], strict=True))
    said = list(row.values())
    assert said[0] == member.id
    assert 250 in said
    assert date(2026, 4, 1) in said
    assert date(2024, 11, 1) in said


def test_each_changed_cell_is_shown_with_old_and_new(app: Flask) -> None:
    one = an_organisation("株式会社アオゾラ", phone="044-111-1111", industry="情報通信")
    plan = change("organisations", one.id, phone="０４４－５８９－５７８５", industry="", kind="大学")
    shown = {cell.code: (cell.old, cell.new) for edit in plan.edits for cell in edit.cells}
    assert shown["phone"] == ("044-111-1111", "044-589-5785")
    assert shown["industry"] == ("情報通信", "")
    assert shown["kind"][1] in ("大学", "University")
    assert one.phone == "044-111-1111"
    write(plan)
    assert (one.phone, one.industry, one.kind.value) == ("044-589-5785", "", "university")
    assert round_trip.edits(sheets.named("organisations"), out("organisations")).edits == []


def test_a_column_only_to_be_read_is_left_out_and_said_so(app: Flask) -> None:
    one = an_organisation("株式会社アオゾラ")
    plan = change("organisations", one.id, name="株式会社ベツメイ", address="川崎市")
    assert [(error.row, error.column) for error in plan.ignored] == [
        (2, str(sheets.named("organisations").fields[0].heading))
    ]
    write(plan)
    assert (one.name, one.address) == ("株式会社アオゾラ", "川崎市")


def test_one_bad_cell_names_its_place_and_nothing_is_written(app: Flask) -> None:
    rows = [an_organisation(f"株式会社見本{n}") for n in range(5)]
    before = [one.address for one in rows]
    plan = change("organisations", rows[3].id, postal_code="21-08")
    assert len(plan.errors) == 1
    assert plan.errors[0].row > 1
    with pytest.raises(Refused), act(Kind.SHEET_EDITED):
        plan.carry_out()
    assert [one.address for one in rows] == before


def test_an_unknown_id_a_row_twice_and_a_missing_version_are_errors(app: Flask) -> None:
    one = an_organisation()
    assert change("organisations", one.id, id="999999").errors
    assert change("organisations", one.id, id="").errors
    sheet = out("organisations")
    twice = Sheet(sheet.name, sheet.form, sheet.headings, (*sheet.rows, Row(3, sheet.rows[0].cells)))
    assert len(round_trip.edits(sheets.named("organisations"), twice).errors) == 1
    without = Sheet("", "xlsx", ("ID", "業種"), (Row(2, (str(one.id), "x")),))
    assert round_trip.edits(sheets.named("organisations"), without).errors


def test_what_somebody_saved_since_the_export_is_not_overwritten(app: Flask) -> None:
    one, other = an_organisation(), an_organisation()
    sheet = out("organisations")
    with act(Kind.ORGANISATION_CHANGED):
        one.change(address="あとから")
        other.change(address="あとから")
    KIND[0] = "organisations"
    plan = round_trip.edits(sheets.named("organisations"), corrected(sheet, one.id, industry="古い版から"))
    assert {error.row for error in plan.errors} == {2, 3}
    assert plan.edits == []


def test_a_rule_that_refuses_names_the_row(app: Flask) -> None:
    organisation = an_organisation()
    known, other = (a_person(organisation, name=name) for name in ("甲", "乙"))
    with pytest.raises(Refused), act(Kind.SHEET_EDITED):
        change("people", other.id, email=known.email).carry_out()
    assert change("people", other.id, locale="独語").errors


def test_the_members_list_corrects_figures_and_addresses_but_not_classes(app: Flask) -> None:
    member = a_member(employees=50)
    plan = change("members", member.id, employees="120", employees_on="2025-10-01", phone="044-222-2222", number="KC-9")
    assert len(plan.ignored) == 1
    write(plan)
    assert member.organisation.phone == "044-222-2222"
    assert [(c.employees, str(c.on)) for c in member.organisation.employee_counts] == [
        (50, "2024-11-01"),
        (120, "2025-10-01"),
    ]
    assert change("members", member.id, employees="").edits
    with pytest.raises(Refused), act(Kind.SHEET_EDITED):
        change("members", member.id, employees="").carry_out()


def test_undoing_puts_every_row_back_and_both_stay_in_the_record(app: Flask) -> None:
    one, someone = an_organisation(phone="044-111-1111", kind_known=False), a_person(name="髙橋")
    past = write(
        change(
            "organisations",
            one.id,
            phone="044-999-9999",
            kind="大学",
            corporate_number="7000020141305",
            kana="アオゾラ",
        )
    )
    other = write(change("people", someone.id, name="高橋", email="new@example.test"))
    assert undoing.obstacles(past) == []
    assert undo(past) == 1
    undo(other)
    assert (one.phone, one.kind.value, one.corporate_number, one.kind_known, one.number_state) == (
        "044-111-1111",
        "company",
        None,
        False,
        None,
    )
    assert someone.name == "髙橋"
    assert verifying.breaches() == []


def test_a_later_change_of_the_same_cell_stands_in_the_way_and_of_another_does_not(app: Flask) -> None:
    one = an_organisation(phone="044-111-1111")
    past = write(change("organisations", one.id, phone="044-999-9999"))
    with act(Kind.ORGANISATION_CHANGED):
        one.change(address="別の欄")
    assert undoing.obstacles(past) == []
    with act(Kind.ORGANISATION_CHANGED):
        one.change(phone="044-100-1000")
    found = undoing.obstacles(past)
    assert [(o.table, o.row_id, o.reason, o.column) for o in found] == [("organisations", one.id, "changed", "phone")]
    with pytest.raises(RuntimeError), act(Kind.IMPORT_UNDONE):
        undoing.undo(past)
    assert one.phone == "044-100-1000"


def test_what_came_later_and_was_undone_does_not_stand_in_the_way(app: Flask) -> None:
    one = an_organisation(phone="044-111-1111")
    first = write(change("organisations", one.id, phone="044-222-2222"))
    second = write(change("organisations", one.id, phone="044-333-3333"))
    assert undoing.obstacles(first)
    undo(second)
    assert undoing.obstacles(first) == []
    undo(first)
    assert one.phone == "044-111-1111"


def imported(rows: int) -> Act:
    importer = importers.named("organisations")
    lines = "\r\n".join(
        [
            "団体名,担当者名,担当者メール,社員数",
            *(f"株式会社トリコミ{n},見本 {n},n{n}@example.test,{n + 1}" for n in range(rows)),
        ]
    )
    data = lines.encode("utf-8-sig")
    with act(importer.act, note="list.csv"):
        plan = importer.plan(read(data, "list.csv"))
        importer.write(plan, Origin.of(data, "list.csv"))
    return db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()


@pytest.mark.parametrize("rows", [3, 60])
def test_an_import_of_new_organisations_is_taken_away_as_one_act(app: Flask, rows: int) -> None:
    before = an_organisation("株式会社マエカラ")
    past = imported(rows)
    undo(past)
    assert list(db.session.scalars(sa.select(Organisation.id))) == [before.id]
    assert db.session.scalars(sa.select(Person)).all() == []
    assert verifying.breaches() == []


def test_an_import_others_have_built_on_is_not_undone(app: Flask) -> None:
    past = imported(2)
    organisation = db.session.scalars(sa.select(Organisation)).first()
    a_person(organisation, name="あとから")
    assert [(o.reason, o.column) for o in undoing.obstacles(past)] == [("used", "people")]


def upload(visitor: Visitor, kind: str, body: bytes, name: str = "list.xlsx") -> Any:
    form = next(
        f
        for f in forms_on(visitor.get(f"/office/sheets/{kind}").get_data(as_text=True))
        if f"/sheets/{kind}" in f.action
    )
    values = {key: value for key, value in form.values.items() if key != "file"}
    return visitor.post(
        f"/office/sheets/{kind}", data={**values, "file": (io.BytesIO(body), name)}, content_type="multipart/form-data"
    )


def test_the_office_exports_corrects_confirms_and_undoes_on_its_pages(app: Flask, sign_in: SignIn) -> None:
    one = an_organisation("株式会社アオゾラ", phone="044-111-1111")
    clerk = sign_in("clerk")
    body = clerk.get("/office/sheets/organisations/workbook").get_data()
    assert body.startswith(b"PK")
    csv = f"ID,version,phone\r\n{one.id},{one.version},044-999-9999\r\n".encode()
    shown = upload(clerk, "organisations", csv, "list.csv")
    assert shown.status_code == 303
    page = clerk.get(shown.location).get_data(as_text=True)
    assert "044-111-1111" in page
    assert "044-999-9999" in page
    assert clerk.fill_in(shown.location, form="/sheets/organisations/").status_code == 303
    db.session.refresh(one)
    assert one.phone == "044-999-9999"
    past = db.session.scalars(sa.select(Act).where(Act.kind == Kind.SHEET_EDITED)).one()
    place = f"/office/sheets/imports/{past.number}"
    assert clerk.get("/office/sheets/").status_code == 200
    assert clerk.fill_in(place, form="/undo", reason="").status_code == 422
    assert clerk.fill_in(place, form="/undo", reason="誤り").status_code == 303
    db.session.refresh(one)
    assert one.phone == "044-111-1111"
    assert clerk.get(place).status_code == 200
    assert clerk.get("/office/sheets/imports/1").status_code == 404


@pytest.mark.parametrize("role", ["treasurer", "coordinator", "auditor", "city_officer"])
def test_who_may_not_import_may_not_take_lists_out_either(app: Flask, sign_in: SignIn, role: str) -> None:
    visitor = sign_in(role)
    for place in ("/office/sheets/", "/office/sheets/people/workbook", "/office/sheets/people"):
        assert visitor.get(place).status_code == 403
