"""A template and a language become subject and body; nothing that is filled in can become a header."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from crm import resources, text
from crm.mail import composing
from crm.mail.outbox import LetterState
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

Write = Callable[..., None]
VALUES = {
    "amount": Yen(1234567), "day": date(2026, 4, 1), "at": datetime(2026, 4, 1, 0, 30, tzinfo=UTC),
    "year": FiscalYear(2026), "state": LetterState.QUEUED,
}  # fmt: skip
BODY = "{{ amount|yen }} {{ day|day }} {{ day|day_era }} {{ at|moment }} {{ year|year }} {{ base_url }}"


def test_the_first_line_is_the_subject(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja="請求書 {{ number }}\n\n本文\n", en="Invoice {{ number }}\n\nText\n")
    words = composing.compose("tests/one", "ja", number="INV-1")
    assert words.subject == "請求書 INV-1"
    assert words.body.startswith("本文\n\n-- \nかわさきケアデザインコンソーシアム")
    assert composing.compose("tests/one", "en", number="INV-1").subject == "Invoice INV-1"


def test_values_are_written_in_the_letters_language(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja=f"x\n{BODY}", en=f"x\n{BODY}")
    japanese = composing.compose("tests/one", "ja", **VALUES).body.splitlines()[0]
    assert japanese == (
        "1,234,567円 2026年4月1日 令和8年4月1日（2026年4月1日） 2026年4月1日 09:30 令和8年度（2026年度） http://127.0.0.1:8000"
        .replace("http://127.0.0.1:8000", "https://crm.example.jp")
    )  # fmt: skip
    english = composing.compose("tests/one", "en", **VALUES).body.splitlines()[0]
    assert english.startswith("¥1,234,567 1 April 2026 1 April 2026 1 April 2026 09:30 fiscal year 2026 ")
    assert text.locale() == "ja"


@pytest.mark.parametrize("value", ["a\r\nBcc: all@example.jp", "a\nb", "a\rb", "a\u2028b", "a\x0bb"])
def test_a_line_break_in_a_value_stays_in_the_subject(app: Flask, letter_texts: Write, value: str) -> None:
    letter_texts("tests/one", ja="題 {{ v }}\n本文", en="x\n")
    words = composing.compose("tests/one", "ja", v=value)
    assert words.subject.startswith("題 a ")
    assert len(words.subject.splitlines()) == 1
    assert words.body.startswith("本文")


def test_nothing_is_escaped_because_letters_are_plain_text(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja="x\n{{ v }}", en="x\n")
    assert composing.compose("tests/one", "ja", v="<A&B>").body.startswith("<A&B>")


def test_a_missing_value_is_a_defect_and_not_a_gap(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja="x\n{{ nobody }}", en="x\n")
    with pytest.raises(UndefinedError):
        composing.compose("tests/one", "ja")


def test_a_letter_must_exist_in_every_language(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja="x\ny")
    with pytest.raises(LookupError, match=r"one\.en\.txt"):
        composing.compose("tests/one", "ja")


def test_a_template_cannot_reach_into_python(app: Flask, letter_texts: Write) -> None:
    letter_texts("tests/one", ja="x\n{{ v.__class__.__mro__ }}", en="x\n")
    with pytest.raises(SecurityError):
        composing.compose("tests/one", "ja", v="")


def test_every_letter_of_the_house_is_written_in_every_language() -> None:
    for name in composing.letters():
        package, _, letter = name.partition("/")
        for locale in text.LOCALES:
            path = resources.folder("templates") / package / "letters" / f"{letter}.{locale}.txt"
            assert path.is_file(), path
            subject = path.read_text(encoding="utf-8").splitlines()[0]
            assert subject.strip(), path
