"""Handing over (登録変更): someone leaves or passes on their task, and a named successor takes it in one step.

Roles, the account of the members' pages, registrations for coming events and letters that have not left yet pass on together.
What would happen is said first, in the words in which it then happens. Nothing ever goes to whoever happens to be left: without a
successor a role stays empty, letters are held, and the office is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.errors import Refused
from crm.mail.outbox import Letter, LetterState
from crm.organisations import people, portal_access
from crm.organisations.people import Person, PersonRole
from crm.text import _, label

PASSING = ("crm.events.handing_over",)
"""What upper packages hold for a person: ``open_of(person, day)`` gives (id, words), ``pass_on(person, ids, successor)`` passes on."""
OPEN = (LetterState.QUEUED, LetterState.RETRY, LetterState.HELD)
SALUTATION_LINES = 5  # a letter addresses its reader in its first lines, the name standing there as it was
OWN_LETTERS = "access/"  # letters about a person's own account concern nobody else


@dataclass(frozen=True)
class Wish:
    """What is asked for. ``day`` is the first without the leaver in these roles; ``leaves`` whether they leave altogether.

    ``newcomer`` are the values of a person nobody knows yet, instead of ``successor``. ``registrations`` are those that pass on;
    the others stay with who made them.
    """

    day: date
    successor: Person | None = None
    newcomer: Mapping[str, Any] | None = None
    roles: frozenset[PersonRole] = frozenset()
    leaves: bool = True
    invites: bool = False
    registrations: frozenset[str] = frozenset()
    letters: bool = True

    @property
    def name(self) -> str:
        """Who follows; empty when nobody does."""
        return self.successor.name if self.successor is not None else str((self.newcomer or {}).get("name", ""))

    @property
    def email(self) -> str:
        """The address of who follows."""
        return self.successor.email if self.successor is not None else str((self.newcomer or {}).get("email", "") or "")


@dataclass
class HandedOver:
    """What came of it: who followed, and the roles nobody holds now."""

    successor: Person | None
    left_over: list[PersonRole] = field(default_factory=list)


def held(person: Person, day: date) -> list[PersonRole]:
    """The roles someone holds on a day or later."""
    running = {role.role for role in person.roles if role.until is None or role.until >= day}
    return [role for role in PersonRole if role in running]


def registrations(person: Person, day: date) -> list[tuple[str, str]]:
    """What of a person's may pass on, each with its words: registrations for events from a day on."""
    return [(f"{path}:{item}", words) for path in PASSING for item, words in import_module(path).open_of(person, day)]


def open_letters(person: Person, *, to_change: bool = False) -> list[Letter]:
    """Letters to a person that have not left yet; none where a colleague shares the mail address, nor about the own account.

    ``to_change`` keeps the worker from sending one of them meanwhile.
    """
    if not person.email or _shared(person):
        return []
    mine = sa.func.lower(Letter.recipient_email) == person.email.lower()
    select = sa.select(Letter).where(mine, Letter.state.in_(OPEN), Letter.template.not_like(f"{OWN_LETTERS}%"))
    # letters about a registration belong to it: whoever takes it over gets a confirmation of their own
    select = select.where(Letter.about_table.is_distinct_from("registrations")).order_by(Letter.id)
    if to_change:
        select = select.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(select))


def foretell(leaver: Person, wish: Wish) -> list[object]:
    """Everything that will happen, in words, in the order of happening. Raises ``Refused`` for what cannot be. Writes nothing."""
    _check(leaver, wish)
    words: list[object] = [_leaving_words(leaver, wish)]
    words += [
        _("%(role)s passes to %(name)s.", role=label(role), name=wish.name)
        if wish.name and role in wish.roles
        else _(
            "%(role)s stays empty. Nobody gets its letters; without a billing contact no invoice is sent.",
            role=label(role),
        )
        for role in held(leaver, wish.day)
        if wish.leaves or (wish.name and role in wish.roles)
    ]
    words += _account_words(leaver, wish)
    for key, what in registrations(leaver, wish.day):
        goes = key in wish.registrations and wish.name
        words.append(
            _("The registration for %(what)s passes to %(name)s, who gets a confirmation.", what=what, name=wish.name)
            if goes else _("The registration for %(what)s stays with %(name)s.", what=what, name=leaver.name)
        )  # fmt: skip
    return [*words, *_letter_words(leaver, wish)]


def carry_out(leaver: Person, wish: Wish) -> HandedOver:
    """Do what `foretell` says, in the running act. Raises ``Refused``, and then nothing is written."""
    db.session.refresh(leaver, with_for_update=True)
    _check(leaver, wish)
    waiting = open_letters(leaver, to_change=True) if wish.letters else []
    passing = [key for key, _words in registrations(leaver, wish.day) if key in wish.registrations]
    successor = wish.successor or _newcomer(leaver, wish)
    done = HandedOver(successor)
    to = dict.fromkeys(wish.roles, successor) if successor is not None else {}
    if wish.leaves:
        done.left_over = portal_access.leave(leaver, wish.day, to)
    else:
        _pass_roles(leaver, to, wish.day)
    if successor is not None:
        _pass_rights(leaver, successor)
        for key in passing:
            path, item = key.split(":")
            import_module(path).pass_on(leaver, item, successor)
        if wish.invites:
            db.session.flush()
            portal_access.invite_person(successor)
    _redirect(leaver, waiting, successor)
    return done


def _check(leaver: Person, wish: Wish) -> None:
    if leaver.left_on is not None or leaver.merged_into_id is not None:
        raise Refused(_("%(name)s has left already.", name=leaver.name), field="day")
    if wish.successor is leaver or (wish.successor and wish.successor.organisation_id != leaver.organisation_id):
        raise Refused(_("The successor must be someone else at the organisation."), field="successor")
    if wish.successor is not None and not wish.successor.is_here_on(wish.day):
        raise Refused(_("%(name)s has left and cannot take a role.", name=wish.successor.name), field="successor")
    if wish.newcomer is not None and not wish.newcomer.get("name"):
        raise Refused(_("Please give the name of the successor."), field="name")
    if wish.newcomer is not None:
        people.refuse_known_address(leaver.organisation, wish.email, besides=leaver)
    if wish.invites and not wish.email:
        raise Refused(_("To be invited, the successor needs a mail address."), field="email")
    if not wish.leaves and not (wish.name and wish.roles):
        raise Refused(_("Say who follows, and in which role."), field="successor")


def _newcomer(leaver: Person, wish: Wish) -> Person | None:
    if wish.newcomer is None:
        return None
    made = Person(organisation=leaver.organisation, **wish.newcomer)
    db.session.add(made)
    return made


def _pass_roles(leaver: Person, to: Mapping[PersonRole, Person], day: date) -> None:
    for role, successor in to.items():
        running = next((r for r in leaver.roles if r.role is role and (r.until is None or r.until >= day)), None)
        if running is None:
            raise Refused(_("%(name)s does not hold this role on that day.", name=leaver.name), field="roles")
        running.until = day - timedelta(days=1)
        successor.takes(role, day)


def _pass_rights(leaver: Person, successor: Person) -> None:
    """Rights the office chose for the task go with it, unless the successor has chosen ones of their own."""
    if leaver.portal_rights is not None and successor.portal_rights is None:
        successor.portal_rights = list(leaver.portal_rights)


def _redirect(leaver: Person, letters: list[Letter], successor: Person | None) -> None:
    """To the successor, the salutation with them; announcements need the reader's own consent, and without a successor all wait."""
    for letter in letters:
        if successor is None or not successor.email or letter.is_announcement:
            if letter.may_be_held:
                letter.hold()
            continue
        lines = letter.body.split("\n")
        head = [line.replace(leaver.name, successor.name) for line in lines[:SALUTATION_LINES]]
        letter.recipient_email, letter.recipient_name = successor.email, successor.name
        letter.body = "\n".join([*head, *lines[SALUTATION_LINES:]])


def _shared(person: Person) -> bool:
    """Whether someone else we know, who has not left, reads the same mail address."""
    others = sa.select(Person.id).where(sa.func.lower(Person.email) == person.email.lower(), Person.id != person.id)
    return db.session.scalar(others.where(Person.left_on.is_(None)).limit(1)) is not None


def _leaving_words(leaver: Person, wish: Wish) -> object:
    day = f"{wish.day:%Y-%m-%d}"
    if wish.leaves:
        return _("%(name)s leaves: %(day)s is the first day without them.", name=leaver.name, day=day)
    return _("%(name)s stays and passes on from %(day)s.", name=leaver.name, day=day)


def _account_words(leaver: Person, wish: Wish) -> list[object]:
    words: list[object] = []
    access = portal_access.of(leaver)
    if access is not None and wish.leaves:
        now = wish.day <= clock.today()
        words.append(_("The account of %(name)s is closed at once.", name=leaver.name) if now
                     else _("The account of %(name)s is closed on that day.", name=leaver.name))  # fmt: skip
    if wish.invites:
        words.append(
            _("%(name)s gets an invitation to the members' pages (%(email)s).", name=wish.name, email=wish.email)
        )
    return words


def _letter_words(leaver: Person, wish: Wish) -> list[object]:
    letters = open_letters(leaver) if wish.letters else []
    redirected = [one for one in letters if not one.is_announcement] if wish.email else []
    words: list[object] = [
        _("The letter “%(subject)s” goes to %(name)s.", subject=one.subject, name=wish.name) for one in redirected
    ]
    held_ = len(letters) - len(redirected)
    if held_:
        words.append(
            _("%(number)s letters are held: nobody else may read them without your deciding so.", number=held_)
        )
    return words
