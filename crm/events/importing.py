"""Attendance from a spreadsheet: 行事, 氏名, メール, 所属, 出欠.

A row finds the registration by mail address, else by name; who is not on the list is added as someone who came. Nobody is
written to.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events.events import Event, EventSession, of_slug
from crm.events.registrations import Attendance, Registration, RegistrationState, Source, recognise
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.reading import Sheet
from crm.history.kinds import Kind
from crm.organisations.importers import Importer, Origin
from crm.text import _
from crm.values.japanese import fold

WORDS = {"出席": Attendance.PRESENT, "欠席": Attendance.ABSENT}
ALSO = {
    "present": Attendance.PRESENT, "absent": Attendance.ABSENT, "○": Attendance.PRESENT, "〇": Attendance.PRESENT,
    "×": Attendance.ABSENT, "参加": Attendance.PRESENT, "不参加": Attendance.ABSENT,
}  # fmt: skip

COLUMNS = Columns(
    "attendance",
    [
        Column(
            "event",
            "行事",
            cells.text(60),
            required=True,
            meaning=_("The event's address part"),
            example="care-seminar",
        ),
        Column("name", "氏名", cells.text(), required=True, meaning=_("Name"), example="見本 花子"),
        Column("email", "メール", cells.email, meaning=_("Mail address"), example="hanako@example.jp", blank=""),
        Column(
            "organisation",
            "所属",
            cells.text(),
            meaning=_("Organisation or affiliation"),
            example="株式会社見本",
            blank="",
        ),
        Column(
            "attended", "出欠", cells.Choice(WORDS, ALSO), required=True, meaning=_("Whether they came"), example="出席"
        ),
    ],
)


def plan(sheet: Sheet) -> Plan:
    """What the sheet would do. Writes nothing."""
    lists = _Lists()

    def decide(row: ReadRow) -> Decision:
        session = lists.session(row.values["event"])
        known = lists.find(session, row.values)
        if known is None:
            return Decision(RowAction.CREATE, session)
        unchanged = known.attended is row.values["attended"]
        return Decision(RowAction.UNCHANGED if unchanged else RowAction.UPDATE, known)

    def same(values: dict[str, Any]) -> Any:
        return values["event"], _key(values.get("email") or values["name"])

    return planned(COLUMNS, sheet, decide, same=same, said_twice="email")


def write(plan: Plan, origin: Origin) -> None:
    """Carry the plan out in the running act. Raises ``BadRows`` when there is any error."""
    plan.carry_out(_write_row)


def _write_row(step: Step) -> None:
    target, values = step.target, step.values
    if isinstance(target, EventSession):
        target = Registration(
            session=target, name=values["name"], email=values.get("email") or "",
            organisation=values.get("organisation") or "", source=Source.IMPORT,
            recognised_id=recognise(values.get("organisation") or ""),
        )  # fmt: skip
        target.confirm()
        db.session.add(target)
    target.note_attendance(values["attended"])


class _Lists:
    """The events a sheet names, each read once, with everyone on their lists."""

    def __init__(self) -> None:
        self._sessions: dict[str, EventSession] = {}
        self._people: dict[int, dict[str, Registration]] = {}

    def session(self, slug: str) -> EventSession:
        """The only session of an event. Raises ``Refused`` naming the column."""
        if slug not in self._sessions:
            event = db.session.scalars(of_slug(slug).options(selectinload(Event.sessions))).one_or_none()
            if event is None:
                raise Refused(_("There is no event at this address."), field="event")
            if len(event.sessions) != 1:
                raise Refused(_("This event has several sessions. Please tick them on screen."), field="event")
            if event.sessions[0].starts_at > clock.now():
                raise Refused(_("This session is still to come."), field="event")
            self._sessions[slug] = event.sessions[0]
            self._read(event.sessions[0])
        return self._sessions[slug]

    def find(self, session: EventSession, values: dict[str, Any]) -> Registration | None:
        """The confirmed registration a row means, by mail address, else by name where no other address stands against it."""
        people = self._people[session.id]
        email = values.get("email") or ""
        if email and f"@{_key(email)}" in people:
            return people[f"@{_key(email)}"]
        named = people.get(_key(values["name"]))
        return None if named is not None and email and named.email else named

    def _read(self, session: EventSession) -> None:
        confirmed = sa.select(Registration).where(
            Registration.session_id == session.id, Registration.state == RegistrationState.CONFIRMED
        )
        people: dict[str, Registration] = {}
        for registration in db.session.scalars(confirmed.order_by(Registration.id.desc())):
            people[_key(registration.name)] = registration
            if registration.email:
                people[f"@{_key(registration.email)}"] = registration
        self._people[session.id] = people


def _key(words: str) -> str:
    """A name or address as it is compared: one width, one case, no blanks."""
    return fold(words).replace(" ", "")


ATTENDANCE = Importer(
    kind="attendance",
    title=_("Attendance"),
    columns=COLUMNS,
    act=Kind.ATTENDANCE_IMPORTED,
    plan=plan,
    write=write,
)
