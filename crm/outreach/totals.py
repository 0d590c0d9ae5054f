"""Reported totals (報告値): figures of a fiscal year as they were reported, each with its day and source.

They stand for themselves: a figure counted from our own rows is another thing and is never added to one of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.text import label
from crm.values import japanese
from crm.values.fiscal_year import FiscalYear


class Metric(StrEnum):
    """What is counted, in the order of the committee's paper [4]."""

    ACADEMIC_SEMINARS_HELD = "academic_seminars_held"
    ACADEMIC_SEMINAR_ATTENDEES = "academic_seminar_attendees"
    VISITS_RECEIVED = "visits_received"
    VISITORS_RECEIVED = "visitors_received"
    PUPIL_VISITORS = "pupil_visitors"
    PUBLIC_LECTURES_HELD = "public_lectures_held"
    PUBLIC_LECTURE_ATTENDEES = "public_lecture_attendees"
    MEDIA_ITEMS = "media_items"
    INTERNS_RECEIVED = "interns_received"
    IP_STRATEGY_CASES = "ip_strategy_cases"
    IP_MATCHING_CASES = "ip_matching_cases"
    JSPS_GRANTS = "jsps_grants"
    AMED_GRANTS = "amed_grants"
    JOINT_RESEARCH_INCOME = "joint_research_income"


class ReportedTotal(Versioned, Model):
    """One metric's figure of one fiscal year, true as of a day."""

    __tablename__ = "reported_totals"
    __table_args__ = (UniqueConstraint("metric", "year"), CheckConstraint("value >= 0", name="not_negative"))

    metric: Mapped[Metric]
    year: Mapped[FiscalYear] = mapped_column(index=True)
    value: Mapped[int]
    unit: Mapped[str]
    as_of: Mapped[date]
    source: Mapped[str]

    def change(self, **values: object) -> None:
        """Set it right."""
        for field, value in values.items():
            if getattr(self, field) != value:
                setattr(self, field, value)

    @property
    def is_partial(self) -> bool:
        """Whether the year was not over on the day of the figure."""
        return self.as_of < self.year.last_day


@dataclass(frozen=True)
class MetricRow:
    """One metric over the years."""

    metric: Metric
    unit: str
    by_year: dict[FiscalYear, ReportedTotal]

    @property
    def total(self) -> int:
        """The sum of the years."""
        return sum(one.value for one in self.by_year.values())


def reported(years: Iterable[FiscalYear] | None = None) -> list[MetricRow]:
    """The totals by metric, in the paper's order, of some years or of all. One query."""
    found = sa.select(ReportedTotal).order_by(ReportedTotal.year)
    found = found if years is None else found.where(ReportedTotal.year.in_(list(years)))
    by_metric: dict[Metric, dict[FiscalYear, ReportedTotal]] = {}
    for one in db.session.scalars(found):
        by_metric.setdefault(one.metric, {})[one.year] = one
    return [
        MetricRow(metric, next(iter(by_metric[metric].values())).unit, by_metric[metric])
        for metric in Metric
        if metric in by_metric
    ]


def years_of(rows: Iterable[MetricRow]) -> list[FiscalYear]:
    """All years any of the rows has, in order."""
    return sorted({year for row in rows for year in row.by_year})


def matching(rows: Iterable[MetricRow], words: str) -> list[MetricRow]:
    """The rows whose name, code or unit has all the words, in any width or kana."""
    wanted = [japanese.fold(word) for word in words.split()]
    return [
        row
        for row in rows
        if all(word in japanese.fold(f"{label(row.metric)} {row.metric.value} {row.unit}") for word in wanted)
    ]
