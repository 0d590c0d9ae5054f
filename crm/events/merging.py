"""How many registrations there are, before and after two records of one organisation are merged."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.db import db
from crm.events.registrations import Registration
from crm.text import _


def figures() -> list[tuple[Any, int]]:
    """Registrations of every event, and those in which an organisation was recognised."""
    count = sa.select(sa.func.count(Registration.id))
    recognised = count.where(Registration.recognised_id.is_not(None))
    return [
        (_("Event registrations"), db.session.scalar(count) or 0),
        (_("Event registrations of known organisations"), db.session.scalar(recognised) or 0),
    ]
