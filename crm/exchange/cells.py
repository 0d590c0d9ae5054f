"""How the cells of a column are understood: one function for each kind of value.

Each takes the text of a cell that is not blank and gives the value, or raises `BadValue` (a rule of `crm.values`, its
message an English message id) or `Refused`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import TypeVar

from crm.errors import Refused
from crm.text import LOCALES, _, label, speaking
from crm.values import address, dates, japanese
from crm.values.fiscal_year import FiscalYear
from crm.values.mail_address import mail_address
from crm.values.yen import Yen

T = TypeVar("T")
Parser = Callable[[str], T]

_SEVERAL = re.compile(r"[／/;；\n]")


def text(most: int = 200, *, lines: bool = False) -> Parser[str]:
    """Any text of at most so many characters, kept to the letter but for blanks at both ends. `lines`: may have several."""

    def parse(cell: str) -> str:
        # Excel parts lines within a cell by LF, other programs by CR LF.
        written = re.sub(r"\r\n|\r", "\n", cell).strip() if lines else cell.strip()
        if len(written) > most:
            raise Refused(_("At most %(n)s characters.", n=most))
        return japanese.clean_text(written, multiline=lines)

    return parse


def kana(most: int = 200) -> Parser[str]:
    """A reading in katakana; hiragana and half-width kana are taken and turned."""

    def parse(cell: str) -> str:
        return japanese.kana(text(most)(cell))

    return parse


def yen(cell: str) -> Yen:
    """An amount of yen: 360000, 360,000円, full width too."""
    return Yen.parse(cell)


def whole(least: int = 0, most: int = 2_147_483_647) -> Parser[int]:
    """A whole number, half or full width, with or without separators and a counting word (250名, 1,200人)."""

    def parse(cell: str) -> int:
        digits = re.sub(r"\s*[名人社件回校か所]+$", "", japanese.plain_dashes(japanese.narrow(cell)).strip())
        if not re.fullmatch(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3})+)", digits):
            raise Refused(_("Only digits, without sign or fraction."))
        number = int(digits.replace(",", ""))
        if not least <= number <= most:
            raise Refused(_("From %(least)s to %(most)s.", least=least, most=most))
        return number

    return parse


def day(cell: str) -> date:
    """A day: 2026-04-01, 2026/4/1, 令和8年4月1日, R8.4.1."""
    return dates.parse(cell)


def day_or_month(cell: str) -> dates.DayOrMonth:
    """A day, or a month where only the month is known: 2025-05."""
    return dates.DayOrMonth.parse(cell)


def email(cell: str) -> str:
    """A mail address, full-width letters turned; the domain in lower case. Not looked up on the network."""
    return mail_address(cell)


def phone(cell: str) -> str:
    """A phone number as it is written, in half width."""
    return japanese.phone(cell)


def postal_code(cell: str) -> str:
    """A postal code as 210-0821."""
    return address.postal_code(cell)


def fiscal_year(cell: str) -> FiscalYear:
    """A fiscal year: 2026, R8, 令和8年度."""
    return FiscalYear.parse(cell)


def corporate_number(cell: str) -> str:
    """The 13 digits of a corporate number, check digit tested."""
    return japanese.corporate_number(cell)


def several(parse: Parser[T], most: int = 20) -> Parser[tuple[T, ...]]:
    """Several values in one cell, parted by ／ (also / ; or a line break); each is read by `parse`."""

    def parse_all(cell: str) -> tuple[T, ...]:
        pieces = [piece.strip() for piece in _SEVERAL.split(cell) if piece.strip()]
        if len(pieces) > most:
            raise Refused(_("There are too many values in one cell: at most %(most)s.", most=most))
        return tuple(parse(piece) for piece in pieces)

    return parse_all


class Choice:
    """One of a few words: those of a mapping, or the members of an enum by their value, name or label in any language.

    `words` are the words offered in the template, in the order given.
    """

    def __init__(self, choices: Mapping[str, object] | type[Enum], also: Mapping[str, object] | None = None) -> None:
        self._choices = choices
        self._also = dict(also or {})

    @property
    def words(self) -> tuple[str, ...]:
        """The words the office uses."""
        if isinstance(self._choices, Mapping):
            return tuple(self._choices)
        with speaking(LOCALES[0]):
            return tuple(label(member) for member in self._choices)

    def __call__(self, cell: str) -> object:
        wanted = _key(cell)
        for word, meant in self._known():
            if _key(word) == wanted:
                return meant
        raise Refused(_("Choose one of: %(words)s.", words=", ".join(self.words)))

    def _known(self) -> Iterable[tuple[str, object]]:
        if isinstance(self._choices, Mapping):
            yield from self._choices.items()
        else:
            for member in self._choices:
                yield str(member.value), member
                yield member.name, member
                for language in LOCALES:
                    with speaking(language):
                        yield label(member), member
        yield from self._also.items()


def _key(word: str) -> str:
    return japanese.fold(word).replace(" ", "")
