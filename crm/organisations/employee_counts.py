"""Employee counts (社員数): dated figures with their source, looked at by a person; the fee tier follows from them.

A figure stands for a day. A second one for the same day corrects the first, and whoever looked at the first must look again. What
a member declares, a list brings or a register says is not yet looked at; what the office types in is, by whoever typed it.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from crm.db import db
from crm.errors import Refused
from crm.organisations.organisations import CountSource, EmployeeCount, Organisation
from crm.text import _


def add(
    organisation: Organisation, employees: int, *, on: date, source: CountSource, by: str, today: date
) -> EmployeeCount:
    """Note a figure a person of the office vouches for. Raises ``Refused`` for a day to come."""
    _refuse_future(on, today)
    count = organisation.count_employees(employees, on=on, source=source, reviewed_by=by)
    count.reviewed_by, count.reviewed_on = by, today
    return count


def correct(count: EmployeeCount, employees: int, *, on: date, source: CountSource, by: str, today: date) -> None:
    """Correct a figure, its day or its source. Raises ``Refused`` when another figure stands for that day, or it is to come."""
    _refuse_future(on, today)
    if any(other.on == on for other in count.organisation.employee_counts if other is not count):
        raise Refused(_("There is a figure for this day already."), field="on")
    count.employees, count.on, count.source = employees, on, source
    count.reviewed_by, count.reviewed_on = by, today


def review(count: EmployeeCount, *, by: str, today: date) -> None:
    """Someone has looked at the figure and its source and found it right. Raises ``Refused`` when someone did before."""
    if count.reviewed_by:
        raise Refused(_("This figure was reviewed already."))
    count.reviewed_by, count.reviewed_on = by, today


def remove(count: EmployeeCount) -> None:
    """Take a figure out that should never have been there; the history keeps it."""
    db.session.delete(count)


def unreviewed() -> sa.Select[EmployeeCount]:
    """Figures nobody has looked at."""
    return listed().where(EmployeeCount.reviewed_by == "")


def listed() -> sa.Select[EmployeeCount]:
    """All figures with their organisations, those of merged records left out."""
    return (
        sa.select(EmployeeCount)
        .join(EmployeeCount.organisation)
        .where(Organisation.merged_into_id.is_(None))
        .options(joinedload(EmployeeCount.organisation))
    )


def latest() -> sa.ColumnElement[bool]:
    """The condition that a figure is its organisation's newest."""
    newer = aliased(EmployeeCount)
    return ~sa.exists().where(newer.organisation_id == EmployeeCount.organisation_id, newer.on > EmployeeCount.on)


def _refuse_future(on: date, today: date) -> None:
    if on > today:
        raise Refused(_("The day lies in the future."), field="on")
