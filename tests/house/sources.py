"""The source tree as the house rules read it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CRM = ROOT / "crm"
TEMPLATES = ROOT / "templates"
MIGRATIONS = ROOT / "migrations"
EDGES = ("office", "portal", "public", "api")


def holds(broken: Iterable[object], rule: str) -> None:
    """Fail with the rule in one sentence, and below it the places that break it."""
    places = sorted(str(place) for place in broken)
    if places:
        pytest.fail("\n  ".join([rule, *places]), pytrace=False)


def modules(folder: Path = CRM) -> list[Path]:
    """All Python files of a folder."""
    return sorted(file for file in folder.rglob("*.py") if "__pycache__" not in file.parts)


@cache
def tree(file: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def within(file: Path) -> str:
    """A file's place in the project, for people."""
    return file.relative_to(ROOT).as_posix()


def at(file: Path, node: ast.AST) -> str:
    """A line's place in the project, for people."""
    return f"{within(file)}:{getattr(node, 'lineno', 1)}"


def nodes(
    kind: type[ast.AST] | tuple[type[ast.AST], ...], files: Iterable[Path] | None = None
) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of a kind, with its file."""
    for file in modules() if files is None else files:
        for node in ast.walk(tree(file)):
            if isinstance(node, kind):
                yield file, node


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of something of that name, whether ``name(…)`` or ``x.name(…)``."""
    for file, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        if getattr(node.func, "id", getattr(node.func, "attr", None)) == name:
            yield file, node


def members_used(enumeration: str) -> set[str]:
    """The members of an enumeration that any module names, as in ``Kind.INVOICE_ISSUED``, other than where it stands."""
    used = set()
    for file, node in nodes(ast.Attribute):
        assert isinstance(node, ast.Attribute)
        whose = getattr(node.value, "id", getattr(node.value, "attr", None))
        stands_here = any(isinstance(n, ast.ClassDef) and n.name == enumeration for n in tree(file).body)
        if whose == enumeration and not stands_here:
            used.add(node.attr)
    return used


def is_edge(file: Path) -> bool:
    """Whether a module is where a person or program comes in."""
    inside = file.relative_to(CRM)
    return file.stem in EDGES or bool(set(inside.parts[:-1]) & {"cli", *EDGES})


@cache
def tracked() -> list[Path]:
    """The files of the repository; in a copy without one, everything that is not made."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if asked.returncode == 0 and asked.stdout:
        return [ROOT / name for name in asked.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    made = {"var", "__pycache__", "dist", "build"}
    return [f for f in ROOT.rglob("*") if f.is_file() and f.suffix != ".mo" and not _is_made(f, made)]


def _is_made(file: Path, made: set[str]) -> bool:
    parts = file.relative_to(ROOT).parts
    return bool(made & set(parts)) or (parts[0].startswith(".") and parts[0] not in (".ci", ".gitignore"))
