"""Everything is said in every language, and imports only go down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from crm.translations import checking, compiling
from tests.house.sources import ROOT, holds


def test_nothing_is_untranslated_and_nothing_stale() -> None:
    holds(checking.problems(), "Every message has its Japanese, and every Japanese its message.")


def test_two_packages_do_not_translate_one_message_differently() -> None:
    for language in compiling.languages():
        assert len(compiling.joined(language)) > 0


def test_imports_only_go_down() -> None:
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"], cwd=ROOT, capture_output=True, text=True
    )
    broken = [line for line in checked.stdout.splitlines() if line.startswith("- ")]
    holds(broken or [checked.stdout] * bool(checked.returncode), "Imports only go down the floors (docs/design.md 3).")
