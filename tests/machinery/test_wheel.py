"""A wheel built from the project carries everything and serves from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SERVES = """
import sys
from pathlib import Path
import crm
from crm import resources
from crm.app import create_app
from crm.config import Settings

home = Path(sys.argv[1])
assert Path(crm.__file__).is_relative_to(home), crm.__file__
for name in ("templates", "static", "migrations"):
    assert resources.folder(name).is_relative_to(home), name
    assert any(resources.folder(name).rglob("*.*")), name
assert (resources.catalogues() / "ja" / "LC_MESSAGES" / "messages.mo").is_file()
app = create_app(Settings(data_dir=Path("var"), secret_key="s" * 40))
answer = app.test_client().get("/static/css/base.css")
assert answer.status_code == 200, answer.status_code
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "installed")
    return folder / "installed"


def test_the_wheel_carries_templates_static_files_migrations_and_catalogues(installed: Path) -> None:
    for name in ("templates", "static", "migrations"):
        files = {
            f.relative_to(ROOT / name)
            for f in (ROOT / name).rglob("*.*")
            if f.suffix in (".html", ".css", ".py", ".txt")
        }
        shipped = installed / "crm" / "_shipped" / name
        assert files <= {f.relative_to(shipped) for f in shipped.rglob("*") if f.is_file()}
    assert (installed / "crm" / "translations" / "ja" / "LC_MESSAGES" / "messages.mo").is_file()


def test_the_wheel_serves_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    served = subprocess.run(
        [sys.executable, "-c", SERVES, str(installed)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert served.returncode == 0, served.stderr
