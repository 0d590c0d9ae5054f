"""``crm backup``, ``restore``, ``verify``, ``export``: keeping what the office holds, and showing that it is whole."""

from __future__ import annotations

from pathlib import Path

import click

from crm import backup as backups
from crm import exporting, upgrading, verifying
from crm.cli.answering import Answer, Answered, command
from crm.config import settings


@command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> Answer:
    """One consistent moment with its files."""
    manifest = backups.write(file)
    return {
        "file": str(file), "rows": sum(t["rows"] for t in manifest["tables"].values()), "files": len(manifest["files"]),
        "record": manifest["record"],
    }  # fmt: skip


@command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> Answer:
    """Bring a backup back into an empty place."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    manifest = backups.restore(file)
    return {
        "file": str(file),
        "made_at": manifest["made_at"],
        "record": manifest["record"],
        "revision": upgrading.head(),
    }


@command()
@click.option("--digest", is_flag=True, help="The SHA-256 of all rows and files, whatever the engine.")
def verify(digest: bool) -> Answer:
    """Recompute everything that must add up."""
    if digest:
        return {"digest": verifying.digest()}
    breaches = verifying.breaches()
    if breaches:
        raise Answered(1, {"ok": False, "breaches": breaches})
    return {"ok": True, "breaches": []}


@command()
@click.option("--all", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR")
def export(folder: Path) -> Answer:
    """Every table and paper as CSV and PDF with an index."""
    return {"dir": str(folder), "files": exporting.export_all(folder)}


COMMANDS = [backup, restore, verify, export]
