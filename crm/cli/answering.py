"""How a command answers: one JSON object on stdout with ``--json``, words for people on stderr, and the exit code.

0 done, 3 nothing to do, 4 refused (with ``reason``), 5 busy, anything else a failure.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from crm import config
from crm.errors import Busy, Refused, disk_is_full
from crm.history.recording import Actor, acting_as

DONE, FAILED, NOTHING_TO_DO, REFUSED, BUSY = 0, 1, 3, 4, 5
Answer = dict[str, Any]


class Answered(Exception):
    """A command's answer with an exit code other than 0."""

    def __init__(self, code: int, answer: Answer) -> None:
        super().__init__(code)
        self.code, self.answer = code, answer


def nothing_to_do(**answer: Any) -> Answered:
    """Everything is as it should be already (exit 3)."""
    return Answered(NOTHING_TO_DO, answer)


def refused(reason: object, **answer: Any) -> Answered:
    """A rule said no (exit 4)."""
    return Answered(REFUSED, {"reason": str(reason), **answer})


def say(text: object) -> None:
    """Words for the person at the terminal."""
    click.echo(str(text), err=True)


def command(
    name: str | None = None, *, app: bool = True, **attrs: Any
) -> Callable[[Callable[..., Answer | None]], click.Command]:
    """A command with ``--json``. ``app``: run inside the application, acting as the command line."""

    def decorate(function: Callable[..., Answer | None]) -> click.Command:
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            code, answer = _carry_out(functools.partial(function, *args, **kwargs), in_app=app)
            _print(answer, as_json)
            sys.exit(code)

        spelled = name or function.__name__.replace("_", "-")
        with_json = click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object on stdout.")(
            run
        )
        return click.command(spelled, **attrs)(with_json)

    return decorate


def _carry_out(function: Callable[[], Answer | None], *, in_app: bool) -> tuple[int, Answer]:
    try:
        if not in_app:
            return DONE, function() or {}
        from crm.app import create_app

        actor = Actor("cli", os.getuid() if hasattr(os, "getuid") else None)
        with create_app().app_context(), acting_as(actor), _connections_closed():
            return DONE, function() or {}
    except Answered as answered:
        return answered.code, answered.answer
    except Refused as refusal:
        return REFUSED, {"reason": str(refusal), **({"field": refusal.field} if refusal.field else {})}
    except Busy:
        return BUSY, {"reason": "busy, try again"}
    except (OSError, OperationalError) as error:
        if not (disk_is_full(error) or isinstance(error, OperationalError)):
            raise
        reason = "the disk is full, nothing was changed" if disk_is_full(error) else "the database does not answer"
        return FAILED, {"reason": reason, "detail": str(getattr(error, "orig", error))}


@contextmanager
def _connections_closed() -> Iterator[None]:
    """Nothing stays open when the command is over, also where another one follows in the same process."""
    from crm.db import db

    try:
        yield
    finally:
        db.session.close()
        for engine in db.engines.values():
            engine.dispose()


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
    else:
        for key, value in answer.items():
            say(
                f"{key}: {json.dumps(value, ensure_ascii=False, default=str, indent=1) if isinstance(value, (dict, list)) else value}"
            )


def settings() -> config.Settings:
    """The operator's settings, a mistake in them told in one line."""
    try:
        return config.from_environment()
    except ValueError as error:
        raise refused(error) from error
