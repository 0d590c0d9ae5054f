"""``crm settings``: what the office decides, shown and changed from the command line."""

from __future__ import annotations

import click

from crm.cli.answering import Answer, command, nothing_to_do
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.settings import settings
from crm.settings.keys import KEYS
from crm.text import gettext


@command()
def show() -> Answer:
    """Every setting of the office with its meaning and default."""
    values = settings.stored()
    return {
        "settings": [
            {"key": k.name, "value": values[k.name], "default": k.default, "meaning": gettext(k.meaning),
             "choices": list(k.choices)}
            for k in KEYS
        ]
    }  # fmt: skip


@command(name="set")
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> Answer:
    """Give one setting a new value."""
    with act(Kind.SETTING_CHANGED, note=key):
        if not settings.change(key, value):
            raise nothing_to_do(key=key)
    return {"key": key, "value": settings.stored()[key]}


COMMANDS = [click.Group("settings", commands=[show, set_], help="What the office decides.")]
