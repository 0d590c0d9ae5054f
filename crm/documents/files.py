"""Kept files: the bytes on disk under their SHA-256, the row says what they are.

The bytes are on the disk, synced, before the row is committed: a row never points at nothing. An act that fails leaves at
most bytes without a row, which do no harm. The same bytes are kept once, under the name they came with first.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm import clock
from crm.config import settings
from crm.db import PERSONAL, Model, db


class StoredFile(Model):
    """A file as it came or as it was drawn; it never changes."""

    __tablename__ = "stored_files"
    __table_args__ = (CheckConstraint("size >= 0", name="size"), CheckConstraint("length(digest) = 64", name="digest"))

    digest: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int]
    media_type: Mapped[str]
    kept_at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(info=PERSONAL)

    @property
    def path(self) -> Path:
        """Where the bytes lie."""
        return path_of(self.digest)


class DamagedFile(Exception):
    """The bytes on the disk are gone or no longer what their digest says. Not a refusal: the operator must hear of it."""


def keep(content: bytes, *, name: str, media_type: str) -> StoredFile:
    """Keep bytes in the running act and answer their row; the row of the same bytes kept before, if there is one."""
    digest = hashlib.sha256(content).hexdigest()
    _wait_for_others(digest)
    row = of_digest(digest)
    if row is None or not row.path.exists():
        _write(digest, content)
    if row is None:
        row = StoredFile(digest=digest, size=len(content), media_type=media_type, name=name, kept_at=clock.now())
        db.session.add(row)
        db.session.flush()
    return row


def read(file: StoredFile) -> bytes:
    """The bytes as kept. Raises ``DamagedFile`` when they are missing or altered."""
    try:
        content = file.path.read_bytes()
    except FileNotFoundError as error:
        raise DamagedFile(f"file {file.digest} is missing") from error
    if hashlib.sha256(content).hexdigest() != file.digest:
        raise DamagedFile(f"file {file.digest} was altered")
    return content


def of_digest(digest: str) -> StoredFile | None:
    """The row of a digest, if such bytes were kept."""
    return db.session.scalars(sa.select(StoredFile).where(StoredFile.digest == digest)).one_or_none()


def path_of(digest: str) -> Path:
    """``<data_dir>/files/ab/abcdef…``"""
    return settings().data_dir / "files" / digest[:2] / digest


def _write(digest: str, content: bytes) -> None:
    """Written aside, synced, then named: the name never stands for half a file."""
    path = path_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    _sync_folder(path.parent.parent)


def _sync_folder(folder: Path) -> None:
    """Makes a new name in the folder survive a power cut, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _wait_for_others(digest: str) -> None:
    """On PostgreSQL two acts may keep the same bytes at once; the second waits. SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        lock = int.from_bytes(bytes.fromhex(digest[:16]), "big", signed=True)
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
