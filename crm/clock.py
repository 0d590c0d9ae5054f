"""The time, asked for in one place.

The operating system's clock is the only source. Moments are aware and in UTC; business days are decided in Tokyo, so that
31 March 23:59 and 1 April 00:00 fall into the fiscal years the office expects wherever the server stands.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in Tokyo."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """The day in Tokyo on which an aware moment falls."""
    return moment.astimezone(TOKYO).date()


def moment_of(day: date, at: time = time(0)) -> datetime:
    """The moment, in UTC, of a wall-clock time in Tokyo."""
    return datetime.combine(day, at, tzinfo=TOKYO).astimezone(UTC)


def days_from_now(days: int) -> datetime:
    """The moment so many days from now."""
    return now() + timedelta(days=days)
