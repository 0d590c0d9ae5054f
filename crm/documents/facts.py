"""The facts of a paper as plain JSON and back, by the types its dataclass declares.

Known: text, whole numbers, yes and no, days, moments, ``Yen``, ``FiscalYear``, members of a ``StrEnum``, tuples, dataclasses
inside dataclasses, and each of these or nothing. A fact added later needs a default: older documents lack it. A fact
dropped later is passed over when an older document is read.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

T = TypeVar("T")
_AS_THEY_ARE = frozenset({type(None), bool, int, str})


def packed(value: Any) -> Any:
    """A fact as JSON. Raises ``TypeError`` for a type that could not be read back."""
    kind: type = type(value)
    if kind in _AS_THEY_ARE:
        return value
    way = _way(kind)
    return way(value) if way else {name: packed(getattr(value, name)) for name in _names(kind)}


@cache
def _way(kind: type) -> Callable[[Any], Any] | None:
    """How a value of a kind is packed; nothing for dataclasses, which are packed field by field."""
    way = next((way for known, way in _WAYS.items() if issubclass(kind, known)), None)
    if way is None and not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is no fact of a paper")
    return way


_WAYS: dict[type, Callable[[Any], Any]] = {
    StrEnum: lambda value: value.value,
    Yen: lambda value: value.amount,
    FiscalYear: lambda value: value.start,
    date: lambda value: value.isoformat(),
    tuple: lambda value: [packed(item) for item in value],
}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind) if f.init)


def unpacked(kind: type[T], stored: Any) -> T:
    """The value of a dataclass or plain type from its JSON. Raises ``TypeError`` or ``ValueError`` where it does not fit."""
    return cast(T, _read(kind, stored))


def _read(kind: Any, stored: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if stored is None else _read(_the_one(kind), stored)
    if origin is tuple:
        return tuple(_read(_item(kind), item) for item in stored)
    if kind is Yen or kind is FiscalYear:
        return kind(stored)
    if kind in (date, datetime):
        return kind.fromisoformat(stored)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(stored)
    if dataclasses.is_dataclass(kind):
        hints, names = _hints(cast(type, kind)), _names(cast(type, kind))
        return kind(**{name: _read(hints[name], fact) for name, fact in stored.items() if name in names})  # type: ignore[operator]
    if kind in (str, int, bool) and isinstance(stored, kind):
        return stored
    raise TypeError(f"a fact of type {kind} was stored as {type(stored).__name__}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _the_one(kind: Any) -> Any:
    choices = [choice for choice in get_args(kind) if choice is not types.NoneType]
    if len(choices) != 1:
        raise TypeError(f"a fact is of one type or nothing, not {kind}")
    return choices[0]


def _item(kind: Any) -> Any:
    arguments = get_args(kind)
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise TypeError(f"a fact's tuple holds any number of one type: tuple[X, ...], not {kind}")
    return arguments[0]


def texts(value: Any) -> list[str]:
    """Every text in packed facts, for checking that each can be printed."""
    found: list[str] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            _gather(item, found)
