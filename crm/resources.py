"""Where the files that are not Python lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


@cache
def folder(name: str) -> Path:
    """The folder ``templates``, ``static`` or ``migrations``. Raises ``FileNotFoundError`` if the installation lacks it."""
    for place in (PACKAGE / "_shipped" / name, PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the installation lacks its folder {name!r}")


def catalogues() -> Path:
    """The folder with the compiled message catalogues."""
    return PACKAGE / "translations"


def is_checkout() -> bool:
    """Whether the application runs from its source tree."""
    return (PACKAGE.parent / "pyproject.toml").is_file()
