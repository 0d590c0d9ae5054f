"""Members from the spreadsheet of organisations: its columns 会員区分, 会員番号, 入会日, 退会日.

A row with a class admits the organisation; without a day of joining it is an error, for the day of the import would be a
guess. Of a member the list may say what is known already, a return after a gap, a withdrawal, or another class from the day
under 入会日 on — never another past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm.db import db
from crm.errors import Refused
from crm.exchange import cells
from crm.exchange.columns import Column, ReadRow
from crm.members import terms
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.importers import Origin
from crm.organisations.importing import FollowUp, OrganisationRow, importer
from crm.organisations.organisations import Organisation
from crm.text import _, gettext

CLASSES = {"企業会員": MemberClass.CORPORATE, "准会員": MemberClass.ASSOCIATE}
AS_WRITTEN_WRONGLY = {"準会員": MemberClass.ASSOCIATE, **{c.value: c for c in MemberClass}}

COLUMNS = (
    Column("class", "会員区分", cells.Choice(CLASSES, AS_WRITTEN_WRONGLY), meaning=_("The class of member; blank: not a member."),
           example="企業会員"),
    Column("member_number", "会員番号", cells.text(terms.LONGEST_NUMBER), meaning=_("Kept if given, else the next one is taken."),
           example="M-0001"),
    Column("joined_on", "入会日", cells.day, meaning=_("The first day of membership; required with a class."), example="2026-04-01"),
    Column("left_on", "退会日", cells.day, meaning=_("The last day of membership."), example="2027-03-31"),
)  # fmt: skip

Writing = Callable[[Organisation, Origin], None]


@dataclass(frozen=True)
class _Said:
    """What a row says about membership."""

    member_class: MemberClass | None
    number: str | None
    joined_on: date | None
    left_on: date | None

    @classmethod
    def by(cls, values: dict[str, Any]) -> _Said:
        return cls(*(values.get(code) for code in ("class", "member_number", "joined_on", "left_on")))

    @property
    def is_silent(self) -> bool:
        return not any((self.member_class, self.number, self.joined_on, self.left_on))


def membership_of(rows: Sequence[ReadRow]) -> FollowUp:
    """What a file says about membership, against the members we have, loaded once."""
    eager = (selectinload(Member.classes), selectinload(Member.terms))
    members = {m.organisation_id: m for m in db.session.scalars(sa.select(Member).options(*eager))}
    holders = {m.number: m.organisation_id for m in members.values()}
    given: dict[str, int] = {}
    for row in rows:
        if number := row.values.get("member_number"):
            given.setdefault(number, row.number)
    reserved = frozenset(given)

    def follow(row: OrganisationRow) -> Writing | None:
        said = _Said.by(row.values)
        if said.is_silent:
            return None
        member = members.get(row.organisation.id) if row.organisation is not None else None
        if said.number:
            first = given.get(said.number, row.number)
            if first != row.number:
                raise Refused(_("Row %(row)s has the same number.", row=first), field="member_number")
            if said.number in holders and (member is None or member.number != said.number):
                raise Refused(_("The member number %(number)s is taken.", number=said.number), field="member_number")
        return _of_newcomer(said, reserved) if member is None else _of_member(said, member)

    return follow


def _of_newcomer(said: _Said, reserved: frozenset[str]) -> Writing:
    member_class, joined_on, left_on = said.member_class, said.joined_on, said.left_on
    if member_class is None:
        raise Refused(_("Without a class nobody can be a member."), field="class")
    if joined_on is None:
        raise Refused(_("Please give the day of joining; it cannot be guessed."), field="joined_on")
    if left_on is not None and left_on < joined_on:
        raise Refused(_("The day of leaving lies before the day of joining."), field="left_on")

    def write(organisation: Organisation, origin: Origin) -> None:
        member = terms.admit(organisation, member_class, on=joined_on, number=said.number, reserved=reserved)
        if left_on is not None:
            _withdraw(member, left_on, origin)

    return write


def _of_member(said: _Said, member: Member) -> Writing | None:
    """The steps that make a known membership what the row says, or none when it is that already."""
    steps: list[Writing] = []
    last = member.classes[-1]
    if said.number and said.number != member.number:
        raise Refused(_("The member has the number %(number)s for life.", number=member.number), field="member_number")
    if said.member_class is not None and (begin := _begins(said, said.member_class, member)) is not None:
        steps.append(begin)
    elif said.member_class is None and said.joined_on not in (None, last.since, member.joined_on):
        raise _another_past(member)
    since = said.joined_on if steps and said.joined_on else last.since
    if said.left_on is not None and (steps or said.left_on != member.left_on):
        left_on = said.left_on
        if left_on < since:
            raise Refused(_("The day of leaving lies before the day of joining."), field="left_on")
        steps.append(lambda _organisation, origin: _withdraw(member, left_on, origin))
    if not steps:
        return None

    def write(organisation: Organisation, origin: Origin) -> None:
        for step in steps:
            step(organisation, origin)

    return write


def _begins(said: _Said, member_class: MemberClass, member: Member) -> Writing | None:
    """What the class and the day of joining begin anew: a return, another class, or nothing."""
    last, joined_on = member.classes[-1], said.joined_on
    is_known = joined_on in (None, last.since, member.joined_on)
    if is_known and last.member_class is member_class:
        if joined_on is None and last.until is not None and last.until != said.left_on:
            raise Refused(_("The member left on %(day)s. To return, a day of joining is needed.", day=f"{last.until:%Y-%m-%d}"),
                          field="joined_on")  # fmt: skip
        return None
    if joined_on is None:
        raise Refused(_("The member is in another class. Give the day from which the new one holds as day of joining."),
                      field="joined_on")  # fmt: skip
    if last.until is not None and joined_on > last.until:
        return lambda organisation, _origin: _ignore(terms.admit(organisation, member_class, on=joined_on))
    if last.member_class is not member_class and joined_on > last.since:
        return lambda _organisation, _origin: terms.change_class(
            member, member_class, on=joined_on, reason=gettext("Imported list")
        )
    raise _another_past(member)


def _another_past(member: Member) -> Refused:
    first = member.joined_on
    return Refused(_("The member joined on %(day)s.", day=f"{first:%Y-%m-%d}" if first else ""), field="joined_on")


def _withdraw(member: Member, left_on: date, origin: Origin) -> None:
    terms.withdraw(member, asked_on=origin.on, effective_on=left_on, reason=gettext("Imported list"))


def _ignore(_made: object) -> None:
    """A step gives nothing back."""


ORGANISATIONS = importer(extra_columns=COLUMNS, follow_up=membership_of)
