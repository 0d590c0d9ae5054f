"""Everything the office holds, in files that need no program of ours: each table as CSV, each paper as PDF, and an index."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crm import backup, schema
from crm.db import canonical, db
from crm.errors import Refused
from crm.exchange.safe_cells import safe_cell
from crm.text import _

SECRET = "…"


def export_all(folder: Path) -> int:
    """Write every table and kept file below ``folder`` with an index of SHA-256; answers how many files. It must be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Refused(_("The folder for the export must be empty."), field="dir")
    written: list[tuple[str, bytes]] = []
    with backup.moment(db.engine) as connection:
        for table in schema.load().sorted_tables:
            path = folder / "tables" / f"{table.name}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(_csv(table, backup.rows_of(connection, table)))
            written.append((f"tables/{table.name}.csv", hashlib.sha256(path.read_bytes()).digest()))
        for name, digest in _named_papers(connection):
            source, target = backup.path_of(digest), folder / "papers" / name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
            written.append((f"papers/{name}", hashlib.sha256(target.read_bytes()).digest()))
    for path in backup.kept_files():
        target = folder / "files" / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)
        written.append((f"files/{path.name}", hashlib.sha256(target.read_bytes()).digest()))
    index = "file,sha256\r\n" + "".join(f"{name},{digest.hex()}\r\n" for name, digest in sorted(written))
    (folder / "index.csv").write_text(index, encoding="utf-8-sig")
    return len(written) + 1


def _csv(table: sa.Table, rows: Any) -> bytes:
    hidden = {c.name for c in table.columns if c.info.get("secret")}
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([c.name for c in table.columns])
    for row in rows:
        writer.writerow([SECRET if name in hidden and value else _cell(value) for name, value in row.items()])
    return buffer.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    match value:
        case None | int() | bool():
            return value
        case str():
            return safe_cell(value)
        case _:
            return safe_cell(canonical(value))


def _named_papers(connection: sa.Connection) -> list[tuple[str, str]]:
    """(file name, digest) of every paper that has been drawn."""
    tables = schema.load().tables
    papers, files = tables["issued_documents"], tables["stored_files"]
    found = connection.execute(
        sa.select(papers.c.number, files.c.digest).join(files, files.c.id == papers.c.file_id).order_by(papers.c.number)
    )
    return [(f"{number}.pdf", digest) for number, digest in found]
