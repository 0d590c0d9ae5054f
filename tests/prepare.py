"""What the browser tests need from the system: Chromium (or Chrome) and a Japanese font.

``python tests/prepare.py`` looks for both. On Debian, as root, it installs what is missing; elsewhere it says what is, and the
tests that need it are skipped with that reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WANTED = {"chromium": "a browser (chromium or google-chrome)", "fonts-noto-cjk": "a Japanese font (fonts-noto-cjk)"}


def browser() -> str | None:
    """Where the system's Chromium or Chrome is; ``CRM_TEST_BROWSER`` names another one."""
    named = os.environ.get("CRM_TEST_BROWSER")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def has_japanese_font() -> bool:
    """Whether the system can draw Japanese, as far as fontconfig knows."""
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=ja", "family"], capture_output=True, text=True)
    return bool(listed.stdout.strip())


def missing() -> list[str]:
    """The Debian packages that would bring what is missing."""
    return [p for p, is_there in (("chromium", browser()), ("fonts-noto-cjk", has_japanese_font())) if not is_there]


def main() -> None:
    """Install what is missing where that is ours to do; otherwise say it."""
    packages = missing()
    if packages and _may_install():
        print("installing " + ", ".join(packages) + " for the browser tests (once) ...", flush=True)
        for command in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", *packages]):
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(["apt-get", *command], env=quiet, capture_output=True, text=True)
            if done.returncode:
                print(f"apt-get {' '.join(command)} failed:\n{done.stderr}", file=sys.stderr)
                break
        packages = missing()
    for package in packages:
        print(f"missing: {WANTED[package]}; the browser tests will be skipped, which counts as failed with CI=true")


def _may_install() -> bool:
    is_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None
    return is_debian and hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    main()
