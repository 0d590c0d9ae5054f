"""A backup is one consistent moment with its files; restored it equals that moment; a damaged one is never taken for good."""

import contextlib
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from crm import backup, verifying
from crm.app import create_app
from crm.config import Settings, put_in_force
from crm.db import db
from crm.documents import files
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.organisations import CountSource, EmployeeCount, Organisation
from tests import databases


@pytest.fixture
def filled(app: Flask) -> Flask:
    organisation = Organisation(name="株式会社髙﨑𠮷野", kana="タカサキヨシノ")
    with act(Kind.ORGANISATION_ADDED, about=organisation):
        db.session.add(organisation)
        db.session.add(
            EmployeeCount(organisation=organisation, employees=101, on=date(2026, 4, 1), source=CountSource.DECLARED)
        )
        files.keep("根拠資料".encode(), name="根拠.txt", media_type="text/plain")
    return app


@pytest.fixture
def empty_place(
    tmp_path: Path, engine: str, engine_databases: Callable[[str], databases.Databases]
) -> Iterator[Settings]:
    """An empty database of the other engine and an empty data folder: what a move to another machine finds."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    other = "postgresql" if engine == "sqlite" else "sqlite"
    with engine_databases(other).fresh(folder) as url:
        yield Settings(database_url=url, data_dir=folder, secret_key="x" * 40)


@contextlib.contextmanager
def place(there: Settings, here: Settings) -> Iterator[None]:
    """Inside, the application of another place is in force; its connections are closed at the end."""
    with create_app(there).app_context():
        try:
            yield
        finally:
            db.session.close()
            db.engine.dispose()
            put_in_force(here)


def test_a_restored_backup_is_the_same_to_the_last_row_on_the_other_engine(
    filled: Flask, tmp_path: Path, empty_place: Settings, settings: Settings
) -> None:
    before = verifying.digest()
    backup.write(tmp_path / "b.zip")
    with place(empty_place, settings):
        backup.restore(tmp_path / "b.zip")
        assert verifying.digest() == before
        assert verifying.breaches() == []
        with pytest.raises(Refused, match="空|empty"):
            backup.restore(tmp_path / "b.zip")


def test_a_restored_office_goes_on_writing(
    filled: Flask, tmp_path: Path, empty_place: Settings, settings: Settings
) -> None:
    backup.write(tmp_path / "b.zip")
    with place(empty_place, settings):
        backup.restore(tmp_path / "b.zip")
        with act(Kind.ORGANISATION_ADDED):
            db.session.add(Organisation(name="合同会社その後"))
        assert verifying.breaches() == []


def test_a_flipped_byte_anywhere_is_refused(filled: Flask, tmp_path: Path) -> None:
    backup.write(tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    chance = random.Random(7)
    accepted = []
    for place in chance.sample(range(len(whole)), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (tmp_path / "damaged.zip").write_bytes(damaged)
        try:
            manifest = backup.read_manifest(tmp_path / "damaged.zip")
        except Refused:
            continue
        accepted.append((place, manifest))
    sound = backup.read_manifest(tmp_path / "b.zip")
    assert all(manifest == sound for _, manifest in accepted), "a damaged backup was taken for good"


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_half_written_backup_is_refused(filled: Flask, tmp_path: Path, kept: float) -> None:
    backup.write(tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(Refused):
        backup.read_manifest(tmp_path / "half.zip")


def test_a_file_changed_or_lost_on_disk_is_found(filled: Flask) -> None:
    path = backup.kept_files()[0]
    path.chmod(0o600)
    path.write_bytes(b"changed")
    assert any("altered" in breach for breach in verifying.breaches())
    path.unlink()
    assert any("missing" in breach for breach in verifying.breaches())


def test_the_digest_sees_one_changed_value(filled: Flask) -> None:
    before = verifying.digest()
    with act(Kind.ORGANISATION_CHANGED):
        db.session.query(Organisation).one().remark = "一文字"
    assert verifying.digest() != before
