"""AnnualRun: the record of billing a fiscal year — expected, made, left out, failed — which an interruption cannot hurt."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, db
from crm.values.fiscal_year import FiscalYear


class RunState(StrEnum):
    """A run is running until every member it found was billed or named."""

    RUNNING = "running"
    ENDED = "ended"


class AnnualRun(Model):
    """One run over a fiscal year. ``left_out`` and ``failed`` are lists of organisation and reason."""

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
    expected: Mapped[int]
    left_out: Mapped[list[Any]]
    started_at: Mapped[datetime]
    failed: Mapped[list[Any]] = mapped_column(default_factory=list)
    state: Mapped[RunState] = mapped_column(default=RunState.RUNNING, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, init=False)


def unfinished(year: FiscalYear | None = None) -> sa.Select[AnnualRun]:
    """Runs that were interrupted or are under way."""
    select = sa.select(AnnualRun).where(AnnualRun.state == RunState.RUNNING).order_by(AnnualRun.id)
    return select if year is None else select.where(AnnualRun.year == year)


def locked(run_id: int) -> AnnualRun:
    """The run, held by this act: two workers on one run take turns."""
    return db.session.scalars(sa.select(AnnualRun).where(AnnualRun.id == run_id).with_for_update()).one()
