"""Wording: named fields in the text of an announcement, {宛名} or {name}, filled in for each person.

A field nobody knows is refused while one writes, so that no letter ever says {団体}.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from crm import clock, text
from crm.errors import Refused
from crm.members.members import Member
from crm.organisations.people import Person
from crm.text import _

FIELD = re.compile(r"[{｛]([^{}｛｝\n]*)[}｝]")
BRACES = re.compile(r"[{}｛｝]")


@dataclass(frozen=True)
class Addressee:
    """The person a letter is for, and their organisation's membership, if any."""

    person: Person
    member: Member | None = None


@dataclass(frozen=True)
class Field:
    """One field: its names in both languages, what it is, and what it says of someone."""

    name: str
    english: str
    meaning: object
    of: Callable[[Addressee], str]


def _salutation(to: Addressee) -> str:
    """佐藤 花子 様; 株式会社見本 ご担当者様 where no name is known."""
    name = to.person.name.strip()
    if text.locale() == "ja":
        return f"{name} 様" if name else f"{to.person.organisation.name} ご担当者様"
    return name or to.person.organisation.name


def _class(to: Addressee) -> str:
    held = to.member.class_on(clock.today()) if to.member is not None else None
    return text.label(held) if held is not None else ""


FIELDS: tuple[Field, ...] = (
    Field("宛名", "name", _("The person's name with 様"), _salutation),
    Field("団体名", "organisation", _("The organisation's name"), lambda to: to.person.organisation.name),
    Field("部署", "department", _("The person's department"), lambda to: to.person.department),
    Field("役職", "title", _("The person's position"), lambda to: to.person.title),
    Field("会員番号", "member_number", _("The member number"), lambda to: to.member.number if to.member else ""),
    Field("会員区分", "member_class", _("The class of membership today"), _class),
)
BY_NAME = {name: field for field in FIELDS for name in (field.name, field.english)}


def check(words: str, field: str) -> None:
    """Raise ``Refused`` at ``field`` when a text names a field nobody knows, or a brace stands alone."""
    for found in FIELD.finditer(words):
        name = found.group(1).strip()
        if name not in BY_NAME:
            known = "、".join(f"{{{one.name}}}" for one in FIELDS)
            raise Refused(_("There is no field {%(name)s}. Known are: %(known)s", name=name, known=known), field=field)
    if BRACES.search(FIELD.sub("", words)):
        raise Refused(_("A brace stands alone; a field is written {宛名}."), field=field)


def filled(words: str, to: Addressee) -> str:
    """The text as this person reads it, in the language in force."""
    return FIELD.sub(lambda found: BY_NAME[found.group(1).strip()].of(to), words)
