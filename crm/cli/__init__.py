"""The commands of docs/interfaces.md: edges like any other, one file for a family."""

from __future__ import annotations

from importlib import import_module

import click

FAMILIES: dict[str, tuple[str, ...]] = {
    "crm.cli.installation": ("setup", "migrate", "doctor", "routes"),
    "crm.cli.mail": ("mail",),
    "crm.cli.serving": ("web", "worker", "dev"),
    "crm.cli.settings": ("settings",),
    "crm.cli.billing": ("invoices", "papers", "bank"),
    "crm.cli.people": ("user", "token"),
    "crm.cli.importing": ("import", "template"),
    "crm.cli.register": ("register",),
    "crm.cli.kpi": ("kpi",),
    "crm.cli.members": ("members", "certificates"),
    "crm.cli.keeping": ("backup", "restore", "verify", "export"),
}  # named here, too, so that one command does not import all the others


class Commands(click.Group):
    """The families' commands, imported when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(name for names in FAMILIES.values() for name in names)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        family = next((family for family, names in FAMILIES.items() if name in names), None)
        if family is None:
            return None
        return next(command for command in import_module(family).COMMANDS if command.name == name)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """ケアさき CRM: members, fees, certificates, events, indicators."""
