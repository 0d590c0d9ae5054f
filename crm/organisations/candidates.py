"""The work list of records that may be the same (重複候補): pairs found by equal keys, each with the reason.

Blocking: only records that share a key are ever compared — the name without its legal form, a former name, or the reading with
telephone, postal code or address — so that the work grows with the number of likenesses, not with the square of the records.
Pairs with different corporate numbers are different by law and not listed; nor is what a person told apart.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.organisations import distinctions, naming
from crm.organisations.duplicates import likeness
from crm.organisations.merges import Thing
from crm.organisations.organisations import FormerName, Organisation
from crm.organisations.people import Person
from crm.text import _

ONE, OTHER = aliased(Organisation, name="one"), aliased(Organisation, name="other")
PERSON, TWIN = aliased(Person, name="person"), aliased(Person, name="twin")
NAME, FORMER, READING, MAIL = 1, 2, 3, 4


@cache
def organisations() -> sa.Select[Any]:
    """Pairs of organisations: (one, other, by), the lower id first. ``by`` says which key they share."""
    pairs = _by_name().union_all(_by_former_name(), _by_reading()).subquery()
    found = sa.select(pairs.c.lower, pairs.c.upper, sa.func.min(pairs.c.by).label("by")).group_by(
        pairs.c.lower, pairs.c.upper
    )
    found_ = found.subquery("found")
    both_numbered = sa.and_(ONE.corporate_number.is_not(None), OTHER.corporate_number.is_not(None))
    return (
        sa.select(ONE, OTHER, found_.c.by)
        .join(ONE, ONE.id == found_.c.lower)
        .join(OTHER, OTHER.id == found_.c.upper)
        .where(~both_numbered, ~distinctions.told_apart(Thing.ORGANISATIONS, found_.c.lower, found_.c.upper))
    )


@cache
def people() -> sa.Select[Any]:
    """Pairs of people of one organisation: (one, other, by), who share a mail address, or a name without its blanks."""
    same = sa.and_(PERSON.organisation_id == TWIN.organisation_id, PERSON.id < TWIN.id)
    mail = sa.and_(PERSON.email != "", sa.func.lower(PERSON.email) == sa.func.lower(TWIN.email))
    name = _without_blanks(PERSON.name) == _without_blanks(TWIN.name)
    by = sa.case((mail, MAIL), else_=NAME).label("by")
    crowded = sa.select(Person.organisation_id).where(Person.merged_into_id.is_(None))
    crowded = crowded.group_by(Person.organisation_id).having(sa.func.count(Person.id) > 1)
    return (
        sa.select(PERSON, TWIN, by)
        .join(TWIN, same)
        .where(PERSON.organisation_id.in_(crowded), sa.or_(mail, name))
        .where(PERSON.merged_into_id.is_(None), TWIN.merged_into_id.is_(None))
        .where(~distinctions.told_apart(Thing.PEOPLE, PERSON.id, TWIN.id))
    )


def why(one: Organisation, other: Organisation, by: int) -> object:
    """Why two organisations are proposed, in words."""
    if by == NAME:
        return likeness(one.name, other.name)
    if by == FORMER:
        return _("A former name of one is the name of the other.")
    if one.phone and one.phone == other.phone:
        return _("The reading and the telephone number are the same.")
    return _("The reading and the address are the same.")


def why_people(by: int) -> object:
    """Why two people are proposed, in words."""
    return _("The mail address is the same.") if by == MAIL else _("The name is the same.")


def named_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words occur in the keys of either organisation."""
    keys = [key for key in map(naming.search_key, words.split()) if key]
    either = [sa.and_(*(side.search_key.contains(key, autoescape=True) for key in keys)) for side in (ONE, OTHER)]
    return sa.or_(*either)


def people_like(words: str) -> sa.ColumnElement[bool]:
    """The condition that a search box's words occur in the name or mail address of either person."""
    return sa.or_(
        *(column.icontains(words, autoescape=True) for side in (PERSON, TWIN) for column in (side.name, side.email))
    )


def _by_name() -> sa.Select[Any]:
    shared = _shared(Organisation.duplicate_key)
    one, other = aliased(Organisation), aliased(Organisation)
    return _pairs(one, other, NAME, one.duplicate_key == other.duplicate_key).where(one.duplicate_key.in_(shared))


def _by_reading() -> sa.Select[Any]:
    one, other = aliased(Organisation), aliased(Organisation)
    places = (Organisation.phone, Organisation.postal_code, Organisation.address)
    same_place = sa.or_(*(
        sa.and_(getattr(one, c.key) == getattr(other, c.key), getattr(one, c.key) != "") for c in places
    ))  # fmt: skip
    return _pairs(one, other, READING, one.kana == other.kana).where(
        one.kana.in_(_shared(Organisation.kana)), same_place
    )


def _by_former_name() -> sa.Select[Any]:
    holder, other = aliased(Organisation), aliased(Organisation)
    lower = sa.case((holder.id < other.id, holder.id), else_=other.id).label("lower")
    upper = sa.case((holder.id < other.id, other.id), else_=holder.id).label("upper")
    return (
        sa.select(lower, upper, sa.literal(FORMER).label("by"))
        .select_from(FormerName)
        .join(holder, holder.id == FormerName.organisation_id)
        .join(other, sa.and_(other.duplicate_key == FormerName.duplicate_key, other.id != holder.id))
        .where(FormerName.duplicate_key != "", holder.merged_into_id.is_(None), other.merged_into_id.is_(None))
    )


def _shared(column: Any) -> sa.Select[Any]:
    """The values of a key that more than one organisation has; of merged ones too, so that the index alone answers."""
    return sa.select(column).where(column != "").group_by(column).having(sa.func.count() > 1)


def _pairs(one: Any, other: Any, by: int, same: sa.ColumnElement[bool]) -> sa.Select[Any]:
    select = sa.select(one.id.label("lower"), other.id.label("upper"), sa.literal(by).label("by"))
    joined = select.select_from(one).join(other, sa.and_(same, one.id < other.id))
    return joined.where(one.merged_into_id.is_(None), other.merged_into_id.is_(None))


def _without_blanks(column: Any) -> sa.ColumnElement[str]:
    return sa.func.replace(sa.func.replace(column, " ", ""), "\u3000", "")
