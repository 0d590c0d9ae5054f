"""What is committed is ours, complete, and says nothing about the workplace it was made in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import ROOT, holds, tracked, within

HOW_IT_WAS_MADE = re.compile(
    r"\b(claude|anthropic|openai|chatgpt|gpt-\d|copilot|llm|language model|ai[- ]generated|sub-?agents?|coding agent)\b",
    re.I,
)
REGISTRY = re.compile(
    r"https?://[\w.:-]*(pypi|pythonhosted|npmjs|unpkg|jsdelivr|crates\.io|proxy\.golang)|/opt/(pypi|wheels)", re.I
)
MACHINE = re.compile(
    r"(?<![\w./-])/(work/|root/|home/\w|Users/\w)|\.\./shared\b|\b(domain|contract|stack|japan|reliability|lessons)\.md\b"
)
FOREIGN = re.compile(r"(\.min\.(js|css)|\.(ttf|otf|woff2?|whl|pyc|sqlite3?|db))$")


def test_no_file_tells_how_it_was_made() -> None:
    holds(_lines(HOW_IT_WAS_MADE), "Files speak about the application, not about how they were written.")


def test_no_file_names_a_package_registry() -> None:
    holds(
        _lines(REGISTRY), "Locks hold versions and hashes only; where packages come from is the installer's business."
    )


def test_no_file_names_a_path_of_one_machine() -> None:
    holds(_lines(MACHINE), "A path of one machine, or a document that is not in this repository, helps nobody else.")


def test_nothing_foreign_or_made_is_committed() -> None:
    holds(
        (within(file) for file in tracked() if FOREIGN.search(file.name)),
        "Fonts, libraries and compiled files come from packages or are built; none is committed.",
    )


def _lines(pattern: re.Pattern[str]) -> Iterator[str]:
    for file in tracked():
        if file == Path(__file__) or _is_binary(file):
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield f"{within(file)}:{number} {found[0]}"


def _is_binary(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return True
    return not file.is_relative_to(ROOT)
