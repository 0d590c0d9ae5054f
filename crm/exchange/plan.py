"""What an import would do, known before anything is written.

Every row is understood and decided on first; the plan can be shown, asked about and thrown away. Only a plan without a
single error can be carried out, and it is carried out within the one act of the edge that called: all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from crm.errors import Refused
from crm.exchange.columns import Columns, ReadRow, RowError, spoken
from crm.exchange.sheets import Sheet
from crm.text import _, ngettext
from crm.values import BadValue


class RowAction(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REVIEW = "review"


class Reviewing(StrEnum):
    """What becomes of rows that look like something we may already have: held for a person, created, or skipped."""

    HOLD = "hold"
    CREATE = "create"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Match:
    """Something we already have that a row seems to mean, and why we think so."""

    organisation: str
    why: object
    organisation_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"organisation": self.organisation, "organisation_id": self.organisation_id, "why": str(self.why)}


@dataclass(frozen=True, slots=True)
class Decision:
    """What an importer decides about one row. `target` is the noun to change, if there is one."""

    action: RowAction
    target: Any = None
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the plan, with the values to write by column code."""

    row: int
    action: RowAction
    values: dict[str, Any]
    target: Any = None
    matches: tuple[Match, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "action": self.action.value, "match": [match.as_json() for match in self.matches]}


class BadRows(Refused):
    """Rows have errors, so nothing was written. `plan` tells them all."""

    def __init__(self, plan: Plan) -> None:
        count = len({error.row for error in plan.errors})
        first = plan.errors[0]
        super().__init__(
            _(
                "%(count)s Row %(row)s, %(column)s: %(message)s",
                count=ngettext(
                    "Nothing was imported: %(num)d row has an error.",
                    "Nothing was imported: %(num)d rows have errors.",
                    count,
                ),
                row=first.row,
                column=first.column,
                message=first.message,
            ),
            field="file",
        )
        self.plan = plan


@dataclass(frozen=True)
class Plan:
    """The whole import: its steps in the order of the file, its errors, and how rows in doubt are treated."""

    kind: str
    count: int
    steps: list[Step] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    reviewing: Reviewing = Reviewing.HOLD

    def reviewed(self, reviewing: Reviewing) -> Plan:
        """The same plan with another treatment of the rows in doubt."""
        return replace(self, reviewing=reviewing)

    @property
    def created(self) -> int:
        """Rows that become something new, rows in doubt included when they are to be created."""
        in_doubt = len(self._with(RowAction.REVIEW)) if self.reviewing is Reviewing.CREATE else 0
        return len(self._with(RowAction.CREATE)) + in_doubt

    @property
    def updated(self) -> int:
        """Rows that change something we have."""
        return len(self._with(RowAction.UPDATE))

    @property
    def unchanged(self) -> int:
        """Rows that say what we already know."""
        return len(self._with(RowAction.UNCHANGED))

    @property
    def review(self) -> list[Step]:
        """Rows in doubt that are not written: held, or skipped on request."""
        return [] if self.reviewing is Reviewing.CREATE else self._with(RowAction.REVIEW)

    def carry_out(self, write: Callable[[Step], object], hold: Callable[[Step], object] | None = None) -> None:
        """Call `write` for each row to create or update, `hold` for each row in doubt that waits for a person.

        Raises `BadRows` before the first call if there is any error, and during it when `write` refuses a row; whoever
        opened the act lets it fail, so nothing remains.
        """
        if self.errors:
            raise BadRows(self)
        for step in self.steps:
            if step.action is RowAction.REVIEW and self.reviewing is Reviewing.HOLD:
                if hold is not None:
                    hold(step)
            elif step.action is not RowAction.UNCHANGED and (
                step.action is not RowAction.REVIEW or self.reviewing is Reviewing.CREATE
            ):
                self._write(step, write)

    def _write(self, step: Step, write: Callable[[Step], object]) -> None:
        try:
            write(step)
        except (Refused, BadValue) as problem:
            raise BadRows(replace(self, errors=[_error(step.row, problem)])) from problem

    def as_json(self, *, dry_run: bool = False) -> dict[str, Any]:
        """The answer of `crm import`; `plan` says for each row what a dry run found. With errors nothing counts."""
        bad = bool(self.errors)
        answer: dict[str, Any] = {
            "rows": self.count,
            "created": 0 if bad else self.created,
            "updated": 0 if bad else self.updated,
            "unchanged": 0 if bad else self.unchanged,
            "review": [] if bad else [{"row": step.row, "match": step.as_json()["match"]} for step in self.review],
            "errors": [error.as_json() for error in self.errors],
        }
        if dry_run:
            answer["plan"] = [step.as_json() for step in self.steps]
        return answer

    def _with(self, action: RowAction) -> list[Step]:
        return [step for step in self.steps if step.action is action]


def planned(
    columns: Columns,
    sheet: Sheet,
    decide: Callable[[ReadRow], Decision],
    *,
    same: Callable[[dict[str, Any]], Hashable | None] | None = None,
    said_twice: str | None = None,
) -> Plan:
    """Understand every row and decide on it; nothing is written.

    `decide` looks a row up and answers what to do, or raises `Refused`, its `field` the code of a column. `same` gives
    a key of the values (None: no key); a row with the key of an earlier row is an error at the column `said_twice`.
    """
    read = columns.read(sheet)
    steps: list[Step] = []
    errors = list(read.errors)
    seen: dict[Hashable, int] = {}
    for row in read.rows:
        key = same(row.values) if same else None
        if key is not None and seen.setdefault(key, row.number) != row.number:
            message = _("The file says the same already in row %(row)s.", row=seen[key])
            errors.append(RowError(row.number, columns.heading(said_twice), message))
            continue
        try:
            decision = decide(row)
        except (Refused, BadValue) as problem:
            errors.append(_error(row.number, problem, columns))
            continue
        steps.append(Step(row.number, decision.action, row.values, decision.target, decision.matches))
    return Plan(columns.kind, read.count, steps, sorted(errors, key=lambda error: error.row))


def _error(row: int, problem: Refused | BadValue, columns: Columns | None = None) -> RowError:
    code = getattr(problem, "field", None) or ""
    return RowError(row, columns.heading(code) if columns else code, spoken(problem))
