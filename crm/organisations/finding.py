"""Which organisation a name in a list means: exactly one, by its name, a former name or its key, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm.db import db
from crm.errors import Refused
from crm.organisations.duplicates import Acquaintances, chunks
from crm.organisations.organisations import Organisation
from crm.text import _


class Finder:
    """The organisations that the names of a list mean, loaded at once with their former names."""

    def __init__(self, names: Iterable[str]) -> None:
        names = set(names)
        known = Acquaintances.of(names)
        self._meant = {name: [one.organisation_id for one in known.meant(name)] for name in names}
        self._organisations: dict[int, Organisation] = {}
        for ids in chunks(sorted({one for ones in self._meant.values() for one in ones})):
            found = sa.select(Organisation).where(Organisation.id.in_(ids))
            for organisation in db.session.scalars(found.options(selectinload(Organisation.former_names))):
                self._organisations[organisation.id] = organisation

    def all(self, name: str) -> list[Organisation]:
        """Every organisation a name can mean, only the closest kind of likeness."""
        return [self._organisations[one] for one in self._meant.get(name, ())]

    def learn(self, name: str, organisation: Organisation) -> None:
        """Let a name that means nobody yet mean an organisation, as a list itself may say."""
        self._organisations[organisation.id] = organisation
        self._meant[name] = [organisation.id]

    def one(self, name: str, field: str = "name") -> Organisation:
        """The one organisation a name means. Raises ``Refused`` at ``field`` when it means none or several."""
        found = self.all(name)
        if not found:
            raise Refused(_("No organisation is known as %(name)s. Please add it first.", name=name), field=field)
        if len(found) > 1:
            several = "、".join(organisation.name for organisation in found)
            raise Refused(_("%(name)s may mean several: %(several)s. Please write the legal name.", name=name, several=several),
                          field=field)  # fmt: skip
        return found[0]


def the_one(name: str, field: str = "name") -> Organisation:
    """The one organisation a single name means (`Finder.one`)."""
    return Finder([name]).one(name, field)
