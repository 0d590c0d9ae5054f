"""Composing: a template and a language into subject and body.

A letter is a legal and a human text, so it exists whole in each language: ``templates/<package>/letters/<letter>.<locale>.txt``,
its first line the subject. Templates are drawn in a sandbox and see only the values they were given; a value that is missing
is a defect and raises, so that nobody receives a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crm import clock, resources, text
from crm.config import settings
from crm.settings.settings import office_setting
from crm.values import dates
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen

SIGNATURE_RULE = "-- "  # RFC 3676, 4.3: programs fold or cut what follows


@dataclass(frozen=True)
class Composed:
    """A letter's words: one line of subject, the body as plain text."""

    subject: str
    body: str


def compose(name: str, locale: str, /, *, signature: str | None = None, **values: Any) -> Composed:
    """The words of the letter ``name`` (``billing/invoice_issued``) in a language.

    Templates see ``values``, ``base_url`` and ``locale``; ``signature`` is the office's unless given. Raises
    ``LookupError`` when the letter lacks a text in any language, ``jinja2.UndefinedError`` when a value it needs was not
    given.
    """
    language = locale if locale in text.LOCALES else text.DEFAULT_LOCALE
    subject, body = {each: _texts(name, each) for each in text.LOCALES}[language]
    values = {"base_url": settings().base_url, "locale": language, **values}
    with text.speaking(language):
        return Composed(one_line(subject.render(values)), _signed(body.render(values).strip("\n"), signature))


def one_line(words: str) -> str:
    """Text as one line: a line break in a name must not begin another header or the body."""
    return " ".join(words.split())


def letters() -> list[str]:
    """The names of all letters that have a text in any language, in order."""
    folder = resources.folder("templates")
    found = folder.glob("*/letters/*.*.txt")
    return sorted({f"{path.parent.parent.name}/{path.name.split('.')[0]}" for path in found})


def _signed(words: str, signature: str | None) -> str:
    signature = (office_setting("letters.signature") if signature is None else signature).strip()
    return f"{words}\n\n{SIGNATURE_RULE}\n{signature}\n" if signature else f"{words}\n"


@cache
def _texts(name: str, locale: str) -> tuple[Template, Template]:
    """The subject and the body as templates of their own: what is filled into one cannot spill into the other."""
    package, _slash, letter = name.partition("/")
    path = resources.folder("templates") / package / "letters" / f"{letter}.{locale}.txt"
    if not path.is_file():
        raise LookupError(f"the letter {name!r} has no text at {path}")
    subject, _newline, body = path.read_text(encoding="utf-8").partition("\n")
    return _environment().from_string(subject), _environment().from_string(body)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )  # fmt: skip
    environment.filters.update(
        yen=_yen, day=_day, day_era=_day_era, moment=_moment, number=_number, year=_year, label=text.label,
        one_line=one_line,
    )  # fmt: skip
    return environment


def _yen(value: Yen) -> str:
    """30,000円; ¥30,000 in English."""
    return f"{value}円" if text.locale() == "ja" else f"¥{value}"


def _day(value: date) -> str:
    """2026年4月1日; 1 April 2026 in English."""
    if text.locale() == "ja":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {value:%B %Y}"


def _day_era(value: date) -> str:
    """令和8年4月1日（2026年4月1日）; in English as ``_day``."""
    return f"{dates.era(value)}（{_day(value)}）" if text.locale() == "ja" else _day(value)


def _moment(value: datetime) -> str:
    """The day and 09:30, Tokyo wall time."""
    local = value.astimezone(clock.TOKYO)
    return f"{_day(local.date())} {local:%H:%M}"


def _number(value: int) -> str:
    """With thousands separators."""
    return f"{value:,}"


def _year(value: FiscalYear) -> str:
    """令和8年度（2026年度）; fiscal year 2026 in English."""
    return f"{value.era}（{value.label}）" if text.locale() == "ja" else f"fiscal year {value.start}"
