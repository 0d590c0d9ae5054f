"""Someone of a member in the members' pages: with roles, or with rights the office chose, signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tests import builders
from tests.visiting import Visitor

PASSWORD = "夕焼けの多摩川を渡る青い電車"


def with_account(organisation: Any, *roles: Any, rights: Iterable[Any] | None = None, **values: Any) -> tuple[Any, Any]:
    """A person of an organisation and their account, the password set."""
    from crm.db import db
    from crm.history.kinds import Kind
    from crm.history.recording import act
    from crm.organisations import portal_access, portal_rights

    person = builders.a_person(organisation, *roles, **values)
    with act(Kind.USER_INVITED):
        user = portal_access.invite_person(person)
        user.set_password(PASSWORD)
        portal_rights.choose(person, rights)
        db.session.flush()
    return person, user


def inside(
    sign_in: Callable[..., Visitor], organisation: Any, *roles: Any, rights: Iterable[Any] | None = None, **values: Any
) -> Visitor:
    """The same, looking at the members' pages."""
    return sign_in(user=with_account(organisation, *roles, rights=rights, **values)[1])
