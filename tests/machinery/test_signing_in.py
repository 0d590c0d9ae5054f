"""A test that signs someone in gets a visitor whom the application knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from crm.access import gates
from tests.visiting import Visitor


@pytest.fixture
def shares_application() -> bool:
    """These tests put addresses of their own into the application."""
    return False


@pytest.mark.parametrize("role", ["clerk", "director", "auditor"])
def test_the_signed_in_are_known_with_their_role(app: Flask, sign_in: Callable[..., Visitor], role: str) -> None:
    app.add_url_rule("/office/who", "who", lambda: str(getattr(gates.current_user(), "role", "nobody")))
    assert sign_in(role).get("/office/who").text == role


def test_who_did_not_sign_in_is_not_known(app: Flask, client: Visitor) -> None:
    app.add_url_rule("/office/who", "who", lambda: str(getattr(gates.current_user(), "role", "nobody")))
    assert client.get("/office/who").text == "nobody"
