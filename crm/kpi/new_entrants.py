"""New-entrant companies (新たな参入企業数), by the written definition ``r8-1``.

The rules in words, as they are published with every figure, stand in ``definitions.R8_1``; this module carries them out and does
nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.kpi.definitions import R8_1
from crm.kpi.steps import EntryCategory, Step, taken
from crm.organisations import naming
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.organisations.succession import Lineage
from crm.text import _, label
from crm.values.fiscal_year import FiscalYear

INDICATOR = "new_entrant_companies"
MEMBER = EntryCategory.MEMBER

_COMPANY_FORMS = frozenset({"株式会社", "有限会社", "合名会社", "合資会社", "合同会社", "相互会社"})


@dataclass(frozen=True)
class Entry:
    """A company that newly entered: under which number, since when, by what evidence, and what else it met."""

    organisation_id: int
    organisation: str
    category: EntryCategory
    also: tuple[EntryCategory, ...]
    step: Step

    def as_json(self) -> dict[str, Any]:
        """As the command and the API say it."""
        return {
            "organisation": self.organisation, "organisation_id": self.organisation_id, "category": self.category.value,
            "also": [one.value for one in self.also], "date": str(self.step.since), "evidence": self.step.evidence,
        }  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """A company with a step in the year that does not count, and why."""

    organisation_id: int
    organisation: str
    category: EntryCategory
    reason: object
    step: Step

    def as_json(self) -> dict[str, Any]:
        """As the command and the API say it."""
        return {
            "organisation": self.organisation, "organisation_id": self.organisation_id, "category": self.category.value,
            "date": str(self.step.since), "reason": str(self.reason),
        }  # fmt: skip


@dataclass(frozen=True)
class NewEntrants:
    """The figure with everything it counts. ``left_out`` are left out under 4; ``not_counted`` those no rule lets in.

    Without ``has_books`` nothing at all is known by the day that could be counted, and 0 would say too much.
    """

    year: FiscalYear
    as_of: date
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    strictly_left_out: tuple[LeftOut, ...]
    not_counted: tuple[LeftOut, ...]
    definition: str = R8_1.version
    has_books: bool = True

    @property
    def value(self) -> int:
        """How many companies newly entered."""
        return len(self.entries)

    @property
    def strict_value(self) -> int:
        """The second figure, by the stricter reading of 4."""
        return len(self.entries) - len(self.strictly_left_out)

    @property
    def by_category(self) -> dict[EntryCategory, int]:
        """How many under each number."""
        return {one: sum(entry.category is one for entry in self.entries) for one in EntryCategory}

    def as_json(self, target: int | None) -> dict[str, Any]:
        """The answer of ``crm kpi show new-entrants`` and of the API."""
        return {
            "indicator": "new-entrants",
            "definition": self.definition,
            "fiscal_year": self.year.start,
            "as_of": self.as_of.isoformat(),
            "value": self.value,
            "target": target,
            "by_category": {one.value: number for one, number in self.by_category.items()},
            "entries": [one.as_json() for one in self.entries],
            "left_out": [one.as_json() for one in self.left_out],
            "strict_value": self.strict_value,
            "strictly_left_out": [one.as_json() for one in self.strictly_left_out],
            "not_counted": [one.as_json() for one in self.not_counted],
        }


def count(year: FiscalYear, as_of: date | None = None) -> NewEntrants:
    """Companies that newly entered in a fiscal year, as of a day: today, for a past year its last day. By the rules of ``R8_1``.

    The number of queries does not depend on how many companies there are.
    """
    as_of = as_of or min(clock.today(), year.last_day)
    return _Counting(year, as_of).result()


def counts(years: Iterable[FiscalYear], as_of: date) -> dict[FiscalYear, NewEntrants]:
    """Several years as of one day, from one look into the books."""
    steps, lineage = taken(as_of), Lineage.load(as_of)
    return {year: _Counting(year, as_of, steps, lineage).result() for year in years}


class _Counting:
    """One year's figure in the making. A company is known by one of its records, also where it has several."""

    def __init__(
        self, year: FiscalYear, as_of: date, steps: list[Step] | None = None, lineage: Lineage | None = None
    ) -> None:
        self.year, self.as_of = year, as_of
        self._lineage = Lineage.load(as_of) if lineage is None else lineage
        self._steps: dict[int, list[Step]] = defaultdict(list)
        self._on_record: dict[int, list[Step]] = defaultdict(list)
        for step in taken(as_of) if steps is None else steps:
            self._on_record[step.organisation_id].append(step)
            standing = self._lineage.successor_of(step.organisation_id, step.begins) or step.organisation_id
            self._steps[self._company(standing)].append(step)
        self._met = {company: self._meets(company) for company in self._steps}

    def result(self) -> NewEntrants:
        """The figure and its lists, by category and day."""
        entries, left_out, strictly = [], [], []
        for company in filter(self._is_company, self._steps):
            met = self._met[company]
            for_member = self._why_left_out(company) if MEMBER in met else None
            if for_member is not None:
                left_out.append(self._left_out(company, MEMBER, met[MEMBER], for_member))
            counting = [one for one in met if one is not MEMBER or for_member is None]
            if counting:
                first, *others = [*counting, *(one for one in met if one not in counting)]
                entries.append(Entry(company, self._name(company), first, tuple(others), met[first]))
                if first is MEMBER and (why := self._why_left_out_strictly(company)) is not None:
                    strictly.append(self._left_out(company, MEMBER, met[MEMBER], why))
        return NewEntrants(
            self.year, self.as_of, tuple(sorted(entries, key=_entry_order)), _in_order(left_out), _in_order(strictly),
            _in_order(self._not_counted()), has_books=bool(self._steps),
        )  # fmt: skip

    def _meets(self, company: int) -> dict[EntryCategory, Step]:
        """What a company meets in the year, each with its first step, by number."""
        return {
            category: step
            for category in EntryCategory
            if (step := self._first(company, category)) is not None
            and step.day in self.year
            and self._earlier(company, step) is None
        }

    def _first(self, company: int, category: EntryCategory) -> Step | None:
        """The company's own first step of a category."""
        own = (step for step in self._steps[company] if step.category is category)
        return min(own, key=lambda step: step.day, default=None)

    def _earlier(self, company: int, step: Step) -> Step | None:
        """An earlier step of the same category in the past of the company as it stood on the day of a step."""
        return self._before(company, step, {step.category}, lambda day: day < step.day)

    def _before(self, company: int, step: Step, categories: set[EntryCategory], is_before: Any) -> Step | None:
        past = self._lineage.whose_past(company, step.day)
        found = (
            one
            for record in sorted(past)
            for one in self._on_record.get(record, ())
            if one.category in categories and is_before(one.day)
        )
        return min(found, key=lambda one: one.day, default=None)

    def _why_left_out(self, company: int) -> object | None:
        """Why 4 does not count for a company that became a member: it, or what it had absorbed by then, met 1 to 3."""
        own = self._met[company]
        lower = next((one for one in own if one is not MEMBER), None)
        if lower is not None:
            return _("Meets %(category)s in the same fiscal year (%(date)s).",
                     category=label(lower), date=_told(own[lower]))  # fmt: skip
        day = own[MEMBER].day
        for record in sorted(self._lineage.whose_past(company, day) - self._lineage.same(company)):
            other = self._company(record)
            met = self._met.get(other, {}) if self._is_company(other) else {}
            category = next((one for one in met if one is not MEMBER and met[one].day <= day), None)
            if category is not None:
                return _("%(name)s, absorbed before, meets %(category)s in the same fiscal year (%(date)s).",
                         name=self._name(other), category=label(category), date=_told(met[category]))  # fmt: skip
        return None

    def _why_left_out_strictly(self, company: int) -> object | None:
        """Why the stricter reading leaves a new member out: an earlier participation or contract, of whatever year."""
        joined = self._met[company][MEMBER]
        lower = {one for one in EntryCategory if one is not MEMBER}
        earlier = self._before(company, joined, lower, lambda day: day <= joined.day)
        return None if earlier is None else self._known_since(company, earlier)

    def _not_counted(self) -> Iterator[LeftOut]:
        """Everyone else with a step in the year."""
        for company, steps in self._steps.items():
            in_year = {step.category: step for step in reversed(steps) if step.day in self.year}
            for category, step in in_year.items():
                if not self._is_company(company):
                    yield self._left_out(company, category, step, self._why_no_company(company))
                elif category not in self._met[company]:
                    earlier = self._earlier(company, step)
                    if earlier is not None:
                        yield self._left_out(company, category, step, self._known_since(company, earlier))

    def _known_since(self, company: int, earlier: Step) -> object:
        words = {"deed": earlier.category.deed, "date": _told(earlier)}
        if earlier.organisation_id in self._lineage.same(company):
            if earlier.since is None:
                return _("%(deed)s before, since an unknown day.", **words)
            return _("%(deed)s before (%(date)s).", **words)
        words["name"] = self._name(earlier.organisation_id)
        if earlier.since is None:
            return _("%(deed)s of %(name)s, absorbed before, since an unknown day.", **words)
        return _("%(deed)s of %(name)s, absorbed before (%(date)s).", **words)

    def _why_no_company(self, company: int) -> object:
        organisation = self._organisations[company]
        if not organisation.kind_known:
            return _("Its kind is not recorded. If it is a company, please say so on its page.")
        return _("Not a company but: %(kind)s.", kind=label(organisation.kind))

    def _left_out(self, company: int, category: EntryCategory, step: Step, reason: object) -> LeftOut:
        return LeftOut(company, self._name(company), category, reason, step)

    def _company(self, record: int) -> int:
        """The record a company is known by: of those joined by changes of name, the one that none of them went over to."""
        records = self._lineage.same(record)
        last = [one for one in records if not any(self._lineage.leads(one, to=o) for o in records if o != one)]
        return min(last, default=record)

    def _is_company(self, company: int) -> bool:
        organisation = self._organisations[company]
        if organisation.kind_known:
            return bool(organisation.kind is OrganisationKind.COMPANY)
        form = naming.legal_form(organisation.name)
        return form is not None and form.form.name in _COMPANY_FORMS

    def _name(self, record: int) -> str:
        return str(self._organisations[record].name)

    @cached_property
    def _organisations(self) -> dict[int, Any]:
        """Name and kind of every organisation concerned. One query."""
        ids = set(self._steps) | set(self._on_record)
        ids |= {past for company in self._steps for past in self._lineage.whose_past(company, self.as_of)}
        columns = (Organisation.id, Organisation.name, Organisation.kind, Organisation.kind_known)
        return {row.id: row for row in db.session.execute(sa.select(*columns).where(Organisation.id.in_(ids)))}


def _told(step: Step) -> str:
    return "" if step.since is None else str(step.since)


def _entry_order(entry: Entry) -> tuple[int, date, str]:
    return entry.category.number, entry.step.day, entry.organisation


def _in_order(left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(left_out, key=lambda one: (one.category.number, one.step.day, one.organisation)))
