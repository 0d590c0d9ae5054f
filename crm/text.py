"""Words for people: messages in the language of whoever reads them.

English is written in the code, Japanese is the default language and stands in ``translations/ja``. ``_()`` is lazy: a
``Refused`` raised deep in a rule is rendered where it is read. The language in force is a context variable, so letters,
papers, commands and the worker speak outside any request, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import cache
from typing import Any

from babel.support import LazyProxy, NullTranslations, Translations

from crm import resources

LOCALES = ("ja", "en")
DEFAULT_LOCALE = "ja"

_speaking: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


def locale() -> str:
    """The language in force here: ``ja`` or ``en``."""
    return _speaking.get()


def speak(language: str) -> None:
    """Set the language for the rest of this context (a request, a command)."""
    _speaking.set(language if language in LOCALES else DEFAULT_LOCALE)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak another language inside the block: a letter to someone who reads English."""
    token = _speaking.set(language if language in LOCALES else DEFAULT_LOCALE)
    try:
        yield
    finally:
        _speaking.reset(token)


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(resources.catalogues(), [language])  # of English: labels only, messages are their own


def message(text: str) -> str:
    """The catalogue's words for ``text``, places unfilled."""
    return _catalogue(locale()).gettext(text)


def plural_message(one: str, many: str, n: int) -> str:
    """The catalogue's words for ``n`` things, places unfilled."""
    return _catalogue(locale()).ngettext(one, many, n)


def gettext(text: str, **values: Any) -> str:
    """``text`` in the language in force; ``%(name)s`` places are filled from ``values``."""
    return message(text) % values if values else message(text)


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """The singular or plural message for ``n``, which fills ``%(num)s``."""
    return plural_message(one, many, n) % {"num": n, **values}


def pgettext(context: str, text: str) -> str:
    """``text`` as it is said in one context."""
    return _catalogue(locale()).upgettext(context, text)


def _(text: str, **values: Any) -> LazyProxy:
    """A message that is translated when it is shown, not when it is made."""
    return LazyProxy(gettext, text, enable_cache=False, **values)


def N_(text: str) -> str:
    """Marks a message for the catalogue without translating it yet."""
    return text


def label(member: Enum | None) -> str:
    """How a state or kind is called: its value, looked up under the name of its class.

    In English, unless the catalogue says otherwise, the value in words.
    """
    if member is None:
        return ""
    value = str(member.value)
    found = pgettext(type(member).__name__, value)
    return value.replace("_", " ").replace(".", ": ").capitalize() if found == value and locale() == "en" else found
