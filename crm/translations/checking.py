"""Whether every language says everything the application says, and nothing else.

English is complete because it stands in the code. For every other language this finds messages that are not translated,
translations nobody asks for any more, empty and uncertain (fuzzy) ones, places such as ``%(name)s`` that were lost in
translation, and labels missing for the members of an enumeration that screens show.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file

from crm import resources
from crm.translations import compiling
from crm.translations.compiling import Contradiction, Key

KEYWORDS: dict[str, Any] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
JINJA = {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols", "silent": "false"}
SOURCE = "en"  # says itself what stands in the code; its catalogues hold labels whose value in words would not do
PLACE = re.compile(r"%\((\w+)\)[a-z]")


def problems() -> list[str]:
    """Everything that is wrong, one line each, naming the message and where it stands; empty when all is well."""
    try:
        return [line for language in compiling.languages() for line in _problems_of(language)]
    except Contradiction as problem:
        return [str(problem)]


def said() -> dict[Key, str]:
    """Every message of the code, the templates and the enumerations, with the place where it stands first."""
    return {**dict(_of_enumerations()), **dict(_of_sources())}


def _problems_of(language: Path) -> Iterator[str]:
    wanted = said()
    catalogue = {compiling.key_of(message): (name, message) for name, message in compiling.messages(language)}
    compiling.joined(language)
    for key, place in wanted.items():
        if key not in catalogue and language.name != SOURCE:
            yield f"{language.name}: not translated: {_named(key)} ({place})"
    for key, (name, message) in catalogue.items():
        where = f"{language.name}/{name}"
        if key not in wanted:
            yield f"{where}: nobody says {_named(key)} any more: remove it"
        elif not all(_strings(message)):
            yield f"{where}: empty: {_named(key)}"
        elif message.fuzzy:
            yield f"{where}: marked fuzzy, so not used: {_named(key)}"
        elif any(_places(_strings_of_id(message)) != _places([text]) for text in _strings(message)):
            yield f"{where}: the places %(…)s differ: {_named(key)}"


def _of_sources() -> Iterator[tuple[Key, str]]:
    package = resources.PACKAGE
    for file in sorted(package.rglob("*.py")):
        yield from _of_file("python", file, {})
    for file in sorted(resources.folder("templates").rglob("*.html")):
        yield from _of_file("jinja2.ext:babel_extract", file, JINJA)


def _of_file(method: str, file: Path, options: dict[str, str]) -> Iterator[tuple[Key, str]]:
    found = extract_from_file(method, str(file), keywords=KEYWORDS, options=options)
    for line, text, _comments, context in found:
        identity = text[0] if isinstance(text, tuple) else text
        if identity:
            yield (context, identity), f"{file.relative_to(resources.PACKAGE.parent)}:{line}"


def _of_enumerations() -> Iterator[tuple[Key, str]]:
    """The members of every ``StrEnum`` that does not say ``__labelled__ = False``: the class's name is the context."""
    for file in sorted(resources.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and _is_enumeration(node):
                values = dict(_constants(node))
                if values.get("__labelled__", True):
                    place = f"{file.relative_to(resources.PACKAGE.parent)}:{node.lineno}"
                    yield from (((node.name, value), place) for value in values.values() if isinstance(value, str))


def _is_enumeration(node: ast.ClassDef) -> bool:
    return any(getattr(base, "attr", getattr(base, "id", "")) == "StrEnum" for base in node.bases)


def _constants(node: ast.ClassDef) -> Iterator[tuple[str, object]]:
    for line in node.body:
        if (
            isinstance(line, ast.Assign)
            and isinstance(line.targets[0], ast.Name)
            and isinstance(line.value, ast.Constant)
        ):
            yield line.targets[0].id, line.value.value


def _strings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string or ""]


def _strings_of_id(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]


def _places(texts: list[str]) -> set[str]:
    return {place for text in texts for place in PLACE.findall(text)}


def _named(key: Key) -> str:
    context, text = key
    return repr(text) if context is None else f"{text!r} in the context {context}"


if __name__ == "__main__":
    found = problems()
    print("\n".join(found))
    sys.exit(f"{len(found)} problems in the catalogues" if found else 0)
