"""Where a benchmark runs: a fresh, migrated database on either engine, which waits for the disk, with a folder for its files."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql

from crm import config
from crm.app import create_app
from crm.cli import serving
from crm.db import db
from crm.history.recording import Actor, acting_as
from tests import databases, postgres_server
from tests.live_server import LiveServer

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SECRET = "a secret for measuring, longer than thirty-two characters"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """A database of one's own and a folder; ``engine`` is its name as the table prints it."""

    engine: str
    database_url: str
    data_dir: Path

    @property
    def settings(self) -> config.Settings:
        """The operator's settings of the place."""
        return config.Settings(
            database_url=self.database_url,
            data_dir=self.data_dir,
            secret_key=SECRET,
            public_rate=0,
            fast_passwords=True,
        )

    @contextmanager
    def app(self) -> Iterator[Flask]:
        """The application in this process, its context open and someone named who acts."""
        made = create_app(self.settings)
        gc.collect()
        gc.freeze()  # as ``crm web`` and what it forks do; see crm/cli/serving.py
        gc.set_threshold(*serving.RARELY)
        with made.app_context(), acting_as(Actor("bench")):
            yield made
            db.session.rollback()
            for engine in db.engines.values():
                engine.dispose()

    def server(self, *, command: tuple[str, ...] | None = None) -> LiveServer:
        """Two gunicorn workers with four threads each, as by default; ``command`` serves another program."""
        environment = {
            "CRM_SECRET_KEY": SECRET,
            "CRM_WEB_WORKERS": "2",
            "CRM_WEB_THREADS": "4",
            "PYTHONPATH": os.getcwd(),
        }
        if command is None:
            return LiveServer(self.data_dir, self.database_url, environment=environment)
        return LiveServer(self.data_dir, self.database_url, environment=environment, command=command)


class Ground:
    """The folder and the PostgreSQL server that the places of one run lie in; started when first needed, removed at the end."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crm-bench-"))
        self._postgres_folder = self.folder.with_name(self.folder.name.replace("bench", "bench-pg"))
        self._postgres = ""

    @contextmanager
    def place(self, engine: str) -> Iterator[Place]:
        """A fresh place on an engine (``sqlite`` or ``postgresql``)."""
        data_dir = self.folder / f"{engine}-{next(_numbers)}"
        data_dir.mkdir()
        if engine == "sqlite":
            url = f"sqlite:///{data_dir / 'crm.sqlite3'}"
            databases.build_schema(url)
            yield Place(ENGINES[engine], url, data_dir)
        else:
            name = data_dir.name.replace("-", "_")
            self._order("CREATE DATABASE {}", name)
            url = self._postgres.replace("/postgres?", f"/{name}?")
            databases.build_schema(url)
            yield Place(ENGINES[engine], url, data_dir)
            self._order("DROP DATABASE {} WITH (FORCE)", name)
        shutil.rmtree(data_dir, ignore_errors=True)

    def _order(self, statement: str, name: str) -> None:
        if not self._postgres:
            self._postgres = postgres_server.start(self._postgres_folder, durable=True)
        with psycopg.connect(self._postgres, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Stop the server and remove everything."""
        if self._postgres:
            postgres_server.stop(self._postgres_folder)
        shutil.rmtree(self._postgres_folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
