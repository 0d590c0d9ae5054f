"""Recomputing everything that must add up: ledger, numbers, capacity, allocations, the record, files against their digests.

And one digest of all rows and files that does not depend on the engine, so that a backup, a move to another database or a
year on the shelf can be held against what was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import import_module

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crm import backup, schema
from crm.db import canonical, db
from crm.history import chain

CHECKS: tuple[str, ...] = (
    "crm.organisations.searching:breaches",
    "crm.documents.issued:breaches",
    "crm.members.terms:breaches",
    "crm.billing.invoices:breaches",
    "crm.billing.payments:breaches",
    "crm.events.registrations:breaches",
)
"""``module:function`` of each package that keeps something that must add up; each yields breaches in words."""


def breaches() -> list[str]:
    """Everything that does not add up, in words; empty when all is well."""
    found = list(chain.breaches(db.session))
    for check in CHECKS:
        module, _, function = check.partition(":")
        found += list(getattr(import_module(module), function)())
    found += list(_files())
    found += list(_engine())
    return found


def digest() -> str:
    """SHA-256 over every row of every table in canonical spelling and every kept file; equal on both engines."""
    whole = hashlib.sha256()
    with backup.moment(db.engine) as connection:
        for table in sorted(schema.load().tables.values(), key=lambda t: t.name):
            whole.update(f"table {table.name}\n".encode())
            whole.update(_rows(connection, table))
    for path in backup.kept_files():
        whole.update(f"file {path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _rows(connection: Connection, table: sa.Table) -> bytes:
    rows = hashlib.sha256()
    for row in backup.rows_of(connection, table):
        rows.update(canonical(row).encode() + b"\n")
    return rows.digest()


def _files() -> Iterator[str]:
    """Kept files whose bytes are no longer what their name says, and rows whose file is gone."""
    present = set()
    for path in backup.kept_files():
        present.add(path.name)
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            yield f"files: {path.name} was altered"
    stored = schema.load().tables.get("stored_files")
    if stored is not None:
        for digest_ in db.session.scalars(sa.select(stored.c.digest)):
            if digest_ not in present:
                yield f"files: {digest_} is missing"


def _engine() -> Iterator[str]:
    """What the database itself says about its files."""
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect() as connection:
        for (verdict,) in connection.exec_driver_sql("PRAGMA integrity_check").fetchall():
            if verdict != "ok":
                yield f"database: {verdict}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            yield f"database: {row[0]} {row[1]} points to nothing in {row[2]}"
