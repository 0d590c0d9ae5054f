"""The four audiences: office, portal, public, api.

Each is a parent blueprint with its own gate; a package's edge is a child of one of them, so there is no ungated place to put a
view. ``app.py`` registers the children.
"""

from __future__ import annotations

from flask import Blueprint


def office() -> Blueprint:
    """Staff, signed in: ``/office/…``."""
    return Blueprint("office", __name__, url_prefix="/office")


def portal() -> Blueprint:
    """Members' people, signed in: ``/portal/…``."""
    return Blueprint("portal", __name__, url_prefix="/portal")


def public() -> Blueprint:
    """Everyone."""
    return Blueprint("public", __name__)


def api() -> Blueprint:
    """Programs with a token: ``/api/v1/…``."""
    return Blueprint("api", __name__, url_prefix="/api/v1")


def office_area(name: str, import_name: str, prefix: str | None = None) -> Blueprint:
    """A package's part of the office; its addresses begin with ``/office/<name>`` unless ``prefix`` says otherwise."""
    return Blueprint(name, import_name, url_prefix=f"/{name}" if prefix is None else prefix)


portal_area = api_area = office_area


def public_area(name: str, import_name: str, prefix: str = "") -> Blueprint:
    """A package's public pages, by default at the root."""
    return Blueprint(name, import_name, url_prefix=prefix)
