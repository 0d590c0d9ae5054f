"""Every door names its permission; every permission, every kind of act and every letter is alive."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flask import Flask

from crm.access.permissions import GRANTS, Permission
from crm.history.kinds import Kind
from tests.house.sources import TEMPLATES, at, calls, holds, members_used, nodes, within
from tests.office_doors import permissions_of

LOCALES = ("en", "ja")
LETTER = re.compile(r"^(?P<package>[^/]+)/letters/(?P<name>.+)\.(?P<locale>[a-z]{2})\.txt$")


def test_every_office_and_api_view_names_exactly_one_permission(app: Flask) -> None:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(("office.", "api.")):
            view = app.view_functions[rule.endpoint]
            named = set(permissions_of(view))
            if len(named) != 1 and not getattr(view, "__open_to_all_staff__", False):
                found.append(f"{rule.endpoint}: {', '.join(sorted(named)) or 'none'}")
    holds(set(found), "Every office and API view names exactly one permission with @requires(Permission.…).")


def test_every_permission_is_used() -> None:
    named = members_used("Permission") | members_used("P")
    texts = "".join(file.read_text() for file in TEMPLATES.rglob("*.html"))
    holds(
        (p.name for p in Permission if p.name not in named and f'"{p.value}"' not in texts),
        "A permission nobody asks for promises a rule that does not exist: use it or remove it.",
    )


def test_every_permission_is_granted_to_a_role() -> None:
    granted = {permission for permissions in GRANTS.values() for permission in permissions}
    holds(
        (p.name for p in Permission if p not in granted),
        "Every permission is granted to some role, else its pages are shut.",
    )


def test_every_kind_of_act_is_used() -> None:
    named = members_used("Kind")
    holds(
        (kind.name for kind in Kind if kind.name not in named),
        "A kind of act nobody opens is a promise: use it or remove it.",
    )


def test_every_letter_exists_in_every_language() -> None:
    languages: dict[str, set[str]] = {}
    for package, name, locale in _letters():
        languages.setdefault(f"{package}/{name}", set()).add(locale)
    holds(
        (
            f"{letter} lacks {', '.join(sorted(set(LOCALES) - have))}"
            for letter, have in languages.items()
            if have != set(LOCALES)
        ),
        "Every letter exists in Japanese and in English: letters/<name>.ja.txt and .en.txt.",
    )


def test_every_letter_is_posted_and_every_letter_posted_is_written() -> None:
    written = {f"{package}/{name}" for package, name, _ in _letters()}
    constants = set()
    for _file, node in nodes(ast.Constant):
        assert isinstance(node, ast.Constant)
        if isinstance(node.value, str):
            constants.add(node.value)
    holds(written - constants, "A letter nobody posts is waste: post it or remove its files.")
    missing = [f"{place} {name}" for place, name in _posted() if name not in written]
    holds(missing, "A letter that is posted needs its texts under templates/<package>/letters/.")


def _posted() -> Iterator[tuple[str, str]]:
    """The letters that are posted by a name written out, with the place."""
    for file, call in calls("post"):
        first = call.args[0] if call.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and re.fullmatch(r"\w+/\w+", first.value):
            yield at(file, call), first.value


def _letters() -> list[tuple[str, str, str]]:
    found = [LETTER.match(within(file).removeprefix("templates/")) for file in TEMPLATES.rglob("*.txt")]
    return [(m["package"], m["name"], m["locale"]) for m in found if m]
