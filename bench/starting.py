"""From the command to the first page, and what a worker holds in memory after serving."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.places import Place

START_AIM, MEMORY_AIM = 0.9, 130
PAGES = ("/events/", "/sign-in", "/healthz")
HOW_START = "`crm web` started until /events/ is answered with 200, files in the page cache; median of several starts"
HOW_MEMORY = (
    "resident set of the larger worker after 400 public pages (what it shares with the other is counted in full)"
)


def starting(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Seconds to the first 200, and MiB of a worker."""
    with place.server():
        pass  # files come into the page cache
    taken = []
    for _ in range(2 if quick else 5):
        server = place.server()
        taken.append(server.start("/events/"))
        server.stop()
    yield Figure(
        "start to first 200", place.engine, statistics.median(taken), "s", START_AIM, less_is_better=True, how=HOW_START
    )
    with place.server() as server:
        for number in range(400):
            with server.caller() as caller:
                caller.get(PAGES[number % len(PAGES)])
        memory = max(_resident(pid) for pid in server.workers())
    yield Figure("memory of a worker", place.engine, memory, "MiB", MEMORY_AIM, less_is_better=True, how=HOW_MEMORY)


def _resident(pid: int) -> float:
    """The resident set of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
