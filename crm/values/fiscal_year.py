"""The fiscal year (年度): 1 April to 31 March, for everything the consortium plans, bills or counts."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import overload

from crm.values import BadValue
from crm.values.dates import FIRST_YEAR, LAST_YEAR, Era, era_named, era_on
from crm.values.japanese import narrow
from crm.values.period import Period

_WRITTEN = re.compile(
    r"(?:FY)?(?P<western>[0-9]{4})(?:年度|年)?|(?P<era>令和|平成|昭和|大正|明治|[RHSTM])(?P<number>元|[0-9]{1,3})(?:年度|年)?",
    re.IGNORECASE,
)


class NotAFiscalYear(BadValue):
    """A text or number that is no fiscal year."""


@dataclass(frozen=True, order=True, slots=True)
class FiscalYear:
    """The fiscal year that begins on 1 April of the western year `start`. `day in year`, `year + 1`, `year - year`."""

    start: int

    def __post_init__(self) -> None:
        if type(self.start) is not int:
            raise TypeError(f"a fiscal year takes a whole int, not {type(self.start).__name__}")
        if not FIRST_YEAR <= self.start <= LAST_YEAR:
            raise NotAFiscalYear("The fiscal year must lie between 1873 and 2199.")

    @classmethod
    def of(cls, day: date) -> "FiscalYear":
        """The fiscal year a day belongs to: 31 March the old one, 1 April the new one."""
        return cls(_a_day(day).year - (day.month < 4))

    @classmethod
    def parse(cls, text: str) -> "FiscalYear":
        """Read 2026, 2026年度, FY2026, R8, 令和8年度 or 令和元年度, in any width. Raises `NotAFiscalYear`.

        平成31年度 and 令和元年度 are both 2019; 平成32年度 and 令和0年度 never were.
        """
        match = _WRITTEN.fullmatch(re.sub(r"\s", "", narrow(text).replace("㋿", "令和").replace("㍻", "平成")))
        if match is None:
            raise NotAFiscalYear("Write the fiscal year as 2026, R8 or 令和8年度.")
        if match["western"]:
            return cls(int(match["western"]))
        era, number = era_named(match["era"]), 1 if match["number"] == "元" else int(match["number"])
        year = cls(era.first_day.year + number - 1)
        if number == 0 or not (era.first_day <= year.last_day and year.first_day <= era.last_day):
            raise NotAFiscalYear("There is no such fiscal year in that era.")
        return year

    @property
    def first_day(self) -> date:
        """1 April."""
        return date(self.start, 4, 1)

    @property
    def last_day(self) -> date:
        """31 March of the next calendar year."""
        return date(self.start + 1, 3, 31)

    @property
    def period(self) -> Period:
        """All its days."""
        return Period(self.first_day, self.last_day)

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of its twelve months, April to March."""
        return tuple(date(self.start + (month > 12), (month - 1) % 12 + 1, 1) for month in range(4, 16))

    @property
    def era(self) -> str:
        """令和8年度."""
        return f"{self._era_on_name_day.year(self.start)}度"

    @property
    def short(self) -> str:
        """R8, as tables and the city's plan write it."""
        era = self._era_on_name_day
        return f"{era.letter}{self.start - era.first_day.year + 1}"

    @property
    def label(self) -> str:
        """2026年度."""
        return f"{self.start}年度"

    @property
    def _era_on_name_day(self) -> Era:
        # A year is named by its first day, but 2019 is 令和元年度 as a whole: government practice since the change of era
        # (改元に伴う元号による年表示の取扱いについて, 平成31年4月1日申合せ).
        return era_on(date(2019, 5, 1) if self.start == 2019 else self.first_day)

    def __contains__(self, day: date) -> bool:
        return self.first_day <= _a_day(day) <= self.last_day

    def __add__(self, years: int) -> "FiscalYear":
        return FiscalYear(self.start + years) if type(years) is int else NotImplemented

    @overload
    def __sub__(self, other: int) -> "FiscalYear": ...
    @overload
    def __sub__(self, other: "FiscalYear") -> int: ...
    def __sub__(self, other: "int | FiscalYear") -> "FiscalYear | int":
        if isinstance(other, FiscalYear):
            return self.start - other.start
        return FiscalYear(self.start - other) if type(other) is int else NotImplemented

    def __str__(self) -> str:
        return str(self.start)


def _a_day(day: date) -> date:
    if isinstance(day, datetime):
        raise TypeError("a moment must be turned into its day in Tokyo before it is placed in a fiscal year")
    return day
