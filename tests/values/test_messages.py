"""Every reason for a refusal can be said in Japanese."""

import ast
from pathlib import Path

from babel.messages.pofile import read_po

import crm.values
from crm import resources
from crm.values import MESSAGES, BadValue

FOLDER = Path(crm.values.__file__).parent


def _said() -> set[str]:
    """Every string constant of the package that is a sentence raised, returned or compared as a message."""
    constants: set[str] = set()
    for file in FOLDER.glob("[a-z]*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith(("Not", "No", "Bad", "Unusual")):
                constants |= {a.value for a in node.args if isinstance(a, ast.Constant)}
            if (
                isinstance(node, ast.Return)
                and isinstance(node.value, ast.Constant)
                and "The text" in str(node.value.value)
            ):
                constants.add(node.value.value)
    return constants


def test_every_refusal_stands_in_the_list_and_nothing_else_does() -> None:
    assert _said() == set(MESSAGES)
    assert len(set(MESSAGES)) == len(MESSAGES)


def test_every_refusal_is_said_in_japanese() -> None:
    with (resources.PACKAGE / "translations/ja/values.po").open("rb") as file:
        catalogue = read_po(file, locale="ja")
    assert {message.id for message in catalogue if message.string and message.id and not message.context} == set(
        MESSAGES
    )


def test_a_bad_value_is_a_value_error() -> None:
    assert issubclass(BadValue, ValueError)
