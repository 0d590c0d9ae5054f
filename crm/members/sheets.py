"""The members' list for Excel: numbers, classes and days to be read, what is known of the organisation to be corrected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.round_trip import Field, RoundTrip
from crm.members.members import Member
from crm.organisations import searching
from crm.organisations.organisations import CountSource, EmployeeCount, Organisation
from crm.organisations.sheets import ORGANISATION_FIELDS, loaded
from crm.text import _


def _of_organisation(one: Field) -> Field:
    """A field of the organisation, read through the member."""
    return Field(one.code, one.heading, lambda member: one.value(member.organisation), one.parse, one.kind, one.blank)


def _count(member: Member) -> EmployeeCount | None:
    return member.organisation.employees_on(clock.today())


def _with_all(select: sa.Select[Any]) -> sa.Select[Any]:
    organisation = contains_eager(Member.organisation)
    below = (Organisation.employee_counts, Organisation.former_names, Organisation.merged)
    return (
        select.join(Member.organisation)
        .options(*(organisation.selectinload(one) for one in below), selectinload(Member.classes))
    )  # fmt: skip


def _members(words: str) -> Iterable[Member]:
    select = _with_all(sa.select(Member))
    if words:
        select = select.where(searching.organisations(words).condition)
    return db.session.scalars(select.order_by(Member.number)).unique()


def _write(member: Member, values: dict[str, Any]) -> None:
    organisation, counted = member.organisation, _count(member)
    employees = values.pop("employees", counted.employees if counted else None)
    on = values.pop("employees_on", counted.on if counted else None)
    if counted is not None and (employees is None or on is None):
        raise Refused(
            _("A figure we know is not taken away here; correct it on the organisation's page."), field="employees"
        )
    if employees is not None and (counted is None or (employees, on) != (counted.employees, counted.on)):
        if on is not None and on > clock.today():
            raise Refused(_("This day is still to come."), field="employees_on")
        organisation.count_employees(employees, on=on or clock.today(), source=CountSource.IMPORTED)
    organisation.change(**values)


MEMBERS = RoundTrip(
    "members", _("Members"),
    (
        Field("number", _("Member number"), lambda one: one.number),
        Field("name", _("Organisation"), lambda one: one.organisation.name),
        Field("class", _("Class"), lambda one: one.class_on(clock.today())),
        Field("joined_on", _("Joined on"), lambda one: one.joined_on, kind="day"),
        Field("left_on", _("Left on"), lambda one: one.left_on, kind="day"),
        Field("employees", _("Employees"), lambda one: count.employees if (count := _count(one)) else None,
              cells.whole(0, 10_000_000), kind="number", blank=None),
        Field("employees_on", _("As of"), lambda one: count.on if (count := _count(one)) else None, cells.day, kind="day",
              blank=None),
        *map(_of_organisation, ORGANISATION_FIELDS),
    ),
    rows=_members,
    load=lambda ids: loaded(_with_all(sa.select(Member)), Member, ids),
    version=lambda one: f"{one.version}_{one.organisation.version}",
    write=_write,
    called=lambda one: f"{one.number} {one.organisation.name}",
)  # fmt: skip
