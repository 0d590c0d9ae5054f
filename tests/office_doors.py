"""Every door of the office as the map of addresses has it, so that tests which try them all cannot forget a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import BaseConverter, Rule

from crm.access.permissions import Permission
from crm.history.recording import acting, acts_now
from tests.visiting import Visitor

NO_ROW = 8_999_999  # the id of no row there is
UNCHECKED = frozenset({"HEAD", "OPTIONS"})  # answered by the framework as GET is
CSRF = "X-CSRFToken"


@dataclass(frozen=True)
class Door:
    """A method of an address, and the permissions its view names; the address leads to rows that are not there."""

    method: str
    path: str
    endpoint: str
    permissions: tuple[Permission, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.endpoint})"


def permissions_of(view: Callable[..., Any] | None) -> Iterator[Permission]:
    """The permissions a view names with ``@requires``."""
    while view is not None:
        if "__permission__" in vars(view):
            yield vars(view)["__permission__"]
        view = getattr(view, "__wrapped__", None)


def doors(app: Flask, audience: str = "office") -> list[Door]:
    """Each method of each address of an audience."""
    addresses = app.url_map.bind("localhost")
    return [
        Door(
            method, addresses.build(rule.endpoint, _values(rule), method=method), rule.endpoint,
            tuple(permissions_of(app.view_functions[rule.endpoint])),
        )
        for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{audience}.")
        for method in sorted((rule.methods or set()) - UNCHECKED)
    ]  # fmt: skip


def _values(rule: Rule) -> dict[str, object]:
    return {name: _value(converter) for name, converter in rule._converters.items()}


def _value(converter: BaseConverter) -> object:
    if "items" in vars(converter):  # any(…) of some words
        return sorted(vars(converter)["items"])[0]
    return NO_ROW if converter.regex == r"\d+" else "none-there-is"


def may_send_forms(app: Flask, visitor: Visitor) -> dict[str, str]:
    """The header that makes a visitor's POSTs pass the check of where they come from, so that only the gate speaks."""
    secret, actor = "0" * 40, acting()
    with visitor.session_transaction() as carried:
        carried["csrf_token"] = secret
    acts_now(actor)  # the request context of the line above ended with nobody acting
    assert app.secret_key is not None
    return {CSRF: URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(secret)}
