"""The control of the kill test: the application with one thing broken, a commit that comes a moment after the answer.

``python tests/keeping/answering_too_early.py`` serves as ``crm web`` does. Only for SQLite, only to be killed.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from crm.cli import main

LATE = 0.15

_late: set[int] = set()


def _commit_later(_dialect: Any, connection: Any) -> None:
    raw: sqlite3.Connection = connection.driver_connection
    if not raw.in_transaction:
        return
    _late.add(id(raw))
    threading.Timer(LATE, _commit, [raw]).start()


def _commit(raw: sqlite3.Connection) -> None:
    raw.commit()
    _late.discard(id(raw))


def _keep_what_is_late(_dialect: Any, connection: Any) -> None:
    if id(connection.driver_connection) not in _late:
        connection.driver_connection.rollback()


if __name__ == "__main__":
    SQLiteDialect_pysqlite.do_commit = _commit_later  # type: ignore[method-assign]
    SQLiteDialect_pysqlite.do_rollback = _keep_what_is_late  # type: ignore[method-assign]
    sys.argv[1:] = ["web"]
    main()
