"""Numbers: gapless per series and fiscal year, also when acts fail or run at once."""

import threading

import pytest
from flask import Flask

from crm.documents.numbering import last_taken, next_number
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as
from crm.values.fiscal_year import FiscalYear

YEAR = FiscalYear(2026)


def taken(series: str = "INV", year: FiscalYear = YEAR) -> str:
    with act(Kind.PAPER_DRAWN):
        return next_number(series, year)


def test_numbers_count_up_per_series_and_year(app: Flask) -> None:
    assert [taken(), taken(), taken("RCP"), taken(year=FiscalYear(2027)), taken()] == [
        "INV-2026-0001", "INV-2026-0002", "RCP-2026-0001", "INV-2027-0001", "INV-2026-0003",
    ]  # fmt: skip
    assert last_taken("INV", YEAR) == 3


def test_a_failed_act_leaves_no_gap(app: Flask) -> None:
    taken()
    with pytest.raises(ZeroDivisionError), act(Kind.PAPER_DRAWN):
        next_number("INV", YEAR)
        raise ZeroDivisionError
    assert taken() == "INV-2026-0002"


def test_the_first_act_of_a_series_may_fail_too(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), act(Kind.PAPER_DRAWN):
        next_number("NEW", YEAR)
        raise ZeroDivisionError
    assert taken("NEW") == "NEW-2026-0001"


def test_no_number_is_taken_outside_an_act(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="act"):
        next_number("INV", YEAR)


def test_acts_at_once_share_no_number_and_leave_no_gap(app: Flask) -> None:
    found: list[str] = []

    def some() -> None:
        with app.app_context(), acting_as(Actor("test")):
            for _ in range(5):
                found.append(taken())

    threads = [threading.Thread(target=some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"INV-2026-{n:04d}" for n in range(1, 21)]
