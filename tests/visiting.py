"""A visitor to the application: the test client, with forms filled in as a browser would send them."""

from __future__ import annotations

import contextvars
from html.parser import HTMLParser
from typing import Any

from flask import current_app, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class Visitor(FlaskClient):
    """Each request runs in a context of its own, as in production, whatever context the test itself has open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        _see_the_present()
        answer: TestResponse = contextvars.Context().run(super().open, *args, **kwargs)
        _see_the_present()
        return answer

    def fill_in(self, page: str, *, form: str | int = 0, follow_redirects: bool = False, **fields: Any) -> TestResponse:
        """Open ``page``, fill in one of its forms and send it to where the form points.

        ``form`` picks by position or by a part of its action. What is not filled in is sent as the page shows it, the
        hidden fields (CSRF, idempotency key, version) among it; ``None`` leaves a field out.
        """
        shown = self.get(page)
        assert shown.status_code == 200, f"{page} answered {shown.status_code}"
        chosen = _pick(forms_on(shown.text), form)
        values = {**chosen.values, **fields}
        kept = {name: value for name, value in values.items() if value is not None}
        return self.open(chosen.action or page, method=chosen.method, data=kept, follow_redirects=follow_redirects)


def _see_the_present() -> None:
    """End the test's own read transaction, so that it neither holds back nor misses what a request commits."""
    if has_app_context() and "sqlalchemy" in current_app.extensions:
        from crm.db import db

        db.session.rollback()


class Form:
    """A form as a page shows it: where it goes and what its fields hold."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.values: dict[str, Any] = {}


def forms_on(html: str) -> list[Form]:
    """The forms of a page, in order."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms


def _pick(forms: list[Form], wanted: str | int) -> Form:
    if isinstance(wanted, int):
        posting = [form for form in forms if form.method == "POST"]
        return (posting or forms)[wanted]
    return next(form for form in forms if wanted in form.action)


class _FormReader(HTMLParser):
    """Collects forms with the values a browser would send untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name = has.get("name") or ""
        if tag == "form":
            self._form = Form(has.get("action") or "", (has.get("method") or "get").upper())
            self.forms.append(self._form)
        elif self._form is None or "disabled" in has:
            return
        elif tag == "input" and name and (has.get("type") not in ("checkbox", "radio") or "checked" in has):
            if has.get("type") not in ("submit", "button", "image", "file"):
                self._add(name, has.get("value") or ("on" if has.get("type") == "checkbox" else ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in has or self._select not in self._form.values:
                self._form.values[self._select] = has.get("value") or ""
        elif tag == "textarea" and name:
            self._text = name
            self._form.values[name] = ""

    def handle_data(self, data: str) -> None:
        if self._text and self._form:
            self._form.values[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            if self._text and self._form:
                self._form.values[self._text] = self._form.values[self._text].removeprefix("\n")
            self._text = None

    def _add(self, name: str, value: str) -> None:
        assert self._form is not None
        if name in self._form.values:
            held = self._form.values[name]
            self._form.values[name] = [*(held if isinstance(held, list) else [held]), value]
        else:
            self._form.values[name] = value
