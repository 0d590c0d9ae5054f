"""``crm user`` and ``crm token``: people who may sign in, and programs that act for them."""

from __future__ import annotations

import sys

import click

from crm.access import accounts, tokens, users
from crm.access.permissions import Role
from crm.cli.answering import Answer, command, refused
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.values import BadValue, japanese
from crm.values.mail_address import mail_address

STAFF_ROLES = [role.value for role in Role if role is not Role.MEMBER]


@command(name="add")
@click.argument("email")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--role", required=True, type=click.Choice(STAFF_ROLES), help="What the person may do.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of inviting by letter."
)
def add_user(email: str, name: str, role: str, password_stdin: bool) -> Answer:
    """Add someone who may sign in; without a password, by a letter of invitation."""
    email, name = _address(email), _plain(name)
    if password_stdin:
        password = sys.stdin.buffer.readline().decode("utf-8", "replace").rstrip("\r\n")
        with act(Kind.USER_ADDED) as deed:
            user = users.add_with_password(email=email, name=name, role=Role(role), password=password)
            deed.about = user
            db.session.flush()
    else:
        with act(Kind.USER_INVITED) as deed:
            deed.about = user = accounts.invite(email=email, name=name, role=Role(role))
            db.session.flush()
    return {"user": user.id}


@command(name="add")
@click.argument("email")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A permission, such as members:read; several may follow."
)
@click.option("--name", default="", help="Which program it is for.")
@click.argument("further", nargs=-1)
def add_token(email: str, scopes: tuple[str, ...], name: str, further: tuple[str, ...]) -> Answer:
    """Issue an API token with some of a person's permissions. It is printed once."""
    user = users.by_email(email)
    if user is None:
        raise refused(_("Nobody has an account with this mail address."), field="email")
    wanted = [scope for given in (*scopes, *further) for scope in given.split(",") if scope]
    with act(Kind.TOKEN_ISSUED, about=user):
        _token, text = tokens.issue(user, wanted, name=_plain(name))
    return {"token": text}


def _address(email: str) -> str:
    try:
        return mail_address(email)
    except BadValue as error:
        raise Refused(_(str(error)), field="email") from error


def _plain(text: str) -> str:
    try:
        return japanese.clean_text(text)
    except ValueError as error:
        raise Refused(_(str(error)), field="name") from error


COMMANDS = [
    click.Group("user", commands=[add_user], help="People who may sign in."),
    click.Group("token", commands=[add_token], help="Programs that act for someone."),
]
