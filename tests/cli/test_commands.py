"""The commands as an operator calls them: one JSON object on stdout, words on stderr, and the exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm.cli import FAMILIES

CONTRACT = [
    "setup", "settings", "bank", "migrate", "user", "token", "web", "worker", "dev", "import", "template", "invoices", "papers",
    "certificates", "kpi", "members", "mail", "export", "backup", "restore", "verify", "doctor", "routes",
]  # fmt: skip


class Installation:
    """One installation in a folder of its own, driven by its console script."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.environ = {
            **os.environ,
            "CRM_DATA_DIR": str(folder / "data"),
            "CRM_DATABASE_URL": url,
            "CRM_ENV": "development",
        }

    def crm(self, *arguments: str, code: int = 0, **environ: str) -> dict[str, Any]:
        """Run a command and give its JSON; fails unless it ends with ``code``."""
        done = subprocess.run(
            [sys.executable, "-m", "crm", *arguments, "--json"], env={**self.environ, **environ}, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr[-2000:])
        lines = done.stdout.strip().splitlines()
        assert len(lines) == 1, done.stdout
        answer: dict[str, Any] = json.loads(lines[0])
        return answer


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation just set up; each test works on a copy."""
    folder = tmp_path_factory.mktemp("installed")
    assert Installation(folder).crm("setup")["created"] is True
    return folder


@pytest.fixture
def installation(installed: Path, tmp_path: Path) -> Installation:
    shutil.copytree(installed, tmp_path, dirs_exist_ok=True)
    return Installation(tmp_path)


def test_every_command_of_the_contract_exists() -> None:
    from importlib import import_module

    families = {family: tuple(command.name for command in import_module(family).COMMANDS) for family in FAMILIES}
    assert families == FAMILIES
    names = {name for names in FAMILIES.values() for name in names}
    assert set(CONTRACT) <= names


def test_setup_creates_once_and_says_so(installation: Installation) -> None:
    again = installation.crm("setup")
    assert (again["created"], again["demo"]) == (False, False)
    assert "crm.sqlite3" in again["database"]
    installation.crm("migrate", code=3)


def test_settings_are_shown_changed_and_refused(installation: Installation) -> None:
    shown = {s["key"]: s for s in installation.crm("settings", "show")["settings"]}
    assert shown["fees.tax"]["value"] == "outside_scope"
    assert all(s["meaning"] for s in shown.values())
    installation.crm("settings", "set", "issuer.phone", "０４４−１２３−４５６７")
    installation.crm("settings", "set", "issuer.phone", "044-123-4567", code=3)
    refused = installation.crm("settings", "set", "issuer.corporate_number", "1234567890123", code=4)
    assert refused["field"] == "issuer.corporate_number"
    assert installation.crm("settings", "set", "issuer.colour", "red", code=4)["reason"]


def test_a_backup_is_restored_only_into_an_empty_place(installation: Installation, tmp_path: Path) -> None:
    installation.crm("settings", "set", "issuer.phone", "044-123-4567")
    before = installation.crm("verify", "--digest")["digest"]
    installation.crm("backup", str(tmp_path / "b.zip"))
    assert installation.crm("restore", str(tmp_path / "b.zip"), code=4)["reason"]
    elsewhere = Installation(tmp_path / "elsewhere")
    elsewhere.crm("restore", str(tmp_path / "b.zip"))
    assert elsewhere.crm("verify", "--digest")["digest"] == before
    assert elsewhere.crm("verify") == {"ok": True, "breaches": []}
    (tmp_path / "broken.zip").write_bytes((tmp_path / "b.zip").read_bytes()[:500])
    assert Installation(tmp_path / "third").crm("restore", str(tmp_path / "broken.zip"), code=4)["reason"]


def test_the_export_has_every_table_and_an_index_of_digests(installation: Installation, tmp_path: Path) -> None:
    answer = installation.crm("export", "--all", str(tmp_path / "out"))
    index = (tmp_path / "out" / "index.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(index) == answer["files"]
    assert any(line.startswith("tables/organisations.csv,") for line in index)
    assert installation.crm("export", "--all", str(tmp_path / "out"), code=4)["reason"]


def test_the_doctor_names_what_production_would_refuse(installation: Installation) -> None:
    problems = " ".join(installation.crm("doctor", code=4)["problems"])
    for name in ("CRM_TRUSTED_HOSTS", "CRM_BASE_URL", "CRM_ENV"):
        assert name in problems


BAD = {
    "CRM_SECRET_KEY": ["short", "secret", ""],
    "CRM_TRUSTED_HOSTS": ["", "*"],
    "CRM_BASE_URL": ["http://crm.example.jp"],
    "CRM_STRIPE_API_KEY": ["sk_test_1", "rk_test_1", "sk_live_1"],
    "CRM_STRIPE_API_BASE": ["http://127.0.0.1:9000"],
    "CRM_BIND": ["nowhere", "127.0.0.1:99999"],
    "CRM_PUBLIC_RATE": ["many", "-1"],
    "CRM_ENV": ["staging"],
}
SOUND = {
    "CRM_ENV": "production", "CRM_SECRET_KEY": "k7Zr" * 12, "CRM_TRUSTED_HOSTS": "crm.example.jp",
    "CRM_BASE_URL": "https://crm.example.jp",
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in BAD.items() for v in values])
def test_production_refuses_to_start_with_an_unsafe_setting_and_names_it(
    installation: Installation, name: str, value: str
) -> None:
    environ = {**installation.environ, **SOUND, name: value}
    done = subprocess.run(
        [sys.executable, "-m", "crm", "web"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert name in done.stdout + done.stderr or (
        name == "CRM_STRIPE_API_KEY" and "CRM_STRIPE" in done.stdout + done.stderr
    )


def test_a_sound_production_setting_has_nothing_the_doctor_minds(installation: Installation) -> None:
    assert installation.crm("doctor", **SOUND) == {"ok": True, "problems": []}


def test_routes_name_audience_and_permission(installation: Installation) -> None:
    routes = {r["rule"]: r for r in installation.crm("routes")["routes"]}
    assert routes["/office/history"]["permission"] == "history:read"
    assert routes["/healthz"]["audience"] == "public"
