"""Movements of a fiscal year (入会・退会・変更): a table that adds up, each figure with the members behind it.

Opening + joined + returned ± changes of class ± changes of tier - left = closing. Opening is who goes on from the year's eve,
closing who goes on after the day asked for: whose last day is 31 March has left in the year that ends with it, though a member
on that day. So the members *on* a day are the closing of that day and those whose last day it is, and one year's closing is
the next one's opening.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.members import fees, tiers
from crm.members.members import ClassPeriod, Member
from crm.members.tiers import FeeTier, MemberClass
from crm.text import _, label
from crm.values.fiscal_year import FiscalYear

ONE_DAY = timedelta(days=1)


class Figure(StrEnum):
    """A column of the table: 期首, 入会, 再入会, 区分変更 in and out, 会費区分の変更 in and out, 退会, 期末."""

    OPENING = "opening"
    JOINED = "joined"
    RETURNED = "returned"
    CLASS_IN = "class_in"
    CLASS_OUT = "class_out"
    TIER_IN = "tier_in"
    TIER_OUT = "tier_out"
    LEFT = "left"
    CLOSING = "closing"

    @property
    def sign(self) -> int:
        """How it counts towards the closing figure; the closing itself counts nothing."""
        if self is Figure.CLOSING:
            return 0
        return -1 if self in (Figure.CLASS_OUT, Figure.TIER_OUT, Figure.LEFT) else 1


@dataclass(frozen=True, order=True)
class Group:
    """A row of the table: a class, and among 企業会員 the tier; ``code`` is empty where no employee figure is known."""

    member_class: MemberClass
    code: str

    @property
    def key(self) -> str:
        """Its name in addresses and files."""
        return f"{self.member_class.value}.{self.code or 'unknown'}"


@dataclass(frozen=True)
class Step:
    """What happened to one member on a day: from which group to which; ``None`` is outside."""

    member: Member
    day: date
    before: Group | None
    after: Group | None
    returns: bool = False

    @property
    def what(self) -> Figure:
        """The column it stands in, for whoever it brings; what takes away from a group is named by ``figures``."""
        if self.before is None:
            return Figure.RETURNED if self.returns else Figure.JOINED
        if self.after is None:
            return Figure.LEFT
        return Figure.TIER_IN if self.before.member_class is self.after.member_class else Figure.CLASS_IN

    def figures(self) -> Iterator[tuple[Group, Figure]]:
        """The cells of the table it counts in."""
        what = self.what
        if what is Figure.LEFT and self.before is not None:
            yield self.before, what
        elif self.after is not None:
            yield self.after, what
            if self.before is not None:
                yield self.before, Figure.TIER_OUT if what is Figure.TIER_IN else Figure.CLASS_OUT


@dataclass(frozen=True)
class Entry:
    """One member behind a figure; ``step`` is empty for opening and closing, which are standings and no movements."""

    member: Member
    group: Group
    figure: Figure
    day: date
    step: Step | None = None


@dataclass(frozen=True)
class Movements:
    """A fiscal year's movements up to a day, the day included."""

    year: FiscalYear
    on: date
    groups: list[Group]
    entries: list[Entry]
    names: dict[str, str]

    def entries_of(
        self, figure: Figure, *, member_class: MemberClass | None = None, group: Group | None = None
    ) -> list[Entry]:
        """The members behind a figure, of a class or a group, or of all, by day and member number."""
        return [
            e for e in self.entries
            if e.figure is figure and group in (None, e.group) and member_class in (None, e.group.member_class)
        ]  # fmt: skip

    def count(self, figure: Figure, *, member_class: MemberClass | None = None, group: Group | None = None) -> int:
        """How many they are."""
        return len(self.entries_of(figure, member_class=member_class, group=group))

    def last_days(self, member_class: MemberClass | None = None) -> int:
        """How many have their last day on the day asked for: still members on it, and not in the closing."""
        return sum(e.day == self.on for e in self.entries_of(Figure.LEFT, member_class=member_class))

    def members_on(self, member_class: MemberClass | None = None) -> int:
        """How many members there are on the day asked for, as `terms.count` says."""
        return self.count(Figure.CLOSING, member_class=member_class) + self.last_days(member_class)

    def name_of(self, group: Group | None) -> str:
        """A group as the table names it; outside is a dash."""
        if group is None:
            return "—"
        if group.member_class is MemberClass.ASSOCIATE:
            return label(group.member_class)
        return self.names.get(group.code) or str(_("Corporate member, no employee figure"))

    def breaches(self) -> list[str]:
        """Where opening and movements do not give the closing; empty when all adds up."""
        sums = {g: sum(f.sign * self.count(f, group=g) for f in Figure) for g in self.groups}
        return [f"{g.key}: {n} != {self.count(Figure.CLOSING, group=g)}" for g, n in sums.items()
                if n != self.count(Figure.CLOSING, group=g)]  # fmt: skip


def usual_day(year: FiscalYear) -> date:
    """Up to when a year is looked at unless asked otherwise: today in the year that runs, else its last day."""
    today = clock.today()
    return today if today in year else year.last_day


def of_year(year: FiscalYear, *, on: date | None = None) -> Movements:
    """A fiscal year's movements from its eve up to a day of it (by default `usual_day`), as they are known today.

    Raises ``ValueError`` for a day outside the year.
    """
    on = usual_day(year) if on is None else on
    there = Member.classes.any(sa.and_(
        ClassPeriod.since <= on, sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= year.first_day)
    ))  # fmt: skip
    members = db.session.scalars(fees.with_basis(sa.select(Member).where(there)).order_by(Member.number)).unique()
    return tabled(members, year, on, tiers.all_tiers())


def tabled(members: Iterable[Member], year: FiscalYear, on: date, rows: list[FeeTier]) -> Movements:
    """The table of these members; ``rows`` are all dated tiers. Raises ``ValueError`` for a day outside the year."""
    if on not in year:
        raise ValueError("the day lies outside the fiscal year")
    entries = [entry for member in members for entry in _entries(member, year, on, rows)]
    entries.sort(key=lambda e: (e.day, e.member.number))
    by_age = sorted(rows, key=lambda row: row.effective_from)
    names, fee = {row.code: row.name for row in by_age}, {row.code: row.annual_fee.amount for row in by_age}
    known = {*_usual_groups(year, rows), *(e.group for e in entries)}
    order = sorted(known, key=lambda g: (g.member_class is MemberClass.ASSOCIATE, -fee.get(g.code, -1), g.code))
    return Movements(year, on, order, entries, names)


def _usual_groups(year: FiscalYear, rows: list[FeeTier]) -> list[Group]:
    """The rows a year's table has even where nobody stands in them."""
    corporate = [t for t in tiers.in_force(year.first_day, rows) if t.member_class is MemberClass.CORPORATE]
    return [*(Group(MemberClass.CORPORATE, t.code) for t in corporate), Group(MemberClass.ASSOCIATE, "")]


def _entries(member: Member, year: FiscalYear, on: date, rows: list[FeeTier]) -> Iterator[Entry]:
    before, steps = _year_of(member, year, on, rows)
    if before is not None:
        yield Entry(member, before, Figure.OPENING, year.first_day)
    for step in steps:
        for group, figure in step.figures():
            yield Entry(member, group, figure, step.day, step)
    after = steps[-1].after if steps else before
    if after is not None:
        yield Entry(member, after, Figure.CLOSING, on)


def _year_of(member: Member, year: FiscalYear, on: date, rows: list[FeeTier]) -> tuple[Group | None, list[Step]]:
    """The group a member goes on in from the year's eve, and what happened up to a day."""
    changes = list(_changes(member))
    eve = [cls for day, cls, _back in changes if day < year.first_day]
    standing = eve[-1] if eve else None
    here = opening = _group(member, standing, year - 1, rows)
    steps: list[Step] = []
    moved_on_first = any(day == year.first_day and cls is not None for day, cls, _back in changes)
    turned = _group(member, standing, year, rows) if standing is not None and not moved_on_first else here
    if turned != here:
        steps.append(Step(member, year.first_day, here, turned))
        here = turned
    for day, cls, back in changes:
        if year.first_day <= day <= on:
            there = _group(member, cls, year, rows)
            if there != here:
                steps.append(Step(member, day, here, there, returns=back))
            here = there
    return opening, steps


def _changes(member: Member) -> Iterator[tuple[date, MemberClass | None, bool]]:
    """From which day on a member stands in which class (``None`` after its last day), and whether it came back then."""
    for i, period in enumerate(member.classes):
        yield period.since, period.member_class, i > 0
        following = member.classes[i + 1] if i + 1 < len(member.classes) else None
        if period.until is not None and (following is None or following.since > period.until + ONE_DAY):
            yield period.until, None, False


def _group(member: Member, member_class: MemberClass | None, year: FiscalYear, rows: list[FeeTier]) -> Group | None:
    if member_class is None:
        return None
    if member_class is MemberClass.ASSOCIATE:
        return Group(member_class, "")
    basis = fees.basis(member, year, rows)
    is_known = basis is not None and basis.tier is not None and basis.tier.member_class is MemberClass.CORPORATE
    return Group(member_class, basis.tier.code if is_known and basis and basis.tier else "")
