"""Errors, headers, CSRF, keys and limits: what every answer and request goes through."""

import pytest
from flask import Flask

from crm.errors import Busy, Refused, Stale
from crm.web import safety
from tests.visiting import Visitor


@pytest.fixture
def shares_application() -> bool:
    """These tests put addresses of their own into the application."""
    return False


@pytest.fixture
def raising(app: Flask) -> Visitor:
    """Pages that fail in every expected way."""
    failures = {
        "refused": Refused("いけません", field="name"),
        "stale": Stale("先に保存されました"),
        "busy": Busy(),
        "defect": ZeroDivisionError("secret detail"),
    }
    for name, error in failures.items():

        def view(error: Exception = error) -> str:
            raise error

        app.add_url_rule(f"/fails/{name}", f"fails_{name}", view)
        app.add_url_rule(f"/api/fails/{name}", f"api_fails_{name}", view)
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    return visitor


@pytest.mark.parametrize(("name", "status"), [("refused", 409), ("stale", 409), ("busy", 503), ("defect", 500)])
def test_each_failure_has_its_status_and_a_page_in_japanese(raising: Visitor, name: str, status: int) -> None:
    answer = raising.get(f"/fails/{name}")
    assert answer.status_code == status
    assert "secret detail" not in answer.text
    assert '<html lang="ja"' in answer.text


def test_a_busy_answer_says_when_to_come_back(raising: Visitor) -> None:
    assert raising.get("/fails/busy").headers["Retry-After"]


def test_a_program_gets_a_problem_with_the_field(raising: Visitor) -> None:
    answer = raising.get("/api/fails/refused")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.get_json()["errors"] == [{"field": "name", "message": "いけません"}]


def test_every_answer_carries_the_protections(client: Visitor) -> None:
    for path in ("/healthz", "/nowhere", "/sign-in"):
        headers = client.get(path).headers
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert "object-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "max-age=31536000" in headers["Strict-Transport-Security"]


def test_a_post_without_its_token_is_refused(client: Visitor) -> None:
    assert client.post("/sign-in", data={"email": "a@example.jp", "password": "x"}).status_code == 400


def test_a_body_over_the_limit_is_refused(client: Visitor) -> None:
    too_large = "あ" * (safety.MAX_BODY // 3 + 1000)
    assert client.post("/sign-in", data={"email": too_large}).status_code == 413


@pytest.mark.parametrize("key", ["short", "x" * 129, "key with\nnewline"])
def test_a_malformed_idempotency_key_is_refused(client: Visitor, key: str) -> None:
    assert client.post("/sign-in", data={"idempotency_key": key}).status_code == 400


def test_an_unknown_page_is_not_found_and_says_so(client: Visitor) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "見つかりません" in answer.text
