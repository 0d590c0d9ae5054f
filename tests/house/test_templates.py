"""Templates: each is shown by someone, each that is named exists, and none carries code, style or unescaped text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

from tests.house.sources import TEMPLATES, at, calls, holds, modules, tree, within

# Where text becomes markup, and why it is safe there.
MAKES_MARKUP = {
    "crm/documents/charts.py": "draws SVG itself and escapes every label",
    "crm/web/templating.py": "a part of a page is what a template drew, which escapes",
}
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
FILES = sorted(TEMPLATES.rglob("*.html"))


def test_every_template_is_shown_by_someone() -> None:
    named = {name for name, _ in _named()}
    holds(
        (within(f) for f in FILES if not any(fnmatch(f.relative_to(TEMPLATES).as_posix(), name) for name in named)),
        "A template nobody renders is waste: render it or remove it.",
    )


def test_every_template_that_is_named_exists() -> None:
    there = [file.relative_to(TEMPLATES).as_posix() for file in FILES]
    holds(
        (f"{place} {name}" for name, place in _named() if not any(fnmatch(one, name) for one in there)),
        "A template that is named must exist.",
    )


def test_templates_carry_neither_script_nor_style() -> None:
    holds(
        (f"{within(file)}: {what}" for file in FILES for what in _inline(file)),
        "No inline script, style or on… attribute: the content policy refuses them; use static/js and static/css.",
    )


def test_nothing_is_marked_safe_by_hand() -> None:
    unescaped = [node for file in FILES for node in _unescaped(file)]
    made = [
        at(file, call)
        for file, call in calls("Markup")
        if within(file) not in MAKES_MARKUP and not all(isinstance(a, ast.Constant) for a in call.args)
    ]
    holds(
        [*unescaped, *made],
        "Text is escaped by the template; Markup of anything but a constant, and |safe, only where MAKES_MARKUP says why.",
    )


@cache
def _named() -> tuple[tuple[str, str], ...]:
    """Names of templates as patterns (an f-string's places are ``*``), with the place where they stand."""
    found = [(name, at(file, node)) for file in modules() for name, node in _names_in(tree(file))]
    for file in FILES:
        for node in _parsed(file).find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            pattern = _pattern(node.template)  # type: ignore[attr-defined]
            found += [(name, f"{within(file)}:{node.lineno}") for name in pattern]
    return tuple(found)


def _names_in(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"[\w/]+\.html", node.value):
                yield node.value, node
        elif isinstance(node, ast.JoinedStr):
            pattern = "".join(str(p.value) if isinstance(p, ast.Constant) else "*" for p in node.values)
            if re.fullmatch(r"[\w/*]+\.html", pattern):
                yield pattern, node


def _pattern(expression: nodes.Expr) -> list[str]:
    if isinstance(expression, nodes.Const):
        return [str(expression.value)]
    if isinstance(expression, nodes.Concat):
        return ["".join(str(part.value) if isinstance(part, nodes.Const) else "*" for part in expression.nodes)]
    return []


@cache
def _parsed(file: Path) -> nodes.Template:
    return Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(
        file.read_text()
    )


def _unescaped(file: Path) -> Iterator[str]:
    for filter_ in _parsed(file).find_all(nodes.Filter):
        if filter_.name == "safe":
            yield f"{within(file)}:{filter_.lineno}"
    if "autoescape false" in file.read_text():
        yield within(file)


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in has):
            self.found.append(f"<{tag}>, line {self.getpos()[0]}")
        for name, value in attrs:
            if name == "style" or name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{name}= in <{tag}>, line {self.getpos()[0]}")


def _inline(file: Path) -> list[str]:
    reader = _Inline()
    reader.feed(EXPRESSION.sub(lambda m: "x" + "\n" * m[0].count("\n"), file.read_text()))
    return reader.found
