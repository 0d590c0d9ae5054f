"""Definition r8-1 against a second telling of it: days played forward one by one, on histories drawn by chance."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from crm.kpi.new_entrants import _Counting
from crm.kpi.steps import EntryCategory, Step
from crm.organisations.organisations import OrganisationKind
from crm.organisations.succession import Lineage, Link, SuccessionKind
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear

YEAR = FiscalYear(2026)
MEMBER = EntryCategory.MEMBER
COMPANIES = range(1, 8)


@dataclass
class Told:
    """A year as the second telling has it."""

    met: dict[int, dict[EntryCategory, date]] = field(default_factory=lambda: defaultdict(dict))
    left_out: set[int] = field(default_factory=set)
    strictly: set[int] = field(default_factory=set)

    @property
    def entries(self) -> set[tuple[int, EntryCategory]]:
        """Each company with the number it counts under."""
        found = set()
        for company, met in self.met.items():
            counting = [one for one in EntryCategory if one in met and not (one is MEMBER and company in self.left_out)]
            if counting:
                found.add((company, counting[0]))
        return found


def played_forward(steps: list[Step], links: list[Link], as_of: date) -> Told:
    """What a clerk would write down who sat there every day from 2024 to the as-of day."""
    told, done, taken_in = Told(), defaultdict(set), defaultdict(set)
    stands = {company: company for company in COMPANIES}
    known_at_joining: dict[int, set[EntryCategory]] = {}
    had_at_joining: dict[int, set[int]] = {}
    for step in steps:
        if step.since is None:
            done[step.organisation_id].add(step.category)
    day = date(2024, 4, 1)
    while day <= as_of:
        for link in links:
            if link.effective_on == day:
                here, there = stands[link.predecessor], stands[link.successor]
                done[there] |= done[here]
                taken_in[there] |= taken_in[here] | {here}
                stands = {one: there if owner == here else owner for one, owner in stands.items()}
        today = [step for step in steps if step.since is not None and step.day == day]
        for step in today:
            company = stands[step.organisation_id]
            if step.category not in done[company] and day in YEAR:
                told.met[company].setdefault(step.category, day)
        for step in today:
            company = stands[step.organisation_id]
            done[company].add(step.category)
        for step in today:
            company = stands[step.organisation_id]
            if step.category is MEMBER and company not in known_at_joining:
                known_at_joining[company], had_at_joining[company] = set(done[company]), set(taken_in[company])
        day += timedelta(days=1)
    for company, met in list(told.met.items()):
        if MEMBER in met:
            whose = {company} | had_at_joining[company]
            if any(set(told.met[one]) - {MEMBER} for one in whose):
                told.left_out.add(company)
            elif known_at_joining[company] - {MEMBER}:
                told.strictly.add(company)
    return told


def a_history(chance: random.Random) -> tuple[list[Step], list[Link]]:
    """Seven companies, some absorbing others, with steps around the year."""

    def a_day() -> date:
        return date(2025, 10, 1) + timedelta(days=chance.randrange(0, 600))

    steps = [
        Step(
            chance.choice(COMPANIES),
            chance.choice(list(EntryCategory)),
            None if chance.random() < 0.05 else DayOrMonth.of(a_day()),
            "",
            "",
        )
        for _ in range(chance.randrange(3, 20))
    ]
    links = []
    for predecessor in chance.sample(list(COMPANIES)[:-1], chance.randrange(0, 4)):
        successor = chance.randrange(predecessor + 1, max(COMPANIES) + 1)
        links.append(Link(SuccessionKind.ABSORBED, successor, predecessor, a_day()))
    return sorted(steps, key=lambda step: step.day), links


@pytest.mark.parametrize("seed", range(40))
def test_both_tellings_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one = SimpleNamespace(name="株式会社見本", kind=OrganisationKind.COMPANY, kind_known=True)
    monkeypatch.setattr(_Counting, "_organisations", dict.fromkeys(COMPANIES, one))
    chance = random.Random(seed)
    for _ in range(10):
        steps, links = a_history(chance)
        as_of = YEAR.first_day + timedelta(days=chance.randrange(0, 365))
        seen = [step for step in steps if step.day <= as_of]
        lineage = Lineage(link for link in links if link.effective_on <= as_of)
        found, told = _Counting(YEAR, as_of, seen, lineage).result(), played_forward(steps, links, as_of)
        assert {(entry.organisation_id, entry.category) for entry in found.entries} == told.entries, (
            steps,
            links,
            as_of,
        )
        assert {left.organisation_id for left in found.left_out} == told.left_out, (steps, links, as_of)
        assert {left.organisation_id for left in found.strictly_left_out} == told.strictly, (steps, links, as_of)
