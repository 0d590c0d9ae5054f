"""What each audience demands, who is acting now, and whether they may."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from crm.access.permissions import Permission

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)


def requires(permission: Permission) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """The one permission a view names; 403 for whoever does not hold it."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            if not can(permission):
                raise Forbidden
            return view(*args, **kwargs)

        guarded.__permission__ = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def can(permission: Permission | str) -> bool:
    """Whether whoever acts now holds a permission."""
    return Permission(permission) in g.get("permissions", frozenset())


def install(app: Flask) -> None:
    """Tell every request who is acting, and templates what they may."""
    app.jinja_env.globals.update(can=can)


def staff_only() -> ResponseReturnValue | None:
    """The office's door."""
    raise Forbidden


def members_only() -> ResponseReturnValue | None:
    """The portal's door."""
    raise Forbidden


def tokens_only() -> ResponseReturnValue | None:
    """The API's door."""
    raise Forbidden
