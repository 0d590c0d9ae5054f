"""What a person may do in the members' pages, said right by right; until the office says so, it follows from their roles.

A right is a fact about the person, not about the account: it outlives a lost password and passes on with a hand-over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from crm.organisations.people import Person, PersonRole


class PortalRight(StrEnum):
    """団体の情報の変更, 担当者の管理, 請求書・領収書, 会員証明書, 行事への申込."""

    ORGANISATION_CHANGE = "organisation_change"
    COLLEAGUES_MANAGE = "colleagues_manage"
    MONEY_READ = "money_read"
    CERTIFICATES_READ = "certificates_read"
    EVENTS_REGISTER = "events_register"


_ROUTINE = frozenset({PortalRight.CERTIFICATES_READ, PortalRight.EVENTS_REGISTER})
BY_ROLE: dict[PersonRole, frozenset[PortalRight]] = {
    PersonRole.REPRESENTATIVE: frozenset(PortalRight),
    PersonRole.LIAISON: frozenset(PortalRight),
    PersonRole.BILLING: _ROUTINE | {PortalRight.MONEY_READ},
    PersonRole.EVENTS: _ROUTINE,
}
"""What a role brings: main contacts everything, the billing contact the money, everyone certificates and events."""


def rights_of(person: Person, day: date) -> frozenset[PortalRight]:
    """What a person may do on a day: what the office chose, else what their roles bring; nothing after they left."""
    if not person.is_here_on(day):
        return frozenset()
    if person.portal_rights is not None:
        return frozenset(PortalRight(right) for right in person.portal_rights if right in set(PortalRight))
    return _ROUTINE.union(*(BY_ROLE[role] for role in person.roles_on(day)))


def may(person: Person, right: PortalRight, day: date) -> bool:
    """Whether a person may do this in the members' pages on a day."""
    return right in rights_of(person, day)


def roles_in_gift_of(person: Person, day: date) -> list[PersonRole]:
    """The roles a person may give to colleagues and end: those that bring no right they do not hold themselves."""
    held = rights_of(person, day)
    return [role for role in PersonRole if BY_ROLE[role] <= held]


def may_manage(person: Person, colleague: Person, day: date) -> bool:
    """Whether a person may correct a colleague, give and end their roles and access: nobody who may do more than they."""
    return may(person, PortalRight.COLLEAGUES_MANAGE, day) and rights_of(colleague, day) <= rights_of(person, day)


def choose(person: Person, rights: Iterable[PortalRight] | None) -> None:
    """Say what a person may do, right by right; ``None`` lets it follow from their roles again."""
    chosen = None if rights is None else sorted(right.value for right in set(rights))
    if person.portal_rights != chosen:
        person.portal_rights = chosen
