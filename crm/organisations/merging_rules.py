"""What stands for itself when two records become one: figures of the same day, names and roles both have, two open accounts."""

from __future__ import annotations

from crm.access.users import UserState
from crm.organisations.moving import Fate
from crm.organisations.organisations import BankName, EmployeeCount
from crm.organisations.people import RoleAt
from crm.organisations.portal_access import PortalAccess
from crm.text import _, label


def of_employee_count(row: EmployeeCount, kept: list[EmployeeCount]) -> Fate | object:
    """One figure for a day: the same one need not move, another one is an error somebody must put right."""
    same_day = next((one for one in kept if one.on == row.on), None)
    if same_day is None:
        return Fate.MOVES
    if same_day.employees == row.employees:
        return Fate.STAYS
    return _(
        "The employee counts of %(day)s differ (%(kept)s and %(other)s). Correct one of them first.",
        day=f"{row.on:%Y-%m-%d}", kept=same_day.employees, other=row.employees,
    )  # fmt: skip


def of_bank_name(row: BankName, kept: list[BankName]) -> Fate:
    """A bank name both are known by need not move."""
    return Fate.STAYS if any(one.key == row.key for one in kept) else Fate.MOVES


def of_role(row: RoleAt, kept: list[RoleAt]) -> Fate:
    """A role both hold on the same days is held once."""
    return Fate.STAYS if any(one.role is row.role and _overlap(one, row) for one in kept) else Fate.MOVES


def of_portal_access(row: PortalAccess, kept: list[PortalAccess]) -> Fate | object:
    """One person has one account: of two open ones the office first ends one."""
    if row.user.state is UserState.DISABLED or all(one.user.state is UserState.DISABLED for one in kept):
        return Fate.MOVES
    return _(
        "Both have an account of the members' pages (%(state)s). End the access of one first.",
        state=label(row.user.state),
    )


def _overlap(one: RoleAt, other: RoleAt) -> bool:
    begins_after = one.until is not None and other.since is not None and other.since > one.until
    ends_before = other.until is not None and one.since is not None and one.since > other.until
    return not (begins_after or ends_before)
