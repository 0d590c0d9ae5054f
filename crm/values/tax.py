"""Consumption tax (消費税): categories, dated rates, and totals rounded once per rate and document.

Rounding each line and adding up is not allowed: one rounding per document and rate (消費税法施行令 70条の10, 消費税法基本通達
1-8-15). Whether to cut, round or raise is the issuer's choice, made once and used on every document.

不課税 (outside the scope), 非課税 (exempt) and 免税 (export) are different words; membership fees are usually the first
(消費税法基本通達 5-5-3). Categories without a rate have percent 0 and tax 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from crm.values import BadValue
from crm.values.yen import Yen


class NoRate(BadValue):
    """The category had no rate on that day."""


class Tax(StrEnum):
    """How a supply stands to consumption tax."""

    STANDARD = "standard_10"
    REDUCED = "reduced_8"
    EXEMPT = "exempt"
    OUT_OF_SCOPE = "outside_scope"

    @property
    def is_taxed(self) -> bool:
        """Whether a paper shows a rate and a tax amount for it."""
        return self in (Tax.STANDARD, Tax.REDUCED)


class Rounding(StrEnum):
    """What becomes of a fraction of a yen of tax: 切捨て, 四捨五入, 切上げ. All three are lawful (基本通達 1-8-15)."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Rate:
    """A percent, national and local tax together, in force from its first day to its last (None: still)."""

    tax: Tax
    percent: int
    first_day: date
    last_day: date | None


# 消費税法 29条 and 地方税法 72条の83 as amended in 1989, 1997, 2014 and 2019. A later rate is one more row, and an end to the one before.
RATES = (
    Rate(Tax.STANDARD, 3, date(1989, 4, 1), date(1997, 3, 31)),
    Rate(Tax.STANDARD, 5, date(1997, 4, 1), date(2014, 3, 31)),
    Rate(Tax.STANDARD, 8, date(2014, 4, 1), date(2019, 9, 30)),
    Rate(Tax.STANDARD, 10, date(2019, 10, 1), None),
    Rate(Tax.REDUCED, 8, date(2019, 10, 1), None),
)


def rate_on(tax: Tax, day: date) -> int:
    """The percent of a category on the day of the supply: 0 for untaxed categories. Raises `NoRate` where there was none."""
    if not tax.is_taxed:
        return 0
    for rate in RATES:
        if rate.tax is tax and rate.first_day <= day and (rate.last_day is None or day <= rate.last_day):
            return rate.percent
    raise NoRate("No consumption tax rate is known for this day.")


class NetLine(Protocol):
    """A line of a document priced without tax."""

    @property
    def net(self) -> Yen: ...
    @property
    def tax(self) -> Tax: ...
    @property
    def percent(self) -> int: ...


class GrossLine(Protocol):
    """A line of a document priced with tax included."""

    @property
    def gross(self) -> Yen: ...
    @property
    def tax(self) -> Tax: ...
    @property
    def percent(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What one document holds at one rate: the net total, and the tax on it."""

    tax: Tax
    percent: int
    net: Yen
    amount: Yen

    @property
    def gross(self) -> Yen:
        """Net and tax together."""
        return self.net + self.amount


def by_rate(lines: Iterable[NetLine], rounding: Rounding = Rounding.FLOOR) -> tuple[TaxTotal, ...]:
    """The totals of one document whose prices are without tax, a row per rate that occurs, taxed ones first."""
    totals = _sums((line.tax, line.percent, line.net) for line in lines)
    return tuple(
        TaxTotal(tax, percent, net, _rounded(net.amount * percent, 100, rounding)) for tax, percent, net in totals
    )


def by_rate_inclusive(lines: Iterable[GrossLine], rounding: Rounding = Rounding.FLOOR) -> tuple[TaxTotal, ...]:
    """The same for prices with tax included: the tax is total × 10/110 or 8/108, and the net is what remains."""
    totals = []
    for tax, percent, gross in _sums((line.tax, line.percent, line.gross) for line in lines):
        amount = _rounded(gross.amount * percent, 100 + percent, rounding)
        totals.append(TaxTotal(tax, percent, gross - amount, amount))
    return tuple(totals)


def _sums(priced: Iterable[tuple[Tax, int, Yen]]) -> list[tuple[Tax, int, Yen]]:
    sums: dict[tuple[Tax, int], Yen] = {}
    for tax, percent, price in priced:
        if (percent > 0) is not tax.is_taxed:
            raise ValueError(f"{tax.value} cannot have a rate of {percent} percent")
        sums[tax, percent] = sums.get((tax, percent), Yen(0)) + price
    categories = list(Tax)
    in_order = sorted(sums, key=lambda key: (categories.index(key[0]), -key[1]))
    return [(tax, percent, sums[tax, percent]) for tax, percent in in_order]


def _rounded(numerator: int, denominator: int, rounding: Rounding) -> Yen:
    """Rounds the size and keeps the sign, so that a credit note takes back exactly what its invoice charged."""
    size, rest = divmod(abs(numerator), denominator)
    if (rounding is Rounding.CEILING and rest) or (rounding is Rounding.HALF_UP and rest * 2 >= denominator):
        size += 1
    return Yen(size if numerator >= 0 else -size)
