"""A worker that dies by SIGKILL at a chosen statement. Run by test_crash.py: ``python killed_worker.py STATEMENT TIMES``."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import sqlalchemy as sa


def main() -> None:
    """Work until nothing is due, or until the statement came so many times; ``COMMIT`` is just before a commit."""
    from crm import worker
    from crm.announcements import sending
    from crm.app import create_app
    from crm.db import db

    wanted, left = sys.argv[1], [int(sys.argv[2])]

    def count(statement: str) -> None:
        if statement.startswith(wanted):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sending.BATCH = 2
    with create_app().app_context():

        def after(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            count(statement)

        sa.event.listen(db.engine, "after_cursor_execute", after)
        sa.event.listen(db.engine, "commit", lambda _connection: count("COMMIT"))
        worker.run_once()


if __name__ == "__main__":
    main()
