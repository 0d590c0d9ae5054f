"""Proposals that two records, or a row and a record, are the same organisation. Nothing is merged here; a person decides.

Equal corporate numbers are the same whatever the names say; different ones are different (法人番号). Else exactly the same
legal name is the same, and equal keys propose: 株式会社X and 合同会社X, 前株 and 後株, a former name, another spelling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.db import db
from crm.organisations import distinctions, naming
from crm.organisations.merges import Thing
from crm.organisations.organisations import FormerName, Organisation, key_of
from crm.text import _

T = TypeVar("T")
CHUNK = 400
MOST_READ_ALIKE = 20


@dataclass(frozen=True)
class Known:
    """What is needed of an organisation to compare names with it; ``former`` when the name is a former one."""

    id: int
    name: str
    corporate_number: str | None
    key: str
    former: str = ""


@dataclass(frozen=True)
class Proposal:
    """An organisation that a name seems to mean, and why. ``certain``: no person need be asked."""

    organisation_id: int
    name: str
    why: object
    certain: bool = False


class Acquaintances:
    """The organisations that any of some names or numbers could mean, loaded at once."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._by_number: dict[str, Known] = {}
        self._by_key: dict[str, list[Known]] = defaultdict(list)
        for one in known:
            self._by_key[one.key].append(one)
            if one.corporate_number:
                self._by_number[one.corporate_number] = one

    @classmethod
    def of(cls, names: Iterable[str], numbers: Iterable[str | None] = ()) -> Acquaintances:
        """Those that these names, under whatever spelling, or numbers could mean: a few queries for any number of them."""
        found: dict[tuple[int, str], Known] = {}
        for keys in chunks(sorted({key_of(name) for name in names})):
            for one in _with_keys(keys):
                found[one.id, one.former] = one
        for some in chunks(sorted({number for number in numbers if number})):
            for one in _with_numbers(some):
                found[one.id, one.former] = one
        return cls(found.values())

    def proposals(self, name: str, number: str | None = None, *, besides: int | None = None) -> list[Proposal]:
        """Whom a name with its number, if it has one, seems to mean. A certain one stands alone."""
        if number and (same := self._by_number.get(number)) is not None and same.id != besides:
            return [Proposal(same.id, same.name, _("The corporate number is the same."), certain=True)]
        alike = [one for one in self._by_key[key_of(name)] if one.id != besides]
        alike = [one for one in alike if not (number and one.corporate_number and one.corporate_number != number)]
        exact = [one for one in alike if one.name == name and not one.former]
        if len(exact) == 1:
            return [Proposal(exact[0].id, exact[0].name, _("The name is the same."), certain=True)]
        proposed: dict[int, Proposal] = {}
        for one in sorted(alike, key=lambda one: (one.former != "", one.id)):
            proposed.setdefault(one.id, Proposal(one.id, one.name, _reason(name, one)))
        return list(proposed.values())

    def meant(self, name: str) -> list[Proposal]:
        """The organisations a name alone can mean, the closest kind of likeness only.

        The name to the letter, else a former name to the letter, else the same name in another spelling, else an equal key.
        """
        alike = self._by_key[key_of(name)]
        likenesses = (
            [one for one in alike if not one.former and one.name == name],
            [one for one in alike if one.former == name],
            [one for one in alike if naming.search_key(one.former or one.name) == naming.search_key(name)],
            alike,
        )
        closest = next((ones for ones in likenesses if ones), [])
        return list({one.id: Proposal(one.id, one.name, _reason(name, one)) for one in closest}.values())


def proposals(
    name: str, number: str | None = None, *, besides: int | None = None, kana: str = "", phone: str = "",
    postal_code: str = "", address: str = "",
) -> list[Proposal]:  # fmt: skip
    """Whom one name seems to mean (`Acquaintances.proposals`), and who is read the same at the same place.

    ``besides`` leaves out the record it was read from, and those a person told apart from it.
    """
    found = Acquaintances.of([name], [number]).proposals(name, number, besides=besides)
    if not any(one.certain for one in found):
        known = {one.organisation_id for one in found}
        alike = _read_alike(number, kana, {"phone": phone, "postal_code": postal_code, "address": address})
        found += [one for one in alike if one.organisation_id not in known]
    apart = distinctions.apart_from(Thing.ORGANISATIONS, besides) if besides is not None else set()
    return [one for one in found if one.organisation_id not in apart and one.organisation_id != besides]


def likeness(name: str, other: str) -> object:
    """Why two names with equal keys are proposed as one, in words."""
    one, two = naming.legal_form(name), naming.legal_form(other)
    if name == other:
        return _("The name is the same.")
    if one and two and one.form != two.form:
        return _("The same but for the legal form (%(one)s, %(two)s).", one=one.form.name, two=two.form.name)
    if one and two and one.position != two.position:
        return _("The same, with the legal form in another place.")
    if bool(one) != bool(two):
        return _("The same, but one is written without its legal form.")
    return _("The same in another spelling.")


def _reason(name: str, one: Known) -> object:
    if one.former:
        return _("A former name is alike: %(name)s.", name=one.former)
    return likeness(name, one.name)


def _read_alike(number: str | None, kana: str, places: Mapping[str, str]) -> list[Proposal]:
    """Those whose reading is the same, at the same telephone number, postal code or address."""
    same = [getattr(Organisation, name) == value for name, value in places.items() if value]
    if not kana or not same:
        return []
    select = sa.select(Organisation).where(
        Organisation.kana == kana, sa.or_(*same), Organisation.merged_into_id.is_(None)
    )
    if number:
        select = select.where(sa.or_(Organisation.corporate_number.is_(None), Organisation.corporate_number == number))
    by_phone, by_address = (
        _("The reading and the telephone number are the same."), _("The reading and the address are the same."),
    )  # fmt: skip
    return [
        Proposal(one.id, one.name, by_phone if places["phone"] and one.phone == places["phone"] else by_address)
        for one in db.session.scalars(select.order_by(Organisation.id).limit(MOST_READ_ALIKE))
    ]


def _with_keys(keys: Sequence[str]) -> Iterator[Known]:
    """By name, former name, or the name of a record that was merged: it then means the one that goes on."""
    columns = (Organisation.id, Organisation.name, Organisation.corporate_number)
    mine = sa.select(*columns, Organisation.duplicate_key).where(Organisation.merged_into_id.is_(None))
    for row in db.session.execute(mine.where(Organisation.duplicate_key.in_(keys))):
        yield Known(*row)
    former = sa.select(*columns, FormerName.duplicate_key, FormerName.name).join(FormerName.organisation)
    for row_ in db.session.execute(former.where(FormerName.duplicate_key.in_(keys))):
        yield Known(*row_)
    merged = aliased(Organisation)
    gone = sa.select(*columns, merged.duplicate_key, merged.name).join(merged, merged.merged_into_id == Organisation.id)
    for row__ in db.session.execute(gone.where(merged.duplicate_key.in_(keys))):
        yield Known(*row__)


def _with_numbers(numbers: Sequence[str]) -> Iterator[Known]:
    select = sa.select(Organisation.id, Organisation.name, Organisation.corporate_number, Organisation.duplicate_key)
    for row in db.session.execute(select.where(Organisation.corporate_number.in_(numbers))):
        yield Known(*row)


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """A long list in pieces a database takes as one list of values."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
