"""The one way JSON comes in: from programs, webhooks and saved mappings.

Python's parser accepts more than JSON (NaN, Infinity, the last of two equal keys, halves of surrogate pairs) and fails in
its own ways on deep nesting and endless numbers. Here all of that is one refusal.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from crm.errors import Refused
from crm.text import _

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(Refused):
    """What was sent is not JSON, or not such as we take."""


def parse_json(data: bytes, *, most: int = MAX_BYTES) -> Any:
    """The value of a JSON text in UTF-8 of at most `most` bytes. Raises `NotJson` with the reason, nothing else.

    Refused: text after the value, NaN and Infinity, numbers beyond the range of a float or of 300 digits, a key twice in
    one object, half a surrogate pair, more than 64 levels.
    """
    if len(data) > most:
        raise NotJson(_("The JSON is too large: at most %(most)s bytes.", most=f"{most:,}"))
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as failure:
        raise NotJson(_("The JSON is not UTF-8: byte %(byte)s does not fit.", byte=failure.start + 1)) from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as failure:
        message = _("This is not JSON: line %(line)s, column %(column)s.", line=failure.lineno, column=failure.colno)
        raise NotJson(message) from None
    _inspect(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            shown = _LONE_SURROGATE.sub("�", name)[:40]
            raise NotJson(_("The key “%(key)s” appears twice in one object.", key=shown))
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotJson(_("%(number)s is not a number of JSON.", number=name))


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson(_("A number is too large."))
    return number


def _int(digits: str) -> int:
    if len(digits) > 300:
        raise NotJson(_("A number is too large."))
    return int(digits)


def _inspect(value: Any) -> None:
    """Depth and characters, level by level, so that no depth can exhaust the stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str) and _LONE_SURROGATE.search(item):
                raise NotJson(_("The JSON holds half of a character (a lone surrogate)."))
            if isinstance(item, dict):
                deeper.extend(item.keys())
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        if depth > _MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise _too_deep()
        level = deeper


def _too_deep() -> NotJson:
    return NotJson(_("The JSON is nested too deeply: at most %(most)s levels.", most=_MAX_DEPTH))
