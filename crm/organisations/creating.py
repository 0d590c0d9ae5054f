"""Many new organisations of one list, written in a few statements instead of an object each.

It writes what `row_writing` writes for a new organisation, row by row the same, past the session's objects: thousands of rows
come within seconds. Rows with a follow-up of another package, or that mean someone we know, go the ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from crm.history.inserting import insert_all
from crm.organisations import naming
from crm.organisations.organisations import BankName, CountSource, EmployeeCount, NumberState, Organisation, key_of
from crm.organisations.people import Person, PersonRole, RoleAt
from crm.organisations.row_writing import PLAIN, Values
from crm.text import gettext

FEW = 50
"""Fewer rows are written one by one: the few statements save nothing then."""


AT_ONCE = 1_000
"""Rows in one go, so that a long list does not stand in memory several times over."""


@dataclass
class _Rows:
    """The rows of each table, where a child says by position whose it is."""

    organisations: list[dict[str, Any]] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    bank_names: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)


def create_all(said: Sequence[Values], source: str, day: date) -> list[int]:
    """Write a new organisation for each row's values, with its people and figures; their ids in the same order.

    ``day`` is the day of the import. Raises ``IntegrityError`` for a corporate number we have: planning finds those before.
    """
    ids: list[int] = []
    for start in range(0, len(said), AT_ONCE):
        ids += _write(_rows(said[start : start + AT_ONCE], source, day))
    return ids


def _rows(said: Sequence[Values], source: str, day: date) -> _Rows:
    rows = _Rows()
    unnamed = gettext("Person in charge")
    for values in said:
        position = len(rows.organisations)
        rows.organisations.append(_organisation(values, source))
        if values.get("employees") is not None:
            rows.counts.append({
                "organisation_id": position, "employees": values["employees"], "on": values.get("employees_on") or day,
                "source": CountSource.IMPORTED,
            })  # fmt: skip
        for key, kana in {naming.bank_key(kana): kana for kana in reversed(values.get("bank_kana") or ())}.items():
            rows.bank_names.append({"organisation_id": position, "kana": kana, "key": key})
        for name, email, roles in _people(values):
            rows.roles += [{"person_id": len(rows.people), "role": role} for role in roles]
            name = name or unnamed
            key = Person.found_by(name, "", email)
            rows.people.append({"organisation_id": position, "name": name, "email": email, "search_key": key})
    return rows


def _write(rows: _Rows) -> list[int]:
    ids = insert_all(Organisation, rows.organisations)
    for child in (*rows.counts, *rows.bank_names, *rows.people):
        child["organisation_id"] = ids[child["organisation_id"]]
    insert_all(EmployeeCount, rows.counts)
    insert_all(BankName, rows.bank_names)
    people = insert_all(Person, rows.people)
    insert_all(RoleAt, [{**role, "person_id": people[role["person_id"]]} for role in rows.roles])
    return ids


def _organisation(values: Values, source: str) -> dict[str, Any]:
    number = values.get("corporate_number")
    name, kana = values["name"], values.get("kana") or ""
    return {
        "name": name, "kind_known": values.get("kind") is not None, "corporate_number": number,
        "number_state": NumberState.FORM_ONLY if number else None, "source": source,
        "search_key": Organisation.found_by(number, name, kana), "duplicate_key": key_of(name),
        **{code: values[code] for code in (*PLAIN, "kind") if values.get(code)},
    }  # fmt: skip


def _people(values: Values) -> Iterator[tuple[str, str, list[PersonRole]]]:
    """Whom a row names: the liaison, and the billing contact where it is another address."""
    name, email = values.get("contact_name") or "", values.get("contact_email") or ""
    billing = values.get("billing_email") or ""
    is_one = bool(billing) and billing.casefold() == email.casefold()
    if name or email:
        yield name, email, [PersonRole.LIAISON, *([PersonRole.BILLING] if is_one else [])]
    if billing and not is_one:
        yield "", billing, [PersonRole.BILLING]
