"""The commands of docs/interfaces.md: edges like any other, one file for a family."""

from __future__ import annotations

from importlib import import_module

import click

FAMILIES: tuple[str, ...] = (
    "crm.cli.installation",
    "crm.cli.mail",
    "crm.cli.serving",
    "crm.cli.settings",
    "crm.cli.billing",
    "crm.cli.people",
    "crm.cli.importing",
    "crm.cli.kpi",
    "crm.cli.members",
    "crm.cli.keeping",
)


class Commands(click.Group):
    """The families' commands, imported when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._all())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return self._all().get(name)

    def _all(self) -> dict[str, click.Command]:
        return {command.name or "": command for family in FAMILIES for command in import_module(family).COMMANDS}


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """ケアさき CRM: members, fees, certificates, events, indicators."""
