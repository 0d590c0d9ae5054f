"""Members for programs."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.members.members import Member, belonging
from crm.text import _
from crm.values import BadValue, dates
from crm.web.api import listed
from crm.web.audiences import api_area

area = api_area("members", __name__)


@area.get("")
@requires(Permission.MEMBERS_READ)
def index() -> ResponseReturnValue:
    """Everyone who is or was a member; with ``?on=`` those who were on a day."""
    day = _day()
    select = sa.select(Member).options(joinedload(Member.organisation), selectinload(Member.classes))
    if day is not None:
        select = select.where(belonging(day))
    return listed(select, Member.id, lambda member: shape(member, day or clock.today()))


def shape(member: Member, day: date) -> dict[str, Any]:
    """A member as programs see it, as of a day."""
    current = member.class_on(day)
    return {
        "id": member.id, "number": member.number, "organisation": member.organisation.name,
        "organisation_id": member.organisation_id, "class": current.value if current else None,
        "standing": member.standing_on(day).value, "joined_on": _iso(member.joined_on), "left_on": _iso(member.left_on),
        "classes": [
            {"class": p.member_class.value, "since": _iso(p.since), "until": _iso(p.until)} for p in member.classes
        ],
    }  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day() -> date | None:
    written = request.args.get("on", "").strip()
    try:
        return dates.parse(written) if written else None
    except BadValue as error:
        raise Refused(_(str(error)), field="on") from error
