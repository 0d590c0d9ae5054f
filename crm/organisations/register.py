"""RegisterEntry: what the corporate number register said about a number, when and from where; and how our records compare.

The register decides whether a number exists and whose it is (法人番号公表サイト; 番号法 39条). It holds only characters of JIS levels 1 to
4, in full width, and addresses in their long form, so a name or an address written otherwise may be the same and both be right:
what is alike, or what a person has agreed to, is no difference. Nothing of ours is changed by comparing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from crm.db import Model, db
from crm.errors import Refused
from crm.organisations import succession
from crm.organisations.duplicates import chunks
from crm.organisations.organisations import NumberSource, NumberState, Organisation, key_of
from crm.organisations.register_rows import RegisterRow
from crm.organisations.variants import VARIANTS
from crm.text import _, gettext
from crm.values.address import PREFECTURES
from crm.values.japanese import fold_width

SAID = ("name", "kana", "kind", "postal_code", "address", "closed_on", "close_cause", "successor_number", "changed_on",
        "updated_on", "name_is_image")  # fmt: skip
CLOSE_CAUSES = {
    "01": _("Liquidation completed"), "11": _("Dissolved by merger"), "21": _("Register closed by the registrar"),
    "31": _("Liquidation completed, other"),
}  # fmt: skip


class Difference(StrEnum):
    """What the register says otherwise: 商号, 所在地, 閉鎖."""

    NAME = "name"
    ADDRESS = "address"
    CLOSED = "closed"


class RegisterEntry(Model):
    """One number of the register. ``agreed_name`` and ``agreed_address`` are ours that count as the same."""

    __tablename__ = "register_entries"

    corporate_number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    read_on: Mapped[date]
    source: Mapped[NumberSource]
    kana: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    closed_on: Mapped[date | None] = mapped_column(default=None)
    close_cause: Mapped[str] = mapped_column(default="")
    successor_number: Mapped[str | None] = mapped_column(default=None)
    changed_on: Mapped[date | None] = mapped_column(default=None)
    updated_on: Mapped[date | None] = mapped_column(default=None)
    name_is_image: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[str] = mapped_column(default="")
    agreed_name: Mapped[str] = mapped_column(init=False, default="")
    agreed_address: Mapped[str] = mapped_column(init=False, default="")
    duplicate_key: Mapped[str] = mapped_column(init=False, default="", index=True)

    @validates("name")
    def _keep_key(self, _attribute: str, value: str) -> str:
        self.duplicate_key = key_of(value)
        return value

    @property
    def closed_because(self) -> object:
        """Why it was closed, in words."""
        return CLOSE_CAUSES.get(self.close_cause, self.close_cause)

    def says(self, row: RegisterRow) -> None:
        """Take over a newer row. What a person agreed to about another name or address is asked anew."""
        if row.name != self.name:
            self.agreed_name = ""
        if row.address != self.address:
            self.agreed_address = ""
        for attribute in SAID:
            if getattr(self, attribute) != getattr(row, attribute):
                setattr(self, attribute, getattr(row, attribute))

    def differences(self, organisation: Organisation) -> list[Difference]:
        """What it says otherwise than we do; a blank address of ours says nothing."""
        found = []
        if organisation.name not in (self.name, self.agreed_name):
            found.append(Difference.NAME)
        if organisation.address not in ("", self.address, self.agreed_address):
            found.append(Difference.ADDRESS)
        return [*found, *([Difference.CLOSED] if self.closed_on else [])]

    def agrees(self, organisation: Organisation) -> None:
        """Count our name and address as the same, from now on."""
        self.agreed_name, self.agreed_address = organisation.name, organisation.address


@dataclass
class Comparison:
    """What comparing came to: rows read, organisations found in them, by how they compare, and numbers that do not exist."""

    read: int = 0
    alike: list[Organisation] = field(default_factory=list)
    different: list[Organisation] = field(default_factory=list)
    closed: list[Organisation] = field(default_factory=list)
    unknown: list[Organisation] = field(default_factory=list)
    proposed: int = 0

    @property
    def found(self) -> int:
        """How many organisations stand in what was read."""
        return len(self.alike) + len(self.different) + len(self.closed)

    def as_json(self) -> dict[str, Any]:
        """The answer of ``crm register``."""
        told = {
            name: [
                {"organisation": one.name, "organisation_id": one.id, "corporate_number": one.corporate_number}
                for one in ones
            ]
            for name, ones in (("different", self.different), ("closed", self.closed), ("unknown", self.unknown))
        }
        return {"read": self.read, "found": self.found, "alike": len(self.alike), **told, "proposed": self.proposed}


def wanted(rows: Iterable[RegisterRow]) -> tuple[list[RegisterRow], int]:
    """Of many rows those about our numbers, or named as someone of ours whose number we do not know; and how many were read.

    A later row about the same number takes the place of an earlier one, as in files of changes.
    """
    known = sa.select(Organisation.corporate_number, Organisation.name).where(Organisation.merged_into_id.is_(None))
    told = db.session.execute(known).all()
    numbers = {number for number, _name in told if number}
    names = {same_letters(name) for number, name in told if not number}
    found: dict[str, RegisterRow] = {}
    count = 0
    for row in rows:
        count += 1
        if row.corporate_number in numbers or (names and row.closed_on is None and same_letters(row.name) in names):
            found[row.corporate_number] = row
    return list(found.values()), count


def compare(
    rows: Sequence[RegisterRow], *, source: NumberSource, on: date, file_name: str = "", asked: Sequence[str] = ()
) -> Comparison:
    """Keep what the register said in the running act, and mark the numbers as compared with it.

    ``asked`` are the numbers it was asked about: one without an answer does not exist. A file says nothing about others.
    """
    answer = Comparison(read=len(rows))
    by_number = {row.corporate_number: row for row in rows}
    entries = _entries(by_number)
    ours = _organisations([*by_number, *asked])
    for number, row in by_number.items():
        entry = _entry(entries.get(number), row, source, on, file_name)
        if (organisation := ours.get(number)) is None:
            answer.proposed += 1
            continue
        organisation.number_state, organisation.number_checked_on, organisation.number_source = (
            NumberState.VERIFIED,
            on,
            source,
        )
        _agree_on_likeness(entry, organisation)
        differences = entry.differences(organisation)
        kept = answer.closed if Difference.CLOSED in differences else answer.different if differences else answer.alike
        kept.append(organisation)
    for number in asked:
        if number not in by_number and (organisation := ours.get(number)) is not None:
            organisation.number_state, organisation.number_checked_on = NumberState.NOT_FOUND, on
            organisation.number_source = source
            answer.unknown.append(organisation)
    return answer


def _entry(
    entry: RegisterEntry | None, row: RegisterRow, source: NumberSource, on: date, file_name: str
) -> RegisterEntry:
    if entry is None:
        said = {name: getattr(row, name) for name in ("corporate_number", *SAID)}
        entry = RegisterEntry(**said, read_on=on, source=source, file_name=file_name)
        db.session.add(entry)
    else:
        entry.says(row)
        entry.read_on, entry.source, entry.file_name = on, source, file_name
    return entry


def _agree_on_likeness(entry: RegisterEntry, organisation: Organisation) -> None:
    if same_letters(entry.name) == same_letters(organisation.name) and entry.name != organisation.name:
        entry.agreed_name = organisation.name
    if entry.address != organisation.address and same_place(entry.address, organisation.address):
        entry.agreed_address = organisation.address


def _entries(numbers: Iterable[str]) -> dict[str, RegisterEntry]:
    found: dict[str, RegisterEntry] = {}
    for some in chunks(sorted(numbers)):
        for entry in db.session.scalars(sa.select(RegisterEntry).where(RegisterEntry.corporate_number.in_(some))):
            found[entry.corporate_number] = entry
    return found


def _organisations(numbers: Iterable[str]) -> dict[str, Organisation]:
    found: dict[str, Organisation] = {}
    for some in chunks(sorted(set(numbers))):
        for organisation in db.session.scalars(sa.select(Organisation).where(Organisation.corporate_number.in_(some))):
            found[organisation.corporate_number or ""] = organisation
    return found


# --- what is the same though written otherwise

_BLANKS = re.compile(r"\s")
_PARTS = re.compile(r"(?<=[0-9])(?:丁目|番地の|番地|番|号|の)(?=[0-9]|$)-?")
_KANJI_BLOCK = re.compile(r"([一二三四五六七八九十]{1,3})(?=丁目)")
_NUMERALS = {n: i for i, n in enumerate("一二三四五六七八九", start=1)}


def same_letters(name: str) -> str:
    """A name for comparing with the register: one width, old and new shapes of kanji alike, without blanks."""
    return _BLANKS.sub("", fold_width(name).translate(VARIANTS))


def same_place(registered: str, ours: str) -> bool:
    """Whether two addresses are the same house: 3丁目25番14号 is 3-25-14, the prefecture may be left out, a building follow."""
    one, other = sorted((_place(registered), _place(ours)), key=len)
    return bool(one) and other.startswith(one) and not (one[-1:].isdigit() and other[len(one) : len(one) + 1].isdigit())


def _place(written: str) -> str:
    plain = _BLANKS.sub("", fold_width(written).translate(VARIANTS))
    plain = next((plain[len(prefecture) :] for prefecture in PREFECTURES if plain.startswith(prefecture)), plain)
    plain = _KANJI_BLOCK.sub(lambda match: str(_number(match[1])), plain)
    before = None
    while plain != before:
        before, plain = plain, _PARTS.sub(lambda match: "-" if match.end() < len(match.string) else "", plain)
    return plain


def _number(kanji: str) -> int:
    tens, has_ten, ones = kanji.rpartition("十")
    return (_NUMERALS.get(tens, 1) * 10 if has_ten else 0) + _NUMERALS.get(ones, 0)


# --- what a person makes of it


class NameTaking(StrEnum):
    """What becomes of our name: it stays, it was only written wrongly, it was changed on a day."""

    KEEP = "keep"
    CORRECT = "correct"
    RENAME = "rename"


def of(organisation: Organisation) -> RegisterEntry | None:
    """What the register said about an organisation's number, if it was asked."""
    wanted_ = sa.select(RegisterEntry).where(RegisterEntry.corporate_number == organisation.corporate_number)
    return db.session.scalars(wanted_).first() if organisation.corporate_number else None


def successor(entry: RegisterEntry) -> Organisation | None:
    """The organisation of ours that took over, when the entry was closed by a merger and we know it."""
    if entry.successor_number is None:
        return None
    return db.session.scalars(
        sa.select(Organisation).where(Organisation.corporate_number == entry.successor_number)
    ).first()


def apply(
    organisation: Organisation,
    entry: RegisterEntry,
    *,
    name: NameTaking,
    renamed_on: date | None,
    fields: Iterable[str],
) -> None:
    """Take over what a person chose of an entry; what is left differing is agreed to. ``fields``: kana, postal_code, address.

    Raises ``Refused`` for a change of name without a day.
    """
    if name is NameTaking.RENAME:
        if renamed_on is None:
            raise Refused(_("Please give the day from which it bears the new name."), field="renamed_on")
        succession.rename(organisation, entry.name, renamed_on, gettext("Corporate number register"))
    elif name is NameTaking.CORRECT:
        organisation.change(name=entry.name)
    organisation.change(**{code: getattr(entry, code) for code in fields if getattr(entry, code)})
    entry.agrees(organisation)


def candidates(organisation: Organisation, most: int = 10) -> list[RegisterEntry]:
    """Open entries of the register named like an organisation without a number, whose number nobody of ours has."""
    taken = sa.select(Organisation.corporate_number).where(Organisation.corporate_number.is_not(None))
    alike = sa.select(RegisterEntry).where(
        RegisterEntry.duplicate_key == organisation.duplicate_key, RegisterEntry.closed_on.is_(None),
        RegisterEntry.corporate_number.not_in(taken),
    )  # fmt: skip
    return list(db.session.scalars(alike.order_by(RegisterEntry.corporate_number).limit(most)))


def take_number(organisation: Organisation, entry: RegisterEntry) -> None:
    """Give an organisation the number of an entry a person recognised. Raises ``Refused`` when it has one, or another has this."""
    if organisation.corporate_number:
        raise Refused(_("%(name)s has a corporate number already.", name=organisation.name))
    organisation.change(corporate_number=entry.corporate_number)
    organisation.number_state, organisation.number_checked_on = NumberState.VERIFIED, entry.read_on
    organisation.number_source = entry.source
    _agree_on_likeness(entry, organisation)
