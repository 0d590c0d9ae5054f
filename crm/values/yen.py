"""Money: whole yen and nothing smaller.

The yen has no minor unit (通貨の単位及び貨幣の発行等に関する法律 2条), so an amount is an `int` inside and never a float or a
Decimal. This module holds the one parser for amounts that people or files write.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crm.values import BadValue
from crm.values.japanese import narrow, plain_dashes

_SANE_COMMAS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")
_MOST_DIGITS = 10


class NotYen(BadValue):
    """A text that is not an amount of yen."""


@dataclass(frozen=True, order=True, slots=True)
class Yen:
    """Whole yen. Adds, subtracts and compares with yen, and multiplies by an `int`; everything else is a TypeError.

    May be negative, as a balance or a credit may be; `parse` accepts no negative amount from outside.
    """

    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"Yen takes a whole int, not {type(self.amount).__name__}")

    @classmethod
    def parse(cls, text: str) -> "Yen":
        """Read an amount: full width or half, with or without ￥, commas and 円. Raises `NotYen`.

        At most ten digits. Refused rather than guessed: negative amounts, fractions, commas that do not part thousands,
        and superscript or circled digits, which NFKC would turn into other numbers (10² into 102).
        """
        # A yen sign in a Shift_JIS file is byte 0x5C, which decodes as a backslash.
        written = plain_dashes(narrow(text)).strip().replace("￥", "¥").replace("\\", "¥")
        if re.match(r"¥?\s*[-△▲]|\(.*\)$", written):
            raise NotYen("The amount may not be negative.")
        digits = written.removeprefix("¥").removesuffix("円").strip()
        if re.fullmatch(r"[0-9,]+\.[0-9]*|\.[0-9]+", digits):
            raise NotYen("The amount must be whole yen, without fractions.")
        if not re.fullmatch(r"[0-9][0-9,]*", digits):
            raise NotYen("Write the amount in digits, for example 360,000.")
        if "," in digits and not _SANE_COMMAS.fullmatch(digits):
            raise NotYen("The commas in the amount do not separate thousands.")
        digits = digits.replace(",", "")
        if len(digits) > _MOST_DIGITS:
            raise NotYen("The amount is too large: at most ten digits.")
        return cls(int(digits))

    def part(self, numerator: int, denominator: int) -> "Yen":
        """A share of the amount, such as 7 of 12 months, rounded down to the yen (towards zero)."""
        share = abs(self.amount) * numerator // denominator
        return Yen(share if self.amount >= 0 else -share)

    @property
    def formatted(self) -> str:
        """With the yen sign, as a page or paper shows it: ￥360,000, or -￥440."""
        return f"{'-' if self.amount < 0 else ''}￥{abs(self.amount):,}"

    def __add__(self, other: "Yen") -> "Yen":
        return Yen(self.amount + other.amount) if type(other) is Yen else NotImplemented

    def __sub__(self, other: "Yen") -> "Yen":
        return Yen(self.amount - other.amount) if type(other) is Yen else NotImplemented

    def __neg__(self) -> "Yen":
        return Yen(-self.amount)

    def __mul__(self, times: int) -> "Yen":
        return Yen(self.amount * times) if type(times) is int else NotImplemented

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:,}"


def total(amounts: Iterable[Yen]) -> Yen:
    """The sum of the amounts; no amounts are 0 yen."""
    return sum(amounts, start=Yen(0))
