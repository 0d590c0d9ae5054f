"""``crm import`` and ``crm template``: spreadsheets of every kind in, and the empty ones they are filled from.

The kinds are listed in ``crm.organisations.importers.KINDS``, one line each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crm.cli.answering import Answer, command, nothing_to_do, refused, say
from crm.exchange.plan import BadRows, Plan, Reviewing
from crm.exchange.reading import Sheet, Unreadable, read
from crm.exchange.sheets import MAX_BYTES
from crm.exchange.templates import template as template_bytes
from crm.history.recording import act
from crm.organisations import importers
from crm.organisations.importers import KINDS, Importer, Origin

_KIND = click.Choice(sorted(KINDS))
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_EMPTY: dict[str, Any] = {"rows": 0, "created": 0, "updated": 0, "unchanged": 0, "review": [], "errors": []}


@command(name="import")
@click.argument("kind", type=_KIND)
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--encoding", help="How a CSV file is written, when it cannot be told by itself: utf-8, cp932.")
@click.option("--review", type=click.Choice(["create", "skip"]), help="Rows in doubt: create them, or leave them out.")
def import_(kind: str, file: Path, dry_run: bool, encoding: str | None, review: str | None) -> Answer:
    """Read a spreadsheet: all of it, or nothing when a row is wrong."""
    importer, sheet, origin = _opened(kind, file, encoding)
    reviewing = Reviewing(review) if review else Reviewing.HOLD
    if dry_run:
        plan: Plan = importer.plan(sheet).reviewed(reviewing)
        if plan.errors:
            raise _bad(BadRows(plan), dry_run=True)
        return plan.as_json(dry_run=True)
    try:
        with act(importer.act, note=origin.file_name):
            plan = importer.plan(sheet).reviewed(reviewing)
            importer.write(plan, origin)
            if not (plan.created or plan.updated or plan.review):
                raise nothing_to_do(**plan.as_json())
    except BadRows as bad:
        raise _bad(bad) from bad
    return plan.as_json()


@command()
@click.argument("kind", type=_KIND)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
def template(kind: str, output: Path | None) -> Answer:
    """Write the empty workbook an import reads."""
    importer = importers.named(kind)
    path = output or Path(f"{kind}.xlsx")
    path.write_bytes(template_bytes(importer.columns, importer.title))
    return {"file": str(path), "columns": [column.heading for column in importer.columns.columns]}


def _opened(kind: str, file: Path, encoding: str | None) -> tuple[Importer, Sheet, Origin]:
    """The importer, what the file says and where it came from; a file that cannot be read is refused in full form."""
    try:
        importer = importers.named(kind)
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)  # a byte more than is taken: `read` then says that it is too large
        return importer, read(data, file.name, encoding=encoding), Origin.of(data, file.name)
    except Unreadable as unreadable:
        errors = [{"row": None, "column": "", "message": str(unreadable)}]
        raise refused(unreadable, **{**_EMPTY, "errors": errors}) from unreadable


def _bad(bad: BadRows, *, dry_run: bool = False) -> Exception:
    for error in bad.plan.errors:
        say(f"{error.row}: {error.column}: {error.message}")
    return refused(bad, **bad.plan.as_json(dry_run=dry_run))


COMMANDS = [import_, template]
