"""``crm members movements`` and ``crm members renew``: a year's movements that add up, and the terms of the new year."""

from __future__ import annotations

from typing import Any

import click

from crm.cli.answering import Answer, command, nothing_to_do, refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import movements as moving
from crm.members import renewing, terms
from crm.members.movements import Figure, Movements
from crm.members.renewing import Renewal
from crm.members.tiers import MemberClass
from crm.text import _
from crm.values import BadValue, dates
from crm.values.fiscal_year import FiscalYear


@command()
@click.option("--fiscal-year", required=True, help="2026, R8 or 令和8年度.")
@click.option("--on", "day", help="Up to this day of the year; by default today, or the year's last day.")
def movements(fiscal_year: str, day: str | None) -> Answer:
    """Opening, joined, returned, left, changes of class and tier, closing: a table that adds up."""
    year = _year(fiscal_year)
    try:
        on = dates.parse(day) if day else moving.usual_day(year)
        table = moving.of_year(year, on=on)
    except BadValue as error:
        raise refused(_(str(error)), field="on") from error
    except ValueError as error:
        raise refused(_("The day lies outside the fiscal year."), field="on") from error
    groups = [
        {"class": g.member_class.value, "tier": g.code or None, **{f.value: table.count(f, group=g) for f in Figure}}
        for g in table.groups
    ]
    return {
        "fiscal_year": year.start, "on": table.on.isoformat(), "groups": groups,
        "total": {f.value: table.count(f) for f in Figure}, "members_on": _members_on(table),
    }  # fmt: skip


@command()
@click.option("--fiscal-year", required=True, help="2027, R9 or 令和9年度.")
@click.option("--dry-run", is_flag=True, help="Only say whose terms would be made, and who is left out.")
def renew(fiscal_year: str, dry_run: bool) -> Answer:
    """Make the terms of a fiscal year for everyone who belongs in it and has none."""
    year = _year(fiscal_year)
    rows = renewing.worklist(year)
    left_out = [_left_out(row) for row in rows if row.now is None]
    if dry_run:
        made = [_member(row) for row in rows if row.now is not None and not row.has_term]
        return {"fiscal_year": year.start, "made": made, "left_out": left_out}
    with act(Kind.TERMS_RENEWED, note=str(year)):
        answer = [
            {"member": t.member.number, "organisation": t.member.organisation.name, "organisation_id": t.member.organisation_id}
            for t in terms.renew(year)
        ]  # fmt: skip
        if not answer:
            raise nothing_to_do(fiscal_year=year.start, made=[], left_out=left_out)
    return {"fiscal_year": year.start, "made": answer, "left_out": left_out}


def _member(row: Renewal) -> dict[str, Any]:
    organisation = row.member.organisation
    return {"member": row.member.number, "organisation": organisation.name, "organisation_id": organisation.id}


def _left_out(row: Renewal) -> dict[str, Any]:
    left, term = row.leaves_on, row.withdrawal
    return {
        **_member(row),
        "left_on": left.isoformat() if left else None,
        "reason": term.withdrawal_reason if term else "",
    }


def _members_on(table: Movements) -> dict[str, int]:
    return {c.value: table.members_on(c) for c in MemberClass}


def _year(written: str) -> FiscalYear:
    try:
        return FiscalYear.parse(written)
    except BadValue as error:
        raise refused(_(str(error)), field="fiscal-year") from error
