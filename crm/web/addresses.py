"""Addresses of pages: the numbers in them, and how they are built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import IntegerConverter, Map, Rule


class RowNumber(IntegerConverter):
    """A number in an address that a row can have; any larger one is no address of ours (404)."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": 2**63 - 1, **kwargs})


class LateRule(Rule):
    """A rule that compiles what builds its address when an address is first built.

    Werkzeug compiles two functions for each rule when the application is made, a third of a second for all of ours; a
    process asks for a few of them. Matching is not changed.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            if not compiled:
                compiled.append(compile_now(append_unknown))
            return compiled[0](rule, **values)

        return build
