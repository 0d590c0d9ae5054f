"""A member registers its own people in the members' pages: each by name, by the rules everyone registers by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from crm.db import db
from crm.errors import Refused
from crm.events import registering, seating
from crm.events.registering import Visitor
from crm.events.registrations import LARGEST_PARTY, Registration, RegistrationState, Source
from crm.organisations.people import Person
from crm.text import _


def register(session_id: int, visitors: Iterable[Visitor], *, by: Person) -> list[Registration]:
    """Register people of an organisation, in the running act: each gets a seat or a place on the waiting list, and a letter.

    Who has no mail address is written to at the address of ``by``, who registers them. Raises ``Refused`` as
    ``registering.register``, without anybody, and for someone who is on the session's list already; then nothing is written.
    """
    wanted = [
        replace(one, email=one.email or by.email, made_for_id=by.organisation_id, made_by_id=by.id) for one in visitors
    ]
    if not wanted:
        raise Refused(_("Choose at least one person."), field="colleagues")
    if len(wanted) > LARGEST_PARTY:
        raise Refused(_("From %(least)s to %(most)s.", least=1, most=LARGEST_PARTY), field="colleagues")
    seating.locked(session_id)
    for one in wanted:
        if _is_listed(session_id, one):
            raise Refused(_("%(name)s is registered already.", name=one.name), field="colleagues")
    return [registering.register(session_id, one, Source.PORTAL) for one in wanted]


def _is_listed(session_id: int, visitor: Visitor) -> bool:
    """Whether the session's list has this name at this mail address."""
    same = sa.select(Registration.id).where(
        Registration.session_id == session_id, Registration.state != RegistrationState.CANCELLED,
        Registration.name == visitor.name, sa.func.lower(Registration.email) == visitor.email.lower(),
    )  # fmt: skip
    return db.session.scalar(same.limit(1)) is not None
