"""Refusals and failures as a page for people or as ``application/problem+json`` for programs."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError

from crm.errors import Busy, Refused, disk_is_full
from crm.history.commands import AlreadyDone
from crm.text import _, gettext
from crm.web.forms import back

log = logging.getLogger("crm.web")

RETRY_SECONDS = "2"
DISK_FULL = _("The disk is full. Nothing was changed.")
TITLES = {
    400: _("This request could not be understood"),
    401: _("Please sign in"),
    403: _("This is not open to you"),
    404: _("There is no such page"),
    405: _("This cannot be done here"),
    409: _("This could not be done"),
    413: _("This is too large"),
    422: _("Please check what was entered"),
    429: _("Too many requests"),
    500: _("Something went wrong"),
    503: _("Busy, please try again"),
}


def install(app: Flask) -> None:
    """Answer every error in one way."""
    app.register_error_handler(AlreadyDone, _already_done)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(OperationalError, _database_trouble)
    app.register_error_handler(OSError, _no_room)
    app.register_error_handler(DataError, _unfit)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _defect)


def problem(status: int, title: str, detail: str = "", field: str | None = None, **more: Any) -> Response:
    """An ``application/problem+json`` answer (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, **more}
    if detail:
        body["detail"] = detail
    if field:
        body["errors"] = [{"field": field, "message": detail}]
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


def is_program() -> bool:
    """Whether a program, not a person, asked."""
    return request.path.startswith(("/api/", "/webhooks/"))


def answer(status: int, detail: object = "", field: str | None = None) -> Response:
    """The error for whoever asked, person or program."""
    title = str(TITLES.get(status, TITLES[400 if status < 500 else 500]))
    if is_program():
        response = problem(status, title, str(detail), field)
    else:
        body = render_template("errors/error.html", status=status, title=title, detail=str(detail))
        response = Response(body, status)
    if status in (429, 503):
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _already_done(done: AlreadyDone) -> ResponseReturnValue:
    if is_program():
        return Response(
            done.answer or "{}", 200, content_type="application/json", headers={"Idempotent-Replayed": "true"}
        )
    flash(gettext("This was already done; it was not done a second time."), "info")
    return redirect(done.location or back(request.path), 303)


def _refused(refusal: Refused) -> ResponseReturnValue:
    return answer(422 if refusal.field and is_program() else 409, refusal, refusal.field)


def _busy(_error: Busy) -> ResponseReturnValue:
    return answer(503, _("Others are writing just now. Nothing was changed; please try again."))


def _database_trouble(error: OperationalError) -> ResponseReturnValue:
    log.error("database: %s", error.orig)
    return answer(503, DISK_FULL if disk_is_full(error) else _("The database does not answer."))


def _no_room(error: OSError) -> ResponseReturnValue:
    if not disk_is_full(error):
        return _defect(error)
    log.error("no room to write at %s %s: %s", request.method, request.path, error)
    return answer(503, DISK_FULL)


def _unfit(error: DataError) -> ResponseReturnValue:
    log.warning("unfit value: %s", error.orig)
    return answer(422, _("A value does not fit its field."))


def _expired_form(_error: CSRFError) -> ResponseReturnValue:
    return answer(400, _("The form is no longer valid. Please open the page again and send it once more."))


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError) or error.code is None or error.code < 400:
        return error if error.code is not None and error.code < 400 else answer(500)
    words = error.description if error.code == 409 else ""
    return answer(error.code, words or "")


def _defect(error: Exception) -> ResponseReturnValue:
    log.exception("defect at %s %s", request.method, request.path)
    return answer(500, _("The failure was noted. Nothing half-done was kept."))
