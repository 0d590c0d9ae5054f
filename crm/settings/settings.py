"""Setting: what the office decided, one row per key that differs from its default."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from crm.db import Model, Versioned, db
from crm.errors import Refused
from crm.settings import wordings
from crm.settings.keys import BY_NAME, KEYS, Key
from crm.text import _

_READ = "settings read in this transaction"


class Setting(Versioned, Model):
    """One key and the text the office gave it."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(unique=True)
    value: Mapped[str]


_GIVEN = sa.select(Setting.__table__.c.key, Setting.__table__.c.value)


def stored() -> dict[str, str]:
    """Every key with its text in force."""
    given = _given()
    return {key.name: given.get(key.name, key.default) for key in KEYS}


def office_setting(name: str) -> Any:
    """The typed value in force. Raises ``KeyError`` for a key that does not exist."""
    key = BY_NAME[name]
    return key.value(_given().get(name, key.default))


def change(name: str, text: str) -> bool:
    """Give a key a new text; whether anything changed. Raises ``Refused`` naming the key as its field."""
    key = BY_NAME.get(name)
    if key is None:
        raise Refused(_("There is no setting %(name)s.", name=name), field="key")
    value = _checked(key, text)
    row = db.session.scalars(sa.select(Setting).where(Setting.key == name)).one_or_none()
    before = key.default if row is None else row.value
    if value == before:
        return False
    wordings.note(name, value, before=before)
    if row is None:
        db.session.add(Setting(key=name, value=value))
    else:
        row.value = value
    db.session.flush()
    db.session.info.pop(_READ, None)
    return True


def _checked(key: Key, text: str) -> str:
    try:
        return key.check(text)
    except ValueError as error:
        raise Refused(_(str(error)), field=key.name) from error


def _given() -> dict[str, str]:
    """What the office gave, read once in a transaction: a page or a paper asks for a dozen."""
    info = db.session.info
    if _READ not in info:
        info[_READ] = dict(db.session.connection().execute(_GIVEN).all())
    given: dict[str, str] = info[_READ]
    return given


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_READ, None)
