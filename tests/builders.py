"""Nouns for tests, made through the rules and never around them. Each builder writes in an act of its own.

``an_organisation("株式会社アオゾラ")`` and the like: what is not said is filled in sensibly.
"""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from crm.history.kinds import Kind
from crm.history.recording import act

_numbers = itertools.count(1)


# --- organisations


def an_organisation(name: str = "", *, employees: int | None = None, on: date = date(2025, 4, 1), **values: Any) -> Any:
    """An organisation, with an employee count if one is given."""
    from crm.organisations import organisations

    with act(Kind.ORGANISATION_ADDED) as deed:
        made = organisations.adding(name or f"株式会社見本{next(_numbers)}", **values)
        if employees is not None:
            made.count_employees(employees, on=on, source=organisations.CountSource.DECLARED)
        deed.about = made
    return made


def a_person(organisation: Any = None, *roles: Any, name: str = "見本 花子", since: date | None = None, **values: Any) -> Any:
    """Someone at an organisation, with roles (``PersonRole``) held since a day, or ever since."""
    from crm.organisations import people

    organisation = organisation or an_organisation()
    values.setdefault("email", f"person{next(_numbers)}@example.test")
    with act(Kind.PERSON_ADDED) as deed:
        made = people.adding(organisation, name, **values)
        for role in roles:
            made.takes(role, since)
        deed.about = made
    return made


# --- projects


def a_participation(organisation: Any = None, since: str | None = "2025-04-01", **values: Any) -> Any:
    """A participation in project CHANGE since a day or month."""
    from crm.projects import participations
    from crm.values.dates import DayOrMonth

    organisation = organisation or an_organisation()
    with act(Kind.PARTICIPATION_RECORDED) as deed:
        begun = DayOrMonth.parse(since) if since else None
        made = participations.record(organisation, since=begun, **{"topic": 1, **values})
        deed.about = made
    return made


def a_contract(organisation: Any = None, kind: Any = None, signed: str = "2025-04-01", **values: Any) -> Any:
    """A joint-research contract, or one of another ``ContractKind``, signed on a day or in a month."""
    from crm.projects import contracts
    from crm.values.dates import DayOrMonth

    organisation = organisation or an_organisation()
    with act(Kind.CONTRACT_RECORDED) as deed:
        made = contracts.record(
            organisation, kind or contracts.ContractKind.JOINT_RESEARCH, signed=DayOrMonth.parse(signed), **values
        )
        deed.about = made
    return made


# --- events


def an_event(
    *capacities: int | None, slug: str = "", days: float = 30, hours: float = 2, published: bool = True, **values: Any
) -> Any:
    """An event beginning in so many days, with a session for each capacity (one of 50 seats without any)."""
    from datetime import timedelta

    from crm import clock
    from crm.events import arranging, events

    title = values.pop("title", "見本セミナー")
    kind = values.pop("kind", events.EventKind.CARE_SEMINAR)
    with act(Kind.EVENT_CREATED) as deed:
        made = events.adding(slug or f"mihon-{next(_numbers)}", title, kind, **values)
        for number, capacity in enumerate(capacities or (50,)):
            starts = clock.now() + timedelta(days=days + number)
            events.add_session(made, starts, starts + timedelta(hours=hours), capacity)
        if published:
            arranging.publish(made)
        deed.about = made
    return made


def a_registration(session: Any, name: str = "", *, source: Any = None, **values: Any) -> Any:
    """A registration for a session, seated or waiting as the rules say."""
    from crm.events import registering
    from crm.events.registrations import Source

    number = next(_numbers)
    visitor = registering.Visitor(
        name=name or f"見本 {number}郎", email=values.pop("email", f"guest{number}@example.test"), **values
    )
    with act(Kind.REGISTERED) as deed:
        made = registering.register(session.id, visitor, source or Source.PUBLIC)
        deed.about = made
    return made
