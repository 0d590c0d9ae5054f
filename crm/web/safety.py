"""What every answer and every request goes through: headers, content policy, CSRF, limits, and the command's key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.formparser import FormDataParser

from crm import text
from crm.config import Settings
from crm.errors import Refused
from crm.history import commands, recording
from crm.text import _

MAX_BODY = 4 * 1024 * 1024
MAX_UPLOAD = 25 * 1024 * 1024
KEY_LENGTHS = range(8, 129)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=False)


class _FormReader(FormDataParser):
    """Bytes of a form that are no character arrive as �, which its field refuses; left as %ED%A0%80 they would pass for text."""

    def _parse_urlencoded(self, stream: Any, mimetype: str, content_length: int | None, options: dict[str, str]) -> Any:
        written = stream.read().decode("utf-8", "replace")
        pairs = parse_qsl(written, keep_blank_values=True, errors="replace")
        return stream, self.cls(pairs), MultiDict()


class _Request(Request):
    """A request whose forms are read by `_FormReader`."""

    form_data_parser_class = _FormReader


def install(app: Flask, settings: Settings) -> None:
    """Put the protections in place."""
    app.request_class = _Request
    secure = settings.base_url.startswith("https://")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="__Host-crm" if secure else "crm",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=True,
        WTF_I18N_ENABLED=False,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        RATELIMIT_ENABLED=settings.public_rate > 0,
    )
    app.before_request(_make_room)
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_begin)
    app.after_request(_headers)
    app.teardown_request(_end)


def takes_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that takes uploads: its requests may be as long as ``MAX_UPLOAD``."""
    view.__takes_files__ = True  # type: ignore[attr-defined]
    return view


def _make_room() -> None:
    """Before anything reads the body."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "__takes_files__", False):
        request.max_content_length = MAX_UPLOAD


def public_rate() -> str:
    """The limit on public form posts, as Flask-Limiter reads it."""
    from crm.config import settings

    return f"{max(settings().public_rate, 1)} per minute"


def _begin() -> None:
    if "\0" in request.path:  # no text of ours holds one, and no database takes one
        raise NotFound
    broken = next((name for name, value in request.args.items(multi=True) if "\0" in value), None)
    if broken is not None and request.path.startswith("/api/"):
        raise Refused(_("The text contains a NUL character."), field=broken)
    if broken is not None:
        raise BadRequest("NUL")
    commands.incoming.set(None)
    recording.acts_now(recording.PUBLIC)
    text.speak(session.get("locale") or _accepted())
    key = request.headers.get("Idempotency-Key") or (
        request.form.get("idempotency_key") if request.method == "POST" and _is_form() else None
    )
    if key and request.method in ("POST", "PATCH", "PUT", "DELETE"):
        if len(key) not in KEY_LENGTHS or not key.isascii() or not key.isprintable():
            raise BadRequest("Idempotency-Key")
        commands.incoming.set(commands.Incoming(key, f"{request.method} {request.path}", _fingerprint()))


def _accepted() -> str:
    """Japanese unless the public visitor's browser asks for English only."""
    if not request.path.startswith(("/office", "/portal")):
        return request.accept_languages.best_match(text.LOCALES, text.DEFAULT_LOCALE) or text.DEFAULT_LOCALE
    return text.DEFAULT_LOCALE


def _is_form() -> bool:
    return request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")


def _fingerprint() -> str:
    """A digest of what was sent, so that a key used for other content is found out."""
    digest = hashlib.sha256()
    if not _is_form():
        digest.update(request.get_data())
        return digest.hexdigest()
    for name, values in sorted(request.form.lists()):
        if name not in ("csrf_token", "idempotency_key"):
            digest.update(repr((name, values)).encode("utf-8", "surrogatepass"))
    for name, file in sorted(request.files.items(multi=True)):
        digest.update(repr((name, file.filename)).encode("utf-8", "surrogatepass"))
        digest.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
        file.stream.seek(0)
    return digest.hexdigest()


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in ("static", "vendor"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _end(_error: BaseException | None) -> None:
    commands.incoming.set(None)
    recording.acts_now(None)
