"""Every form that anyone can reach by links: what no record may hold is refused in Japanese, twice counts once, stale is refused.

The demonstration is walked as a browser walks it, without one: what is sent here is what no browser would send.
"""

from __future__ import annotations

import contextvars
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from crm.app import create_app
from crm.config import Settings
from crm.db import db
from crm.history.records import ChainHead
from tests import demonstration
from tests.visiting import Visitor, forms_on

JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
REFUSED = (400, 409, 413, 422)
POISONS = {
    "NUL": "見本\0太郎".encode(), "half of a surrogate pair": b"\xe8\xa6\x8b\xed\xa0\x80", "bytes of no character": b"\xff\xfe",
    "control": "見本\x1b[31m".encode(), "bidi": "見\u202e本".encode(), "60 kB": "あ".encode() * 20_000,
}  # fmt: skip
ENDS_THE_VISIT = ("public.access.sign_out", "office.me.end_others")


@dataclass
class Found:
    """A form as the walk met it."""

    visitor: Visitor
    page: str
    action: str
    values: dict[str, object]
    texts: list[str] = field(default_factory=list)

    def send(self, **changes: object) -> TestResponse:
        """The form as shown, under a key of its own, with some fields changed."""
        return self.visitor.post(
            self.action, data={**self.values, "idempotency_key": secrets.token_urlsafe(18), **changes}
        )

    def send_bytes(self, content: bytes) -> TestResponse:
        """The form with these bytes in every field of text."""
        said = {**self.values, "idempotency_key": secrets.token_urlsafe(18)}
        fields = [
            (name, str(one).encode()) for name, it in said.items() for one in (it if isinstance(it, list) else [it])
        ]
        fields = [pair for pair in fields if pair[0] not in self.texts] + [(name, content) for name in self.texts]
        body = "&".join(f"{quote(name)}={quote_from_bytes(value)}" for name, value in fields)
        return self.visitor.post(self.action, data=body, content_type="application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def application(demonstration_built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demonstration on data of this module's own."""
    folder = demonstration.copy(demonstration_built, tmp_path_factory.mktemp("forms") / "data")
    made = create_app(Settings(data_dir=folder, secret_key="x" * 40, public_rate=0, fast_passwords=True))
    made.test_client_class = Visitor
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def forms(application: Flask) -> dict[str, Found]:
    """The first form of each address that is written to, as the public, a director and a member meet it."""
    found: dict[str, Found] = {}
    for role in ("", "director", "member"):
        visitor = _signed_in(application, role)
        for page, html in _pages(application, visitor, role):
            for form, texts in zip(forms_on(html), _texts_of(html), strict=True):
                endpoint = _endpoint(application, form.action or page, form.method)
                if form.method == "POST" and endpoint not in ENDS_THE_VISIT:
                    found.setdefault(endpoint, Found(visitor, page, form.action or page, form.values, texts))
    assert len(found) > 60
    return found


@pytest.mark.parametrize("poison", POISONS)
def test_what_no_record_may_hold_is_refused_in_japanese_and_nothing_is_written(
    application: Flask, forms: dict[str, Found], poison: str
) -> None:
    before, wrong = _acts(application), []
    for endpoint, form in forms.items():
        if form.texts:
            answer = form.send_bytes(POISONS[poison])
            if answer.status_code not in REFUSED or not JAPANESE.search(answer.text):
                wrong.append(f"{endpoint} on {form.page} answers {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert _acts(application) == before


def test_ten_megabytes_are_refused_before_they_are_read(forms: dict[str, Found]) -> None:
    body, wrong = b"name=" + b"a" * 10_000_000, []
    for endpoint, form in forms.items():
        answer = form.visitor.post(form.action, data=body, content_type="application/x-www-form-urlencoded")
        if answer.status_code not in (400, 413) or not JAPANESE.search(answer.text):
            wrong.append(f"{endpoint} on {form.page} answers {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_hidden_fields_and_choices_take_nothing_odd_either(application: Flask, forms: dict[str, Found]) -> None:
    wrong = []
    for endpoint, form in forms.items():
        for odd in ("\0", "9" * 30, "²", "-1"):
            names = form.values.keys() - {"csrf_token", "idempotency_key"}
            answer = form.send(**dict.fromkeys([*names, *form.texts], odd))
            if answer.status_code >= 500:
                wrong.append(f"{endpoint} on {form.page} answers {answer.status_code} to {odd!r}")
    assert not wrong, "\n".join(wrong)


def test_an_edit_of_what_another_saved_is_refused_and_the_same_form_twice_counts_once(
    application: Flask, forms: dict[str, Found]
) -> None:
    wrong = []
    for endpoint, form in forms.items():
        before = _acts(application)
        if form.values.get("version") and form.send(version="999999").status_code == 303:
            wrong.append(f"{endpoint} on {form.page} saves over what another saved")
        if _acts(application) != before:
            wrong.append(f"{endpoint} on {form.page} writes over what another saved")
        key = secrets.token_urlsafe(18)
        form.send(idempotency_key=key)
        once = _acts(application)
        again = form.send(idempotency_key=key)
        if again.status_code >= 500 or _acts(application) != once:
            wrong.append(f"{endpoint} on {form.page} counts twice, or answers {again.status_code} the second time")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("odd", ["\0", "9" * 40, "²"])
def test_no_page_fails_because_of_what_an_address_asks(application: Flask, odd: str) -> None:
    visitor, wrong, seen = _signed_in(application, "director"), [], set()
    for page, html in _pages(application, visitor, "director"):
        endpoint = _endpoint(application, page, "GET")
        if endpoint in seen:
            continue
        seen.add(endpoint)
        for name in {"q", "year", "row", *re.findall(r"[?;](\w+)=", html)} - {"lang", "v"}:
            answer = visitor.get(f"{page}?table=organisations&{name}={quote(odd)}")
            if answer.status_code >= 500:
                wrong.append(f"{page}?{name}={odd!r} answers {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def _signed_in(application: Flask, role: str) -> Visitor:
    visitor = application.test_client()
    assert isinstance(visitor, Visitor)
    if role:
        email, password = demonstration.login(role)
        assert visitor.fill_in("/sign-in", form="/sign-in", email=email, password=password).status_code == 303
    return visitor


def _pages(application: Flask, visitor: Visitor, role: str) -> Iterator[tuple[str, str]]:
    """The pages a role reaches by links, two of each endpoint."""
    waiting, counts = list(demonstration.STARTS[role]), Counter[str]()
    met = set(waiting)
    while waiting:
        path = waiting.pop(0)
        endpoint = _endpoint(application, path, "GET")
        counts[endpoint] += 1
        if counts[endpoint] > 2:
            continue
        answer = visitor.get(path, follow_redirects=True)
        if answer.mimetype != "text/html":
            continue
        yield path, answer.text
        found = [link for link in demonstration.links(answer.text, path) if link not in met and _is_ours(link, role)]
        met.update(found)
        waiting += found


def _is_ours(link: str, role: str) -> bool:
    return not link.startswith(("/static/", "/vendor/")) and (not role or link.startswith(demonstration.HOMES[role]))


def _endpoint(application: Flask, address: str, method: str) -> str:
    try:
        return str(application.url_map.bind("localhost").match(address.partition("?")[0], method=method)[0])
    except HTTPException:
        return address


def _acts(application: Flask) -> int:
    """How many acts the record holds, read apart from what this thread has open."""

    def read() -> int:
        with application.app_context():
            return db.session.scalar(sa.select(ChainHead.number)) or 0

    return contextvars.Context().run(read)


def _texts_of(html: str) -> list[list[str]]:
    """The names of each form's fields of text, in the order of `forms_on`."""
    reader = _TextFields()
    reader.feed(html)
    return reader.found


class _TextFields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._inside = True
            self.found.append([])
        elif self._inside and has.get("name") and "disabled" not in has:
            kind = has.get("type", "text") if tag == "input" else tag
            if kind in ("text", "email", "tel", "search", "textarea"):
                self.found[-1].append(has["name"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
