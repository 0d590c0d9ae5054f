"""Employee counts in the office: the figures of one organisation, correcting and reviewing them, and all that wait for a look."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import employee_counts, searching
from crm.organisations.forms import EmployeesForm
from crm.organisations.office import BIGGEST_ID, area, found
from crm.organisations.organisations import CountSource, EmployeeCount, Organisation
from crm.text import _
from crm.web.forms import EmptyForm, done
from crm.web.listing import Column, Filter, Listing, choice_filter
from crm.web.templating import page

UNREVIEWED, NEWEST = "unreviewed", "newest"


def _shown(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value not in (UNREVIEWED, NEWEST):
        raise ValueError(value)
    return select.where(EmployeeCount.reviewed_by == "" if value == UNREVIEWED else employee_counts.latest())


LISTING = Listing(
    name="employee_counts",
    title=_("Employee counts"),
    columns=[
        Column("organisation", _("Organisation"), value="organisation.name", sort=Organisation.kana),
        Column("employees", _("Employees"), kind="number", sort=EmployeeCount.employees),
        Column("on", _("As of"), kind="day", sort=EmployeeCount.on),
        Column("source", _("Source"), sort=EmployeeCount.source),
        Column("reviewed_on", _("Reviewed on"), kind="day", sort=EmployeeCount.reviewed_on),
    ],
    order=[EmployeeCount.on.desc(), EmployeeCount.id],
    search=searching.organisations,
    filters=[
        Filter("show", _("Show"), lambda: [(UNREVIEWED, _("Not reviewed yet")), (NEWEST, _("The newest of each"))], _shown, UNREVIEWED),
        choice_filter("source", _("Source"), EmployeeCount.source, CountSource),
    ],
)  # fmt: skip


@area.get("/employee-counts")
@requires(Permission.ORGANISATIONS_READ)
def employee_counts_list() -> ResponseReturnValue:
    """Figures of all organisations; at first those nobody has looked at."""
    listing = LISTING.of(
        employee_counts.listed(), url=lambda one: url_for(".employees", organisation_id=one.organisation_id)
    )
    return listing.exit() or page("organisations/office/employee_counts.html", listing=listing)


@area.get("/<int:organisation_id>/employees")
@requires(Permission.ORGANISATIONS_READ)
def employees(organisation_id: int) -> ResponseReturnValue:
    """The figures of one organisation, and the form for one more."""
    return _show(found(organisation_id), EmployeesForm(data={"on": clock.today()}))


@area.post("/<int:organisation_id>/employees")
@requires(Permission.ORGANISATIONS_EDIT)
def count_employees(organisation_id: int) -> ResponseReturnValue:
    """Note how many employees it had on a day."""
    organisation, form = found(organisation_id), EmployeesForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_COUNTED, about=organisation):
            employee_counts.add(organisation, **form.values(), by=signed_in_user().name, today=clock.today())
            return done(url_for(".employees", organisation_id=organisation.id), _("Saved."))
    return _show(found(organisation_id), form, 422)


@area.get("/employee-counts/<int:count_id>")
@requires(Permission.ORGANISATIONS_EDIT)
def employee_count(count_id: int) -> ResponseReturnValue:
    """The form to correct a figure."""
    count = _count(count_id)
    return page("organisations/office/employee_count.html", count=count, form=EmployeesForm.of(count))


@area.post("/employee-counts/<int:count_id>")
@requires(Permission.ORGANISATIONS_EDIT)
def correct_employee_count(count_id: int) -> ResponseReturnValue:
    """Correct a figure."""
    count, form = _count(count_id), EmployeesForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_COUNTED, about=count.organisation):
            employee_counts.correct(count, **form.values(), by=signed_in_user().name, today=clock.today())
            return _done(count)
    return page("organisations/office/employee_count.html", 422, count=_count(count_id), form=form)


@area.post("/employee-counts/<int:count_id>/review")
@requires(Permission.ORGANISATIONS_EDIT)
def review_employee_count(count_id: int) -> ResponseReturnValue:
    """Say that a figure was looked at and is right."""
    count, form = _count(count_id), EmptyForm()
    if form.validate():
        with form.refusals(), act(Kind.EMPLOYEES_REVIEWED, about=count.organisation):
            employee_counts.review(count, by=signed_in_user().name, today=clock.today())
            return _done(count)
    return _show(_count(count_id).organisation, form, 422)


@area.post("/employee-counts/<int:count_id>/remove")
@requires(Permission.ORGANISATIONS_EDIT)
def remove_employee_count(count_id: int) -> ResponseReturnValue:
    """Take a figure out that should not be there."""
    count, form = _count(count_id), EmptyForm()
    if form.validate():
        with act(Kind.EMPLOYEES_REMOVED, about=count.organisation):
            organisation_id = count.organisation_id
            employee_counts.remove(count)
            return done(url_for(".employees", organisation_id=organisation_id), _("Removed."))
    return _show(_count(count_id).organisation, form, 422)


def _count(count_id: int) -> EmployeeCount:
    count = db.session.get(EmployeeCount, count_id) if count_id <= BIGGEST_ID else None
    if count is None:
        raise NotFound
    found(count.organisation_id)
    return count


def _done(count: EmployeeCount) -> ResponseReturnValue:
    return done(url_for(".employees", organisation_id=count.organisation_id), _("Saved."))


def _show(organisation: Organisation, form: Any, status: int = 200) -> ResponseReturnValue:
    counts = sorted(organisation.employee_counts, key=lambda count: count.on, reverse=True)
    own = form if isinstance(form, EmployeesForm) else EmployeesForm(None)
    return page(
        "organisations/office/employees.html", status, organisation=organisation, counts=counts, form=own, sent=form,
    )  # fmt: skip
