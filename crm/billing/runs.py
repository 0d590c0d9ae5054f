"""AnnualRun: the record of billing a fiscal year — expected, made, left out, failed — which an interruption cannot hurt."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.billing.invoices import Invoice, InvoiceState
from crm.db import Model, db
from crm.members.members import Member
from crm.values.fiscal_year import FiscalYear

Fact = dict[str, Any]


class RunState(StrEnum):
    """A run is running until every member it found was billed or named."""

    RUNNING = "running"
    ENDED = "ended"


class AnnualRun(Model):
    """One run over a fiscal year. ``members`` are the ids of those to be billed; ``left_out`` and ``failed`` hold facts."""

    __tablename__ = "annual_runs"
    __table_args__ = (
        Index(
            "uq_annual_runs_one_running", "year", unique=True,
            sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'"),
        ),
    )  # fmt: skip

    year: Mapped[FiscalYear] = mapped_column(index=True)
    issue_on: Mapped[date]
    due_on: Mapped[date]
    members: Mapped[list[Any]]
    left_out: Mapped[list[Any]]
    started_at: Mapped[datetime]
    failed: Mapped[list[Any]] = mapped_column(default_factory=list)
    state: Mapped[RunState] = mapped_column(default=RunState.RUNNING, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)

    @property
    def expected(self) -> int:
        """How many it set out to bill."""
        return len(self.members)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended: under way, or interrupted."""
        return self.state is RunState.RUNNING


def fact(member: Member, reason: str) -> Fact:
    """A member left out or failed, as a run keeps it: the name of that day, and why."""
    return {"organisation": member.organisation.name, "organisation_id": member.organisation_id, "reason": reason}


def unfinished(year: FiscalYear | None = None) -> sa.Select[AnnualRun]:
    """Runs that were interrupted or are under way."""
    select = sa.select(AnnualRun).where(AnnualRun.state == RunState.RUNNING).order_by(AnnualRun.id)
    return select if year is None else select.where(AnnualRun.year == year)


def locked(run_id: int) -> AnnualRun:
    """The run, held by this act: two workers on one run take turns."""
    select = sa.select(AnnualRun).where(AnnualRun.id == run_id).with_for_update()
    return db.session.scalars(select.execution_options(populate_existing=True)).one()


def remaining(run: AnnualRun) -> list[int]:
    """The ids of the members it has still to bill, by member number: not billed for the year, nor by it and cancelled since."""
    billed = sa.and_(Invoice.annual_fee_for == run.year, Invoice.state != InvoiceState.VOID)
    done = sa.select(Invoice.member_id).where(sa.or_(billed, Invoice.run_id == run.id))
    failed = sa.select(Member.id).where(Member.organisation_id.in_([f["organisation_id"] for f in run.failed]))
    passed = {*db.session.scalars(done), *db.session.scalars(failed)}
    return [member_id for member_id in run.members if member_id not in passed]


def invoices_of(run: AnnualRun) -> sa.Select[Invoice]:
    """What a run has issued so far, by number."""
    return sa.select(Invoice).where(Invoice.run_id == run.id).order_by(Invoice.number)


def issued_by(run: AnnualRun) -> int:
    """How many invoices it has issued so far."""
    return db.session.scalar(sa.select(sa.func.count(Invoice.id)).where(Invoice.run_id == run.id)) or 0
