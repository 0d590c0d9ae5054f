"""Every kind of import, on one page: what it reads, how it plans, how it writes.

An importer is one `Importer` in its package's ``importing.py``, named in `KINDS`; the command and the screen find it there.
Both plan and write within one act, so that a plan never speaks of rows that changed meanwhile:

    with act(importer.act):
        plan = importer.plan(sheet)
        importer.write(plan, origin)     # raises `BadRows` when there is any error: nothing is written
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import import_module
from typing import Any

from crm import clock
from crm.errors import Refused
from crm.exchange.columns import Columns, ReadRows
from crm.exchange.plan import Plan
from crm.exchange.reading import Row, Sheet
from crm.history.kinds import Kind
from crm.text import _

# A kind that another package extends is named where it is complete: members add their columns to the organisations'.
KINDS = {
    "organisations": "crm.members.importing:ORGANISATIONS",
    "succession": "crm.organisations.succession_importing:SUCCESSION",
    "engagements": "crm.projects.importing:ENGAGEMENTS",
    "totals": "crm.outreach.importing:TOTALS",
    "kpi-table": "crm.kpi.importing:KPI_TABLE",
    "care-sites": "crm.care.importing:CARE_SITES",
    "school-programs": "crm.schools.importing:SCHOOL_PROGRAMS",
    "attendance": "crm.events.importing:ATTENDANCE",
}


@dataclass(frozen=True)
class Origin:
    """Where imported rows came from: kept with what is written, so that it can say so later."""

    file_name: str
    digest: str
    on: date

    @classmethod
    def of(cls, data: bytes, file_name: str) -> Origin:
        """The origin of a file read today."""
        return cls(file_name, hashlib.sha256(data).hexdigest(), clock.today())

    def __str__(self) -> str:
        return self.file_name


@dataclass(frozen=True)
class Importer:
    """One kind of import.

    ``plan`` takes a sheet and gives a `Plan` without writing anything; ``write`` carries a plan out in the running act.
    A kind with ``reviewed`` rows also takes ``verdicts=`` (row number to `Verdict`) when planning, and its steps' targets have an
    ``organisation`` after writing.
    """

    kind: str
    title: Any
    columns: Columns
    act: Kind
    plan: Callable[..., Plan]
    write: Callable[[Plan, Origin], None]
    reviewed: bool = False


class ReviewDecision(StrEnum):
    """What a person decided about a row in doubt: it is the same as one we have, it is another, leave it out."""

    SAME = "same"
    CREATE = "create"
    SKIP = "skip"


@dataclass(frozen=True)
class Verdict:
    """A decision about one row; ``organisation_id`` says which one it is the same as."""

    decision: ReviewDecision
    organisation_id: int | None = None


def named(kind: str) -> Importer:
    """The importer of a kind. Raises ``Refused`` for a kind that does not exist."""
    if kind not in KINDS:
        raise Refused(_("There is no import named %(kind)s. Known: %(known)s.", kind=kind, known=", ".join(KINDS)))
    module, attribute = KINDS[kind].split(":")
    importer: Importer = getattr(import_module(module), attribute)
    return importer


class ReadOnce(Columns):
    """Columns that understand a sheet once, though a plan asks twice: for whom the rows mean, then row by row."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns.kind, columns.columns)
        self._read: tuple[Sheet, ReadRows] | None = None

    def read(self, sheet: Sheet) -> ReadRows:
        """The rows of a sheet; of the same sheet those read before."""
        if self._read is None or self._read[0] is not sheet:
            self._read = sheet, super().read(sheet)
        return self._read[1]


def one_row(columns: Columns, number: int, cells: dict[str, str]) -> Sheet:
    """A sheet of a single row, as if it stood in a file at that place: for a row decided on by itself."""
    used = [column for column in columns.columns if column.code in cells]
    row = Row(number, tuple(cells[column.code] for column in used))
    return Sheet("", "held", tuple(column.heading for column in used), (row,))
