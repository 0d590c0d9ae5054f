"""Signed links: addresses that carry their own permission — a ticket, a member's download — without an account.

Each purpose has its own key, so a link for one thing opens nothing else; the algorithm is fixed (HMAC-SHA-256) and the age is
checked when it is read. What must work only once is a ``MailedLink`` row instead.
"""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from crm import clock
from crm.config import settings
from crm.errors import Refused
from crm.text import _


class _Signer(TimestampSigner):
    """Signs with the time of our clock."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def sign(purpose: str, value: Any) -> str:
    """A token for ``value`` (plain JSON), good for ``purpose`` alone."""
    return str(_serializer(purpose).dumps(value))


def read(purpose: str, token: str, max_age: int | None = None) -> Any:
    """What a token of this purpose carries. ``max_age`` in seconds. Raises ``Refused`` when forged, foreign or too old."""
    try:
        return _serializer(purpose).loads(token, max_age=max_age)
    except (BadData, UnicodeError) as error:
        raise Refused(_("This link is not valid or has expired.")) from error


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        settings().secret_key, salt=f"crm.link.{purpose}", signer=_Signer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )  # fmt: skip
