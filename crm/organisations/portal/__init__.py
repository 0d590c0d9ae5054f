"""The members' pages: their door, who looks, what they may do there; and the pages about organisation, colleagues and consents.

The door lets in a member's account, of a person who is with their organisation today. Everything behind it starts at
``current_organisation()``; what belongs to others is not forbidden there but absent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import current_app, g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from crm import clock
from crm.access import gates
from crm.organisations import portal_access, portal_rights
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.organisations.portal_rights import PortalRight

P = ParamSpec("P")

log = logging.getLogger("crm.access")


def people_only() -> ResponseReturnValue | None:
    """The portal's door, asked before each of its pages."""
    turned_away = gates.members_only()
    if turned_away is not None:
        return turned_away
    user = gates.signed_in_user()
    person = portal_access.person_of(user)
    if person is None or not person.is_here_on(clock.today()):
        log.warning("refused what=portal actor=%s", user.actor)
        raise Forbidden
    g.portal_person = person
    g.portal_rights = portal_rights.rights_of(person, clock.today())
    return None


def holds(right: PortalRight) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """The one right a page of the portal asks for; 403 for whoever does not hold it."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            if not has_right(right):
                log.warning("refused what=%s actor=%s", right.value, gates.signed_in_user().actor)
                raise Forbidden
            return view(*args, **kwargs)

        guarded.__portal_right__ = right  # type: ignore[attr-defined]
        return guarded

    return decorate


def has_right(right: PortalRight | str) -> bool:
    """Whether who looks may do this in the members' pages."""
    return PortalRight(right) in g.get("portal_rights", frozenset())


def is_open(endpoint: str) -> bool:
    """Whether a page is there for who looks, as far as rights go."""
    view = current_app.view_functions.get(endpoint)
    right = getattr(view, "__portal_right__", None)
    return right is None or has_right(right)


def current_person() -> Person:
    """Who is looking; for views behind the portal's door."""
    person: Person | None = g.get("portal_person")
    if person is None:
        raise Forbidden
    return person


def current_organisation() -> Organisation:
    """Whose pages these are; for views behind the portal's door."""
    return current_person().organisation
