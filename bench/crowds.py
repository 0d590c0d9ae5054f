"""Many visitors at once: each on a thread of its own, doing the same thing until time is up or once from a common start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Doing = Callable[[int], Any]


def rate(doing: Doing, *, at_once: int, seconds: float) -> float:
    """How often a second ``doing(visitor)`` is finished when so many do it over and over; a second of running in first.

    ``doing`` gets the visitor's number and raises when something goes wrong, which ends the measuring.
    """
    begin = threading.Barrier(at_once)
    counts = [0] * at_once
    running_in = min(1.0, seconds / 2)

    def visitor(number: int) -> None:
        begin.wait()
        now = time.monotonic()
        counted_from, until = now + running_in, now + running_in + seconds
        while now < until:
            doing(number)
            now = time.monotonic()
            counts[number] += counted_from <= now < until

    with ThreadPoolExecutor(at_once) as crowd:
        list(crowd.map(visitor, range(at_once)))
    return sum(counts) / seconds


def race(doing: Doing, *, at_once: int) -> tuple[list[Any], float]:
    """Everyone does it once, all starting in the same instant: what each got, and the seconds until the last had it."""
    begin = threading.Barrier(at_once + 1)
    began = 0.0

    def visitor(number: int) -> Any:
        begin.wait()
        return doing(number)

    with ThreadPoolExecutor(at_once) as crowd:
        under_way = [crowd.submit(visitor, number) for number in range(at_once)]
        began = time.monotonic()
        begin.wait()
        got = [one.result() for one in under_way]
    return got, time.monotonic() - began
