"""Whether this installation can do its work now: the schema is the program's, and what must be stored can be."""

from __future__ import annotations

import tempfile
from functools import cache

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from crm import resources
from crm.config import settings
from crm.db import db


def problems() -> list[str]:
    """What stands in the way, in the operator's words; nothing when all is well. Takes no lock and writes no row."""
    return [*_schema(), *_storage()]


def _schema() -> list[str]:
    from alembic.migration import (
        MigrationContext,
    )  # a twentieth of all there is to import, for a page that is rarely asked for

    try:
        with db.engine.connect() as connection:
            connection.execute(sa.select(1))
            present = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError as error:
        return [f"the database does not answer: {type(error).__name__}"]
    wanted = _heads()
    if present != wanted:
        return [
            f"the schema stands at {', '.join(sorted(present)) or 'nothing'}, the program needs {', '.join(sorted(wanted))}"
        ]
    return []


@cache
def _heads() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(ScriptDirectory(str(resources.folder("migrations"))).get_heads())


def _storage() -> list[str]:
    """A few bytes written and removed: permissions, a full disk and a disk gone read-only all show."""
    folder = settings().data_dir
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready?")
            file.flush()
    except OSError as error:
        return [f"the data folder cannot be written: {error.strerror}"]
    return []
