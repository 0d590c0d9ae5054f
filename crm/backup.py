"""Backup and restore: one consistent moment with its files, in a form that either database can take back.

A backup is a zip: every table as JSON lines, every kept file under its digest, and a manifest with the SHA-256 of each part, the
schema's revision and the head of the record. It is written under a draft name, read back, synced and only then named.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from crm import clock, schema, upgrading
from crm.config import settings
from crm.db import canonical, db
from crm.errors import Refused
from crm.exchange.archives import DAMAGED_ZIP
from crm.text import _

FORMAT = 1
BATCH = 1000
ALWAYS_THERE = ("alembic_version", "chain_heads")  # a migrated database has these rows before anyone wrote


class DamagedBackup(Refused):
    """The file is not a whole backup."""


def write(file: Path) -> dict[str, Any]:
    """Write a backup of this moment to ``file``; answers its manifest. Never leaves a half-written file under that name."""
    draft = file.with_name(file.name + ".draft")
    try:
        with (
            zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
            moment(db.engine) as connection,
        ):
            manifest = _manifest(connection)
            for table in schema.load().sorted_tables:
                manifest["tables"][table.name] = _write_table(archive, connection, table)
            for path in kept_files():
                manifest["files"][path.name] = _write_file(archive, path)
            for path in _keys():
                archive.write(path, f"keys/{path.name}")
                manifest["keys"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
            archive.writestr("manifest.json", canonical(manifest))
        read_manifest(draft)
        _sync(draft)
        os.replace(draft, file)
        _sync(file.parent)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(file: Path) -> dict[str, Any]:
    """Bring a backup back into an empty database and data folder. Raises ``Refused`` when either holds anything."""
    manifest = read_manifest(file)
    _refuse_unless_empty(manifest)
    with zipfile.ZipFile(file) as archive:
        for name in manifest["files"]:
            _restore_file(archive, f"files/{name}", path_of(name))
        for name in manifest["keys"]:
            _restore_file(archive, f"keys/{name}", _keys_folder() / name)
        upgrading.upgrade(db.engine, manifest["revision"])
        _restore_tables(archive, manifest)
    if manifest["revision"] != upgrading.head():
        upgrading.upgrade(db.engine)
    return manifest


class moment:
    """A connection that sees one consistent moment, whatever others write."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()

    def __enter__(self) -> Connection:
        if self._connection.dialect.name == "postgresql":
            self._connection = self._connection.execution_options(isolation_level="REPEATABLE READ")
        self._connection.begin()
        return self._connection

    def __exit__(self, *_error: object) -> None:
        self._connection.close()


def rows_of(connection: Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table in the order of their id, as plain values that are the same on both engines."""
    plain = sa.select(*(sa.type_coerce(c, _storage(c)).label(c.name) for c in table.columns)).order_by(table.c.id)
    for row in connection.execution_options(yield_per=BATCH).execute(plain).mappings():
        yield {name: _plain(value) for name, value in row.items()}


def kept_files() -> list[Path]:
    """The files kept by digest, in order."""
    place = files_folder()
    return sorted((p for p in place.rglob("*") if p.is_file() and len(p.name) == 64), key=lambda p: p.name)


def files_folder() -> Path:
    """Where kept files lie."""
    return settings().data_dir / "files"


def _keys_folder() -> Path:
    """Where the consortium's signing key lies; without it, certificates already issued would look foreign."""
    return settings().data_dir / "keys"


def _keys() -> list[Path]:
    return sorted(p for p in _keys_folder().glob("*") if p.is_file())


def path_of(digest: str) -> Path:
    """Where the file of a digest lies."""
    return files_folder() / digest[:2] / digest


def read_manifest(file: Path) -> dict[str, Any]:
    """The manifest of a whole, undamaged backup; every part is read and compared. Raises ``DamagedBackup``."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
            for name, part in manifest["tables"].items():
                _compare(archive, f"tables/{name}.jsonl", part["sha256"])
            for name in manifest["files"]:
                _compare(archive, f"files/{name}", name)
            expected = {"manifest.json", *(f"tables/{n}.jsonl" for n in manifest["tables"])}
            for name, sha256 in manifest["keys"].items():
                _compare(archive, f"keys/{name}", sha256)
            expected |= {f"keys/{n}" for n in manifest["keys"]}
            if set(archive.namelist()) != expected | {f"files/{n}" for n in manifest["files"]}:
                raise DamagedBackup(_("The backup is damaged: its parts are not those of its manifest."))
    except FileNotFoundError as error:
        raise Refused(_("There is no such file."), field="file") from error
    except (*DAMAGED_ZIP, KeyError) as error:
        raise DamagedBackup(_("The backup is damaged or not a backup.")) from error
    return manifest


def _compare(archive: zipfile.ZipFile, name: str, sha256: str) -> None:
    with archive.open(name) as part:
        if hashlib.file_digest(part, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
            raise DamagedBackup(_("The backup is damaged: %(name)s is not what was written.", name=name))


def _manifest(connection: Connection) -> dict[str, Any]:
    head = connection.execute(sa.text("SELECT number, hash FROM chain_heads")).first()
    return {
        "format": FORMAT,
        "revision": upgrading.revision(db.engine),
        "made_at": clock.now().isoformat(),
        "record": {"number": head.number, "hash": head.hash} if head else {"number": 0, "hash": "0" * 64},
        "tables": {},
        "files": {},
        "keys": {},
    }


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: sa.Table) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with archive.open(f"tables/{table.name}.jsonl", "w") as part:
        for row in rows_of(connection, table):
            line = canonical(row).encode() + b"\n"
            digest.update(line)
            part.write(line)
            count += 1
    return {"rows": count, "sha256": digest.hexdigest(), "columns": {c.name: _tag(c) for c in table.columns}}


def _write_file(archive: zipfile.ZipFile, path: Path) -> int:
    archive.write(path, f"files/{path.name}", zipfile.ZIP_STORED)
    return path.stat().st_size


def _storage(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """The plain type beneath a value column."""
    type_ = column.type
    if isinstance(type_, sa.Enum):
        return sa.Text()
    return type_ if isinstance(getattr(type_, "impl", None), sa.DateTime) else getattr(type_, "impl_instance", type_)


def _tag(column: sa.Column[Any]) -> str:
    kind = getattr(column.type, "impl_instance", column.type)
    for tag, types in (("moment", sa.DateTime), ("day", sa.Date), ("bytes", sa.LargeBinary), ("bool", sa.Boolean)):
        if isinstance(kind, types):
            return tag
    return "plain"


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case _:
            return value


def _stored(value: Any, tag: str, dialect: str) -> Any:
    """A plain value as the engine's driver takes it."""
    if value is None:
        return None
    if tag == "bytes":
        return base64.b64decode(value)
    if tag == "moment":
        at = datetime.fromisoformat(value)
        return at.strftime("%Y-%m-%d %H:%M:%S.%f") if dialect == "sqlite" else at
    if tag == "day" and dialect != "sqlite":
        return date.fromisoformat(value)
    return int(value) if tag == "bool" and dialect == "sqlite" else value


def _restore_tables(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    reflected = sa.MetaData()
    reflected.reflect(db.engine)
    with db.engine.connect() as connection:
        dialect = connection.dialect.name
        connection = connection.execution_options(crm_writing=True)
        with connection.begin():
            for table in reflected.sorted_tables:
                if table.name in manifest["tables"]:
                    columns = manifest["tables"][table.name]["columns"]
                    _restore_table(archive, connection, table.name, columns, dialect)


def _restore_table(
    archive: zipfile.ZipFile, connection: Connection, name: str, columns: dict[str, str], dialect: str
) -> None:
    untyped = sa.table(name, *(sa.column(c) for c in columns))
    connection.execute(sa.delete(untyped))
    batch: list[dict[str, Any]] = []
    with archive.open(f"tables/{name}.jsonl") as lines:
        for line in lines:
            row = json.loads(line)
            batch.append({c: _stored(row[c], tag, dialect) for c, tag in columns.items()})
            if len(batch) == BATCH:
                connection.execute(sa.insert(untyped), batch)
                batch = []
    if batch:
        connection.execute(sa.insert(untyped), batch)
    if dialect == "postgresql":
        last = sa.select(sa.func.coalesce(sa.func.max(sa.column("id")), 0)).select_from(untyped).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, "id"), last + 1, False)))


def _restore_file(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(archive.read(name))
    _sync(draft)
    os.replace(draft, path)


def _refuse_unless_empty(manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise Refused(_("This backup was written by a newer version of the application."))
    with db.engine.connect() as connection:
        inspector = sa.inspect(connection)
        for name in inspector.get_table_names():
            any_row = sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)
            if name in ALWAYS_THERE or upgrading.is_search_index(name):
                continue
            if connection.execute(any_row).first():
                raise Refused(
                    _("Restoring needs an empty place: the database holds data already (%(table)s).", table=name)
                )
    if kept_files():
        raise Refused(_("Restoring needs an empty place: the data folder holds files already."))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
