"""Kept files: the bytes are there before the row, once, and an altered byte is found."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.documents import files
from crm.documents.files import StoredFile
from crm.history.kinds import Kind
from crm.history.recording import act


def test_a_kept_file_reads_back_under_its_digest(app: Flask, data_dir: Path) -> None:
    with act(Kind.FILE_KEPT):
        kept = files.keep(b"agreement", name="協定書.pdf", media_type="application/pdf")
    assert files.read(kept) == b"agreement"
    assert (kept.size, kept.name) == (9, "協定書.pdf")
    assert kept.path == data_dir / "files" / kept.digest[:2] / kept.digest


def test_the_same_bytes_are_kept_once(app: Flask) -> None:
    with act(Kind.FILE_KEPT):
        one = files.keep(b"same", name="a", media_type="text/plain")
        two = files.keep(b"same", name="b", media_type="text/plain")
    assert one is two
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 1


def test_altered_or_missing_bytes_are_found(app: Flask) -> None:
    with act(Kind.FILE_KEPT):
        kept = files.keep(b"content", name="a", media_type="text/plain")
    kept.path.write_bytes(b"forged")
    with pytest.raises(files.DamagedFile, match="altered"):
        files.read(kept)
    kept.path.unlink()
    with pytest.raises(files.DamagedFile, match="missing"):
        files.read(kept)


def test_keeping_again_heals_missing_bytes(app: Flask) -> None:
    with act(Kind.FILE_KEPT):
        kept = files.keep(b"content", name="a", media_type="text/plain")
    kept.path.unlink()
    with act(Kind.FILE_KEPT):
        files.keep(b"content", name="a", media_type="text/plain")
    assert files.read(kept) == b"content"


def test_a_failed_act_leaves_no_row(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), act(Kind.FILE_KEPT):
        files.keep(b"content", name="a", media_type="text/plain")
        raise ZeroDivisionError
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0
