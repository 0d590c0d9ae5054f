"""Erasing a person: what goes, what stays and why, shown beforehand and then done in one act that cannot be undone.

個人情報保護法 22条 (no longer than needed), 35条 (on request). The books, the papers and the acts stay; the chain of the record stays
whole, for it never covered the personal values themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.events.registrations import Registration, RegistrationState
from crm.history import erasing as record
from crm.mail.outbox import Letter, LetterState, Trouble
from crm.members.applications import OPEN as OPEN_APPLICATIONS
from crm.members.applications import Application
from crm.organisations import portal_access
from crm.organisations.moving import nouns
from crm.organisations.people import Person
from crm.organisations.reviews import ImportReview
from crm.privacy import column_words, finding, keeping
from crm.privacy.erasures import Erasure
from crm.privacy.finding import Whom
from crm.privacy.keeping import KeptBy, Stay
from crm.privacy.requests import PrivacyRequest
from crm.text import _, label

ERASED_NAME = "（消去済み）"
"""What stands where a name must stand."""

NAMES = frozenset({"name", "recipient_name", "contact_name", "representative", "merged_name"})
BLANKS: dict[tuple[str, str], Any] = {("merges", "chosen"): {"survivor": {}, "merged": {}}}
BESIDES = {"people": ("department", "title")}
"""Columns of the person's own record that are not marked as personal and yet are about nobody else."""

FOLLOWS = frozenset({"search_key"})
"""Personal columns that a noun renews by itself when the name does: they must agree with it."""

WAITING = (LetterState.QUEUED, LetterState.RETRY, LetterState.HELD)


@dataclass
class Preview:
    """What erasing would do: rows that go and rows that stay, by table, and what must be done first."""

    who: Whom
    goes: dict[str, list[Any]] = field(default_factory=dict)
    stays: dict[str, list[tuple[Any, Stay]]] = field(default_factory=dict)
    objections: list[object] = field(default_factory=list)

    def goes_lines(self) -> list[tuple[object, int]]:
        """What goes: the words of a table, how many rows."""
        return [(column_words.table_called(table), len(rows)) for table, rows in self.goes.items()]

    def stays_lines(self) -> list[tuple[object, int, KeptBy, date | None]]:
        """What stays: the words of a table, how many rows, by which rule, and the last day of the last of them."""
        lines: list[tuple[object, int, KeptBy, date | None]] = []
        for table, rows in self.stays.items():
            for kept_by in KeptBy:
                untils = [stay.until for _row, stay in rows if stay.kept_by is kept_by]
                if untils:
                    last = None if None in untils else max(until for until in untils if until)
                    lines.append((column_words.table_called(table), len(untils), kept_by, last))
        return lines


def preview(person: Person) -> Preview:
    """What erasing a person would do now. Nothing is written."""
    who = finding.whom(person)
    seen = Preview(who)
    for table in finding.tables():
        for row in finding.rows(table, who):
            stay = keeping.stay_of(row, who)
            if stay is not None:
                seen.stays.setdefault(table, []).append((row, stay))
            elif finding.own_columns(row, who):
                seen.goes.setdefault(table, []).append(row)
    seen.objections = _objections(seen)
    return seen


def erase(person: Person, *, reason: str, confirmed: str, request: PrivacyRequest | None = None) -> Erasure:
    """Erase a person in the running act. ``confirmed`` is their name, typed once more.

    Raises ``Refused`` with what must be done first, for another name, and without a reason.
    """
    db.session.refresh(person, with_for_update=True)
    if person.name == ERASED_NAME:
        raise Refused(_("This person's data was erased already."))
    if confirmed.strip() != person.name.strip():
        raise Refused(_("Type the person's name exactly as it stands above."), field="confirmed")
    if not reason.strip():
        raise Refused(_("Please give the reason."), field="reason")
    seen = preview(person)
    if seen.objections:
        raise Refused(" ".join(map(str, seen.objections)))
    if portal_access.end(person):
        db.session.flush()
        seen = preview(person)  # its sessions are gone
    for letter in seen.goes.get("letters", ()):
        letter.drop(Trouble.CALLED_OFF)  # what waits is not sent any more
    rows = [row for found in seen.goes.values() for row in found]
    places = {table: [row.id for row in found] for table, found in seen.goes.items()}
    stayed = {str(table): [stay.kept_by.value for _row, stay in found] for table, found in seen.stays.items()}
    blank(rows, seen.who)
    made = Erasure(
        person=person, erased_at=clock.now(), reason=reason.strip(), gone={t: len(ids) for t, ids in places.items()},
        stayed={t: {rule: rules.count(rule) for rule in rules} for t, rules in stayed.items()}, changes_blanked=0, request=request,
    )  # fmt: skip
    db.session.add(made)
    made.changes_blanked = record.blank_past(places)
    return made


def blank(rows: list[Any], who: Whom | None) -> None:
    """Take the personal values out of rows, in the running act and without noting them; all of them when nobody is named."""
    with record.forgetting():
        for row in rows:
            table = row.__tablename__
            mine = finding.personal(nouns()[row.__tablename__]) if who is None else finding.own_columns(row, who)
            for key in (*(key for key in mine if key not in FOLLOWS), *BESIDES.get(table, ())):
                value = _blank(row, key)
                if getattr(row, key) != value:
                    setattr(row, key, value)
            if table == "people" and row.left_on is None:
                row.left_on = clock.today()


def _blank(row: Any, key: str) -> Any:
    column = finding.columns(nouns()[row.__tablename__])[key]
    given = BLANKS.get((row.__tablename__, key))
    if given is not None:
        return given
    if column.nullable:
        return None
    before = getattr(row, key)
    if isinstance(before, dict):
        return {}
    if isinstance(before, list):
        return []
    return ERASED_NAME if key in NAMES else ""


def _objections(seen: Preview) -> list[object]:
    """What runs and must end first, in words that say what to do."""
    today, ids = clock.today(), seen.who.person_ids
    found: list[object] = []
    people = [row for row in seen.goes.get("people", ()) if row.id in ids]
    held = {role for person in people for role in person.roles_on(today)}
    if held:
        words = "、".join(label(role) for role in sorted(held))
        found.append(_("They still hold roles (%(roles)s). Hand them over or let the person leave first.", roles=words))
    live = [
        r
        for r in _all(seen, Registration)
        if r.state is not RegistrationState.CANCELLED and r.session.ends_at > clock.now()
    ]
    if live:
        found.append(_("They are registered for events to come. Cancel these registrations first."))
    papers = [letter for letter, _stay in seen.stays.get("letters", ()) if letter.state in WAITING]
    if papers or any(letter.state is LetterState.SENDING for letter in _all(seen, Letter)):
        found.append(_("A letter with a paper to them has not been sent yet. Let it go first."))
    if any(one.state in OPEN_APPLICATIONS for one in _all(seen, Application)):
        found.append(_("An application of theirs is not decided yet."))
    if any(one.is_waiting for one in _all(seen, ImportReview)):
        found.append(_("An imported row that names them waits to be decided."))
    return found


def _all(seen: Preview, noun: Any) -> list[Any]:
    table = noun.__tablename__
    return [*seen.goes.get(table, ()), *(row for row, _stay in seen.stays.get(table, ()))]
