"""The schema, upgraded by numbered migrations that go forward only; a backup is the way back."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from alembic import autogenerate, command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from crm import db as database
from crm import resources, schema
from crm.organisations import searching

LOCK = 7_204_118  # an advisory lock's number: two starters upgrade one after the other


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings, without any file."""
    config = Config(stdout=io.StringIO())  # Alembic prints progress; commands answer in JSON
    config.set_main_option("script_location", str(resources.folder("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision this program knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def revision(engine: Engine) -> str:
    """The revision a database stands at; empty when it has no tables of ours."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(engine: Engine, to: str = "head") -> tuple[str, str]:
    """Bring the schema to ``to`` in one transaction; answers the revisions before and after."""
    before = revision(engine)
    with engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        command.upgrade(configuration(connection), to)
        if before and to == "head":
            searching.refresh(connection)
    return before, revision(engine)


def differences(engine: Engine) -> list[Any]:
    """Where the migrated schema and the models disagree; empty when they are equal."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _type_differs})
        found = autogenerate.compare_metadata(context, schema.load())
    return [d for d in found if not _is_ours_only(d)]


def _is_ours_only(difference: Any) -> bool:
    """What stands in the database beside the models: Alembic's own table, and the search's indexes, which differ by engine."""
    if not isinstance(difference, tuple) or difference[0] not in ("remove_table", "remove_index"):
        return False
    name = difference[1].name or ""
    return name == "alembic_version" or is_search_index(name)


def is_search_index(name: str) -> bool:
    """Whether a table or index belongs to the search (migration 0011): it follows from our tables and holds nothing else."""
    return name.startswith((*searching.INDEX_TABLES, searching.INDEX_PREFIX))


def _type_differs(context: Any, inspected: Any, column: Any, inspected_type: Any, metadata_type: Any) -> bool:
    dialect = context.dialect
    wanted = getattr(metadata_type, "impl_instance", metadata_type).compile(dialect=dialect)
    return bool(inspected_type.compile(dialect=dialect).split("(")[0] != wanted.split("(")[0])


def _is_compared(_thing: Any, name: str | None, _kind: str, _reflected: bool, _other: Any) -> bool:
    return not is_search_index(name or "")


def write_revision(engine: Engine, number: str, message: str) -> str:
    """Write a numbered migration of what the models have and the database lacks; a person reads it before it lands."""
    with engine.connect() as connection:
        config = configuration(connection)
        config.attributes.update(
            metadata=schema.load(), render_item=_plain_type, compare_type=_type_differs, include=_is_compared
        )
        script = command.revision(config, message=message, autogenerate=True, rev_id=number)
    if script is None or isinstance(script, list):
        raise RuntimeError("no migration was written")
    return str(script.path)


def _plain_type(kind: str, item: Any, _context: Any) -> str | bool:
    """Render our value columns as the plain types beneath, so that old migrations outlive a renamed type."""
    if kind != "type":
        return False
    match item:
        case database.Moment():
            return "sa.DateTime(timezone=True)"
        case sa.TypeDecorator():
            return f"sa.{type(item.impl_instance).__name__}()"
        case sa.Enum():
            return f"sa.String(length={item.length})"
        case _:
            return False


__all__ = ["differences", "head", "is_search_index", "revision", "upgrade", "write_revision"]
