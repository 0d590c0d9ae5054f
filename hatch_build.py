"""What goes into the wheel besides the package: compiled catalogues, and templates, static files, migrations inside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("templates", "static", "migrations")


class ShippedFiles(BuildHookInterface[Any]):
    """Compiles the catalogues; a wheel (not an editable installation) also carries the three folders."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files. Raises when two catalogues contradict each other."""
        root = Path(self.root)
        sys.path.insert(0, str(root))
        try:
            from crm.translations import compiling

            compiling.compile_all(root / "crm" / "translations")
        finally:
            sys.path.remove(str(root))
        if version == "standard":
            for name in SHIPPED:
                build_data["force_include"][str(root / name)] = f"crm/_shipped/{name}"
