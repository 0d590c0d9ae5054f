"""Employee counts: dated, with their source, looked at by a person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import employee_counts
from crm.organisations.organisations import CountSource
from tests.builders import an_organisation

TODAY = date(2026, 5, 10)


def test_a_figure_typed_by_the_office_is_reviewed_by_whoever_typed_it(app: Flask) -> None:
    organisation = an_organisation()
    with act(Kind.EMPLOYEES_COUNTED, about=organisation):
        count = employee_counts.add(
            organisation, 101, on=date(2026, 4, 1), source=CountSource.REGISTER, by="見本 事務", today=TODAY
        )
    assert (count.reviewed_by, count.reviewed_on) == ("見本 事務", TODAY)


def test_a_declared_figure_waits_for_a_look_and_is_looked_at_once(app: Flask) -> None:
    organisation = an_organisation(employees=100)
    (count,) = db.session.scalars(employee_counts.unreviewed())
    with act(Kind.EMPLOYEES_REVIEWED, about=organisation):
        employee_counts.review(count, by="見本 事務", today=TODAY)
    assert not db.session.scalars(employee_counts.unreviewed()).all()
    with pytest.raises(Refused), act(Kind.EMPLOYEES_REVIEWED):
        employee_counts.review(count, by="見本 事務", today=TODAY)


def test_another_figure_for_the_day_must_be_looked_at_again(app: Flask) -> None:
    organisation = an_organisation(employees=100, on=date(2026, 4, 1))
    with act(Kind.EMPLOYEES_REVIEWED, about=organisation):
        employee_counts.review(organisation.employee_counts[0], by="見本 事務", today=TODAY)
    with act(Kind.ORGANISATIONS_IMPORTED, about=organisation):
        organisation.count_employees(101, on=date(2026, 4, 1), source=CountSource.IMPORTED)
    (count,) = organisation.employee_counts
    assert (count.employees, count.reviewed_by, count.reviewed_on) == (101, "", None)


def test_a_figure_is_corrected_but_not_onto_another_or_into_the_future(app: Flask) -> None:
    organisation = an_organisation(employees=100, on=date(2025, 4, 1))
    with act(Kind.EMPLOYEES_COUNTED, about=organisation):
        later = organisation.count_employees(120, on=date(2026, 4, 1), source=CountSource.DECLARED)
    said = {"source": CountSource.DECLARED, "by": "見本 事務", "today": TODAY}
    for on in (date(2025, 4, 1), date(2026, 5, 11)):
        with pytest.raises(Refused), act(Kind.EMPLOYEES_COUNTED):
            employee_counts.correct(later, 99, on=on, **said)
    with act(Kind.EMPLOYEES_COUNTED, about=organisation):
        employee_counts.correct(later, 99, on=date(2026, 3, 31), **said)
    assert organisation.employees_on(TODAY).employees == 99


def test_the_office_adds_corrects_reviews_and_removes_on_screen(app: Flask, sign_in: Any) -> None:
    organisation = an_organisation("株式会社アオゾラ", employees=100)
    count = organisation.employee_counts[0].id
    clerk = sign_in("clerk")
    place = f"/office/organisations/{organisation.id}/employees"
    assert "株式会社アオゾラ" in clerk.get("/office/organisations/employee-counts").text
    assert clerk.fill_in(place, form=f"employee-counts/{count}/review").status_code == 303
    assert "見本 clerk" in clerk.get(place).text
    assert "株式会社アオゾラ" not in clerk.get("/office/organisations/employee-counts").text
    assert "株式会社アオゾラ" in clerk.get("/office/organisations/employee-counts?show=newest").text
    correction = f"/office/organisations/employee-counts/{count}"
    assert clerk.fill_in(correction, form=correction, employees="101").status_code == 303
    assert clerk.fill_in(correction, form=correction, on="2999-01-01").status_code == 422
    assert "101" in clerk.get(place).text
    assert (
        clerk.fill_in(place, form=f"/{organisation.id}/employees", employees="130", on="2026-04-01").status_code == 303
    )
    assert clerk.fill_in(place, form=f"employee-counts/{count}/remove").status_code == 303
    db.session.refresh(organisation)
    assert [one.employees for one in organisation.employee_counts] == [130]
    assert sign_in("auditor").post(place, data={}).status_code in (400, 403)
