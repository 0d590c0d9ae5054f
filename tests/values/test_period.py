"""Periods: both ends included, either open."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.fiscal_year import FiscalYear
from crm.values.period import BadPeriod, Period

day = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start, end = sorted((draw(day), draw(day)))
    return Period(draw(st.sampled_from([start, None])), draw(st.sampled_from([end, None])))


@given(periods(), day)
def test_both_ends_belong_to_a_period(period: Period, day: date) -> None:
    assert (day in period) is (
        (period.start is None or period.start <= day) and (period.end is None or day <= period.end)
    )
    assert all(end in period for end in (period.start, period.end) if end)


@given(periods(), periods(), day)
def test_what_two_periods_share_is_in_both(one: Period, other: Period, day: date) -> None:
    shared = one.within(other)
    assert (shared is not None) is one.overlaps(other) is other.overlaps(one)
    assert (day in one and day in other) is (shared is not None and day in shared)


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(BadPeriod):
        Period(date(2026, 4, 2), date(2026, 4, 1))
    assert date(2026, 4, 1) in Period(date(2026, 4, 1), date(2026, 4, 1))


def test_moments_are_no_days() -> None:
    with pytest.raises(TypeError):
        Period(datetime(2026, 4, 1, tzinfo=UTC))
    with pytest.raises(TypeError):
        assert datetime(2026, 4, 1, tzinfo=UTC) in Period()


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 10, 15), None, 6), (None, None, 12), (date(2027, 3, 31), None, 1), (date(2027, 4, 1), None, 0),
        (None, date(2026, 9, 30), 6), (None, date(2026, 10, 1), 7), (None, date(2026, 3, 31), 0),
    ],
)  # fmt: skip
def test_months_of_a_fiscal_year_are_counted_from_the_first_shared_day(
    start: date | None, end: date | None, months: int
) -> None:
    assert Period(start, end).months_in(FiscalYear(2026).period) == months


def test_open_spans_have_no_number_of_months() -> None:
    with pytest.raises(ValueError, match="open"):
        Period().months_in(Period(date(2026, 4, 1)))


def test_a_period_is_written_like_iso() -> None:
    assert str(Period(date(2026, 4, 1), None)) == "2026-04-01/"
