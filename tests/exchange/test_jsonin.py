"""What is JSON, and the many things that only look like it."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.exchange.jsonin import NotJson, parse_json

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_every_json_value_is_read_as_it_is(value: object) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value
    assert parse_json(b"\xef\xbb\xbf" + json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b"{'a': 1}", "not JSON"),
        (b"1 2", "not JSON: line 1, column 3"),
        (b"[NaN]", "NaN is not a number"),
        (b"-Infinity", "-Infinity is not a number"),
        (b"1e999", "too large"),
        (b"9" * 5000, "too large"),
        (b'{"a":1,"b":2,"a":3}', "“a” appears twice"),
        (b'{"\\ud800":1,"\\ud800":2}', "appears twice"),
        (b'["\\ud800"]', "half of a character"),
        (b'{"\\udfff":1}', "half of a character"),
        (b'"\xff"', "byte 2"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"[" * 65 + b"]" * 65, "nested too deeply"),
        (b"[" * 500_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'"' + b"x" * 1024 * 1024 + b'"', "too large"),
    ],
)
def test_what_is_not_json_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(NotJson, match=words):
        parse_json(data)


def test_sixty_four_levels_are_enough() -> None:
    assert parse_json(b"[" * 64 + b"]" * 64)


def test_a_late_key_among_very_many_is_found_quickly() -> None:
    keys = ",".join(f'"{n}":0' for n in range(80_000))
    with pytest.raises(NotJson, match="twice"):
        parse_json(f'{{{keys},"79999":1}}'.encode())


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotJson):
        parse_json(data)
