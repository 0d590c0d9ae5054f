"""The office's pages about members: the list, one member with its tabs, admitting, withdrawing, the turn of the year."""

from __future__ import annotations

import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from crm.db import db
from crm.members import fees
from crm.members.members import Member
from crm.web.audiences import office_area

BIGGEST_ID = 2**63 - 1

area = office_area("members", __name__)


def found(member_id: int) -> Member:
    """The member of an address with all its pages show, or 404."""
    if member_id > BIGGEST_ID:
        raise NotFound
    select = fees.with_basis(sa.select(Member)).where(Member.id == member_id)
    member: Member | None = db.session.scalars(select).unique().one_or_none()
    if member is None:
        raise NotFound
    return member


from crm.members.office import admitting, belonging, declarations, lists, movements, records, renewal  # noqa: E402, F401  (the views hang themselves on the area)
