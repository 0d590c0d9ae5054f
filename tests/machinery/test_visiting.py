"""The visitor fills in forms as a browser would."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g, request
from flask.typing import ResponseReturnValue

from tests.visiting import Visitor


@pytest.fixture
def shares_application() -> bool:
    """These tests put addresses of their own into the application."""
    return False


PAGE = """
<form action="/search"><input name="q" value="x"></form>
<form method="post" action="/saved">
  <input type="hidden" name="version" value="3"><input name="name" value="株式会社&amp;見本">
  <input type="checkbox" name="yes" checked><input type="checkbox" name="no">
  <select name="kind"><option value="a">A</option><option value="b" selected>B</option></select>
  <select name="first"><option value="1">1</option><option value="2">2</option></select>
  <textarea name="remark">
two
lines</textarea>
  <button name="go">Save</button>
</form>
"""


def _small_application() -> Flask:
    app = Flask(__name__)
    app.test_client_class = Visitor

    @app.get("/form")
    def form() -> ResponseReturnValue:
        return PAGE

    @app.post("/saved")
    def saved() -> ResponseReturnValue:
        seen: dict[str, Any] = dict(request.form)
        return {**seen, "left over": g.get("left_over", "")}

    return app


def test_a_form_is_sent_as_shown_but_for_what_is_filled_in() -> None:
    answer = _small_application().test_client().fill_in("/form", name="髙﨑")  # type: ignore[attr-defined]
    assert answer.json == {
        "version": "3", "name": "髙﨑", "yes": "on", "kind": "b", "first": "1", "remark": "two\nlines", "left over": "",
    }  # fmt: skip


def test_a_field_can_be_left_out() -> None:
    answer = _small_application().test_client().fill_in("/form", form="/saved", yes=None)  # type: ignore[attr-defined]
    assert "yes" not in answer.json


def test_a_request_shares_no_context_with_the_test() -> None:
    app = _small_application()
    with app.app_context():
        g.left_over = "from the test"
        assert app.test_client().post("/saved").json == {"left over": ""}
