"""The texts people agree to, each wording with its number and day, and how many answers were given on it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.events.registrations import Registration
from crm.members.applications import Application
from crm.organisations.consents import Consent
from crm.privacy.office import area
from crm.settings import wordings
from crm.settings.keys import BY_NAME
from crm.settings.settings import office_setting
from crm.text import _
from crm.web.templating import page

ANSWERS: dict[str, tuple[Any, ...]] = {
    "texts.privacy": (Registration.notice_version, Application.privacy_digest, Consent.text_version),
    "texts.rules": (Application.rules_digest,),
}
"""Where answers keep the digest of the words that were shown."""


@area.get("/texts")
@requires(Permission.PRIVACY_MANAGE)
def texts() -> ResponseReturnValue:
    """Every version of every text, the newest first."""
    shown = [(_(BY_NAME[key].meaning), _versions(key)) for key in wordings.VERSIONED]
    return page("privacy/office/texts.html", texts=shown)


def _versions(key: str) -> list[tuple[Any, int]]:
    known: list[Any] = list(wordings.versions(key))
    now = wordings.in_force(key, office_setting(key))
    if now.since is None:
        known.insert(0, now)
    counted = _counted(key)
    return [(version, counted.get(version.digest[: wordings.SHORT], 0)) for version in known]


def _counted(key: str) -> dict[str, int]:
    """How many answers were given on words of which digest."""
    found: dict[str, int] = {}
    for column in ANSWERS[key]:
        short = sa.func.substr(column, 1, wordings.SHORT)
        for digest, number in db.session.execute(sa.select(short, sa.func.count()).group_by(short)):
            found[digest] = found.get(digest, 0) + number
    return found
