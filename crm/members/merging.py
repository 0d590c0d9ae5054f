"""What memberships say when two records of one organisation are merged: no day and no year may count twice."""

from __future__ import annotations

from typing import Any

from crm import clock
from crm.members import terms
from crm.members.declarations import Declaration
from crm.members.members import ClassPeriod, MembershipTerm, TermState
from crm.organisations.moving import Fate
from crm.text import _, label


def of_class_period(row: ClassPeriod, kept: list[ClassPeriod]) -> Fate | object:
    """A period beside the survivor's own stays behind when it has ended; two that run on are two memberships."""
    if not any(_overlap(row, one) for one in kept):
        return Fate.MOVES
    if row.until is not None and row.until <= clock.today():
        return Fate.STAYS
    return _(
        "Both are members on the same days. First record the withdrawal of member %(number)s, with the reason that it was "
        "registered twice, and cancel its invoices of those years.",
        number=row.member.number,
    )


def of_term(row: MembershipTerm, kept: list[MembershipTerm]) -> Fate | object:
    """A year both have: the one of whoever withdrew stays behind; else a person ends one first."""
    if not any(one.year == row.year for one in kept):
        return Fate.MOVES
    if row.state is TermState.WITHDRAWN:
        return Fate.STAYS
    return _(
        "Both have a membership of %(year)s. First record the withdrawal of member %(number)s, with the reason that it was "
        "registered twice, and cancel its invoice of that year.",
        year=row.year, number=row.member.number,
    )  # fmt: skip


def of_declaration(row: Declaration, kept: list[Declaration]) -> Fate:
    """What was asked for a year of both stays behind; the survivor's own question and answer hold."""
    return Fate.STAYS if any(one.year == row.year for one in kept) else Fate.MOVES


def figures() -> list[tuple[Any, int]]:
    """How many members of each class belong today."""
    counted = terms.count(clock.today())
    return [(_("Members today: %(class_)s", class_=label(one)), number) for one, number in counted.items()]


def _overlap(one: ClassPeriod, other: ClassPeriod) -> bool:
    return (other.until is None or one.since <= other.until) and (one.until is None or other.since <= one.until)
