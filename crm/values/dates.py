"""Japanese dates: reading and writing them, months without a day, and days on which banks are open.

The day an era changes belongs to the new era; its first year is written 元年. Dates are read from 1873 on, when Japan took
the present calendar (明治5年太政官布告337号), to 2199.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import jpholiday

from crm.values import BadValue
from crm.values.japanese import narrow, plain_dashes

FIRST_YEAR, LAST_YEAR = 1873, 2199


@dataclass(frozen=True, slots=True)
class Era:
    """An era (元号), from its first day to the day before the next."""

    name: str
    letter: str
    first_day: date
    last_day: date = date.max

    def year(self, western: int) -> str:
        """The year as the era writes it: 令和8年, 令和元年."""
        number = western - self.first_day.year + 1
        return f"{self.name}{'元' if number == 1 else number}年"


# 令和: 元号を改める政令 (平成31年政令143号); 平成: 昭和64年政令1号; 昭和 and 大正 by rescript. 明治 counts from 1868.
ERAS = (
    Era("令和", "R", date(2019, 5, 1)),
    Era("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "T", date(1912, 7, 30), date(1926, 12, 24)),
    Era("明治", "M", date(1868, 1, 25), date(1912, 7, 29)),
)

_SQUARE_ERAS = str.maketrans({"㋿": "令和", "㍻": "平成", "㍼": "昭和", "㍽": "大正", "㍾": "明治"})
_ERA_YEAR = r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM])(?P<era_year>元|[0-9]{1,3})"
_YEAR = rf"(?:{_ERA_YEAR}|(?P<year>[0-9]{{4}}))"
_DAY = re.compile(
    rf"{_YEAR}(?:年(?P<m1>[0-9]{{1,2}})月(?P<d1>[0-9]{{1,2}})日|(?P<sep>[-/.])(?P<m2>[0-9]{{1,2}})(?P=sep)(?P<d2>[0-9]{{1,2}}))",
    re.IGNORECASE,
)
_COMPACT_DAY = re.compile(r"(?P<year>[0-9]{4})(?P<m1>[0-9]{2})(?P<d1>[0-9]{2})")
_MONTH = re.compile(rf"{_YEAR}(?:年(?P<m1>[0-9]{{1,2}})月|[-/.](?P<m2>[0-9]{{1,2}}))", re.IGNORECASE)


class NotADay(BadValue):
    """A text that is no date, or a date that never was."""


def parse(text: str) -> date:
    """Read a day: 2026-04-01, 2026/4/1, 2026年4月1日, 20260401, 令和8年4月1日, R8.4.1, R08/04/01; any width, ㋿, 元年.

    Raises `NotADay`, also for days that never were: 2026-02-30, 平成31年5月1日, 昭和64年1月8日, 令和0年.
    """
    written = _plain(text)
    match = _DAY.fullmatch(written) or _COMPACT_DAY.fullmatch(written)
    if match is None:
        raise NotADay("Write the date as 2026-04-01 or 令和8年4月1日.")
    found = match.groupdict()
    year, era = _year_of(found)
    day = _existing(year, int(found["m1"] or found["m2"]), int(found["d1"] or found["d2"]))
    if era and not era.first_day <= day <= era.last_day:
        raise NotADay("There is no such day in that era.")
    return day


def _plain(text: str) -> str:
    return re.sub(r"\s", "", plain_dashes(narrow(text)).translate(_SQUARE_ERAS))


def _year_of(found: dict[str, str | None]) -> tuple[int, Era | None]:
    if not found.get("era"):
        return int(found["year"] or 0), None
    era, written = era_named(found["era"] or ""), found["era_year"] or ""
    number = 1 if written == "元" else int(written)
    if number == 0:
        raise NotADay("There is no such day in that era.")
    return era.first_day.year + number - 1, era


def _existing(year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotADay("The year must lie between 1873 and 2199.")
    try:
        return date(year, month, day)
    except ValueError:
        raise NotADay("There is no such day in the calendar.") from None


def era_named(name: str) -> Era:
    """The era with this name or letter (令和, R, r). Raises KeyError for any other."""
    for candidate in ERAS:
        if name == candidate.name or name.upper() == candidate.letter:
            return candidate
    raise KeyError(name)


def era_on(day: date) -> Era:
    """The era a day belongs to. Raises `NotADay` before 1868."""
    for candidate in ERAS:
        if candidate.first_day <= day:
            return candidate
    raise NotADay("The year must lie between 1873 and 2199.")


def era(day: date) -> str:
    """令和8年4月1日, as papers write a day."""
    return f"{era_on(day).year(day.year)}{day.month}月{day.day}日"


def western(day: date) -> str:
    """2026年4月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def era_with_western(day: date) -> str:
    """令和8年4月1日（2026年4月1日）."""
    return f"{era(day)}（{western(day)}）"


@dataclass(frozen=True, slots=True)
class DayOrMonth:
    """A date known to the day, or only to the month, which keeps its precision. `str()` is ISO: 2025-05-01 or 2025-05.

    A month lies within one fiscal year, so counting by fiscal year needs no guess. Ordered by first day; a month comes
    before the days in it.
    """

    year: int
    month: int
    day: int | None = None

    def __post_init__(self) -> None:
        _existing(self.year, self.month, self.day or 1)
        if self.day == 0:
            raise NotADay("There is no such day in the calendar.")

    @classmethod
    def of(cls, day: date) -> "DayOrMonth":
        """A known day."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: str) -> "DayOrMonth":
        """Read a day as `parse` does, or a month: 2025-05, 2025/5, 2025年5月, 令和7年5月, R7.5. Raises `NotADay`."""
        match = _MONTH.fullmatch(_plain(text))
        if match is None:
            try:
                return cls.of(parse(text))
            except NotADay as error:
                if str(error) == "Write the date as 2026-04-01 or 令和8年4月1日.":
                    raise NotADay("Write the date as 2026-04-01, or as 2026-04 if only the month is known.") from None
                raise
        found = match.groupdict()
        year, era = _year_of(found)
        month = cls(year, int(found["m1"] or found["m2"]))
        if era and not (era.first_day <= month.last_day and month.first_day <= era.last_day):
            raise NotADay("There is no such day in that era.")
        return month

    @property
    def first_day(self) -> date:
        """The day itself, or the first of the month."""
        return date(self.year, self.month, self.day or 1)

    @property
    def last_day(self) -> date:
        """The day itself, or the last of the month."""
        return date(self.year, self.month, self.day or monthrange(self.year, self.month)[1])

    @property
    def era(self) -> str:
        """令和7年5月, or with its day. A month in which the era changed is named by its first day."""
        if self.day:
            return era(self.first_day)
        return f"{era_on(self.first_day).year(self.year)}{self.month}月"

    @property
    def western(self) -> str:
        """2025年5月, or with its day."""
        return western(self.first_day) if self.day else f"{self.year}年{self.month}月"

    def __lt__(self, other: "DayOrMonth") -> bool:
        return (self.year, self.month, self.day or 0) < (other.year, other.month, other.day or 0)

    def __str__(self) -> str:
        return self.first_day.isoformat() if self.day else f"{self.year:04}-{self.month:02}"


def end_of_month(day: date, months_later: int = 0) -> date:
    """The last day of the month so many months after the day's (翌月末 is 1): 2027-01-31 and 1 give 2027-02-28."""
    months = day.year * 12 + day.month - 1 + months_later
    year, month = divmod(months, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


@lru_cache(maxsize=4096)
def is_bank_day(day: date) -> bool:
    """Whether banks are open: no Saturday, Sunday, public holiday, nor 31 December to 3 January (銀行法施行令 5条1項).

    Public holidays of years not yet gazetted are calculated from the law as it is known.
    """
    if isinstance(day, datetime):
        raise TypeError("a bank day is a day, not a moment")
    at_new_year = (day.month, day.day) in ((12, 31), (1, 1), (1, 2), (1, 3))
    return day.weekday() < 5 and not at_new_year and not jpholiday.is_holiday(day)


def next_bank_day(day: date) -> date:
    """The day itself if banks are open, else the next day they are: where a due date falls by law (民法 142条)."""
    while not is_bank_day(day):
        day += timedelta(days=1)
    return day


def previous_bank_day(day: date) -> date:
    """The day itself if banks are open, else the last day before on which they were."""
    while not is_bank_day(day):
        day -= timedelta(days=1)
    return day
