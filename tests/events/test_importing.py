"""Attendance from a spreadsheet: who is found on the list, who is added, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.events import seating
from crm.events.importing import ATTENDANCE
from crm.events.registrations import Attendance, Registration, Source
from crm.exchange.plan import BadRows
from crm.exchange.reading import read
from crm.history.recording import act
from crm.organisations.importers import Origin
from tests.builders import an_event

HEADING = "行事,氏名,メール,所属,出欠\n"


def importing(rows: str) -> dict[str, Any]:
    data = (HEADING + rows).encode()
    with act(ATTENDANCE.act):
        plan = ATTENDANCE.plan(read(data, "attendance.csv"))
        ATTENDANCE.write(plan, Origin.of(data, "attendance.csv"))
    return plan.as_json()


def on_the_list() -> list[tuple[str, Attendance | None, Source]]:
    db.session.expire_all()
    rows = db.session.scalars(sa.select(Registration).order_by(Registration.id))
    return [(r.name, r.attended, r.source) for r in rows]


def seated(session: Any, name: str, email: str = "") -> None:
    from crm.events import registering
    from crm.history.kinds import Kind

    with act(Kind.REGISTERED):
        registering.walk_in(session.id, registering.Visitor(name, email), source=Source.WALK_IN).note_attendance(None)


def test_rows_find_people_by_mail_address_then_by_name_and_add_the_others(app: Flask) -> None:
    session = an_event(2, slug="past", days=-1).sessions[0]
    seated(session, "見本 花子", "hanako@example.jp")
    seated(session, "見本 太郎")
    done = importing(
        "past,ミホン ハナコ,Hanako@example.jp,,出席\npast,見本太郎,,,×\npast,新しい 人,new@example.jp,株式会社見本,○\n"
    )
    assert (done["created"], done["updated"], done["unchanged"]) == (1, 2, 0)
    names = {name: attended for name, attended, _source in on_the_list()}
    assert names["見本 花子"] is Attendance.PRESENT
    assert names["新しい 人"] is Attendance.PRESENT
    assert seating.seats_of(session).taken == 0


def test_the_same_file_again_changes_nothing(app: Flask) -> None:
    an_event(2, slug="past", days=-1)
    rows = "past,見本 花子,hanako@example.jp,,出席\npast,見本 太郎,,,欠席\n"
    assert importing(rows)["created"] == 2
    again = importing(rows)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert [attended for _name, attended, _source in on_the_list()] == [Attendance.PRESENT, Attendance.ABSENT]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("nothing,見本 花子,,,出席", "行事"), ("series,見本 花子,,,出席", "行事"), ("coming,見本 花子,,,出席", "行事"),
        ("past,,,,出席", "氏名"), ("past,見本 花子,nobody,,出席", "メール"), ("past,見本 花子,,,たぶん", "出欠"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_nothing_is_written(app: Flask, row: str, column: str) -> None:
    an_event(2, slug="past", days=-1)
    an_event(2, 2, slug="series", days=-9)
    an_event(2, slug="coming")
    with pytest.raises(BadRows) as bad:
        importing(f"past,先の 人,,,出席\n{row}\n")
    assert [(e.row, e.column) for e in bad.value.plan.errors] == [(3, column)]
    assert on_the_list() == []
