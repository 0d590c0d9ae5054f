"""What happens to accounts across users, sessions, links, tokens and letters: inviting, passwords, leaving."""

from __future__ import annotations

from crm.access import letters, mailed_links, passwords, second_factor, sessions, tokens, users
from crm.access.mailed_links import Purpose
from crm.access.permissions import Role
from crm.access.sessions import SignIn
from crm.access.users import User, UserState
from crm.db import db
from crm.errors import Refused
from crm.text import _


def invite(*, email: str, name: str, role: Role, locale: str = "ja") -> User:
    """A new user with a letter that asks for a password. Raises ``Refused`` as ``users.add``."""
    user = users.add(email=email, name=name, role=role, locale=locale)
    letters.invitation(user, mailed_links.make(user, Purpose.INVITATION))
    return user


def invite_again(user: User) -> None:
    """Another letter; the link of the one before ends. Raises ``Refused`` for whoever has a password."""
    if user.state is not UserState.INVITED:
        raise Refused(_("This person has accepted the invitation already."))
    letters.invitation(user, mailed_links.make(user, Purpose.INVITATION))


def accept_invitation(token: str, password: str) -> User:
    """The invited user with a first password. Raises ``Refused`` for a used or old link and a poor password."""
    user = mailed_links.take(token, Purpose.INVITATION)
    user.set_password(password)
    return user


def ask_for_reset(user: User) -> None:
    """Mail a link for a new password; an invited user gets the invitation again."""
    if user.state is UserState.INVITED:
        invite_again(user)
    else:
        letters.password_reset(user, mailed_links.make(user, Purpose.PASSWORD_RESET))


def ask_for_sign_in_link(user: User) -> None:
    """Mail a member a link to sign in without a password; an invited one gets the invitation again. Staff get none.

    Staff keep two factors of their own; a mailbox is not one of them.
    """
    if user.is_staff:
        return
    if user.state is UserState.INVITED:
        invite_again(user)
    else:
        letters.sign_in_link(user, mailed_links.make(user, Purpose.SIGN_IN))


def reset_password(token: str, password: str) -> User:
    """A new password by a mailed link. All sessions end; the second factor stays as it is. Raises ``Refused``."""
    user = mailed_links.take(token, Purpose.PASSWORD_RESET)
    user.set_password(password)
    sessions.end_all(user)
    letters.password_changed(user)
    return user


def change_password(user: User, current: str, new: str, *, keep: SignIn | None = None) -> None:
    """A new password for whoever knows the old one; all other sessions and mailed links end. Raises ``Refused``."""
    if not passwords.matches(user.password_hash, current):
        raise Refused(_("This is not your present password."), field="current")
    user.set_password(new)
    sessions.end_all(user, keep=keep)
    mailed_links.void(user)
    letters.password_changed(user)


def disable(user: User, *, by: User) -> None:
    """Close an account: sessions, links and tokens end. Raises ``Refused`` for one's own and the last active director."""
    if user.id == by.id:
        raise Refused(_("You cannot disable your own account. Ask someone else who manages accounts."))
    close(user)


def close(user: User) -> None:
    """Close an account, whoever asks: sessions, links and tokens end. Raises ``Refused`` when it is closed already."""
    user.disable()
    sessions.end_all(user)
    mailed_links.void(user)
    tokens.revoke_all(user)


def remove_second_factors(user: User) -> None:
    """Take away the factors of someone who lost them; all sessions end and the person is told."""
    if not second_factor.has_one(user):
        raise Refused(_("This person has no second factor."))
    second_factor.remove_all(user)
    sessions.end_all(user)
    letters.second_factor_changed(user)


def holder(email: str, password: str) -> tuple[User | None, bool]:
    """The active user of a mail address, and whether the password is theirs; as much work for an unknown address."""
    user = users.by_email(email)
    known = user if user is not None and user.is_active else None
    is_right = passwords.matches(known.password_hash if known else None, password)
    return known, is_right and known is not None


def refresh_hash(user: User, password: str) -> None:
    """Keep a password that was just right under today's parameters."""
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
        db.session.flush()
