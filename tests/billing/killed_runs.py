"""Kills ``crm invoices run`` at chosen moments, repeats the command, and tells what came of it. Run by test_crash.py.

``python killed_runs.py DATABASE POINTS`` prints a JSON line for the undisturbed run and one for each point. A process of its
own, because it forks: each command is a real process with nothing inherited but the imported code.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

COMMAND = "invoices run --fiscal-year 2026 --issue-date 2026-04-01 --due-date 2026-04-30 --json".split()
STATEMENTS = {
    "invoices": "SELECT i.number, i.state, i.total, i.issued_on, i.due_on, i.member_id, r.year FROM invoices i "
    "JOIN annual_runs r ON r.id = i.run_id ORDER BY i.number",
    "lines": "SELECT i.number, l.position, l.text, l.net FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id "
    "ORDER BY i.number, l.position",
    "papers": "SELECT number, addressee, amount, facts FROM issued_documents ORDER BY number",
    "letters": "SELECT recipient_email, subject, body FROM letters ORDER BY subject, recipient_email",
    "attached": "SELECT count(*) FROM letter_attachments",
    "counters": "SELECT series, fiscal_year, value FROM counters ORDER BY series, fiscal_year",
    "runs": "SELECT year, state, members, failed, left_out FROM annual_runs ORDER BY id",
    "terms": "SELECT member_id, year FROM membership_terms ORDER BY member_id, year",
}


def main() -> None:
    """The undisturbed run, then each point."""
    database, points = Path(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        get_ready(database, where)
        code, answer, statements = carry_out(database, where)
        tell(0, code, answer, where, statements=statements)
        for n in range(points):
            moment = 1 + n * statements // points
            killed, *_rest = carry_out(database, where, kill_at=moment)
            code, answer, _statements = carry_out(None, where)
            tell(moment, code, answer, where, killed=killed)


def get_ready(database: Path, where: Path) -> None:
    """Import, wire and run the command once here, so that the forks need not; no connection stays open."""
    os.environ.update(CRM_DATA_DIR=str(where), CRM_SECRET_KEY="x" * 40)
    os.environ.pop("CRM_DATABASE_URL", None)
    from crm import app
    from crm.billing import issuing
    from crm.db import db

    issuing.work_off.__kwdefaults__["most"] = 2  # several acts though there are few members
    shutil.copyfile(database, where / "crm.sqlite3")
    made = app.create_app()
    app.create_app = lambda: made  # type: ignore[assignment,misc]
    _command()
    with made.app_context():
        db.engine.dispose()


def carry_out(database: Path | None, where: Path, *, kill_at: int = 0) -> tuple[int, Any, int]:
    """The command in a process of its own; its exit code (negative: the signal), its answer, how many statements it sent."""
    if database is not None:
        for old in where.glob("crm.sqlite3*"):
            old.unlink()
        shutil.copyfile(database, where / "crm.sqlite3")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _as_the_command(writer, kill_at)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        said = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    answer, statements = json.loads(said) if said else (None, 0)
    return code, answer, statements


def _as_the_command(writer: int, kill_at: int) -> None:
    """Never returns: it is the command's process."""
    sent = 0

    def count(*_args: object) -> None:
        nonlocal sent
        sent += 1
        if sent == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, moment, count)
    code, said = _command()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        stream.write(json.dumps([json.loads(said), sent]))
    os._exit(code)


def _command() -> tuple[int, str]:
    """Its exit code and what it printed."""
    from crm.cli import main as command

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        try:
            command(COMMAND)
        except SystemExit as left:
            return int(left.code or 0), said.getvalue()
    return 0, said.getvalue()


def tell(moment: int, code: int, answer: Any, where: Path, **more: Any) -> None:
    """One line: what the command answered and what stands in the database."""
    connection = sqlite3.connect(where / "crm.sqlite3")
    state = {name: connection.execute(statement).fetchall() for name, statement in STATEMENTS.items()}
    connection.close()
    print(json.dumps({"moment": moment, "code": code, "answer": answer, "state": state, **more}), flush=True)


if __name__ == "__main__":
    main()
