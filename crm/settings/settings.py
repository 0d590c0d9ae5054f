"""Setting: what the office decided, one row per key that differs from its default."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.settings.keys import BY_NAME, KEYS, Key
from crm.text import _


class Setting(Versioned, Model):
    """One key and the text the office gave it."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(unique=True)
    value: Mapped[str]


def stored() -> dict[str, str]:
    """Every key with its text in force."""
    given = {row.key: row.value for row in db.session.scalars(sa.select(Setting))}
    return {key.name: given.get(key.name, key.default) for key in KEYS}


def office_setting(name: str) -> Any:
    """The typed value in force. Raises ``KeyError`` for a key that does not exist."""
    key = BY_NAME[name]
    text = db.session.scalar(sa.select(Setting.value).where(Setting.key == name))
    return key.value(key.default if text is None else text)


def change(name: str, text: str) -> bool:
    """Give a key a new text; whether anything changed. Raises ``Refused`` naming the key as its field."""
    key = BY_NAME.get(name)
    if key is None:
        raise Refused(_("There is no setting %(name)s.", name=name), field="key")
    value = _checked(key, text)
    row = db.session.scalars(sa.select(Setting).where(Setting.key == name)).one_or_none()
    if value == (key.default if row is None else row.value):
        return False
    if row is None:
        db.session.add(Setting(key=name, value=value))
    else:
        row.value = value
    return True


def _checked(key: Key, text: str) -> str:
    try:
        return key.check(text)
    except ValueError as error:
        raise Refused(_(str(error)), field=key.name) from error
