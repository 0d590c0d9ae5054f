"""Rows of imported lists that look like something we may already have: held until a person decides.

A row is kept as its cells were understood, so that the decision can be carried out later, with all its columns. A decision is
remembered: the same row imported again does not ask again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.db import PERSONAL, Model, Versioned, canonical, db
from crm.errors import Refused
from crm.exchange.columns import ReadRow
from crm.exchange.plan import Step
from crm.organisations import importers
from crm.organisations.duplicates import chunks
from crm.organisations.importers import Origin, ReviewDecision, Verdict
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen


class ImportReview(Versioned, Model):
    """One row in doubt: where it stood, what it says, whom it may mean, and what a person decided."""

    __tablename__ = "import_reviews"
    __table_args__ = (UniqueConstraint("kind", "row_digest"), Index("ix_import_reviews_waiting", "decision", "id"))

    kind: Mapped[str]
    name: Mapped[str]
    file_name: Mapped[str]
    file_digest: Mapped[str]
    row_number: Mapped[int]
    row_digest: Mapped[str]
    matches: Mapped[list[Any]]
    held_at: Mapped[datetime]
    cells: Mapped[dict[str, Any]] = mapped_column(info=PERSONAL)
    decision: Mapped[ReviewDecision | None] = mapped_column(default=None, init=False)
    decided_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), default=None, init=False)
    organisation: Mapped[Organisation | None] = relationship(default=None, init=False)

    @property
    def is_waiting(self) -> bool:
        """Whether a person must still decide."""
        return self.decision is None

    def decided(self, decision: ReviewDecision, organisation: Organisation | None) -> None:
        """Note what was decided, and the organisation it came to."""
        self.decision, self.organisation, self.decided_at = decision, organisation, clock.now()


def hold(kind: str, step: Step, origin: Origin) -> None:
    """Keep a row for a person to decide on; the same row is kept once."""
    cells = spelled(step.values)
    digest = row_digest(cells)
    with (
        db.session.no_autoflush
    ):  # the same row is kept once in a file already, and a flush for each costs more than all
        known = db.session.scalar(sa.select(ImportReview.id).where(_is(kind, digest)))
    if known is None:
        review = ImportReview(
            kind=kind, name=str(step.values.get("name", "")), file_name=origin.file_name, file_digest=origin.digest,
            row_number=step.row, row_digest=digest, cells=cells, matches=[match.as_json() for match in step.matches],
            held_at=clock.now(),
        )  # fmt: skip
        db.session.add(review)


def close(kind: str, step: Step, organisation: Organisation) -> None:
    """A row that may have been held before was created now: it need not be asked about any more."""
    waiting = _is(kind, row_digest(spelled(step.values)))
    review = db.session.scalars(sa.select(ImportReview).where(waiting)).first()
    if review is not None and review.is_waiting:
        review.decided(ReviewDecision.CREATE, organisation)


def decide(review: ImportReview, decision: ReviewDecision, organisation: Organisation | None = None) -> None:
    """Carry out what a person decided about a held row, in the running act.

    Raises ``Refused`` when it was decided before, when no organisation is named for "the same", and `BadRows` when the row cannot
    be written as it stands.
    """
    if not review.is_waiting:
        raise Refused(_("This row was decided on already."), field="decision")
    if decision is ReviewDecision.SAME and organisation is None:
        raise Refused(_("Say which organisation it is the same as."), field="organisation")
    if decision is ReviewDecision.SKIP:
        review.decided(decision, None)
        return
    importer = importers.named(review.kind)
    sheet = importers.one_row(importer.columns, review.row_number, review.cells)
    verdict = Verdict(decision, organisation.id if organisation else None)
    plan = importer.plan(sheet, verdicts={review.row_number: verdict})
    importer.write(plan, Origin(review.file_name, review.file_digest, clock.today()))
    review.decided(decision, plan.steps[0].target.organisation)


def remembered(kind: str, rows: Sequence[ReadRow]) -> dict[int, Verdict]:
    """What was decided earlier about rows that say the very same, by row number."""
    numbers: dict[str, int] = {row_digest(spelled(row.values)): row.number for row in rows}
    found: dict[int, Verdict] = {}
    for digests in chunks(sorted(numbers)):
        decided = sa.select(ImportReview.row_digest, ImportReview.decision, ImportReview.organisation_id).where(
            ImportReview.kind == kind, ImportReview.row_digest.in_(digests), ImportReview.decision.is_not(None)
        )
        for digest, decision, organisation_id in db.session.execute(decided):
            # What was created then is the same one now.
            now = ReviewDecision.SKIP if decision is ReviewDecision.SKIP else ReviewDecision.SAME
            found[numbers[digest]] = Verdict(now, organisation_id)
    return found


def waiting_count() -> int:
    """How many rows wait for a person: for the dashboard."""
    return db.session.scalar(sa.select(sa.func.count(ImportReview.id)).where(ImportReview.decision.is_(None))) or 0


def waiting() -> sa.Select[ImportReview]:
    """The work list, oldest first."""
    return sa.select(ImportReview).where(ImportReview.decision.is_(None)).order_by(ImportReview.id)


def spelled(values: dict[str, Any]) -> dict[str, str]:
    """A row's values as cells that are understood as the same values again; blank ones left out."""
    return {code: _cell(value) for code, value in sorted(values.items()) if value not in (None, "", ())}


def row_digest(cells: dict[str, str]) -> str:
    """What tells a row from another: a digest of what it says."""
    return hashlib.sha256(canonical(cells).encode()).hexdigest()


def _cell(value: Any) -> str:
    match value:
        case Enum():
            return str(value.value)
        case Yen():
            return str(value.amount)
        case FiscalYear():
            return str(value.start)
        case date():
            return value.isoformat()
        case tuple() | list():
            return "／".join(map(_cell, value))
        case _:
            return str(value)


def _is(kind: str, digest: str) -> sa.ColumnElement[bool]:
    return sa.and_(ImportReview.kind == kind, ImportReview.row_digest == digest)
