"""The office's pages about personal data: what we hold about someone, requests, hand-overs, what need not be kept, the texts."""

from __future__ import annotations

import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from crm.db import db
from crm.errors import Refused
from crm.organisations.people import Person
from crm.text import _
from crm.web.audiences import office_area

BIGGEST_ID = 2**63 - 1

area = office_area("privacy", __name__)


def found_person(person_id: int) -> Person:
    """The person of an address, or 404."""
    person = db.session.get(Person, person_id) if person_id <= BIGGEST_ID else None
    if person is None:
        raise NotFound
    return person


def meant(said: str, field: str) -> Person:
    """The one person a number or mail address means. Raises ``Refused`` for none or several."""
    word = said.strip().removeprefix("#")
    standing = sa.select(Person).where(Person.merged_into_id.is_(None)).order_by(Person.id).limit(2)
    if word.isascii() and word.isdecimal() and len(word) < 19:
        found = db.session.scalars(standing.where(Person.id == int(word))).all()
    else:
        found = db.session.scalars(
            standing.where(sa.func.lower(Person.email) == word.lower(), Person.email != "")
        ).all()
    if len(found) != 1:
        words = (
            _("Nobody is known by “%(said)s”.", said=said[:100])
            if not found
            else _("Several people have the address “%(said)s”. Give the number.", said=said[:100])
        )
        raise Refused(words, field=field)
    return found[0]


from crm.privacy.office import (  # noqa: E402, F401  (the views hang themselves on the area)
    handing_over,
    people,
    requests,
    retention,
    texts,
)
