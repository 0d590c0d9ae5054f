"""The fiscal year: April to March, by its western number and in its era."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.fiscal_year import FiscalYear, NotAFiscalYear

days = st.dates(date(1873, 4, 1), date(2199, 12, 31))


def test_the_year_changes_between_31_march_and_1_april() -> None:
    assert FiscalYear.of(date(2026, 3, 31)) == FiscalYear(2025)
    assert FiscalYear.of(date(2026, 4, 1)) == FiscalYear(2026)
    assert FiscalYear(2026).first_day == date(2026, 4, 1)
    assert FiscalYear(2026).last_day == date(2027, 3, 31)


@given(days)
def test_every_day_lies_in_exactly_its_year(day: date) -> None:
    year = FiscalYear.of(day)
    assert day in year
    assert day in year.period
    assert (day + timedelta(365 * 2)) not in year
    assert year.start == day.year - (day.month < 4)


@given(st.integers(1874, 2198))
def test_every_spelling_of_a_year_reads_back(start: int) -> None:
    year = FiscalYear(start)
    for text in (str(year), year.label, year.era, year.short, f"FY{start}", year.era.removesuffix("度")):
        assert FiscalYear.parse(text) == year
    assert (year + 1) - year == 1
    assert year - 1 < year < year + 1
    assert [FiscalYear.of(month) for month in year.months] == [year] * 12
    assert (year.months[0].month, year.months[-1].month, len(set(year.months))) == (4, 3, 12)


@pytest.mark.parametrize(
    ("start", "era", "short"),
    [
        (2026, "令和8年度", "R8"), (2020, "令和2年度", "R2"), (2019, "令和元年度", "R1"), (2018, "平成30年度", "H30"),
        (1989, "平成元年度", "H1"), (1988, "昭和63年度", "S63"), (1927, "昭和2年度", "S2"), (1926, "大正15年度", "T15"),
    ],
)  # fmt: skip
def test_the_era_names_a_year_as_the_government_does(start: int, era: str, short: str) -> None:
    assert (FiscalYear(start).era, FiscalYear(start).short) == (era, short)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("2026", 2026), ("２０２６", 2026), ("2026年度", 2026), ("FY2026", 2026), ("fy 2026", 2026), ("R8", 2026), ("r08", 2026),
        ("Ｒ８", 2026), ("R8年度", 2026), ("令和8年度", 2026), ("令和８年", 2026), ("㋿8年度", 2026), ("令和元年度", 2019),
        ("平成31年度", 2019), ("H31", 2019), ("令和 8 年度", 2026), ("昭和元年度", 1926),
    ],
)  # fmt: skip
def test_years_are_read_as_people_write_them(text: str, start: int) -> None:
    assert FiscalYear.parse(text) == FiscalYear(start)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "26",
        "令和",
        "令和0年度",
        "平成32年度",
        "昭和64年度",
        "R0",
        "X8",
        "2026-27",
        "2026年4月",
        "20266",
        "0000",
        "9999",
        "R999",
    ],
)
def test_what_is_no_fiscal_year_is_refused(text: str) -> None:
    with pytest.raises(NotAFiscalYear):
        FiscalYear.parse(text)


def test_a_moment_must_become_a_day_in_tokyo_first() -> None:
    moment = datetime(2026, 3, 31, 15, tzinfo=UTC)
    with pytest.raises(TypeError):
        FiscalYear.of(moment)
    with pytest.raises(TypeError):
        assert moment in FiscalYear(2026)


@pytest.mark.parametrize("start", [2026.0, True, "2026", None])
def test_only_a_whole_int_becomes_a_year(start: object) -> None:
    with pytest.raises(TypeError):
        FiscalYear(start)  # type: ignore[arg-type]
