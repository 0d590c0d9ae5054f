"""Consumption tax: dated rates, and one rounding per rate and document."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.tax import RATES, NoRate, Rounding, Tax, TaxTotal, by_rate, by_rate_inclusive, rate_on
from crm.values.yen import Yen, total


@dataclass
class Net:
    net: Yen
    tax: Tax = Tax.STANDARD
    percent: int = 10


@dataclass
class Gross:
    gross: Yen
    tax: Tax = Tax.STANDARD
    percent: int = 10


def test_tax_is_rounded_once_for_the_document_not_for_each_line() -> None:
    three_lines = [Net(Yen(105))] * 3
    assert by_rate(three_lines) == (TaxTotal(Tax.STANDARD, 10, Yen(315), Yen(31)),)
    assert by_rate(three_lines, Rounding.HALF_UP)[0].amount == Yen(32)
    assert by_rate(three_lines, Rounding.CEILING)[0].amount == Yen(32)


@pytest.mark.parametrize(
    ("gross", "percent", "net", "tax"),
    [(120000, 10, 109091, 10909), (360000, 10, 327273, 32727), (108, 8, 100, 8), (110, 10, 100, 10), (1, 10, 1, 0)],
)
def test_tax_within_a_price_is_its_tenth_of_eleven_parts(gross: int, percent: int, net: int, tax: int) -> None:
    category = Tax.STANDARD if percent == 10 else Tax.REDUCED
    (row,) = by_rate_inclusive([Gross(Yen(gross), category, percent)])
    assert (row.net, row.amount, row.gross) == (Yen(net), Yen(tax), Yen(gross))


def test_each_rate_has_its_row_and_rates_that_do_not_occur_have_none() -> None:
    rows = by_rate([
        Net(Yen(360000), Tax.OUT_OF_SCOPE, 0), Net(Yen(1000), Tax.REDUCED, 8), Net(Yen(500)), Net(Yen(1000), Tax.REDUCED, 8),
    ])  # fmt: skip
    assert [(row.tax, row.percent, row.net.amount, row.amount.amount) for row in rows] == [
        (Tax.STANDARD, 10, 500, 50),
        (Tax.REDUCED, 8, 2000, 160),
        (Tax.OUT_OF_SCOPE, 0, 360000, 0),
    ]
    assert by_rate([]) == ()


def test_an_untaxed_line_cannot_carry_a_rate_nor_a_taxed_one_none() -> None:
    for line in (Net(Yen(1), Tax.OUT_OF_SCOPE, 10), Net(Yen(1), Tax.STANDARD, 0)):
        with pytest.raises(ValueError, match="cannot have a rate"):
            by_rate([line])


lines = st.lists(st.integers(-(10**10), 10**10).map(Yen), min_size=1, max_size=8)
rounding = st.sampled_from(Rounding)
percents = st.sampled_from([(Tax.STANDARD, 10), (Tax.REDUCED, 8), (Tax.STANDARD, 5), (Tax.STANDARD, 3)])


@given(lines, rounding, percents)
def test_tax_lies_within_a_yen_of_the_exact_tax_on_the_rounding_side(
    amounts: list[Yen], how: Rounding, rate: tuple[Tax, int]
) -> None:
    (row,) = by_rate([Net(amount, *rate) for amount in amounts], how)
    exact = Fraction(abs(total(amounts).amount) * rate[1], 100)
    size = abs(row.amount.amount)
    assert row.net == total(amounts)
    assert abs(size - exact) < 1
    assert {
        Rounding.FLOOR: size <= exact,
        Rounding.CEILING: size >= exact,
        Rounding.HALF_UP: abs(size - exact) <= Fraction(1, 2),
    }[how]


@given(lines, rounding, percents)
def test_net_and_tax_of_inclusive_prices_are_the_price_again(
    amounts: list[Yen], how: Rounding, rate: tuple[Tax, int]
) -> None:
    (row,) = by_rate_inclusive([Gross(amount, *rate) for amount in amounts], how)
    assert row.gross == total(amounts)
    assert abs(abs(row.amount.amount) - Fraction(abs(total(amounts).amount) * rate[1], 100 + rate[1])) < 1


@given(lines, rounding)
def test_a_credit_note_takes_back_exactly_what_its_invoice_charged(amounts: list[Yen], how: Rounding) -> None:
    (charged,), (credited,) = by_rate(map(Net, amounts), how), by_rate([Net(-amount) for amount in amounts], how)
    assert credited.amount == -charged.amount


@pytest.mark.parametrize(
    ("tax", "day", "percent"),
    [
        (Tax.STANDARD, date(1989, 4, 1), 3), (Tax.STANDARD, date(1997, 3, 31), 3), (Tax.STANDARD, date(1997, 4, 1), 5),
        (Tax.STANDARD, date(2014, 3, 31), 5), (Tax.STANDARD, date(2014, 4, 1), 8), (Tax.STANDARD, date(2019, 9, 30), 8),
        (Tax.STANDARD, date(2019, 10, 1), 10), (Tax.REDUCED, date(2019, 10, 1), 8), (Tax.REDUCED, date(2026, 4, 1), 8),
        (Tax.OUT_OF_SCOPE, date(1980, 1, 1), 0), (Tax.EXEMPT, date(2026, 4, 1), 0),
    ],
)  # fmt: skip
def test_rates_are_those_of_their_day(tax: Tax, day: date, percent: int) -> None:
    assert rate_on(tax, day) == percent


def test_a_day_without_a_rate_is_refused() -> None:
    for tax, day in ((Tax.STANDARD, date(1989, 3, 31)), (Tax.REDUCED, date(2019, 9, 30))):
        with pytest.raises(NoRate):
            rate_on(tax, day)


def test_no_day_has_two_rates_of_one_category() -> None:
    for one in RATES:
        for other in RATES:
            if one is not other and one.tax is other.tax:
                assert (one.last_day or date.max) < other.first_day or (other.last_day or date.max) < one.first_day
