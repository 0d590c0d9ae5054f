"""The door of the members' pages: a member's account, of a person who is with their organisation today.

Everything behind it starts at ``current_organisation()``; what belongs to others is not forbidden there but absent.
"""

from __future__ import annotations

import logging

from flask import g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from crm import clock
from crm.access import gates
from crm.organisations import portal_access
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person

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
    return None


def current_person() -> Person:
    """Who is looking; for views behind the portal's door."""
    person: Person | None = g.get("portal_person")
    if person is None:
        raise Forbidden
    return person


def current_organisation() -> Organisation:
    """Whose pages these are; for views behind the portal's door."""
    return current_person().organisation
