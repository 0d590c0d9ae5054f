"""Every door of the office, tried as each role: who may not, cannot, and nothing is written; who may, is not turned away.

The doors are read from the map of addresses and the roles from the table of permissions, so that neither a new page nor a new
role can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from crm.access.permissions import GRANTS, Role
from crm.db import db
from crm.history.records import Act, Change
from tests.office_doors import Door, doors, may_send_forms
from tests.visiting import Visitor

STAFF = [role for role in Role if role is not Role.MEMBER]
ONLY_LOOK = {"office.history.verify"}  # a form that only counts again what is there


@pytest.mark.parametrize("role", STAFF)
def test_staff_pass_the_doors_the_table_grants_them_and_no_other(
    role: Role, app: Flask, sign_in: Callable[..., Visitor]
) -> None:
    visitor = sign_in(role.value)
    shut = [door for door in doors(app) if not set(door.permissions) <= GRANTS[role]]
    pages = [door for door in doors(app) if door not in shut and door.method == "GET"]
    forms = [door for door in doors(app) if door not in shut and door.method != "GET"]
    before = _written()
    passed = [f"{door}: {answer.status}" for door, answer in _tried(app, visitor, shut) if answer.status_code != 403]
    assert passed == [], f"{role} lacks the permission and was let in"
    broken = [f"{door}: {answer.status}" for door, answer in _tried(app, visitor, pages) if _turned_away(answer)]
    assert broken == [], f"{role} holds the permission and was turned away"
    assert _written() == before, f"{role} was refused, or only looked, and something was written"
    broken = [f"{door}: {answer.status}" for door, answer in _tried(app, visitor, forms) if _turned_away(answer)]
    assert broken == [], f"{role} holds the permission and was turned away"


def test_a_member_passes_no_door_of_the_office(app: Flask, sign_in: Callable[..., Visitor]) -> None:
    member = sign_in(Role.MEMBER.value)
    before = _written()
    passed = [
        f"{door}: {answer.status}" for door, answer in _tried(app, member, doors(app)) if answer.status_code != 403
    ]
    assert passed == []
    assert _written() == before


def test_who_is_not_signed_in_is_asked_to_whatever_the_door(app: Flask, client: Visitor) -> None:
    before = _written()
    passed = [
        f"{door}: {answer.status}" for door, answer in _tried(app, client, doors(app))
        if answer.status_code != 303 or not answer.location.startswith("/sign-in")
    ]  # fmt: skip
    assert passed == []
    assert _written() == before


def test_only_a_permission_to_do_something_opens_a_form(app: Flask) -> None:
    """Whoever may only read, such as the auditor, can send nothing but what concerns their own account."""
    sending = [door for door in doors(app) if door.method != "GET" and door.endpoint not in ONLY_LOOK]
    reading = [str(door) for door in sending if any(one.value.endswith(":read") for one in door.permissions)]
    assert reading == []


def _tried(app: Flask, visitor: Visitor, tried: Iterable[Door]) -> Iterator[tuple[Door, TestResponse]]:
    headers = may_send_forms(app, visitor)
    for door in tried:
        yield door, visitor.open(door.path, method=door.method, headers=headers if door.method != "GET" else None)


def _turned_away(answer: TestResponse) -> bool:
    """An empty form, or a row that is not there, may be answered as such; shut doors and defects may not be."""
    asked_to_sign_in = answer.status_code == 303 and answer.location.startswith("/sign-in")
    return answer.status_code in (401, 403, 405) or answer.status_code >= 500 or asked_to_sign_in


def _written() -> tuple[int, int]:
    """How many acts and changes the record holds."""
    counts = [db.session.scalar(sa.select(sa.func.count(noun.id))) or 0 for noun in (Act, Change)]
    return counts[0], counts[1]
