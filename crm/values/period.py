"""A span of days, both ends included, either end open (期間)."""

from dataclasses import dataclass
from datetime import date, datetime

from crm.values import BadValue


class BadPeriod(BadValue):
    """A period that ends before it starts."""


@dataclass(frozen=True, slots=True)
class Period:
    """From a first to a last day, both belonging to it. `None` means open: since ever, or until further notice."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if isinstance(self.start, datetime) or isinstance(self.end, datetime):
            raise TypeError("a period is made of days; a moment must be turned into its day in Tokyo first")
        if self.start and self.end and self.end < self.start:
            raise BadPeriod("The end lies before the start.")

    @property
    def first_day(self) -> date:
        """The first day, with an open start as the earliest day there is."""
        return self.start or date.min

    @property
    def last_day(self) -> date:
        """The last day, with an open end as the latest day there is."""
        return self.end or date.max

    def __contains__(self, day: date) -> bool:
        if isinstance(day, datetime):
            raise TypeError("a moment has no place in a period of days")
        return self.first_day <= day <= self.last_day

    def overlaps(self, other: "Period") -> bool:
        """Whether the two share at least one day."""
        return self.first_day <= other.last_day and other.first_day <= self.last_day

    def within(self, other: "Period") -> "Period | None":
        """The days both have, or None where they share none."""
        if not self.overlaps(other):
            return None
        start, end = max(self.first_day, other.first_day), min(self.last_day, other.last_day)
        return Period(None if start == date.min else start, None if end == date.max else end)

    def months_in(self, span: "Period") -> int:
        """How many calendar months of the span this period touches; a month counts from its first shared day on.

        For dues by monthly shares: who joins on 15 October has 6 months in the fiscal year. Raises ValueError where
        the shared days have an open end.
        """
        shared = self.within(span)
        if shared is None:
            return 0
        if shared.start is None or shared.end is None:
            raise ValueError("an open period has no number of months")
        return (shared.end.year - shared.start.year) * 12 + shared.end.month - shared.start.month + 1

    def __str__(self) -> str:
        return f"{self.start or ''}/{self.end or ''}"
