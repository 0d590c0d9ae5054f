"""What the tests of access share: people with passwords, and signing in as a person does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from crm import clock
from crm.access import second_factor, users
from crm.access.permissions import Role
from crm.access.users import User
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.visiting import Visitor

PASSWORD = "夕焼けの多摩川を渡る青い電車"


def a_user(role: str = "clerk", *, email: str = "sato@example.jp", password: str = PASSWORD) -> User:
    """An active user."""
    with act(Kind.USER_ADDED) as deed:
        deed.about = user = users.add_with_password(email=email, name="佐藤 見本", role=Role(role), password=password)
    return user


def with_code_app(user: User) -> str:
    """Give the user an app for one-time codes, set up long ago; its secret."""
    secret = second_factor.new_secret()
    with act(Kind.SECOND_FACTOR_ADDED, about=user):
        second_factor.add_code_app(user, secret, pyotp.TOTP(secret).at(clock.now()))
        app = second_factor.code_app_of(user)
        assert app is not None
        app.last_step -= 100
    return secret


def entering(client: Visitor, email: str = "sato@example.jp", password: str = PASSWORD, **fields: str) -> TestResponse:
    """Fill in the sign-in form."""
    return client.fill_in("/sign-in", form="sign-in", email=email, password=password, **fields)


@pytest.fixture
def another(app: Flask) -> Callable[[], Visitor]:
    """Another browser."""
    return lambda: app.test_client()  # type: ignore[return-value]


@pytest.fixture
def noon(clock_at: Callable[[str], datetime]) -> Callable[[str], datetime]:
    """The clock stands at noon; call it to move it."""
    clock_at("2026-05-11 12:00")
    return clock_at
