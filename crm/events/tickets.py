"""Tickets: signed codes that say by themselves what they admit to, and the link to a registration's own page.

A ticket carries registration, session and party size under our signature, so a gate can judge it without a network. The own
page's link needs both the row's code and our key: neither a copy of the table nor a guess opens it.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import segno
from itsdangerous import BadSignature, Signer, URLSafeSerializer

from crm.config import settings
from crm.events.registrations import Registration


@dataclass(frozen=True)
class Ticket:
    """What a ticket's code says."""

    registration_id: int
    session_id: int
    party_size: int


def ticket(registration: Registration) -> str:
    """The code a ticket shows."""
    return str(_tickets().dumps([registration.id, registration.session_id, registration.party_size]))


def read_ticket(code: str) -> Ticket | None:
    """What a code says, ``None`` when it is not one of ours or was altered."""
    try:
        content = _tickets().loads(code)
    except BadSignature:
        return None
    if not (isinstance(content, list) and len(content) == 3 and all(isinstance(n, int) for n in content)):
        return None
    return Ticket(*content)


def qr_svg(code: str) -> bytes:
    """A code as a QR picture, dark on white with the quiet zone readers need (JIS X 0510)."""
    drawn = io.BytesIO()
    segno.make(code, error="m", micro=False).save(drawn, kind="svg", scale=6, border=4, light="#fff", xmldecl=False)
    return drawn.getvalue()


def own_token(registration: Registration) -> str:
    """What stands in the address of the registration's own page."""
    return _own_pages().sign(registration.code).decode()


def code_of(token: str) -> str | None:
    """The registration's code in such an address, ``None`` when it is not one of ours."""
    try:
        return _own_pages().unsign(token.encode()).decode()
    except (BadSignature, UnicodeError):
        return None


def own_url(registration: Registration) -> str:
    """The full address of the registration's own page, for letters."""
    return f"{settings().base_url}/registrations/{own_token(registration)}"


def _tickets() -> URLSafeSerializer:
    return URLSafeSerializer(
        settings().secret_key, salt="crm.events.ticket", signer_kwargs={"digest_method": hashlib.sha256}
    )


def _own_pages() -> Signer:
    return Signer(settings().secret_key, salt="crm.events.own-page", digest_method=hashlib.sha256)
