"""The language of public and members' pages: chosen by ``?lang=ja`` or ``?lang=en``, kept for the visit, for whoever looks.

Without a choice the portal speaks as the person's own settings say, as the office always does; programs are answered in Japanese.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, current_app, redirect, request, session
from flask.typing import ResponseReturnValue

from crm import text

NAMES = {"ja": "日本語", "en": "English"}


def install(app: Flask) -> None:
    """Listen for the choice before any view."""
    app.before_request(_choose)


def is_public() -> bool:
    """Whether the page at hand is one of everyone's."""
    return (request.endpoint or "").startswith("public.")


def can_be_chosen() -> bool:
    """Whether the page at hand lets whoever looks choose its language."""
    return (request.endpoint or "").startswith(("public.", "portal."))


def chosen() -> str | None:
    """The language chosen for this visit, if any."""
    return session.get("locale")


def choose(locale: str) -> None:
    """Speak so for the rest of the visit."""
    session["locale"] = locale


def choices() -> list[dict[str, Any]]:
    """The language switch of the page at hand: the same page in each language; none where it cannot be opened again."""
    if not can_be_chosen() or not _can_be_opened():
        return []
    return [
        {"code": code, "label": NAMES[code], "url": _here(lang=code), "is_current": code == text.locale()}
        for code in text.LOCALES
    ]


def _choose() -> ResponseReturnValue | None:
    """Keep the choice and go on to the page without it."""
    wanted = request.args.get("lang")
    if wanted is None or request.method not in ("GET", "HEAD") or not can_be_chosen():
        return None
    if wanted in text.LOCALES:
        choose(wanted)
    return redirect(_here(), 303)


def _here(**more: str) -> str:
    """The address of the page at hand with what it asks for, another language apart."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    query = urlencode([*asked, *more.items()])
    return quote(request.path) + (f"?{query}" if query else "")


def _can_be_opened() -> bool:
    """Whether the address answers to GET: an error may stand on one that a form was sent to."""
    if request.method in ("GET", "HEAD"):
        return True
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, "GET")
