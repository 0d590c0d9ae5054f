"""Succession (承継): renamed or absorbed on a day, and whose past belongs to whom.

A change of name stays within one record, which keeps the former name with its day. Where the office holds the old and the
new name as two records, the change of name joins them: they are one company on every day. An absorption (合併) is another
thing: the past of the absorbed belongs to its successor from that day on, and not before; the absorbed stays readable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from crm.db import Model, db
from crm.errors import Refused
from crm.organisations.organisations import FormerName, Organisation
from crm.text import _


class SuccessionKind(StrEnum):
    """改称 and 合併."""

    RENAMED = "renamed"
    ABSORBED = "absorbed"


class Succession(Model):
    """On a day one organisation took over another's past, or took a new name in place of a former one.

    ``predecessor`` is the other record, ``former_name`` the name given up where there is only one record; one of the two is
    given. ``effective_on`` is the first day of the new state of things.
    """

    __tablename__ = "successions"
    __table_args__ = (
        CheckConstraint("(predecessor_id IS NULL) <> (former_name_id IS NULL)", name="one_before"),
        CheckConstraint("predecessor_id IS NULL OR predecessor_id <> successor_id", name="not_itself"),
    )

    kind: Mapped[SuccessionKind]
    successor_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    successor: Mapped[Organisation] = relationship(foreign_keys=[successor_id])
    effective_on: Mapped[date]
    predecessor_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), unique=True, init=False)
    predecessor: Mapped[Organisation | None] = relationship(foreign_keys=[predecessor_id], default=None)
    former_name_id: Mapped[int | None] = mapped_column(ForeignKey("former_names.id"), unique=True, init=False)
    former_name: Mapped[FormerName | None] = relationship(default=None)
    source: Mapped[str] = mapped_column(default="")


def rename(organisation: Organisation, name: str, on: date, source: str = "") -> Succession | None:
    """Give an organisation a new name from a day on; the old one is kept with that day. ``None`` for the same name."""
    former, name = organisation.name, name.strip()
    if name == former:
        return None
    if any(known.until > on for known in organisation.former_names):
        raise Refused(
            _("The name was changed again after that day. Please record the former name instead."), field="on"
        )
    organisation.name = name
    return keep_former_name(organisation, former, on, source)


def keep_former_name(organisation: Organisation, name: str, until: date, source: str = "") -> Succession:
    """Record that an organisation bore another name until a day (the first under the next name)."""
    if name == organisation.name or any((f.name, f.until) == (name, until) for f in organisation.former_names):
        raise Refused(_("It is known under this name already."), field="former_name")
    former = FormerName(organisation=organisation, name=name, until=until)
    succession = Succession(
        kind=SuccessionKind.RENAMED, successor=organisation, effective_on=until, former_name=former, source=source
    )
    db.session.add(succession)
    organisation.refresh_keys()
    return succession


def absorb(predecessor: Organisation, successor: Organisation, on: date, source: str = "") -> Succession:
    """Record that ``successor`` absorbed ``predecessor`` on a day. Raises ``Refused`` when the two cannot be so."""
    return _join(SuccessionKind.ABSORBED, predecessor, successor, on, source)


def join_names(old: Organisation, new: Organisation, on: date, source: str = "") -> Succession:
    """Record that two records are one company, which changed its name on a day."""
    return _join(SuccessionKind.RENAMED, old, new, on, source)


def _join(
    kind: SuccessionKind, predecessor: Organisation, successor: Organisation, on: date, source: str
) -> Succession:
    if predecessor is successor:
        raise Refused(_("An organisation cannot succeed itself."), field="predecessor")
    earlier = succession_of(predecessor)
    if earlier is not None:
        raise Refused(
            _("%(name)s went over to %(successor)s already.", name=predecessor.name, successor=earlier.successor.name),
            field="predecessor",
        )
    if Lineage.load().leads(successor.id, to=predecessor.id):
        raise Refused(_("The two would succeed each other in a circle."), field="predecessor")
    succession = Succession(kind=kind, successor=successor, effective_on=on, predecessor=predecessor, source=source)
    db.session.add(succession)
    return succession


def succession_of(organisation: Organisation) -> Succession | None:
    """The succession in which this record went over to another, if any."""
    return db.session.scalars(sa.select(Succession).where(Succession.predecessor_id == organisation.id)).first()


def concerning(organisation: Organisation) -> list[Succession]:
    """Every succession with this organisation on either side, oldest first, with both sides loaded."""
    return list(
        db.session.scalars(
            sa.select(Succession)
            .where(sa.or_(Succession.successor_id == organisation.id, Succession.predecessor_id == organisation.id))
            .options(
                selectinload(Succession.successor),
                selectinload(Succession.predecessor),
                selectinload(Succession.former_name),
            )
            .order_by(Succession.effective_on, Succession.id)
        )
    )


@dataclass(frozen=True)
class Link:
    """One succession between two records."""

    kind: SuccessionKind
    successor: int
    predecessor: int
    effective_on: date


class Lineage:
    """All successions between records, loaded once: answers for any number of organisations without a further query."""

    def __init__(self, links: Iterable[Link], merged: Iterable[tuple[int, int]] = ()) -> None:
        self._onward: dict[int, Link] = {}
        self._one: dict[int, set[int]] = {}
        self._absorbed: dict[int, list[Link]] = defaultdict(list)
        for one, other in merged:
            joined = self._records(one) | self._records(other)
            self._one.update(dict.fromkeys(joined, joined))
        for link in links:
            self._onward[link.predecessor] = link
            if link.kind is SuccessionKind.RENAMED:
                joined = self._records(link.predecessor) | self._records(link.successor)
                self._one.update(dict.fromkeys(joined, joined))
            else:
                self._absorbed[link.successor].append(link)

    @classmethod
    def load(cls, as_of: date | None = None) -> Lineage:
        """What is known of all successions; with ``as_of`` only of those in effect on that day. Two queries.

        Records that were merged are one on every day (`merging`).
        """
        select = sa.select(
            Succession.kind, Succession.successor_id, Succession.predecessor_id, Succession.effective_on
        ).where(Succession.predecessor_id.is_not(None))
        if as_of is not None:
            select = select.where(Succession.effective_on <= as_of)
        merged = sa.select(Organisation.id, Organisation.merged_into_id)
        links = (
            Link(kind, successor, predecessor, on)
            for kind, successor, predecessor, on in db.session.execute(select.order_by(Succession.id))
            if predecessor is not None
        )
        gone = db.session.execute(merged.where(Organisation.merged_into_id.is_not(None)))
        return cls(links, [(one, into) for one, into in gone if into is not None])

    def same(self, organisation_id: int) -> frozenset[int]:
        """The records of one and the same company: itself, and those joined to it by a change of name."""
        return frozenset(self._records(organisation_id))

    def whose_past(self, organisation_id: int, day: date) -> frozenset[int]:
        """The records whose past belongs to an organisation as it stood on a day.

        Itself under every name it ever had; what it had absorbed by that day, and what that had absorbed by then, and so
        on. What it absorbs later is not among them.
        """
        found: set[int] = set()
        waiting = [organisation_id]
        while waiting:
            records = self._records(waiting.pop()) - found
            found |= records
            for record in records:
                waiting += [link.predecessor for link in self._absorbed[record] if link.effective_on <= day]
        return frozenset(found)

    def successor_of(self, organisation_id: int, day: date) -> int | None:
        """The record to which this one had gone over by a day, at the end of the chain; ``None`` when it stands itself."""
        seen, here = {organisation_id}, organisation_id
        while (link := self._onward.get(here)) is not None and link.effective_on <= day and link.successor not in seen:
            here = link.successor
            seen.add(here)
        return None if here == organisation_id else here

    def leads(self, organisation_id: int, to: int) -> bool:
        """Whether the chain of successors of one record comes to another, on whatever day."""
        here: int | None = organisation_id
        seen: set[int] = set()
        while here is not None and here not in seen:
            if here == to:
                return True
            seen.add(here)
            here = self._onward[here].successor if here in self._onward else None
        return False

    def _records(self, organisation_id: int) -> set[int]:
        return self._one.get(organisation_id, {organisation_id})


def whose_past(organisation: Organisation, day: date) -> frozenset[int]:
    """The ids of the organisations whose past belongs to this one as it stood on a day (`Lineage.whose_past`)."""
    return Lineage.load().whose_past(organisation.id, day)


def successor_of(organisation: Organisation, day: date) -> Organisation | None:
    """The organisation this one had gone over to by a day, at the end of the chain; ``None`` when it stands itself."""
    found = Lineage.load().successor_of(organisation.id, day)
    return None if found is None else db.session.get(Organisation, found)
