"""Care sites from a spreadsheet (ケア現場): a site is the same when its name and its group are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa

from crm.care.sites import CareSite, SiteKind
from crm.db import db
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations.importers import Importer, Origin
from crm.organisations.organisations import Organisation
from crm.text import _

KIND = "care-sites"

COLUMNS = Columns(
    KIND,
    (
        Column("name_ja", "名称", cells.text(), required=True, meaning=_("The name of the site."), example="市立見本病院"),
        Column("group_ja", "法人・グループ", cells.text(), meaning=_("The group it belongs to, if any."), blank="", example="見本会"),
        Column("kind", "種別", cells.Choice(SiteKind), required=True, meaning=_("What kind of site it is."), example="病院"),
        Column("note", "備考", cells.text(1000, lines=True), meaning=_("Anything else worth knowing."), blank=""),
        Column("source", "出典", cells.text(400), meaning=_("Where this is known from."), blank="", example="4(3)イ"),
    ),
)  # fmt: skip


def plan_sites(sheet: Sheet) -> Plan:
    """What the rows of a sheet mean and would change; nothing is written."""
    known = {(one.name, one.group_name): one for one in db.session.scalars(sa.select(CareSite))}

    def decide(row: ReadRow) -> Decision:
        site = known.get((row.values["name_ja"], row.values.get("group_ja", "")))
        if site is None:
            return Decision(RowAction.CREATE)
        return Decision(RowAction.UPDATE if _new(site, row.values) else RowAction.UNCHANGED, site)

    return planned(COLUMNS, sheet, decide, same=_same, said_twice="name_ja")


def write_sites(plan: Plan, _origin: Origin) -> None:
    """Carry the plan out in the running act; a site is tied to the organisation that bears exactly its name. Raises `BadRows`."""
    names = {step.values["name_ja"] for step in plan.steps if step.action is RowAction.CREATE}
    bearing = sa.select(Organisation).where(Organisation.name.in_(names), Organisation.merged_into_id.is_(None))
    organisations = {one.name: one for one in db.session.scalars(bearing)}

    def write(step: Step) -> None:
        values = step.values
        if step.target is not None:
            step.target.change(**_new(step.target, values))
            return
        db.session.add(CareSite(
            name=values["name_ja"], group_name=values.get("group_ja", ""), kind=values["kind"], note=values.get("note", ""),
            source=values.get("source", ""), organisation=organisations.get(values["name_ja"]),
        ))  # fmt: skip

    plan.carry_out(write)


def _new(site: CareSite, values: dict[str, Any]) -> dict[str, Any]:
    """What a row says differently of a site; blank cells say nothing."""
    said = {field: values.get(field) for field in ("kind", "note", "source")}
    return {field: value for field, value in said.items() if value and value != getattr(site, field)}


def _same(values: dict[str, Any]) -> Hashable:
    return values["name_ja"], values.get("group_ja", "")


CARE_SITES = Importer(KIND, _("Care sites"), COLUMNS, Kind.CARE_SITES_IMPORTED, plan_sites, write_sites)
