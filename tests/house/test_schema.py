"""Every table stands in schema.py, and the migrations build exactly what the models say."""

from __future__ import annotations

import ast
import re

import pytest
from alembic.script import ScriptDirectory
from flask import Flask

from crm import schema, upgrading
from crm.db import db
from tests.house.sources import MIGRATIONS, at, holds, nodes, within

VERSIONS = sorted((MIGRATIONS / "versions").glob("*.py"))
NUMBERED = re.compile(r"\d{4}_[a-z0-9_]+\.py")


def test_every_table_is_named_on_the_one_page() -> None:
    known = set(schema.load().tables)
    found = []
    for file, node in nodes(ast.Assign):
        assert isinstance(node, ast.Assign)
        name = node.value.value if isinstance(node.value, ast.Constant) else None
        if getattr(node.targets[0], "id", "") == "__tablename__" and name not in known:
            found.append(f"{at(file, node)} {name}")
    holds(found, "Every noun's module is named in schema.py, else migrations and backups would not see its table.")


def test_migrations_are_numbered_and_named() -> None:
    holds(
        (within(file) for file in VERSIONS if not NUMBERED.fullmatch(file.name)),
        "Migrations are called 0007_what_changes.py.",
    )


def test_there_is_one_newest_migration() -> None:
    if VERSIONS:
        heads = ScriptDirectory.from_config(upgrading.configuration()).get_heads()
        assert len(heads) == 1, f"the migrations fork: {heads}"


def test_migrations_import_nothing_that_may_be_renamed() -> None:
    found = []
    for file, node in nodes((ast.Import, ast.ImportFrom), VERSIONS):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]  # type: ignore[attr-defined]
        if any(name.split(".")[0] == "crm" for name in names):
            found.append(at(file, node))
    holds(found, "A migration imports nothing from crm, so that it still runs when our types are renamed.")


def test_models_equal_migrations(app: Flask) -> None:
    if not VERSIONS:
        pytest.fail("there are no migrations", pytrace=False)
    holds(upgrading.differences(db.engine), "The models and the migrations disagree: write a migration.")
