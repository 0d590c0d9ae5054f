"""The base of all forms.

A form checks what a form can check: present, well-formed, in order. Rules stand in the nouns and answer ``Refused``, which
``refusals()`` turns into the error of the field it names. The key that makes a form count once is made when it is shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.exceptions import Conflict
from wtforms import HiddenField
from wtforms.i18n import get_translations

from crm.db import Versioned
from crm.errors import Refused, Stale
from crm.history.recording import running
from crm.text import _, locale

TECHNICAL = frozenset({"idempotency_key", "version", "csrf_token"})


def form_key() -> str:
    """A fresh key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


class Form(FlaskForm):
    """A form with its idempotency key and, when it edits, the version it read."""

    class Meta:
        csrf = False  # one check for every POST stands in ``safety``; a second here could be forgotten

        def get_translations(self, form: Any) -> Any:
            return get_translations((locale(),))

    idempotency_key = HiddenField(default=form_key)
    version = HiddenField()

    refused = False

    def values(self) -> dict[str, Any]:
        """What was filled in, without the technical fields."""
        return {f.short_name: f.data for f in self if f.short_name not in TECHNICAL}

    @property
    def is_sent(self) -> bool:
        """Whether the page answers a form that was sent."""
        return bool(self.is_submitted())

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A rule that says no inside the block becomes this form's error; the block ends there."""
        try:
            yield
        except Stale:
            raise
        except Refused as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal at the field it names, or above the form."""
        self.refused = True
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]

    def check_version(self, row: Versioned) -> None:
        """Raise ``Stale`` when someone saved ``row`` after this form was shown."""
        if self.version.data and self.version.data != str(row.version):
            raise Stale(_("Someone else saved this record meanwhile. Nothing was written; please look at it again."))

    @classmethod
    def of(cls, row: Any, **kwargs: Any) -> Form:
        """The form filled from a noun, remembering its version."""
        form = cls(obj=row, **kwargs)
        if not form.is_submitted():
            form.version.data = str(getattr(row, "version", "") or "")
            form.idempotency_key.data = form_key()
        return form


class EmptyForm(Form):
    """A button: nothing but its key."""


def done(url: str, message: object = None, category: str = "success") -> ResponseReturnValue:
    """303 to ``url`` with a message; inside an act it also becomes where the same form leads when sent again."""
    deed = running()
    if deed is not None:
        deed.leads_to(url)
    if message is not None:
        flash(str(message), category)
    return redirect(url, 303)


def back(default: str) -> str:
    """The page a button was pressed on, if it was one of ours, else ``default``."""
    came_from = request.referrer or ""
    return came_from if came_from.startswith(request.host_url) else default


def conflict(message: object) -> Conflict:
    """A 409 to raise, with words for the person."""
    return Conflict(str(message))
