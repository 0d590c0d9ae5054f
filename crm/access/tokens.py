"""ApiToken: a program that acts for a user, with some of the user's permissions.

The token is shown once; its digest is kept. What it may do is the scopes it was given, as far as the user's role still holds
them today.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm import clock
from crm.access.permissions import Permission
from crm.access.users import User
from crm.db import PERSONAL, SECRET, Model, db
from crm.errors import Refused
from crm.text import _

PREFIX = "crm_"  # so that scanners of public code recognise one
SEEN_EVERY = timedelta(minutes=5)


class ApiToken(Model):
    """One token: whose, for which program, what it may."""

    __tablename__ = "api_tokens"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True, init=False)
    user: Mapped[User] = relationship()
    name: Mapped[str] = mapped_column(info=PERSONAL)
    token_hash: Mapped[str] = mapped_column(unique=True, info=SECRET)
    scopes: Mapped[list[Any]]
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    use: Mapped[TokenUse | None] = relationship(init=False, default=None, viewonly=True)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the token may do today."""
        return frozenset(p for p in self.user.permissions if p.value in self.scopes)

    @property
    def last_used_at(self) -> datetime | None:
        return None if self.use is None else self.use.at

    def revoke(self) -> None:
        """End it. Raises ``Refused`` when it has ended already."""
        if self.revoked_at is not None:
            raise Refused(_("This token was revoked already."))
        self.revoked_at = clock.now()


class TokenUse(Model):
    """When a token was last used, to five minutes."""

    __tablename__ = "api_token_uses"
    __audited__ = False

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), unique=True)
    at: Mapped[datetime]


def issue(user: User, scopes: Iterable[str], *, name: str = "") -> tuple[ApiToken, str]:
    """A new token and its text, to be shown once. Raises ``Refused`` for scopes the user does not hold."""
    wanted = sorted(set(scopes))
    if not user.is_active:
        raise Refused(_("This account is not active."), field="email")
    if not wanted:
        raise Refused(_("Choose what the token may do."), field="scopes")
    for scope in wanted:
        if scope not in set(Permission):
            raise Refused(_("There is no permission %(name)s.", name=scope), field="scopes")
        if Permission(scope) not in user.permissions:
            raise Refused(_("Your role does not hold the permission %(name)s.", name=scope), field="scopes")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(user=user, name=name.strip(), token_hash=_digest(text), scopes=list(wanted), issued_at=clock.now())
    db.session.add(token)
    return token, text


def find(text: str) -> ApiToken | None:
    """The living token, with its user and last use; nothing when revoked or its user is not active."""
    wanted = sa.select(ApiToken).where(ApiToken.token_hash == _digest(text), ApiToken.revoked_at.is_(None))
    token = db.session.scalars(
        wanted.options(sa.orm.joinedload(ApiToken.user), sa.orm.joinedload(ApiToken.use))
    ).one_or_none()
    return token if token is not None and token.user.is_active else None


def of(user: User) -> list[ApiToken]:
    """The user's tokens, newest first."""
    own = sa.select(ApiToken).where(ApiToken.user_id == user.id).options(sa.orm.joinedload(ApiToken.use))
    return list(db.session.scalars(own.order_by(ApiToken.id.desc())))


def own(user: User, token_id: int) -> ApiToken:
    """One of the user's tokens. Raises ``Refused`` for anyone else's."""
    token = db.session.scalars(
        sa.select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.id == token_id)
    ).one_or_none()
    if token is None:
        raise Refused(_("There is no such token."))
    return token


def revoke_all(user: User) -> None:
    """End the user's tokens."""
    for token in db.session.scalars(
        sa.select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    ):
        token.revoke()


def needs_touch(token: ApiToken) -> bool:
    """Whether its last use is worth noting anew."""
    return token.last_used_at is None or clock.now() - token.last_used_at >= SEEN_EVERY


def touch(token: ApiToken) -> None:
    """Note that the token is in use."""
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else postgresql_insert
    now = clock.now()
    used = insert(TokenUse).values(token_id=token.id, at=now)
    db.session.execute(used.on_conflict_do_update(index_elements=[TokenUse.token_id], set_={"at": now}))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
