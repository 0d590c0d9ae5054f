"""Everyone at every organisation, in one list that is searched by name, reading or mail address."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload

from crm import clock, text
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.organisations import searching
from crm.organisations.office import area
from crm.organisations.people import Person, PersonRole, RoleAt
from crm.text import _
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

HERE, LEFT = "here", "left"


def _roles(person: Person) -> str:
    return "、".join(text.label(role) for role in sorted(person.roles_on(clock.today())))


def _at_present(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value not in (HERE, LEFT):
        raise ValueError(value)
    gone = sa.and_(Person.left_on.is_not(None), Person.left_on <= clock.today())
    return select.where(gone if value == LEFT else sa.not_(gone))


def _holding(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    today = clock.today()
    held = sa.select(RoleAt.person_id).where(
        RoleAt.role == PersonRole(value), sa.or_(RoleAt.since.is_(None), RoleAt.since <= today),
        sa.or_(RoleAt.until.is_(None), RoleAt.until >= today),
    )  # fmt: skip
    return select.where(Person.id.in_(held))


LISTING = Listing(
    name="people",
    title=_("People"),
    columns=[
        Column("name", _("Name"), sort=Person.name),
        Column("kana", _("Reading"), sort=Person.kana),
        Column("organisation", _("Organisation"), value="organisation.name",
               url=lambda one: url_for(".show", organisation_id=one.organisation_id)),
        Column("department", _("Department"), sort=Person.department),
        Column("roles", _("Roles"), value=_roles),
        Column("email", _("Mail address"), sort=Person.email),
        Column("phone", _("Telephone")),
    ],
    order=[Person.kana, Person.name, Person.id],
    search=searching.people,
    filters=[
        Filter("role", _("Role"), lambda: [(role.value, text.label(role)) for role in PersonRole], _holding),
        Filter("presence", _("Presence"), lambda: [(HERE, _("With the organisation")), (LEFT, _("Left"))], _at_present),
    ],
)  # fmt: skip


@area.get("/people")
@requires(Permission.ORGANISATIONS_READ)
def directory() -> ResponseReturnValue:
    """Everyone, by reading."""
    select = sa.select(Person).where(Person.merged_into_id.is_(None))
    select = select.options(selectinload(Person.organisation), selectinload(Person.roles))
    listing = LISTING.of(select, url=lambda one: url_for(".person", person_id=one.id))
    return listing.exit() or page("organisations/office/directory.html", listing=listing)
