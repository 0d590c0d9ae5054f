"""Member: an organisation in the consortium, its number for life, and its class from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Model, Versioned
from crm.members.tiers import FeeTier, MemberClass
from crm.organisations.organisations import Organisation
from crm.values.fiscal_year import FiscalYear


class Standing(StrEnum):
    """How a membership stands on a day: to begin, running, running but with a withdrawal asked for, ended."""

    COMING = "coming"
    MEMBER = "member"
    LEAVING = "leaving"
    LEFT = "left"


class Member(Versioned, Model):
    """One organisation's membership. ``number`` is given at acceptance and never reused."""

    __tablename__ = "members"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True, init=False)
    organisation: Mapped[Organisation] = relationship()
    number: Mapped[str] = mapped_column(unique=True)
    classes: Mapped[list[ClassPeriod]] = relationship(
        back_populates="member", order_by="ClassPeriod.since", default_factory=list, init=False
    )
    terms: Mapped[list[MembershipTerm]] = relationship(
        back_populates="member", order_by="MembershipTerm.year", default_factory=list, init=False
    )

    def classes_in(self, year: FiscalYear) -> list[ClassPeriod]:
        """The classes held on any day of a fiscal year, in order; empty when not a member in it."""
        return [p for p in self.classes if p.since <= year.last_day and (p.until is None or p.until >= year.first_day)]

    def class_on(self, day: date) -> MemberClass | None:
        """The class on a day, ``None`` when not a member then."""
        return next(
            (p.member_class for p in self.classes if p.since <= day and (p.until is None or day <= p.until)), None
        )

    def standing_on(self, day: date) -> Standing:
        """How the membership stands on a day."""
        if self.class_on(day) is None:
            return Standing.COMING if self.classes and self.classes[-1].since > day else Standing.LEFT
        return Standing.LEAVING if self.classes[-1].until is not None else Standing.MEMBER

    @property
    def joined_on(self) -> date | None:
        """The first day of the membership that runs or ended last; a change of class does not begin it anew."""
        first = previous = None
        for period in self.classes:
            goes_on = previous is not None and previous + timedelta(days=1) == period.since
            first = first if goes_on else period.since
            previous = period.until
        return first

    @property
    def gaps(self) -> list[Gap]:
        """The spans in which it was no member, between leaving and coming back."""
        one_day = timedelta(days=1)
        pairs = zip(self.classes, self.classes[1:], strict=False)
        spans = [(a.until + one_day, b.since - one_day) for a, b in pairs if a.until is not None]
        return [Gap(first, last) for first, last in spans if first <= last]

    def planned_class(self, day: date) -> ClassPeriod | None:
        """The change of class that is recorded for a day after ``day``, while the membership runs."""
        later = [p for p in self.classes if p.since > day]
        return later[0] if later and self.class_on(later[0].since - timedelta(days=1)) is not None else None

    @property
    def left_on(self) -> date | None:
        """The last day of the membership, past or asked for; ``None`` while it runs on."""
        return self.classes[-1].until if self.classes else None


class ClassPeriod(Model):
    """企業会員 or 准会員 from a day to a day (the last day of membership in that class). A return is a new row."""

    __tablename__ = "class_periods"
    __table_args__ = (Index("ix_class_periods_days", "since", "until"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True, init=False)
    member: Mapped[Member] = relationship(back_populates="classes")
    member_class: Mapped[MemberClass]
    since: Mapped[date]
    until: Mapped[date | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")


class TermState(StrEnum):
    """A year's membership runs, or ended early by withdrawal."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


class MembershipTerm(Versioned, Model):
    """One member, one fiscal year. The tier may be fixed by hand, with a reason."""

    __tablename__ = "membership_terms"
    __table_args__ = (UniqueConstraint("member_id", "year"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True, init=False)
    member: Mapped[Member] = relationship(back_populates="terms")
    year: Mapped[FiscalYear] = mapped_column(index=True)
    member_class: Mapped[MemberClass]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[TermState] = mapped_column(default=TermState.ACTIVE, init=False)
    fixed_tier_id: Mapped[int | None] = mapped_column(ForeignKey("fee_tiers.id"), default=None, init=False)
    fixed_tier: Mapped[FeeTier | None] = relationship(default=None, init=False)
    fixed_reason: Mapped[str] = mapped_column(default="", init=False)
    withdrawal_asked_on: Mapped[date | None] = mapped_column(default=None, init=False)
    withdrawal_decided_on: Mapped[date | None] = mapped_column(default=None, init=False)
    withdrawal_reason: Mapped[str] = mapped_column(default="", init=False)


@dataclass(frozen=True)
class Gap:
    """Days between two memberships of one organisation, the first and the last of them; the number is kept."""

    first: date
    last: date


def belonging(day: date) -> sa.ColumnElement[bool]:
    """The condition that a member belongs on a day, in any class."""
    return Member.classes.any(_holds(day))


def belonging_in(year: FiscalYear) -> sa.ColumnElement[bool]:
    """The condition that a member belongs on some day of a fiscal year."""
    return Member.classes.any(sa.and_(
        ClassPeriod.since <= year.last_day, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= year.first_day)
    ))  # fmt: skip


def in_class(day: date, member_class: MemberClass) -> sa.ColumnElement[bool]:
    """The condition that a member is in a class on a day."""
    return Member.classes.any(sa.and_(_holds(day), ClassPeriod.member_class == member_class))


def _holds(day: date) -> sa.ColumnElement[bool]:
    return sa.and_(ClassPeriod.since <= day, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= day))


def counted_on(day: date) -> sa.Select[MemberClass, int]:
    """How many members of each class on any day, past or to come."""
    return (
        sa.select(ClassPeriod.member_class, sa.func.count(sa.distinct(ClassPeriod.member_id)))
        .where(_holds(day))
        .group_by(ClassPeriod.member_class)
    )
