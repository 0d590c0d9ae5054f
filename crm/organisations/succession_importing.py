"""Changes of name and absorptions from a spreadsheet (改称・合併), planned before they are written.

A row of 改称 may find the new name known, the old one, or both as two records: the former name is kept on the one record, the
record takes its new name, or the two are joined. A row of 合併 needs both to be known.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations import naming, succession
from crm.organisations.finding import Finder
from crm.organisations.importers import Importer, Origin
from crm.organisations.organisations import FormerName, Organisation
from crm.organisations.succession import Succession, SuccessionKind
from crm.text import _

KIND = "succession"
KINDS = {"改称": SuccessionKind.RENAMED, "合併": SuccessionKind.ABSORBED}

COLUMNS = Columns(
    KIND,
    (
        Column("name", "団体名", cells.text(), required=True, meaning=_("The name from that day on, or who absorbed."),
               example="株式会社見本ホールディングス"),
        Column("former_name", "旧団体名", cells.text(), required=True, meaning=_("The name before, or who was absorbed."),
               example="株式会社見本"),
        Column("kind", "事由", cells.Choice(KINDS, {"吸収合併": SuccessionKind.ABSORBED,
               **{kind.value: kind for kind in SuccessionKind}}), required=True, meaning=_("What happened."), example="改称"),
        Column("effective_on", "効力日", cells.day, required=True, meaning=_("The first day of the new state of things."),
               example="2026-04-01"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """What is to be recorded, or to be set right."""

    write: Callable[[str], object]


def plan_successions(sheet: Sheet) -> Plan:
    """What the rows of a sheet mean and would record; nothing is written. Rows are taken by their day, whatever their order."""
    rows = sorted(COLUMNS.read(sheet).rows, key=_by_day)
    order = {row.number: place for place, row in enumerate(rows)}
    by_day = replace(sheet, rows=tuple(sorted(sheet.rows, key=lambda row: order.get(row.number, len(order)))))
    plan = planned(COLUMNS, by_day, _Chronicle(rows).decide, same=_same, said_twice="former_name")
    return replace(plan, steps=sorted(plan.steps, key=lambda step: step.row))


def write_successions(plan: Plan, origin: Origin) -> None:
    """Carry the plan out in the running act, by the days of the rows. Raises `BadRows`."""

    def write(step: Step) -> None:
        row: _Row = step.target
        row.write(str(origin))

    replace(plan, steps=sorted(plan.steps, key=_step_day)).carry_out(write)


def _by_day(row: ReadRow) -> tuple[date, int]:
    return row.values["effective_on"], row.number


def _step_day(step: Step) -> tuple[date, int]:
    return step.values["effective_on"], step.row


def _same(values: dict[str, Any]) -> Hashable:
    return values["name"], values["former_name"], values["kind"]


class _Chronicle:
    """The rows of one file, told in the order of their days: a later row may speak of a name an earlier one brings."""

    def __init__(self, rows: Sequence[ReadRow]) -> None:
        self._finder = Finder(row.values[code] for row in rows for code in ("name", "former_name"))
        self._name_now: dict[int, str] = {}
        self._learn([row for row in rows if row.values["kind"] is SuccessionKind.RENAMED])

    def _learn(self, renamed: Sequence[ReadRow]) -> None:
        """Names that only this file knows, from either side of a change of name, until nothing more follows."""
        learning = True
        while learning:
            learning = False
            for row in renamed:
                new, old = row.values["name"], row.values["former_name"]
                for known, unknown in ((new, old), (old, new)):
                    ones = self._finder.all(known)
                    if len(ones) == 1 and not self._finder.all(unknown):
                        self._finder.learn(unknown, ones[0])
                        learning = True

    def decide(self, row: ReadRow) -> Decision:
        """What a row records."""
        name, former, day = row.values["name"], row.values["former_name"], row.values["effective_on"]
        if name == former:
            raise Refused(_("Both names are the same."), field="former_name")
        successor, predecessor = self._finder.one(name), self._finder.one(former, "former_name")
        if row.values["kind"] is SuccessionKind.ABSORBED or successor is not predecessor:
            return _joined(row.values["kind"], predecessor, successor, day)
        return self._renamed(successor, name, former, day)

    def _renamed(self, organisation: Organisation, name: str, former: str, day: date) -> Decision:
        name_now = self._name_now.get(organisation.id, organisation.name)
        was = next((one for one in organisation.former_names if one.name == former), None)
        if was is not None:
            return _dated(was, day)
        is_old_name = former == name_now or naming.duplicate_key(former) == naming.duplicate_key(name_now)
        if is_old_name and name != name_now:
            self._name_now[organisation.id] = name
            return Decision(RowAction.UPDATE, _Row(lambda source: succession.rename(organisation, name, day, source)))
        if former == name_now:
            raise Refused(_("It bears this name now; the two names may have been swapped."), field="former_name")
        return Decision(
            RowAction.CREATE, _Row(lambda source: succession.keep_former_name(organisation, former, day, source))
        )


def _dated(known: FormerName, day: date) -> Decision:
    """The former name is known: only its day may be new."""
    if known.until == day:
        return Decision(RowAction.UNCHANGED)
    recorded = db.session.scalars(sa.select(Succession).where(Succession.former_name_id == known.id)).first()

    def write(_source: str) -> None:
        known.until = day
        if recorded is not None:
            recorded.effective_on = day

    return Decision(RowAction.UPDATE, _Row(write))


def _joined(kind: SuccessionKind, predecessor: Organisation, successor: Organisation, day: date) -> Decision:
    recorded = succession.succession_of(predecessor)
    if recorded is not None and recorded.successor is successor and recorded.kind is kind:
        if recorded.effective_on == day:
            return Decision(RowAction.UNCHANGED)
        return Decision(RowAction.UPDATE, _Row(lambda _source: setattr(recorded, "effective_on", day)))
    if predecessor is successor:
        raise Refused(_("An organisation cannot succeed itself."), field="former_name")
    if recorded is not None:
        raise Refused(
            _("%(name)s went over to %(successor)s already.", name=predecessor.name, successor=recorded.successor.name),
            field="former_name",
        )
    join = succession.absorb if kind is SuccessionKind.ABSORBED else succession.join_names
    return Decision(RowAction.CREATE, _Row(lambda source: join(predecessor, successor, day, source)))


SUCCESSION = Importer(
    KIND, _("Changes of name and absorptions"), COLUMNS, Kind.SUCCESSIONS_IMPORTED, plan_successions, write_successions
)
