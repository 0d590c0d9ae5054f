"""What these tests need besides: counting the statements sent to the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """``with count_queries() as queries:`` collects the SELECT statements of the block."""
    from crm.db import db

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                statements.append(statement)

        db.session.rollback()
        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)

    return counting
