"""The turn of the year (年度更新): who goes on, who leaves, whose tier or class changes and why, whose figure must be asked for.

Everything here reads; the terms of the new year are made by `terms.renew`, the figures asked for by `declarations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa

from crm import clock
from crm.access.permissions import Permission, holders
from crm.access.users import User, UserState
from crm.db import db
from crm.mail import outbox
from crm.members import declarations, fees, tiers
from crm.members.declarations import OLD_AFTER_DAYS, Declaration, DeclarationState
from crm.members.fees import FeeBasis
from crm.members.members import ClassPeriod, Member, MembershipTerm, belonging, belonging_in
from crm.members.terms import without_term
from crm.settings.settings import office_setting
from crm.values.fiscal_year import FiscalYear

BEGINS_IN = 1  # from January on the coming fiscal year is what the office works at
DUE_IN = 3  # March: the terms of the coming year should be made


class Concern(StrEnum):
    """What there is to say about a member at the turn of the year; what the work list can be narrowed to."""

    RENEWS = "renews"
    NEW = "new"
    LEAVES = "leaves"
    TIER_CHANGES = "tier_changes"
    CLASS_CHANGES = "class_changes"
    FIGURE_OLD = "figure_old"
    FIGURE_MISSING = "figure_missing"
    NOT_ASKED = "not_asked"
    ASKED = "asked"
    ANSWERED = "answered"
    NO_TERM = "no_term"


@dataclass(frozen=True)
class Renewal:
    """One member at the turn of the year. ``before`` is the year before, ``None`` for a newcomer; ``now`` is ``None`` for
    whoever left with the year before. ``declaration`` is what was asked for the year and answered."""

    year: FiscalYear
    member: Member
    before: FeeBasis | None
    now: FeeBasis | None
    has_term: bool
    declaration: Declaration | None = None

    @property
    def crosses(self) -> bool:
        """Whether the tier, of an unchanged class, is another than the year before: 100/101 was crossed or fixed by hand."""
        if self.before is None or self.before.tier is None or self.now is None or self.now.tier is None:
            return False
        return self.before.member_class is self.now.member_class and self.before.tier.code != self.now.tier.code

    @property
    def changes_class(self) -> bool:
        """Whether the class is another than the year before, or changes during the year."""
        differs = (
            self.before is not None and self.now is not None and self.before.member_class is not self.now.member_class
        )
        return differs or bool(self.class_changes)

    @property
    def class_changes(self) -> list[tuple[ClassPeriod, ClassPeriod]]:
        """The changes of class on a day of the year: what it was until then, and what it is from then on."""
        pairs = zip(self.member.classes, self.member.classes[1:], strict=False)
        return [
            (a, b) for a, b in pairs
            if b.since in self.year and a.member_class is not b.member_class and a.until == b.since - timedelta(days=1)
        ]  # fmt: skip

    @property
    def needs_figure(self) -> bool:
        """Whether nobody told how many employees a paying member has."""
        return self.now is not None and self.now.tier is None

    @property
    def is_old(self) -> bool:
        """Whether the figure is older than a year on the counting day."""
        return self.now is not None and (self.now.days_old or 0) > OLD_AFTER_DAYS

    @property
    def leaves_on(self) -> date | None:
        """The last day of whoever leaves before the year begins or during it."""
        left = self.member.left_on
        return left if left is not None and left < self.year.last_day else None

    @property
    def withdrawal(self) -> MembershipTerm | None:
        """The term that says when leaving was asked for, and why."""
        asked = [t for t in self.member.terms if t.withdrawal_asked_on is not None]
        return asked[-1] if asked and self.leaves_on is not None else None

    @property
    def concerns(self) -> set[Concern]:
        """All there is to say about it."""
        asked = self.declaration.state if self.declaration is not None else None
        wants = self.needs_figure or self.is_old
        said = {
            Concern.RENEWS: self.now is not None and self.before is not None and self.leaves_on is None,
            Concern.NEW: self.before is None, Concern.LEAVES: self.leaves_on is not None, Concern.TIER_CHANGES: self.crosses,
            Concern.CLASS_CHANGES: self.changes_class, Concern.FIGURE_OLD: self.is_old,
            Concern.FIGURE_MISSING: self.needs_figure, Concern.NOT_ASKED: wants and asked is None,
            Concern.ASKED: asked is DeclarationState.ASKED, Concern.ANSWERED: asked is DeclarationState.ANSWERED,
            Concern.NO_TERM: self.now is not None and not self.has_term,
        }  # fmt: skip
        return {concern for concern, holds in said.items() if holds}


def usual_year(today: date) -> FiscalYear:
    """The year the office works at on a day: the coming one from January to March, else the one that runs."""
    year = FiscalYear.of(today)
    return year + 1 if BEGINS_IN <= today.month <= DUE_IN else year


def outlook(year: FiscalYear) -> list[Renewal]:
    """Everyone who belongs in a fiscal year, by member number, with the fee of it and of the year before. Writes nothing."""
    return [row for row in worklist(year) if row.now is not None]


def worklist(year: FiscalYear) -> list[Renewal]:
    """As `outlook`, and whoever was a member up to the year's eve and does not go on."""
    rows = tiers.all_tiers()
    asked = {d.member_id: d for d in db.session.scalars(declarations.of_year(year))}
    members = db.session.scalars(
        fees.with_basis(sa.select(Member).where(concerned(year))).order_by(Member.number)
    ).unique()
    return [
        Renewal(
            year, member, fees.basis(member, year - 1, rows), fees.basis(member, year, rows),
            any(term.year == year for term in member.terms), asked.get(member.id),
        )
        for member in members
    ]  # fmt: skip


def concerned(year: FiscalYear) -> sa.ColumnElement[bool]:
    """The condition that a member belongs in a fiscal year or did on its eve."""
    return sa.or_(belonging_in(year), belonging(year.first_day - timedelta(days=1)))


def not_made(year: FiscalYear) -> int:
    """How many terms of a fiscal year are still to be made."""
    return db.session.scalar(sa.select(sa.func.count(Member.id)).where(without_term(year))) or 0


def overdue(today: date) -> tuple[FiscalYear, int]:
    """The year whose terms should be made by now (in March already the coming one), and how many are missing."""
    year = FiscalYear.of(today) + (1 if today.month == DUE_IN else 0)
    return year, not_made(year)


def to_remind_of() -> list[tuple[FiscalYear, str]]:
    """In April, whom to tell that terms of the year that began are missing: the office, once a year."""
    today = clock.today()
    year = FiscalYear.of(today)
    if today.month != year.first_day.month or not not_made(year):
        return []
    return [(year, email) for email in _office() if not outbox.is_posted(reminder_key(year, email))]


def reminder_key(year: FiscalYear, email: str) -> str:
    """What makes the reminder go once to each address."""
    return f"terms_missing:{year.start}:{email}"


def _office() -> list[str]:
    """The office's own address; where none is set, those who may change memberships and can sign in."""
    email: str = office_setting("issuer.email")
    if email:
        return [email]
    roles = holders(Permission.MEMBERS_EDIT)
    may = sa.select(User.email).where(User.role.in_(roles), User.state == UserState.ACTIVE).order_by(User.id)
    return list(db.session.scalars(may))
