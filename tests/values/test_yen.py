"""Yen: reading amounts, counting with them, writing them."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.yen import NotYen, Yen, total

amounts = st.integers(0, 9_999_999_999)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("360000", 360000), ("360,000", 360000), ("￥360,000", 360000), ("¥ 120,000", 120000), ("３６０，０００円", 360000),
        (" 440円 ", 440), ("\\1,000", 1000), ("0", 0), ("007", 7), ("9,999,999,999", 9_999_999_999), ("￥１，０００", 1000),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, amount: int) -> None:
    assert Yen.parse(text) == Yen(amount)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-1", "negative"), ("−1", "negative"), ("△1,000", "negative"), ("▲1", "negative"), ("(1,000)", "negative"),
        ("（1,000）", "negative"), ("¥-5", "negative"), ("￥△5", "negative"),
        ("1.5", "fractions"), ("1,000.00", "fractions"), ("１．５", "fractions"), ("1.", "fractions"), (".5", "fractions"),
        ("10000000000", "ten digits"), ("00000000001", "ten digits"), ("9" * 100_000, "ten digits"),
        ("1,00", "commas"), ("1000,000", "commas"), ("1,,000", "commas"), ("1,0000", "commas"), ("100,", "commas"),
        ("", "digits"), (" ", "digits"), ("円", "digits"), ("¥", "digits"), ("abc", "digits"), ("1_000", "digits"), ("+5", "digits"),
        ("1 000", "digits"), ("10²", "digits"), ("①", "digits"), ("١٢", "digits"), ("1e3", "digits"), ("NaN", "digits"),
        ("Infinity", "digits"), ("百万円", "digits"), ("12円34", "digits"), ("0x10", "digits"), ("1\0", "digits"), ("5円円", "digits"),
    ],
)  # fmt: skip
def test_what_is_no_whole_positive_amount_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(NotYen, match=reason):
        Yen.parse(text)


@given(amounts)
def test_every_amount_comes_back_from_how_it_is_written(amount: int) -> None:
    assert Yen.parse(str(Yen(amount))) == Yen.parse(Yen(amount).formatted) == Yen.parse(f"{amount}円") == Yen(amount)


@given(st.text())
def test_any_text_is_either_an_amount_or_refused(text: str) -> None:
    with suppress(NotYen):
        assert 0 <= Yen.parse(text).amount <= 9_999_999_999


@pytest.mark.parametrize("amount", [1.0, Decimal(1), True, "1", None])
def test_only_a_whole_int_becomes_yen(amount: object) -> None:
    with pytest.raises(TypeError):
        Yen(amount)  # type: ignore[arg-type]


@given(st.lists(st.integers()), st.integers())
def test_yen_count_as_whole_numbers_do(several: list[int], times: int) -> None:
    whole = sum(several)
    assert total(map(Yen, several)) == Yen(whole)
    assert Yen(whole) * times == times * Yen(whole) == Yen(whole * times)
    assert Yen(whole) - Yen(times) == Yen(whole - times) == Yen(whole) + -Yen(times)
    assert (Yen(whole) < Yen(times)) is (whole < times)


def test_yen_do_not_mix_with_bare_numbers() -> None:
    for mixed in (
        lambda: Yen(1) + 1,
        lambda: Yen(1) - 1,
        lambda: Yen(2) * 1.5,
        lambda: Yen(1) * True,
        lambda: Yen(1) < 2,
    ):
        with pytest.raises(TypeError):
            mixed()  # type: ignore[no-untyped-call]
    assert Yen(1) != 1


def test_no_amounts_are_nothing_and_nothing_is_false() -> None:
    assert total([]) == Yen(0)
    assert not Yen(0)
    assert Yen(1)


def test_amounts_are_written_with_thousands_and_sign() -> None:
    assert (str(Yen(360000)), str(Yen(-440)), f"{Yen(5)}") == ("360,000", "-440", "5")
    assert (Yen(360000).formatted, Yen(-440).formatted) == ("￥360,000", "-￥440")


def test_a_share_of_a_years_fee_is_rounded_down() -> None:
    assert Yen(120000).part(7, 12) == Yen(70000)
    assert Yen(100).part(1, 3) == Yen(33)
    assert Yen(-100).part(1, 3) == Yen(-33)
