"""Participations and contracts from a spreadsheet (CHANGE参画・共同研究契約・ライセンス契約), planned before they are written.

A row is the same as one we have when organisation, kind, beginning and subject are; then only its end and evidence may be new.
The beginning of a contract is the day it was signed.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.db import db
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations.duplicates import chunks
from crm.organisations.finding import Finder
from crm.organisations.importers import Importer, Origin, ReadOnce
from crm.organisations.organisations import Organisation
from crm.projects import participations
from crm.projects.contracts import Contract, ContractKind
from crm.projects.participations import TOPICS, Participation, in_order
from crm.text import LOCALES, _, gettext, speaking
from crm.values import japanese

KIND = "engagements"
CHANGE = "change"
KINDS: dict[str, object] = {
    "CHANGE参画": CHANGE,
    "共同研究契約": ContractKind.JOINT_RESEARCH,
    "ライセンス契約": ContractKind.LICENCE,
}

COLUMNS = Columns(
    KIND,
    (
        Column("name", "団体名", cells.text(), required=True, meaning=_("An organisation we know, by its name."),
               example="株式会社見本"),
        Column("kind", "区分", cells.Choice(KINDS, {CHANGE: CHANGE, **{kind.value: kind for kind in ContractKind}}),
               required=True, meaning=_("What it is."), example="共同研究契約"),
        Column("starts", "開始日", cells.day_or_month, required=True,
               meaning=_("When it began or was signed; a month where only that is known."), example="2025-05"),
        Column("ends", "終了日", cells.day_or_month, meaning=_("When it ends; empty while it lasts."), example="2030-03-31"),
        Column("title", "件名", cells.text(400), meaning=_("The subject; for CHANGE the topic."), blank="",
               example="MCI-iCONM共創ラボ"),
        Column("evidence", "根拠資料", cells.text(1000), meaning=_("By what it can be shown."), blank="", example="契約書"),
    ),
)  # fmt: skip


@dataclass
class _Row:
    """What a row speaks of: the organisation, and the participation or contract that is recorded already, if one is."""

    organisation: Organisation
    known: Participation | Contract | None


def plan_engagements(sheet: Sheet) -> Plan:
    """What the rows of a sheet mean and would record; nothing is written."""
    columns = ReadOnce(COLUMNS)
    planning = _Planning(columns.read(sheet).rows)
    return planned(columns, sheet, planning.decide, same=_same, said_twice="name")


def write_engagements(plan: Plan, origin: Origin) -> None:
    """Carry the plan out in the running act. Raises `BadRows`."""

    def write(step: Step) -> None:
        row: _Row = step.target
        values = step.values
        if row.known is not None:
            row.known.change(**_new(row.known, values))
        elif values["kind"] == CHANGE:
            participations.record(
                row.organisation, topic=topic_of(values.get("title", "")), since=values["starts"], until=values.get("ends"),
                title=values.get("title", ""), evidence=values.get("evidence", ""),
            )  # fmt: skip
        else:
            db.session.add(_contract(row.organisation, values))

    plan.carry_out(write)


def topic_of(title: str) -> int | None:
    """The topic a subject names, by its number or its name in either language; ``None`` for any other subject."""
    wanted = japanese.fold(title).replace(" ", "")
    for topic, name in TOPICS.items():
        names = [str(topic)]
        for language in LOCALES:
            with speaking(language):
                names.append(gettext(name))
        if wanted in {japanese.fold(one).replace(" ", "") for one in names}:
            return topic
    return None


def _contract(organisation: Organisation, values: dict[str, Any]) -> Contract:
    return Contract(
        organisation=organisation, kind=values["kind"], title=values.get("title", ""), signed=values["starts"],
        starts=values["starts"], ends=values.get("ends"), evidence=values.get("evidence", ""),
    )  # fmt: skip


def _new(known: Participation | Contract, values: dict[str, Any]) -> dict[str, Any]:
    """What a row says differently of something recorded; blank cells say nothing."""
    end = "until" if isinstance(known, Participation) else "ends"
    said = {end: values.get("ends"), "evidence": values.get("evidence")}
    return {field: value for field, value in said.items() if value and value != getattr(known, field)}


def _same(values: dict[str, Any]) -> Hashable:
    return values["name"], values["kind"], values["starts"], values.get("title", "")


class _Planning:
    """The rows of one file against what is recorded, loaded once."""

    def __init__(self, rows: Sequence[ReadRow]) -> None:
        self._finder = Finder(row.values["name"] for row in rows)
        ids = {one.id for row in rows for one in self._finder.all(row.values["name"])}
        self._known: dict[Hashable, Participation | Contract] = {}
        for some in chunks(sorted(ids)):
            for one in db.session.scalars(sa.select(Participation).where(Participation.organisation_id.in_(some))):
                self._known[one.organisation_id, CHANGE, one.since, one.title] = one
            for contract in db.session.scalars(sa.select(Contract).where(Contract.organisation_id.in_(some))):
                self._known[contract.organisation_id, contract.kind, contract.signed, contract.title] = contract

    def decide(self, row: ReadRow) -> Decision:
        """What becomes of a row."""
        values = row.values
        organisation = self._finder.one(values["name"])
        in_order(values["starts"], values.get("ends"), "ends")
        known = self._known.get((organisation.id, values["kind"], values["starts"], values.get("title", "")))
        if known is None:
            return Decision(RowAction.CREATE, _Row(organisation, None))
        return Decision(RowAction.UPDATE if _new(known, values) else RowAction.UNCHANGED, _Row(organisation, known))


ENGAGEMENTS = Importer(
    KIND, _("Participations and contracts"), COLUMNS, Kind.ENGAGEMENTS_IMPORTED, plan_engagements, write_engagements
)
