"""How the rows about a person are found in each table with personal columns: read from the tables, not from a list.

By a foreign key to the person or their account; by their mail address (an address somebody else holds now counts only
beside the person's name); by a rule of its own where neither will do. A table for which there is no way fails
``unreachable``, and with it a test: no new personal column can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import sqlalchemy as sa

from crm.access.users import User
from crm.db import Model, db
from crm.history.records import Change
from crm.organisations.moving import nouns
from crm.organisations.organisations import FormerName, Organisation
from crm.organisations.people import UNNAMED, Person
from crm.organisations.portal_access import PortalAccess

Condition = sa.ColumnElement[bool]

OF_THE_OFFICE = frozenset({"decided_by", "reviewed_by"})
"""Personal columns that name who of the office decided: not about the person the row is about."""

ABOUT_NOBODY = {
    "stored_files": "the name of a file somebody uploaded; files are kept by what they belong to",
    "api_tokens": "what the office calls a program of its own",
}
"""Tables whose personal columns are about nobody a person's page could be about, and why."""


@dataclass(frozen=True)
class Whom:
    """Someone as they may appear: their record and those merged into it, accounts, mail addresses past and present, names."""

    person: Person
    person_ids: frozenset[int]
    user_ids: frozenset[int]
    addresses: frozenset[str]
    shared: frozenset[str]
    names: frozenset[str]
    organisations: frozenset[str]


def whom(person: Person) -> Whom:
    """Everything a person may be found by. ``shared`` addresses are held by somebody else, too."""
    ids = _merged(person)
    people = db.session.scalars(sa.select(Person).where(Person.id.in_(ids))).all()
    users = db.session.execute(
        sa.select(User.id, User.email)
        .join(PortalAccess, PortalAccess.user_id == User.id)
        .where(PortalAccess.person_id.in_(ids))
    ).all()
    addresses = {
        _folded(email) for email in (*(p.email for p in people), *(u.email for u in users), *_once(ids)) if email
    }
    held = sa.select(sa.func.lower(Person.email)).where(
        sa.func.lower(Person.email).in_(addresses), Person.id.not_in(ids)
    )
    shared = set(db.session.scalars(held))
    names = {p.name for p in people if p.name not in UNNAMED}
    return Whom(
        person, frozenset(ids), frozenset(user.id for user in users), frozenset(addresses - shared), frozenset(shared),
        frozenset(names), frozenset(_bodies({p.organisation_id for p in people})),
    )  # fmt: skip


@cache
def columns(noun: type[Model]) -> dict[str, sa.Column[Any]]:
    """The columns a noun keeps, by attribute; computed ones left out."""
    kept = ((attribute.key, attribute.columns[0]) for attribute in sa.inspect(noun).column_attrs)
    return {key: column for key, column in kept if isinstance(column, sa.Column)}


@cache
def personal(noun: type[Model]) -> tuple[str, ...]:
    """The columns of a noun that are marked as personal and about the person the row is about."""
    return tuple(
        key for key, column in columns(noun).items() if column.info.get("personal") and key not in OF_THE_OFFICE
    )


@cache
def tables() -> tuple[str, ...]:
    """Every table a person may appear in: those with personal columns, and those whose rows belong to a person."""
    return tuple(
        name
        for name, noun in sorted(nouns().items())
        if name not in ABOUT_NOBODY and (personal(noun) or any(_keys_to(noun, "people")))
    )


def unreachable() -> list[str]:
    """Tables with personal columns in which nobody could be found; must be empty."""
    return [name for name in tables() if not _ways(name)]


def rows(table: str, who: Whom) -> list[Any]:
    """The rows of a table about a person, by id."""
    noun = nouns()[table]
    conditions = [condition for way in _ways(table) if (condition := way(noun, who)) is not None]
    if not conditions:
        return []
    return list(db.session.scalars(sa.select(noun).where(sa.or_(*conditions)).order_by(noun.id)).unique())


def own_columns(row: Any, who: Whom) -> tuple[str, ...]:
    """The personal columns of a row that speak of this person: an application names several."""
    groups = SEVERAL.get(row.__tablename__)
    if groups is None:
        return personal(nouns()[row.__tablename__])
    everyone = who.addresses | who.shared
    mine: list[str] = []
    for key, columns in groups.items():
        said = getattr(row, key) or ""
        if said in who.names or _folded(said) in everyone:
            mine += columns
    return tuple(mine)


SEVERAL: dict[str, dict[str, tuple[str, ...]]] = {
    "applications": {
        "contact_email": ("contact_name", "contact_email"),
        "billing_email": ("billing_name", "billing_email"),
        "representative": ("representative",),
    }
}
"""Tables whose rows name several people: the column each is known by, and the columns that are theirs."""

OWNER = {"people": "person_id", "users": "user_id"}

Way = Callable[[type[Model], Whom], "Condition | None"]


@cache
def _ways(table: str) -> tuple[Way, ...]:
    if table in EXPLICIT:
        return (EXPLICIT[table],)
    noun = nouns()[table]
    linked = [_by_key(key, "person_ids") for key in _keys_to(noun, "people")]
    linked += [_by_key(key, "user_ids") for key in _keys_to(noun, "users")]
    mails = [key for key in personal(noun) if "email" in key]
    return (*linked, *map(_by_address, mails))


def _by_key(key: str, ids: str) -> Way:
    return lambda noun, who: getattr(noun, key).in_(getattr(who, ids))


def _by_address(key: str) -> Way:
    """Rows with one of the person's addresses; with a shared one only where the name beside it is theirs."""

    def way(noun: type[Model], who: Whom) -> Condition:
        folded = sa.func.lower(getattr(noun, key))
        beside = getattr(noun, key.replace("email", "name"), None)
        if beside is None or not who.shared:
            return folded.in_(who.addresses)
        return sa.or_(folded.in_(who.addresses), sa.and_(folded.in_(who.shared), beside.in_(who.names)))

    return way


def _keys_to(noun: type[Model], table: str) -> list[str]:
    """The attribute by which rows of a noun belong to a person or account.

    Only ``person_id`` and ``user_id`` say whose a row is; others (``made_by_id``) say who else had to do with it.
    """
    name = OWNER[table]
    column = columns(noun).get(name)
    return [name] if column is not None and any(key.column.table.name == table for key in column.foreign_keys) else []


def _papers(noun: type[Model], who: Whom) -> Condition | None:
    """Papers that print the person's address, or their name on a paper to their organisation."""
    facts = sa.func.lower(sa.type_coerce(cast(Any, noun).facts, sa.Text))
    said = [facts.contains(address, autoescape=True) for address in sorted(who.addresses)]
    named = [facts.contains(name.lower(), autoescape=True) for name in sorted(who.names)]
    if named:
        said.append(sa.and_(cast(Any, noun).counterparty.in_(who.organisations), sa.or_(*named)))
    return sa.or_(*said) if said else None


def _imported_rows(noun: type[Model], who: Whom) -> Condition | None:
    cells = sa.func.lower(sa.type_coerce(cast(Any, noun).cells, sa.Text))
    said = [cells.contains(address, autoescape=True) for address in sorted(who.addresses)]
    return sa.or_(*said) if said else None


def _pairs(first: str, second: str) -> Way:
    """Tables that say of two records of a thing what became of them."""

    def way(noun: type[Model], who: Whom) -> Condition:
        columns = (getattr(noun, first), getattr(noun, second))
        return sa.and_(cast(Any, noun).thing == "people", sa.or_(*(column.in_(who.person_ids) for column in columns)))

    return way


EXPLICIT: dict[str, Way] = {
    "people": lambda noun, who: noun.id.in_(who.person_ids),
    "users": lambda noun, who: noun.id.in_(who.user_ids),
    "issued_documents": _papers,
    "import_reviews": _imported_rows,
    "merges": _pairs("survivor_id", "merged_id"),
    "distinctions": _pairs("lower_id", "upper_id"),
}
"""Tables in which neither a key nor an address says whose a row is."""


def _merged(person: Person) -> set[int]:
    """The record's id and the ids of every record that was merged into it, one after another."""
    found, waiting = {person.id}, {person.id}
    while waiting:
        waiting = set(db.session.scalars(sa.select(Person.id).where(Person.merged_into_id.in_(waiting)))) - found
        found |= waiting
    return found


def _once(ids: Iterable[int]) -> list[str]:
    """The mail addresses the record says these people once had."""
    past = sa.select(Change).where(Change.table_name == Person.__tablename__, Change.row_id.in_(list(ids)))
    said = (values.get("email") for change in db.session.scalars(past) for values in (change.before, change.after))
    return [email for email in said if isinstance(email, str)]


def _bodies(ids: set[int]) -> set[str]:
    names = set(db.session.scalars(sa.select(Organisation.name).where(Organisation.id.in_(ids))))
    return names | set(db.session.scalars(sa.select(FormerName.name).where(FormerName.organisation_id.in_(ids))))


def _folded(email: str) -> str:
    return email.strip().lower()
