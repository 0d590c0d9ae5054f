"""Files and functions fit a head, say what they are about, and are named for one thing."""

from __future__ import annotations

import ast

from tests.house.sources import CRM, ROOT, at, holds, modules, nodes, tree, within

FILE_LINES = 400
FUNCTION_LINES = 40
SHAPELESS = {
    "utils",
    "util",
    "helpers",
    "helper",
    "services",
    "service",
    "models",
    "manager",
    "managers",
    "common",
    "misc",
}


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in modules()}
    holds(
        (f"{within(file)}: {lines}" for file, lines in lengths.items() if lines > FILE_LINES),
        f"A file over {FILE_LINES} lines is more than one thing: split it by noun or doing.",
    )


def test_no_function_is_longer_than_40_lines_without_its_docstring() -> None:
    found = []
    for file, node in nodes((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        first = node.body[0]
        told = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) is not None else 0
        lines = (node.end_lineno or 0) - node.lineno + 1 - told
        if lines > FUNCTION_LINES:
            found.append(f"{at(file, node)} {node.name}: {lines}")
    holds(found, f"A function over {FUNCTION_LINES} lines does more than one thing: give its parts names.")


def test_every_package_and_module_opens_by_saying_what_it_is_about() -> None:
    folders = ("crm", "tests", "tools", "bench", "migrations")
    files = [file for folder in folders if (ROOT / folder).is_dir() for file in modules(ROOT / folder)]
    holds(
        (within(file) for file in files if not (ast.get_docstring(tree(file)) or "").strip()),
        "Every Python file opens with a docstring that says what it is about.",
    )


def test_every_folder_of_the_application_is_a_package() -> None:
    folders = {file.parent for file in modules()}
    holds(
        (within(folder) for folder in folders if not (folder / "__init__.py").exists()),
        "Every folder with modules has an __init__.py that explains its words.",
    )


def test_files_are_named_for_a_noun_or_a_doing() -> None:
    holds(
        (within(file) for file in CRM.rglob("*") if file.stem in SHAPELESS),
        "If a file can only be called utils, services or models, it is not one thing yet.",
    )
