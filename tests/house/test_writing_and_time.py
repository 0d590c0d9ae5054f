"""One place commits, only edges open acts, one place asks for the time."""

from __future__ import annotations

import ast

from tests.house.sources import CRM, at, calls, holds, is_edge, nodes

RECORDING = CRM / "history" / "recording.py"
CLOCK = CRM / "clock.py"
OPENS_ACTS = {CRM / "worker.py", CRM / "demo.py"}
MOMENTS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
MOMENTS |= {("time", name) for name in ("time", "time_ns", "localtime", "gmtime")}
IN_SQL = {"now", "current_timestamp", "current_date", "localtimestamp"}


def test_only_recording_commits() -> None:
    holds(
        (at(file, call) for file, call in calls("commit") if file != RECORDING),
        "Only history/recording.py commits: open act(...) in the edge instead.",
    )


def test_only_edges_commands_the_worker_and_the_demonstration_open_acts() -> None:
    holds(
        (
            at(file, call)
            for file, call in calls("act")
            if not is_edge(file) and file not in OPENS_ACTS and CRM / "demo" not in file.parents
        ),
        "Only edges, commands, the worker and the demonstration open act(...): nouns and use cases are called inside one.",
    )


def test_only_the_clock_asks_for_the_time() -> None:
    found = []
    for file, node in nodes((ast.Attribute, ast.ImportFrom)):
        if file == CLOCK:
            continue
        if isinstance(node, ast.ImportFrom):
            if node.module == "time" and {n.name for n in node.names} & {"time", "time_ns", "localtime", "gmtime"}:
                found.append(at(file, node))
        elif isinstance(node, ast.Attribute):
            whose = getattr(node.value, "id", getattr(node.value, "attr", ""))
            if (whose, node.attr) in MOMENTS or (whose == "func" and node.attr in IN_SQL):
                found.append(at(file, node))
    holds(
        found,
        "Only clock.py asks for the time; elsewhere it is clock.now() or clock.today(), so that tests can stop it.",
    )


def test_the_clock_is_asked_by_its_name() -> None:
    found = []
    for file, node in nodes(ast.ImportFrom):
        assert isinstance(node, ast.ImportFrom)
        if node.module == "crm.clock" and "now" in {name.name for name in node.names}:
            found.append(at(file, node))
    holds(found, "Write clock.now(), not `from crm.clock import now`: a stopped clock could not be seen there.")
