"""Participation: an organisation takes part in a topic of project CHANGE (参画機関), from when to when, by what evidence.

A participation without a beginning was there before we knew of it: nobody can say that it began in a certain year.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned, db
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.organisations.organisations import Organisation
from crm.text import N_, _, gettext
from crm.values.dates import DayOrMonth

# The topics as the project numbers them (facts 3(2)); their names stand in the catalogue.
TOPICS = {
    1: N_("Nursing engineering"),
    2: N_("Longevity technology"),
    3: N_("Co-creation for innovation in medicine and care"),
}


class Participation(Versioned, Model):
    """One organisation in one topic (1 to 3; empty when only the project is known), from a day or month to another."""

    __tablename__ = "participations"
    __table_args__ = (CheckConstraint("topic BETWEEN 1 AND 3", name="topic"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    topic: Mapped[int | None]
    since: Mapped[DayOrMonth | None]
    until: Mapped[DayOrMonth | None] = mapped_column(default=None)
    title: Mapped[str] = mapped_column(default="")
    evidence: Mapped[str] = mapped_column(default="")
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True, init=False)
    evidence_file: Mapped[StoredFile | None] = relationship(default=None)

    def runs_on(self, day: date) -> bool:
        """Whether it runs on a day; a month counts from its first day to its last."""
        begun = self.since is None or self.since.first_day <= day
        return begun and (self.until is None or day <= self.until.last_day)

    def change(self, **values: object) -> None:
        """Set it right. Raises ``Refused`` when it would end before it begins."""
        in_order(values.get("since", self.since), values.get("until", self.until), "until")
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)


def record(
    organisation: Organisation,
    *,
    topic: int | None = None,
    since: DayOrMonth | None = None,
    until: DayOrMonth | None = None,
    title: str = "",
    evidence: str = "",
    evidence_file: StoredFile | None = None,
) -> Participation:
    """Record in the running act that an organisation takes part. Raises ``Refused`` naming the field."""
    if topic is not None and topic not in TOPICS:
        raise Refused(_("There are the topics 1, 2 and 3."), field="topic")
    in_order(since, until, "until")
    participation = Participation(
        organisation=organisation, topic=topic, since=since, until=until, title=title, evidence=evidence,
        evidence_file=evidence_file,
    )  # fmt: skip
    db.session.add(participation)
    return participation


def in_order(first: object, last: object, field: str) -> None:
    """Raise ``Refused`` at ``field`` when something ends before it begins, months taken whole."""
    if isinstance(first, DayOrMonth) and isinstance(last, DayOrMonth) and last.last_day < first.first_day:
        raise Refused(_("The end lies before the start."), field=field)


def topic_name(topic: int | None) -> str:
    """1 ナーシングエンジニアリング; nothing for no topic."""
    return "" if topic is None else f"{topic} {gettext(TOPICS[topic])}"


def of(organisation: Organisation) -> list[Participation]:
    """An organisation's participations, by beginning."""
    found = sa.select(Participation).where(Participation.organisation_id == organisation.id)
    return list(db.session.scalars(found.order_by(Participation.since, Participation.id)))
