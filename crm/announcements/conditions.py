"""Conditions: what makes a person belong to a segment, as plain values of known kinds, kept with the segment as JSON."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from crm.documents import facts
from crm.errors import Refused
from crm.events.events import EventKind
from crm.members.tiers import MemberClass
from crm.organisations.consents import Purpose
from crm.organisations.organisations import OrganisationKind
from crm.organisations.people import PersonRole
from crm.text import _


class Belonging(StrEnum):
    """Whether the person's organisation is a member on the day, was one, or never was."""

    MEMBERS = "members"
    FORMER = "former"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """All of them hold at once; what is left empty asks for nothing. Of several choices in one, any will do.

    ``tiers`` are codes of fee tiers. ``joined_*`` and ``left_*`` are the first and last day of membership, both ends
    included. ``attended_*`` asks for one registration that fits all of them and was marked as present. ``consent`` narrows to
    who agreed to that purpose; the consent to announcements is asked for at sending in any case.
    """

    belonging: Belonging | None = None
    classes: tuple[MemberClass, ...] = ()
    tiers: tuple[str, ...] = ()
    joined_from: date | None = None
    joined_to: date | None = None
    left_from: date | None = None
    left_to: date | None = None
    kinds: tuple[OrganisationKind, ...] = ()
    industries: tuple[str, ...] = ()
    roles: tuple[PersonRole, ...] = ()
    languages: tuple[str, ...] = ()
    attended_event: int | None = None
    attended_kind: EventKind | None = None
    attended_since: date | None = None
    consent: Purpose | None = None
    reachable: bool = False

    def as_json(self) -> dict[str, Any]:
        """Only what is asked for, so that a condition added later changes no stored row."""
        return {
            one.name: facts.packed(value) for one in fields(self) if (value := getattr(self, one.name)) != one.default
        }

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Conditions:
        """Back from JSON. Raises ``TypeError`` or ``ValueError`` where it is not ours."""
        return facts.unpacked(cls, stored)

    @property
    def asks_about_membership(self) -> bool:
        """Whether only someone whose organisation is or was a member can belong."""
        days = (self.joined_from, self.joined_to, self.left_from, self.left_to)
        return bool(self.classes or self.tiers or any(days) or self.belonging in (Belonging.MEMBERS, Belonging.FORMER))

    @property
    def asks_about_attendance(self) -> bool:
        """Whether only someone who came to an event can belong."""
        return bool(self.attended_event or self.attended_kind or self.attended_since)

    def check(self) -> None:
        """Raise ``Refused`` naming the field where the conditions cannot all hold."""
        for first, last in (("joined_from", "joined_to"), ("left_from", "left_to")):
            begin, end = getattr(self, first), getattr(self, last)
            if begin is not None and end is not None and end < begin:
                raise Refused(_("The end lies before the start."), field=last)
        if self.belonging is Belonging.NEVER and self.asks_about_membership:
            raise Refused(_("Who was never a member has no class, tier or days of membership."), field="belonging")
        if self.belonging is Belonging.FORMER and (self.classes or self.tiers):
            raise Refused(_("Class and tier are those of today; a former member has none."), field="belonging")
