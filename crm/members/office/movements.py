"""Members and movements (入会・退会・変更) of a fiscal year in the office: the table, the members behind each figure, as Excel."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.exchange import writing
from crm.members import movements
from crm.members.movements import Entry, Figure, Group, Movements
from crm.members.office import area
from crm.members.office.lists import EARLIEST, day_asked
from crm.members.tiers import MemberClass
from crm.organisations import naming
from crm.text import _, label
from crm.values import BadValue
from crm.values.fiscal_year import FiscalYear
from crm.web.templating import page

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@area.get("/movements")
@requires(Permission.MEMBERS_READ)
def movement_table() -> ResponseReturnValue:
    """A fiscal year's table, up to a day of it."""
    table = _table()
    if request.args.get("format") == "xlsx":
        headings = [
            str(_("Class and tier")),
            *(label(f) for f in Figure),
            str(_("Members on %(day)s", day=f"{table.on:%Y-%m-%d}")),
        ]
        return _file(table, "movements", headings, _table_rows(table), ["text", *["number"] * (len(Figure) + 1)])
    now = FiscalYear.of(clock.today())
    years = [EARLIEST + n for n in range(min((now + 1) - EARLIEST + 1, 60))]
    return page(
        "members/office/movements.html", table=table, figures=list(Figure), classes=list(MemberClass), years=years
    )


@area.get("/movements/members")
@requires(Permission.MEMBERS_READ)
def movement_members() -> ResponseReturnValue:
    """The members behind a figure, or all movements of the year."""
    table, words = _table(), request.args.get("q", "").strip()[:200]
    figure, group, member_class = _figure(), _group(table), _class()
    entries = _chosen(table, figure, group, member_class)
    key = naming.search_key(words)
    entries = [e for e in entries if key in f"{e.member.organisation.search_key} {naming.search_key(e.member.number)}"]
    if request.args.get("format") == "xlsx":
        headings = [str(h) for h in (_("Day"), _("Movement"), _("Member number"), _("Legal name"), _("From"), _("To"))]
        rows = [[e.day, label(e.figure), e.member.number, e.member.organisation.name, *_way(table, e)] for e in entries]
        return _file(table, "movement-members", headings, rows, ["day", "text", "text", "text", "text", "text"])
    return page(
        "members/office/movement_members.html", table=table, entries=entries, figure=figure, group=group,
        member_class=member_class, q=words, way=lambda e: _way(table, e), figures=list(Figure),
    )  # fmt: skip


def _chosen(
    table: Movements, figure: Figure | None, group: Group | None, member_class: MemberClass | None
) -> list[Entry]:
    """The entries of one figure; of none, every movement once."""
    if figure is not None:
        return table.entries_of(figure, group=group, member_class=member_class)
    return [
        e for e in table.entries
        if e.step is not None and e.figure is e.step.what and group in (None, e.group) and member_class in (None, e.group.member_class)
    ]  # fmt: skip


def _way(table: Movements, entry: Entry) -> tuple[str, str]:
    """From which group to which; who only stands there comes from none."""
    if entry.step is None:
        return "—", table.name_of(entry.group)
    return table.name_of(entry.step.before), table.name_of(entry.step.after)


def _table_rows(table: Movements) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for group in table.groups:
        rows.append([table.name_of(group), *(table.count(f, group=group) for f in Figure), None])
    for member_class in MemberClass:
        rows.append([f"{label(member_class)} {_('together')}",
                     *(table.count(f, member_class=member_class) for f in Figure), table.members_on(member_class)])  # fmt: skip
    rows.append([str(_("Together")), *(table.count(f) for f in Figure), table.members_on()])
    return rows


def _file(table: Movements, name: str, headings: list[str], rows: list[list[Any]], kinds: list[str]) -> Response:
    title = str(_("Members and movements"))
    response = Response(writing.xlsx_bytes(title, headings, rows, kinds), content_type=XLSX)
    file = f"{name}-{table.year.start}-{table.on:%Y%m%d}.xlsx"
    response.headers.set("Content-Disposition", "attachment", filename=file)
    return response


def _table() -> Movements:
    """The table of the address's year and day. 400 for what is none, or a day outside the year."""
    on = day_asked("on")
    written = request.args.get("year", "").strip()
    try:
        year = FiscalYear.parse(written) if written else FiscalYear.of(on or clock.today())
    except BadValue as error:
        raise BadRequest("year") from error
    return movements.of_year(year, on=_within(year, on))


def _within(year: FiscalYear, on: date | None) -> date | None:
    """A day of another year gives way to the year that was chosen."""
    return on if on is not None and on in year else None


def _figure() -> Figure | None:
    written = request.args.get("figure", "")
    try:
        return Figure(written) if written else None
    except ValueError as error:
        raise BadRequest("figure") from error


def _class() -> MemberClass | None:
    written = request.args.get("member_class", "")
    try:
        return MemberClass(written) if written else None
    except ValueError as error:
        raise BadRequest("member_class") from error


def _group(table: Movements) -> Group | None:
    written = request.args.get("group", "")
    found = next((g for g in table.groups if g.key == written), None)
    if written and found is None:
        raise BadRequest("group")
    return found
