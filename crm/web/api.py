"""What the API's lists share: pages by cursor, and questions that are answered 422 when they make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, jsonify, request

from crm.db import db
from crm.errors import Refused
from crm.text import _

PER_PAGE = 100
MOST = 500


def listed(select: sa.Select[Any], key: Any, shape: Callable[[Any], dict[str, Any]]) -> Response:
    """One page as ``{"items": […], "next": cursor or null}``, ordered by ``key``, a unique whole-number column.

    ``?limit=`` says how many (at most 500), ``?cursor=`` is the ``next`` of the page before. Raises ``Refused`` (422) at either.
    """
    limit = whole("limit", PER_PAGE, least=1, most=MOST)
    after = whole("cursor", 0, least=0, most=2**62)
    rows = db.session.scalars(select.where(key > after).order_by(key).limit(limit + 1)).unique().all()
    shown = rows[:limit]
    following = getattr(shown[-1], key.key) if len(rows) > limit else None
    return jsonify(items=[shape(row) for row in shown], next=following)


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number of the query, or its default. Raises ``Refused`` at its name."""
    written = request.args.get(name)
    if written is None:
        return default
    if not (written.isascii() and written.isdecimal() and len(written) < 20 and least <= int(written) <= most):
        raise Refused(_("From %(least)s to %(most)s.", least=least, most=most), field=name)
    return int(written)
