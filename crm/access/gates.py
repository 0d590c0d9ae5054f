"""What each audience demands, who is acting now, and whether they may."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden

from crm import clock, text
from crm.access import login_door, second_factor, sessions, throttle, tokens
from crm.access.permissions import GRANTS, Permission, Role
from crm.access.sessions import SignIn
from crm.access.users import User, actor_names
from crm.errors import Busy
from crm.history.recording import Actor, acts_now, housekeeping
from crm.web import errors, languages

P = ParamSpec("P")

log = logging.getLogger("crm.access")

QUIET = frozenset({"static", "vendor"})  # files everyone gets: nobody need be known
SET_UP = "office.factors"  # the one place that is open to staff who still lack their second factor


def requires(permission: Permission) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """The one permission a view names; 403 for whoever does not hold it."""

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            if not can(permission):
                _log_refusal(permission.value)
                raise Forbidden
            return view(*args, **kwargs)

        guarded.__permission__ = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def can(permission: Permission | str) -> bool:
    """Whether whoever acts now holds a permission."""
    return Permission(permission) in g.get("permissions", frozenset())


def current_user() -> User | None:
    """Who is signed in, or whose token a program uses."""
    user: User | None = g.get("user")
    return user


def signed_in_user() -> User:
    """Who is signed in; for views behind a gate."""
    user = current_user()
    if user is None:
        raise Forbidden
    return user


def current_sign_in() -> SignIn:
    """The session of whoever is signed in; for views behind a gate."""
    sign_in: SignIn | None = g.get("sign_in")
    if sign_in is None:
        raise Forbidden
    return sign_in


def roles_table() -> list[tuple[Permission, list[bool]]]:
    """Each permission with whether each role, in the order of ``Role``, holds it."""
    return [(permission, [permission in GRANTS[role] for role in Role]) for permission in Permission]


def install(app: Flask) -> None:
    """Tell every request who is acting, and templates what they may."""
    login_door.install(app)
    app.before_request(_who_acts)
    app.jinja_env.globals.update(can=can, current_user=current_user, actor_names=actor_names)


def _who_acts() -> None:
    g.user = g.sign_in = None
    g.permissions = frozenset()
    g.lacks = ""
    if request.endpoint in QUIET or errors.is_program():
        return
    sign_in = login_door.signed_in()
    if sign_in is None:
        return
    if sessions.needs_touch(sign_in):
        _touch(sign_in)
        sign_in = login_door.signed_in_again()
        if sign_in is None:
            return
    g.sign_in = sign_in
    _admit(sign_in)


def _admit(sign_in: SignIn) -> None:
    """Who has given everything their account asks for acts as themselves; the others only go on to give it."""
    user = sign_in.user
    if not sign_in.is_proven and second_factor.has_one(user):
        g.lacks = "second factor"
        if not sign_in.may_still_be_proven(clock.now()):
            g.sign_in = None
        return
    g.user = user
    g.permissions = user.permissions
    if not sign_in.is_proven and second_factor.is_demanded_of(user):
        g.lacks = "set-up"
        g.permissions = frozenset({Permission.PROFILE_OWN})
    acts_now(user.actor)
    if request.path.startswith("/office"):
        text.speak(user.locale)
    elif request.path.startswith("/portal"):
        text.speak(languages.chosen() or user.locale)


def _touch(sign_in: SignIn) -> None:
    """Note the use; a database that is busy or full must not keep anyone from reading."""
    try:
        with housekeeping():
            sessions.touch(sign_in)
    except (Busy, OperationalError) as error:
        log.warning("could not note the use of a session: %s", error)


def staff_only() -> ResponseReturnValue | None:
    """The office's door."""
    return _admitted(staff=True)


def members_only() -> ResponseReturnValue | None:
    """The portal's door."""
    return _admitted(staff=False)


def _admitted(*, staff: bool) -> ResponseReturnValue | None:
    user = current_user()
    if user is None:
        step = "public.access.prove" if g.sign_in is not None else "public.access.sign_in"
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(step, next=login_door.safe_path(wanted)), 303)
    if user.is_staff is not staff:
        _log_refusal("staff" if staff else "members")
        raise Forbidden
    if g.lacks == "set-up" and request.blueprint != SET_UP:
        return redirect(url_for(f"{SET_UP}.show"), 303)
    return None


def tokens_only() -> ResponseReturnValue | None:
    """The API's door: ``Authorization: Bearer <token>``."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(given.strip()) if scheme.lower() == "bearer" and given else None
    if token is None:
        return _unknown_token(given)
    if tokens.needs_touch(token):
        try:
            with housekeeping():
                tokens.touch(token)
        except (Busy, OperationalError) as error:
            log.warning("could not note the use of a token: %s", error)
    g.user, g.permissions = token.user, token.permissions
    acts_now(Actor("token", token.id))
    return None


def _unknown_token(given: str) -> ResponseReturnValue:
    if given:
        with housekeeping():
            wait = throttle.counted((throttle.UNKNOWN_TOKEN, login_door.address()))
        if wait:
            response = errors.answer(429)
            response.headers["Retry-After"] = str(wait)
            return response
    response = errors.answer(401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _log_refusal(wanted: str) -> None:
    user = current_user()
    log.warning(
        "refused what=%s actor=%s method=%s endpoint=%s", wanted, user.actor if user else "public", request.method,
        request.endpoint,
    )  # fmt: skip
