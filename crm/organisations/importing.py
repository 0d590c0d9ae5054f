"""Organisations from a spreadsheet (団体), planned before they are written.

Another package adds its own columns by a follow-up, called once for every row that will be written, while planning:

    ORGANISATIONS = importer(extra_columns=MEMBER_COLUMNS, follow_up=membership_of)

    def membership_of(rows: Sequence[ReadRow]) -> FollowUp      # called once for a file: load here what all rows need
        def follow(row: OrganisationRow) -> Callable[[Organisation, Origin], None] | None

`row.values` are the parsed cells by column code, `row.organisation` is the record the row means (None: it will be new). The
answer is what is to be written after the organisation itself, within the same act, or None when the row says nothing new: so a
row whose organisation is unchanged still counts as updated when its follow-up writes. It raises `Refused(…, field=code)` for a
row that cannot be; the error then names the row and the heading of that column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Match, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations import creating, reviews, row_writing
from crm.organisations.duplicates import Acquaintances, Proposal, chunks, likeness
from crm.organisations.importers import Importer, Origin, ReadOnce, ReviewDecision, Verdict
from crm.organisations.organisations import Organisation, OrganisationKind, key_of
from crm.organisations.people import Person
from crm.text import N_, _
from crm.values import address
from crm.values.japanese import bank_text

KIND = "organisations"

# The words of the import columns as docs/interfaces.md promises them; screens take theirs from the catalogue.
KINDS = {
    "企業": OrganisationKind.COMPANY,
    "大学": OrganisationKind.UNIVERSITY,
    "研究機関": OrganisationKind.RESEARCH_INSTITUTE,
    "医療機関": OrganisationKind.MEDICAL_PROVIDER,
    "職能団体": OrganisationKind.PROFESSIONAL_BODY,
    "自治体": OrganisationKind.LOCAL_GOVERNMENT,
    "学校": OrganisationKind.SCHOOL,
    "その他": OrganisationKind.OTHER,
}


def _postal_code(cell: str) -> str:
    return address.postal_code(cell)


def _bank_name(cell: str) -> str:
    bank_text(cell)
    return cells.text(100)(cell)


COLUMNS = (
    Column("name", "団体名", cells.text(), required=True, meaning=_("The legal name as registered."), example="株式会社見本"),
    Column("kana", "団体名カナ", cells.kana(), meaning=_("The reading in katakana, without the legal form."), example="ミホン"),
    Column("corporate_number", "法人番号", cells.corporate_number, meaning=_("13 digits. It decides who is the same."),
           example="7000020141305"),
    Column("kind", "種別", cells.Choice(KINDS, {kind.value: kind for kind in OrganisationKind}), meaning=_("What it is."),
           example="企業"),
    Column("industry", "業種", cells.text(100), meaning=_("The line of business."), example="情報通信"),
    Column("employees", "社員数", cells.whole(0, 10_000_000), meaning=_("How many employees."), example="101"),
    Column("employees_on", "社員数基準日", cells.day, meaning=_("The day on which the number was true."), example="2026-04-01"),
    Column("postal_code", "郵便番号", _postal_code, meaning=_("Seven digits."), example="210-0821"),
    Column("address", "住所", cells.text(), meaning=_("The address with prefecture."), example="神奈川県川崎市川崎区殿町3-25-14"),
    Column("phone", "電話", cells.phone, meaning=_("The main telephone number."), example="044-589-5785"),
    Column("representative", "代表者名", cells.text(100), meaning=_("Who represents it."), example="見本 太郎"),
    Column("contact_name", "担当者名", cells.text(100), meaning=_("Whom the office talks to."), example="見本 花子"),
    Column("contact_email", "担当者メール", cells.email, meaning=_("The mail address of that person."), example="hanako@example.jp"),
    Column("billing_email", "請求先メール", cells.email, meaning=_("Where invoices go; may be the same."), example="keiri@example.jp"),
    Column("bank_kana", "振込名義カナ", cells.several(_bank_name), meaning=_("The names transfers arrive under, parted by ／."),
           example="ｶ)ﾐﾎﾝ／ﾐﾎﾝ"),
    Column("remark", "備考", cells.text(2000, lines=True), meaning=_("Anything else.")),
)  # fmt: skip

TITLE = N_("Organisations")


@dataclass
class OrganisationRow:
    """One row with the organisation it means. ``organisation`` is set for a new one once it has been written."""

    number: int
    values: dict[str, Any]
    organisation: Organisation | None
    people: Sequence[Person] = ()
    changed: list[str] = field(default_factory=list)
    then: Callable[[Organisation, Origin], None] | None = None


FollowUp = Callable[[OrganisationRow], Callable[[Organisation, Origin], None] | None]
Preparing = Callable[[Sequence[ReadRow]], FollowUp]


def importer(*, extra_columns: Sequence[Column] = (), follow_up: Preparing | None = None) -> Importer:
    """The import of organisations, with columns of another package and what it does with them."""
    *first, remark = COLUMNS
    columns = Columns(KIND, [*first, *extra_columns, remark])

    def plan(sheet: Sheet, verdicts: Mapping[int, Verdict] | None = None) -> Plan:
        return plan_organisations(sheet, columns=columns, follow_up=follow_up, verdicts=verdicts)

    return Importer(KIND, _(TITLE), columns, Kind.ORGANISATIONS_IMPORTED, plan, write_organisations, reviewed=True)


def plan_organisations(
    sheet: Sheet,
    *,
    columns: Columns,
    follow_up: Preparing | None = None,
    verdicts: Mapping[int, Verdict] | None = None,
) -> Plan:
    """What the rows of a sheet mean and would change; nothing is written. ``verdicts`` decide rows in doubt by number."""
    columns = ReadOnce(columns)
    planning = _Planning(columns.read(sheet).rows, follow_up, verdicts or {})
    return planned(columns, sheet, planning.decide, same=_same, said_twice="name")


def write_organisations(plan: Plan, origin: Origin) -> None:
    """Carry the plan out in the running act; rows in doubt are held for a person. Raises `BadRows`."""

    new = [step for step in plan.steps if _is_simply_new(step)]
    at_once = {step.row for step in new} if len(new) >= creating.FEW else set()

    def write(step: Step) -> None:
        row: OrganisationRow = step.target
        if step.row in at_once:
            return
        if row.organisation is None:
            row.organisation = row_writing.created(row.values, str(origin))
        for change in row_writing.changes(row.organisation, row.people, row.values, origin.on):
            change.write()
        if row.then is not None:
            row.then(row.organisation, origin)
        if step.action is RowAction.REVIEW:
            reviews.close(KIND, step, row.organisation)

    plan.carry_out(write, lambda step: reviews.hold(KIND, step, origin))
    creating.create_all([step.target.values for step in new if step.row in at_once], str(origin), origin.on)


def _is_simply_new(step: Step) -> bool:
    """Whether a row becomes a new organisation and nothing besides."""
    return step.action is RowAction.CREATE and step.target.organisation is None and step.target.then is None


def _same(values: dict[str, Any]) -> Hashable:
    return str(values.get("corporate_number") or values["name"])


class _Planning:
    """The rows of one file against everything we know, loaded once."""

    def __init__(self, rows: Sequence[ReadRow], follow_up: Preparing | None, verdicts: Mapping[int, Verdict]) -> None:
        self._verdicts = {**reviews.remembered(KIND, rows), **verdicts}
        self._known = Acquaintances.of(
            (row.values["name"] for row in rows), (row.values.get("corporate_number") for row in rows)
        )
        self._follow = follow_up(rows) if follow_up else None
        self._proposed = {row.number: self._proposals(row.values) for row in rows}
        self._load(rows)
        self._new: dict[str, list[ReadRow]] = defaultdict(list)

    def _proposals(self, values: Mapping[str, Any]) -> list[Proposal]:
        return self._known.proposals(values["name"], values.get("corporate_number"))

    def _load(self, rows: Iterable[ReadRow]) -> None:
        wanted = {p.organisation_id for proposals in self._proposed.values() for p in proposals if p.certain}
        wanted |= {v.organisation_id for v in self._verdicts.values() if v.organisation_id}
        self._organisations: dict[int, Organisation] = {}
        self._people: dict[int, list[Person]] = defaultdict(list)
        for ids in chunks(sorted(wanted)):
            found = sa.select(Organisation).where(Organisation.id.in_(ids)).options(
                selectinload(Organisation.former_names), selectinload(Organisation.employee_counts),
                selectinload(Organisation.bank_names),
            )  # fmt: skip
            self._organisations.update((one.id, one) for one in db.session.scalars(found))
            people = sa.select(Person).where(Person.organisation_id.in_(ids)).options(selectinload(Person.roles))
            for person in db.session.scalars(people.order_by(Person.id)):
                self._people[person.organisation_id].append(person)

    def decide(self, row: ReadRow) -> Decision:
        """What becomes of a row: the certain one is changed, the doubtful held, the unknown created."""
        row_writing.check(row.values)
        verdict = self._verdicts.get(row.number)
        proposals = self._proposed[row.number]
        if verdict is not None:
            return self._as_judged(row, verdict)
        matches = tuple(Match(p.name, p.why, p.organisation_id) for p in proposals)
        if proposals and proposals[0].certain:
            return self._decided(row, row.values, self._organisations[proposals[0].organisation_id], matches)
        matches = matches or self._earlier_in_file(row)
        if matches:
            return Decision(RowAction.REVIEW, self._planned(row, row.values, None), matches)
        self._new[key_of(row.values["name"])].append(row)
        return self._decided(row, row.values, None, ())

    def _as_judged(self, row: ReadRow, verdict: Verdict) -> Decision:
        if verdict.decision is ReviewDecision.SKIP:
            return Decision(RowAction.UNCHANGED, OrganisationRow(row.number, row.values, None))
        if verdict.decision is ReviewDecision.CREATE:
            certain = [p for p in self._proposed[row.number] if p.certain]
            known = self._organisations[certain[0].organisation_id] if certain else None
            return self._decided(row, row.values, known, ())
        organisation = self._organisations.get(verdict.organisation_id or 0)
        if organisation is None:
            raise Refused(_("Say which organisation it is the same as."), field="organisation")
        values = {code: value for code, value in row.values.items() if code != "name"}
        return self._decided(
            row, values, organisation, (Match(organisation.name, _("Decided by a person."), organisation.id),)
        )

    def _decided(
        self, row: ReadRow, values: dict[str, Any], organisation: Organisation | None, matches: tuple[Match, ...]
    ) -> Decision:
        planned_row = self._planned(row, values, organisation)
        if organisation is None:
            return Decision(RowAction.CREATE, planned_row, matches)
        is_new = bool(planned_row.changed or planned_row.then)
        return Decision(RowAction.UPDATE if is_new else RowAction.UNCHANGED, planned_row, matches)

    def _planned(self, row: ReadRow, values: dict[str, Any], organisation: Organisation | None) -> OrganisationRow:
        people = self._people[organisation.id] if organisation else []
        found = OrganisationRow(row.number, values, organisation, people)
        if organisation is not None:
            changes = row_writing.changes(organisation, people, values, clock.today())
            found.changed = list(dict.fromkeys(change.code for change in changes))
        if self._follow is not None:
            found.then = self._follow(found)
        return found

    def _earlier_in_file(self, row: ReadRow) -> tuple[Match, ...]:
        """New organisations of the same file that look like this one: the list itself may hold someone twice."""
        number = row.values.get("corporate_number")
        return tuple(
            Match(
                earlier.values["name"],
                _(
                    "Row %(row)s of the same file: %(why)s",
                    row=earlier.number,
                    why=likeness(row.values["name"], earlier.values["name"]),
                ),
            )
            for earlier in self._new[key_of(row.values["name"])]
            if not (number and earlier.values.get("corporate_number"))
        )


ORGANISATIONS = importer()
