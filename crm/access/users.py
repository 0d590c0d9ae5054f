"""User: someone who may sign in — invited, active, disabled.

A mail address is one user's while that user is not disabled; people leave and addresses are given to others. Users are never
deleted: the record names them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Index
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.access import passwords
from crm.access.permissions import GRANTS, Permission, Role
from crm.db import PERSONAL, SECRET, Model, Versioned, db
from crm.errors import Refused
from crm.history.recording import Actor
from crm.text import DEFAULT_LOCALE, LOCALES, _

STAFF = frozenset(Role) - {Role.MEMBER}


class UserState(StrEnum):
    """Invited (has no password yet), active, disabled."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


_LIVE = sa.text("state <> 'disabled'")


class User(Versioned, Model):
    """A person with an account. ``email_key`` is the address folded for comparison; ``locale`` the language of screens."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_live_email", "email_key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )  # fmt: skip

    email: Mapped[str] = mapped_column(info=PERSONAL)
    name: Mapped[str] = mapped_column(info=PERSONAL)
    role: Mapped[Role]
    locale: Mapped[str] = mapped_column(default=DEFAULT_LOCALE)
    is_demo: Mapped[bool] = mapped_column(default=False)
    email_key: Mapped[str] = mapped_column(init=False, info=PERSONAL)
    state: Mapped[UserState] = mapped_column(init=False, default=UserState.INVITED, index=True)
    password_hash: Mapped[str | None] = mapped_column(init=False, default=None, info=SECRET)
    password_set_at: Mapped[datetime | None] = mapped_column(init=False, default=None)

    def __post_init__(self) -> None:
        self.email_key = email_key(self.email)

    @property
    def is_active(self) -> bool:
        return self.state is UserState.ACTIVE

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the user's role may do; nothing unless active."""
        return GRANTS[self.role] if self.is_active else frozenset()

    @property
    def actor(self) -> Actor:
        """The user as the one who acts."""
        return Actor("user", self.id)

    def set_password(self, password: str) -> None:
        """Keep the hash of a new password; an invited user becomes active. Raises ``Refused`` for a poor one."""
        passwords.accept(password, role=self.role, context=(self.email, self.name))
        self.password_hash = passwords.hashed(password)
        self.password_set_at = clock.now()
        if self.state is UserState.INVITED:
            self.state = UserState.ACTIVE

    def change(self, *, name: str, role: Role, locale: str) -> None:
        """Correct name, role, language. Raises ``Refused`` when the last director would go."""
        if role is not self.role:
            _keep_a_director(self)
            if Role.MEMBER in (role, self.role):
                raise Refused(_("A member's account cannot become a staff account, nor the reverse."), field="role")
        self.name, self.role = _named(name), role
        self.locale = spoken(locale)

    def disable(self) -> None:
        """Close the account. Raises ``Refused`` for the last active director."""
        if self.state is UserState.DISABLED:
            raise Refused(_("This account is already disabled."))
        _keep_a_director(self)
        self.state = UserState.DISABLED

    def enable(self) -> None:
        """Open a disabled account again. Raises ``Refused`` when its address is another's by now."""
        if self.state is not UserState.DISABLED:
            raise Refused(_("This account is not disabled."))
        if by_email(self.email) is not None:
            raise Refused(_("This mail address belongs to another account."), field="email")
        self.state = UserState.ACTIVE if self.password_hash else UserState.INVITED


def add(*, email: str, name: str, role: Role, locale: str = DEFAULT_LOCALE, is_demo: bool = False) -> User:
    """A new user, still without a password. Raises ``Refused`` when the address has an account."""
    taken = Refused(_("This mail address already has an account."), field="email")
    if not email:
        raise Refused(_("A mail address is needed."), field="email")
    if by_email(email) is not None:
        raise taken
    user = User(email=email, name=_named(name), role=role, locale=spoken(locale), is_demo=is_demo)
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError as error:  # another act added the same address meanwhile
        raise taken from error
    return user


def add_with_password(
    *, email: str, name: str, role: Role, password: str, locale: str = DEFAULT_LOCALE, is_demo: bool = False
) -> User:
    """A new user who may sign in at once. Raises ``Refused`` as ``add``, and for a poor password."""
    user = add(email=email, name=name, role=role, locale=locale, is_demo=is_demo)
    user.set_password(password)
    return user


def email_key(email: str) -> str:
    """A mail address folded for comparison: width and case do not make another account."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def by_email(email: str) -> User | None:
    """The user who has a mail address now; disabled ones do not count."""
    live = sa.select(User).where(User.email_key == email_key(email), User.state != UserState.DISABLED)
    return db.session.scalars(live).one_or_none()


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """What people read for actors as the record writes them (``user:3``, ``worker``); one query."""
    written = set(actors)
    ids = {int(of) for kind, _colon, of in (a.partition(":") for a in written) if kind == "user" and of.isdecimal()}
    found = db.session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))) if ids else ()
    return {a: actor_words(a) for a in written} | {f"user:{user_id}": name for user_id, name in found}


def actor_words(actor: str) -> str:
    """An actor who is no person with an account, in words; any other as the record writes it."""
    kind, _colon, number = actor.partition(":")
    words = {
        "public": _("Public page"), "worker": _("Automatic"), "cli": _("Command"), "demo": _("Demonstration data"),
        "token": _("Program (token %(n)s)", n=number),
    }  # fmt: skip
    return str(words.get(kind, actor))


def spoken(locale: str) -> str:
    """The language, if it is one of ours. Raises ``Refused``."""
    if locale not in LOCALES:
        raise Refused(_("Please choose one of the list."), field="locale")
    return locale


def _named(name: str) -> str:
    if not name.strip():
        raise Refused(_("A name is needed."), field="name")
    return name.strip()


def _keep_a_director(leaving: User) -> None:
    """Someone must stay who can manage accounts. The directors are locked, so that two cannot leave at one moment."""
    if leaving.role is not Role.DIRECTOR or not leaving.is_active:
        return
    directors = sa.select(User).where(User.role == Role.DIRECTOR, User.state == UserState.ACTIVE).order_by(User.id)
    if all(user.id == leaving.id for user in db.session.scalars(directors.with_for_update())):
        raise Refused(_("This is the last active director. Make someone else director first."))
