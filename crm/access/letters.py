"""Letters about accounts: an invitation, a new password, what changed about one's protection."""

from __future__ import annotations

from typing import Any

from crm.access.mailed_links import VALID_FOR, Purpose
from crm.access.users import User
from crm.config import settings
from crm.mail.outbox import Letter, Recipient, post


def invitation(user: User, token: str) -> Letter:
    """Please choose a password, within a week."""
    days = VALID_FOR[Purpose.INVITATION].days
    return _post("access/invitation", user, url=f"{settings().base_url}/invitation/{token}", days=days)


def password_reset(user: User, token: str) -> Letter:
    """Choose a new password, within half an hour."""
    minutes = int(VALID_FOR[Purpose.PASSWORD_RESET].total_seconds() // 60)
    return _post("access/password_reset", user, url=f"{settings().base_url}/reset/{token}", minutes=minutes)


def sign_in_link(user: User, token: str) -> Letter:
    """Sign in by this link, within a quarter of an hour, once."""
    minutes = int(VALID_FOR[Purpose.SIGN_IN].total_seconds() // 60)
    return _post("access/sign_in_link", user, url=f"{settings().base_url}/sign-in/link/{token}", minutes=minutes)


def password_changed(user: User) -> Letter:
    """Your password was changed; tell the office if it was not you."""
    return _post("access/password_changed", user)


def second_factor_changed(user: User) -> Letter:
    """A second factor was added or removed; tell the office if it was not you."""
    return _post("access/second_factor_changed", user)


def _post(name: str, user: User, **values: Any) -> Letter:
    recipient = Recipient(email=user.email, name=user.name, locale=user.locale)
    return post(name, to=recipient, about=user, **values)
