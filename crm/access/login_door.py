"""Flask-Login, in one file: how a browser carries the token of its session row.

The signed cookie holds the opaque token and nothing about the person. A new token replaces the cookie's whole content, so
what was there before signing in is worth nothing afterwards.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request, session
from flask_login import LoginManager, current_user, login_user

from crm.access import links, sessions
from crm.access.sessions import SignIn
from crm.access.users import User
from crm.errors import Refused

KNOWN = "known"
KNOWN_SECONDS = 180 * 86400
CLEAR_SITE_DATA = (
    '"cache", "storage"'  # the session's cookie is dropped by name: "cookies" would also forget the known browser
)


class Carried:
    """A session row as Flask-Login wants it."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, sign_in: SignIn, token: str) -> None:
        self.sign_in = sign_in
        self._token = token

    def get_id(self) -> str:
        """What the cookie holds."""
        return self._token


def install(app: Flask) -> None:
    """Let Flask-Login find session rows."""
    manager = LoginManager()
    manager.session_protection = None  # rows end; binding them to an address would only lose people on trains
    manager.user_loader(_carried)
    manager.init_app(app, add_context_processor=False)


def _carried(token: str) -> Carried | None:
    sign_in = sessions.find(token)
    return None if sign_in is None else Carried(sign_in, token)


def signed_in() -> SignIn | None:
    """The living session this browser carries."""
    if "_user_id" not in session:
        return None
    return getattr(current_user, "sign_in", None)


def signed_in_again() -> SignIn | None:
    """The same, read anew: it may have ended meanwhile."""
    return sessions.find(session.get("_user_id", ""))


def carry(sign_in: SignIn, token: str) -> None:
    """From now on the browser carries this token, and nothing it had before but its language."""
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    login_user(Carried(sign_in, token))
    session.pop("_id", None)  # Flask-Login's fingerprint of address and browser, which nobody reads


def carry_on(sign_in: SignIn, token: str) -> None:
    """The same session under a new token; messages for the next page stay."""
    login_user(Carried(sign_in, token))
    session.pop("_id", None)


def drop() -> None:
    """The browser carries nothing any more."""
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or ""


def agent() -> str:
    """The browser, in its own words, shortened when kept."""
    return request.user_agent.string


def account_subject(user: User | None, email_key: str) -> str:
    """Whom wrong passwords for an account count against: a browser that was signed in before counts apart from strangers."""
    if user is None:
        return email_key
    try:
        known = links.read("known browser", request.cookies.get(KNOWN, ""), KNOWN_SECONDS)
    except Refused:  # a forged or old cookie is no cookie
        known = None
    return f"{email_key} {known[1]}" if isinstance(known, list) and known[0] == user.id else email_key


def remember_browser(response: Response, user: User, token: str) -> Response:
    """Mark the browser as one where the user was signed in; this opens nothing."""
    response.set_cookie(
        KNOWN, links.sign("known browser", [user.id, token[:8]]), max_age=KNOWN_SECONDS, httponly=True, samesite="Lax",
        secure=request.is_secure, path="/sign-in",
    )  # fmt: skip
    return response


def safe_path(wanted: str | None) -> str | None:
    """A path of this site to go on to; anything that could lead elsewhere is none."""
    if (
        not wanted
        or not wanted.startswith("/")
        or wanted.startswith("//")
        or "\\" in wanted
        or not wanted.isprintable()
    ):
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
