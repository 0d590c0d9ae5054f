"""Japanese dates: read, written, kept to the month; bank days."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import dates
from crm.values.dates import DayOrMonth, NotADay

days = st.dates(date(1873, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01", "2026/4/1", "2026/04/01", "2026.4.1", "2026年4月1日", "20260401", "令和8年4月1日", "令和８年４月１日", "R8.4.1",
        "R08/04/01", "r8-4-1", "２０２６−０４−０１", "2026ー4ー1", "２０２６／４／１", "㋿8年4月1日", " 令和 8年 4月 1日 ", "Ｒ８．４．１", "R8/4/1",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert dates.parse(text) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)), ("令和1年5月1日", date(2019, 5, 1)), ("平成31年4月30日", date(2019, 4, 30)),
        ("H元.1.8", date(1989, 1, 8)), ("昭和64年1月7日", date(1989, 1, 7)), ("㍼64年1月7日", date(1989, 1, 7)),
        ("S元.12.25", date(1926, 12, 25)), ("大正15年12月24日", date(1926, 12, 24)), ("T1.7.30", date(1912, 7, 30)),
        ("明治45年7月29日", date(1912, 7, 29)), ("M6.1.1", date(1873, 1, 1)), ("2028-02-29", date(2028, 2, 29)),
    ],
)  # fmt: skip
def test_the_day_an_era_changes_belongs_to_the_new_one(text: str, day: date) -> None:
    assert dates.parse(text) == day


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("平成31年5月1日", "that era"), ("令和0年1月1日", "that era"), ("R0.1.1", "that era"), ("昭和64年1月8日", "that era"),
        ("令和元年4月30日", "that era"), ("大正15年12月25日", "that era"), ("H00/01/01", "that era"),
        ("2026-02-29", "calendar"), ("2026-13-01", "calendar"), ("2026-04-31", "calendar"), ("2026-00-10", "calendar"), ("令和8年2月30日", "calendar"),
        ("20260230", "calendar"), ("0206-04-01", "1873"), ("1872-12-31", "1873"), ("2200-01-01", "1873"), ("9999-12-31", "1873"), ("0000-00-00", "1873"),
        ("明治5年12月2日", "1873"),
        ("", "Write"), ("2026", "Write"), ("2026-04", "Write"), ("2026-04-01T00:00", "Write"), ("26-04-01", "Write"), ("2026-4/1", "Write"),
        ("X8.4.1", "Write"), ("令和999年1月1日", "1873"), ("4月1日", "Write"), ("2026-04-0１²", "Write"), ("二〇二六年四月一日", "Write"),
        ("令和８年４月１日（水）", "Write"), ("令和元元年1月1日", "Write"),
    ],
)  # fmt: skip
def test_days_that_never_were_are_refused_with_their_reason(text: str, reason: str) -> None:
    with pytest.raises(NotADay, match=reason):
        dates.parse(text)


@given(days)
def test_every_day_reads_back_from_every_spelling(day: date) -> None:
    era = dates.era_on(day)
    short = f"{era.letter}{day.year - era.first_day.year + 1:02}/{day.month:02}/{day.day:02}"
    for text in (
        day.isoformat(),
        dates.era(day),
        dates.western(day),
        short,
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
    ):
        assert dates.parse(text) == day
    assert era.first_day <= day <= era.last_day


@given(st.text(alphabet="令和平成昭大正明治元年月日RHSTM0123456789-/. ２０²㋿", max_size=14))
def test_any_text_is_either_a_day_or_refused(text: str) -> None:
    for read in (dates.parse, DayOrMonth.parse):
        with suppress(NotADay):
            read(text)


def test_a_day_is_written_in_its_era_and_in_western_years() -> None:
    assert dates.era(date(2026, 4, 1)) == "令和8年4月1日"
    assert dates.era(date(2019, 5, 1)) == "令和元年5月1日"
    assert dates.era(date(2019, 4, 30)) == "平成31年4月30日"
    assert dates.western(date(2026, 4, 1)) == "2026年4月1日"
    assert dates.era_with_western(date(2026, 4, 1)) == "令和8年4月1日（2026年4月1日）"


@pytest.mark.parametrize("text", ["2025-05", "2025/5", "2025年5月", "令和7年5月", "R7.5", "２０２５年５月"])
def test_a_month_keeps_its_precision(text: str) -> None:
    month = DayOrMonth.parse(text)
    assert str(month) == "2025-05"
    assert (month.first_day, month.last_day) == (date(2025, 5, 1), date(2025, 5, 31))
    assert (month.era, month.western) == ("令和7年5月", "2025年5月")


def test_a_known_day_stays_a_day() -> None:
    day = DayOrMonth.parse("令和7年5月3日")
    assert day == DayOrMonth.of(date(2025, 5, 3))
    assert (str(day), day.era, day.western) == ("2025-05-03", "令和7年5月3日", "2025年5月3日")
    assert day.first_day == day.last_day == date(2025, 5, 3)


def test_months_and_days_sort_together() -> None:
    texts = ["2025-04-30", "2025-05", "2025-05-01", "2025-05-02", "2025-06"]
    assert [str(when) for when in sorted(map(DayOrMonth.parse, reversed(texts)))] == texts


@pytest.mark.parametrize(
    "text",
    [
        "2025-13",
        "2025-00",
        "平成31年6月",
        "令和元年4月",
        "令和0年5月",
        "2025",
        "2025-05-32",
        "2025-05-00",
        "",
        "1872-12",
    ],
)
def test_months_that_never_were_are_refused(text: str) -> None:
    with pytest.raises(NotADay):
        DayOrMonth.parse(text)


def test_a_month_in_which_the_era_changed_is_read_in_both() -> None:
    assert DayOrMonth.parse("昭和64年1月") == DayOrMonth.parse("平成元年1月") == DayOrMonth(1989, 1)


@given(days.filter(lambda day: day.year < 2199))
def test_the_end_of_a_month_is_its_last_day(day: date) -> None:
    for later in (0, 1, 12):
        end = dates.end_of_month(day, later)
        assert (end + timedelta(1)).day == 1
        assert (end.year - day.year) * 12 + end.month - day.month == later


def test_the_end_of_next_month_is_never_thirty_days_on() -> None:
    assert dates.end_of_month(date(2027, 1, 31), 1) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("day", "following", "previous"),
    [
        (date(2026, 9, 19), date(2026, 9, 24), date(2026, 9, 18)), (date(2026, 5, 6), date(2026, 5, 7), date(2026, 5, 1)),
        (date(2026, 12, 31), date(2027, 1, 4), date(2026, 12, 30)), (date(2026, 4, 30), date(2026, 4, 30), date(2026, 4, 30)),
        (date(2027, 1, 1), date(2027, 1, 4), date(2026, 12, 30)), (date(2026, 5, 31), date(2026, 6, 1), date(2026, 5, 29)),
    ],
)  # fmt: skip
def test_a_day_on_which_banks_are_closed_moves_to_the_next_or_the_one_before(
    day: date, following: date, previous: date
) -> None:
    assert dates.next_bank_day(day) == following
    assert dates.previous_bank_day(day) == previous
