"""What one row of an imported list says differently from what we know of an organisation, and writing that.

Only what a row gives counts: a blank cell changes nothing. Who has left, or gave a role up, is not brought back by an old list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm.db import db
from crm.errors import Refused
from crm.organisations import naming, succession
from crm.organisations.organisations import CountSource, NumberState, Organisation, key_of
from crm.organisations.people import Person, PersonRole
from crm.text import _, gettext

Values = Mapping[str, Any]
PLAIN = ("kana", "industry", "postal_code", "address", "phone", "representative", "remark")


@dataclass(frozen=True)
class Change:
    """One thing a row says differently: the column it stands in, and how it is written."""

    code: str
    write: Callable[[], object]


def check(values: Values) -> None:
    """Raise ``Refused`` for a row that does not hold together, naming the column."""
    if values.get("employees_on") and values.get("employees") is None:
        raise Refused(_("There is a day but no number of employees."), field="employees")


def created(values: Values, source: str) -> Organisation:
    """A new organisation from a row, added to the running act with all the row says."""
    number = values.get("corporate_number")
    organisation = Organisation(
        name=values["name"],
        kind_known=values.get("kind") is not None,
        corporate_number=number,
        number_state=NumberState.FORM_ONLY if number else None,
        source=source,
        **{code: values[code] for code in (*PLAIN, "kind") if values.get(code)},
    )
    db.session.add(organisation)
    return organisation


def changes(organisation: Organisation, people: Sequence[Person], values: Values, day: date) -> list[Change]:
    """What the row says differently. ``day`` is the day of the import; ``people`` all people known at the organisation."""
    return [
        *_of_record(organisation, values, day),
        *_of_employees(organisation, values, day),
        *_of_bank_names(organisation, values),
        *_of_people(organisation, people, values),
    ]


def _of_record(organisation: Organisation, values: Values, day: date) -> Iterator[Change]:
    name = values.get("name")
    if name and not organisation.is_called(name):
        yield Change("name", lambda: _call(organisation, name, day))
    number = values.get("corporate_number")
    if number and number != organisation.corporate_number:
        if organisation.corporate_number:
            raise Refused(_("%(name)s has another corporate number.", name=organisation.name), field="corporate_number")
        yield Change("corporate_number", lambda: organisation.change(corporate_number=number))
    kind = values.get("kind")
    if kind and (kind is not organisation.kind or not organisation.kind_known):
        yield Change("kind", lambda: organisation.change(kind=kind, kind_known=True))
    for code in PLAIN:
        if values.get(code) and values[code] != getattr(organisation, code):
            yield Change(code, lambda code=code: organisation.change(**{code: values[code]}))  # type: ignore[misc]


def _call(organisation: Organisation, name: str, day: date) -> None:
    """A really different name under the same corporate number is a change of name; the old one stays findable."""
    if key_of(name) == organisation.duplicate_key:
        organisation.change(name=name)
    else:
        succession.rename(organisation, name, day, source=gettext("Imported list"))


def _of_employees(organisation: Organisation, values: Values, day: date) -> Iterator[Change]:
    employees = values.get("employees")
    if employees is None:
        return
    on = values.get("employees_on")
    known = organisation.employees_on(day) if on is None else None
    known = known or next((count for count in organisation.employee_counts if count.on == on), None)
    if known is None or known.employees != employees:
        yield Change(
            "employees",
            lambda: organisation.count_employees(employees, on=on or day, source=CountSource.IMPORTED),
        )


def _of_bank_names(organisation: Organisation, values: Values) -> Iterator[Change]:
    known = {bank_name.key for bank_name in organisation.bank_names}
    for kana in values.get("bank_kana") or ():
        if naming.bank_key(kana) not in known:
            yield Change("bank_kana", lambda kana=kana: organisation.pays_as(kana))  # type: ignore[misc]


def _of_people(organisation: Organisation, people: Sequence[Person], values: Values) -> Iterator[Change]:
    name, email = values.get("contact_name") or "", values.get("contact_email") or ""
    billing = values.get("billing_email") or ""
    is_one = bool(billing) and billing.casefold() == email.casefold()
    if name or email:
        roles = [PersonRole.LIAISON, *([PersonRole.BILLING] if is_one else [])]
        code = "contact_email" if email else "contact_name"
        yield from _of_person(organisation, people, code, name, email, roles)
    if billing and not is_one:
        yield from _of_person(organisation, people, "billing_email", "", billing, [PersonRole.BILLING])


def _of_person(
    organisation: Organisation, people: Sequence[Person], code: str, name: str, email: str, roles: list[PersonRole]
) -> Iterator[Change]:
    person = _known(people, name, email)
    if person is None:
        yield Change(code, lambda: _add_person(organisation, name, email, roles))
        return
    if person.left_on is not None:
        return
    if name and name != person.name:
        yield Change("contact_name", lambda: setattr(person, "name", name))
    if email and email.casefold() != person.email.casefold():
        yield Change(code, lambda: setattr(person, "email", email))
    for role in roles:
        if not any(held.role is role for held in person.roles):
            yield Change(code, lambda role=role: person.takes(role, None))  # type: ignore[misc]


def _known(people: Sequence[Person], name: str, email: str) -> Person | None:
    by_email = (person for person in people if email and person.email.casefold() == email.casefold())
    by_name = (person for person in people if name and person.name == name)
    return next(by_email, None) or next(by_name, None)


def _add_person(organisation: Organisation, name: str, email: str, roles: list[PersonRole]) -> None:
    """Someone of whom only the address is known is called by the task, as letters to them begin."""
    person = Person(organisation=organisation, name=name or gettext("Person in charge"), email=email)
    db.session.add(person)
    for role in roles:
        person.takes(role, None)
