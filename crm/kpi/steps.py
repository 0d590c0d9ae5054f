"""Steps: everything by which a company can come to the projects of iCONM, from all the books that hold such things.

A step is a participation in CHANGE, a contract or a corporate membership with the day on which it began. A date known only to
the month counts as the last day of that month. A participation without a known beginning was there before all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa

from crm.db import db
from crm.documents.files import StoredFile
from crm.members.members import ClassPeriod, Member
from crm.members.tiers import MemberClass
from crm.projects.contracts import Contract, ContractKind
from crm.projects.participations import Participation, topic_name
from crm.text import N_, gettext
from crm.values.dates import DayOrMonth


class EntryCategory(StrEnum):
    """The four ways to enter, in the order of their numbers (the note under the table of 9(2))."""

    CHANGE = "change"
    JOINT_RESEARCH = "joint_research"
    LICENCE = "licence"
    MEMBER = "member"

    @property
    def number(self) -> int:
        """1 to 4."""
        return list(EntryCategory).index(self) + 1

    @property
    def deed(self) -> str:
        """What a company did to enter so: ライセンス契約."""
        return gettext(_DEEDS[self])


_DEEDS = {
    EntryCategory.CHANGE: N_("Participation in CHANGE"),
    EntryCategory.JOINT_RESEARCH: N_("Joint-research contract"),
    EntryCategory.LICENCE: N_("Licence contract"),
    EntryCategory.MEMBER: N_("Corporate membership"),
}


@dataclass(frozen=True)
class Step:
    """One step of the organisation with this record, since a day or month; ``None``: nobody knows since when."""

    organisation_id: int
    category: EntryCategory
    since: DayOrMonth | None
    subject: str
    evidence: str

    @property
    def day(self) -> date:
        """The day it counts from."""
        return date.min if self.since is None else self.since.last_day

    @property
    def begins(self) -> date:
        """The earliest day it may have happened on: the organisation stood on its own then."""
        return date.min if self.since is None else self.since.first_day


def taken(as_of: date) -> list[Step]:
    """Every step not dated after a day, of whatever organisation, by day. Three queries."""
    found = [*_participations(), *_contracts(), *_memberships(as_of)]
    return sorted((step for step in found if step.day <= as_of), key=lambda step: step.day)


def _participations() -> Iterator[Step]:
    rows = db.session.execute(
        sa.select(
            Participation.organisation_id, Participation.since, Participation.topic, Participation.title,
            Participation.evidence, StoredFile.name,
        ).outerjoin(StoredFile, Participation.evidence_file_id == StoredFile.id).order_by(Participation.id)
    )  # fmt: skip
    for organisation_id, since, topic, title, evidence, file in rows:
        subject = title or topic_name(topic)
        yield Step(organisation_id, EntryCategory.CHANGE, since, subject, evidence or file or subject)


def _contracts() -> Iterator[Step]:
    ways = {
        ContractKind.JOINT_RESEARCH: EntryCategory.JOINT_RESEARCH,
        ContractKind.LICENCE: EntryCategory.LICENCE,
    }
    rows = db.session.execute(
        sa.select(
            Contract.organisation_id, Contract.kind, Contract.signed, Contract.title, Contract.evidence, StoredFile.name
        ).outerjoin(StoredFile, Contract.evidence_file_id == StoredFile.id).order_by(Contract.id)
    )  # fmt: skip
    for organisation_id, kind, signed, title, evidence, file in rows:
        yield Step(organisation_id, ways[kind], signed, title, evidence or file or title)


def _memberships(as_of: date) -> Iterator[Step]:
    rows = db.session.execute(
        sa.select(Member.organisation_id, Member.number, ClassPeriod.since)
        .join(ClassPeriod, ClassPeriod.member_id == Member.id)
        .where(ClassPeriod.member_class == MemberClass.CORPORATE, ClassPeriod.since <= as_of)
        .order_by(ClassPeriod.id)
    )
    for organisation_id, number, since in rows:
        told = gettext("Member number %(number)s", number=number)
        yield Step(organisation_id, EntryCategory.MEMBER, DayOrMonth.of(since), told, told)
