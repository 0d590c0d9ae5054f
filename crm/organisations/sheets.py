"""The lists the office may correct in Excel: which columns, which of them only to be read, and how a change is written.

A list that is to join declares a `RoundTrip` in its package and is named in `TRIPS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from crm import clock, text
from crm.db import Model, db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.round_trip import Field, RoundTrip
from crm.organisations import searching
from crm.organisations.duplicates import chunks
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.organisations.people import Person
from crm.text import _

TRIPS = {
    "organisations": "crm.organisations.sheets:ORGANISATIONS",
    "people": "crm.organisations.sheets:PEOPLE",
    "members": "crm.members.sheets:MEMBERS",
}

_KIND = cells.Choice(OrganisationKind)
LANGUAGES = {"ja": "日本語", "en": "English"}
_LANGUAGE = cells.Choice({name: code for code, name in LANGUAGES.items()}, {code: code for code in LANGUAGES})


def named(kind: str) -> RoundTrip:
    """The list of a kind. Raises ``KeyError`` for one that is not known."""
    module, attribute = TRIPS[kind].split(":")
    trip: RoundTrip = getattr(import_module(module), attribute)
    return trip


def loaded(select: sa.Select[Any], noun: type[Model], ids: Iterable[int]) -> Mapping[int, Any]:
    """The records of a select by id, read in pieces."""
    found: dict[int, Any] = {}
    for some in chunks(sorted(ids)):
        found.update((one.id, one) for one in db.session.scalars(select.where(noun.id.in_(some))).unique())
    return found


ORGANISATION_FIELDS = (
    Field("industry", _("Industry"), lambda one: one.industry, cells.text(100)),
    Field("postal_code", _("Postal code"), lambda one: one.postal_code, cells.postal_code),
    Field("address", _("Address"), lambda one: one.address, cells.text()),
    Field("phone", _("Telephone"), lambda one: one.phone, cells.phone),
    Field("representative", _("Representative"), lambda one: one.representative, cells.text(100)),
    Field("remark", _("Remark"), lambda one: one.remark, cells.text(2000, lines=True)),
)
"""What may be corrected wherever an organisation is listed."""


def _organisations(words: str) -> Iterable[Organisation]:
    standing = sa.select(Organisation).where(Organisation.merged_into_id.is_(None))
    if words:
        standing = standing.where(searching.organisations(words).condition)
    return db.session.scalars(standing.order_by(Organisation.kana, Organisation.name, Organisation.id))


def _write_organisation(organisation: Organisation, values: dict[str, Any]) -> None:
    if "kind" in values:
        organisation.kind_known = True
    organisation.change(**values)


ORGANISATIONS = RoundTrip(
    "organisations", _("Organisations"),
    (
        Field("name", _("Legal name"), lambda one: one.name),
        Field("kana", _("Reading"), lambda one: one.kana, cells.kana()),
        Field("corporate_number", _("Corporate number"), lambda one: one.corporate_number, cells.corporate_number, blank=None),
        Field("kind", _("Kind"), lambda one: one.kind, _KIND, required=True,
              words=lambda: [text.label(kind) for kind in OrganisationKind]),
        *ORGANISATION_FIELDS,
    ),
    rows=_organisations,
    load=lambda ids: loaded(
        sa.select(Organisation).where(Organisation.merged_into_id.is_(None))
        .options(selectinload(Organisation.former_names), selectinload(Organisation.merged)),
        Organisation, ids,
    ),
    version=lambda one: str(one.version),
    write=_write_organisation,
    called=lambda one: str(one.name),
)  # fmt: skip


def _people(words: str) -> Iterable[Person]:
    standing = (
        sa.select(Person)
        .where(Person.merged_into_id.is_(None))
        .options(joinedload(Person.organisation), selectinload(Person.roles))
    )
    if words:
        standing = standing.where(searching.people(words).condition)
    return db.session.scalars(standing.order_by(Person.kana, Person.name, Person.id))


def _roles(person: Person) -> str:
    return "、".join(text.label(role) for role in sorted(person.roles_on(clock.today())))


def _write_person(person: Person, values: dict[str, Any]) -> None:
    if "email" in values and not values["email"] and person.roles_on(clock.today()):
        raise Refused(_("Someone with a role needs a mail address."), field="email")
    person.change(**values)


PEOPLE = RoundTrip(
    "people", _("People"),
    (
        Field("organisation", _("Organisation"), lambda one: one.organisation.name),
        Field("name", _("Name"), lambda one: one.name, cells.text(100), required=True),
        Field("kana", _("Reading"), lambda one: one.kana, cells.kana()),
        Field("department", _("Department"), lambda one: one.department, cells.text(100)),
        Field("title", _("Position"), lambda one: one.title, cells.text(100)),
        Field("email", _("Mail address"), lambda one: one.email, cells.email),
        Field("phone", _("Telephone"), lambda one: one.phone, cells.phone),
        Field("locale", _("Language of letters"), lambda one: LANGUAGES.get(one.locale, one.locale), _LANGUAGE,
              required=True, words=lambda: list(LANGUAGES.values())),
        Field("roles", _("Roles"), _roles),
        Field("left_on", _("Left on"), lambda one: one.left_on, kind="day"),
    ),
    rows=_people,
    load=lambda ids: loaded(
        sa.select(Person).where(Person.merged_into_id.is_(None)).options(joinedload(Person.organisation), selectinload(Person.roles)),
        Person, ids,
    ),
    version=lambda one: str(one.version),
    write=_write_person,
    called=lambda one: str(one.name),
)  # fmt: skip
