"""``crm web``, ``worker``, ``dev``: serving people, doing what is due, and both at once."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Any

import click

from crm import config
from crm.cli.answering import Answer, command, refused, say, settings

GRACE_SECONDS = 30
RARELY = (20_000, 20, 20)  # a request makes a few thousand objects: garbage is looked for every few requests
STOPPED = (0, -signal.SIGTERM, -signal.SIGINT)
COMMAND_LINE = (sys.executable, "-c", "from crm.cli import main; main()")


@command(app=False)
def web() -> Answer:
    """Serve the pages and the API until SIGTERM; requests under way are answered first."""
    _log_to_stderr()
    chosen = _safe()
    if find_spec("gunicorn") is None or os.name != "posix":
        _serve_with_waitress(chosen)
    else:
        _serve_with_gunicorn(chosen)
    return {}


@command()
@click.option("--once", is_flag=True, help="Do what is due until nothing is due, then exit.")
def worker(once: bool) -> Answer:
    """Do what is due: papers, letters, offers, yearly runs."""
    from flask import current_app

    from crm import worker as work

    _log_to_stderr()
    if once:
        return {"done": work.run_once()}
    _safe()
    work.run_forever(current_app._get_current_object())  # type: ignore[attr-defined]
    return {}


@command(app=False)
def dev() -> Answer:
    """The web and the worker together; ends when one of them does, or with Ctrl-C."""
    chosen = settings()
    say(f"http://{chosen.bind}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    parts: list[subprocess.Popen[bytes]] = []
    try:
        for name in ("web", "worker"):
            parts.append(subprocess.Popen([*COMMAND_LINE, name], preexec_fn=_die_with_parent))
        for line in _logins():
            say(line)
        while all(part.poll() is None for part in parts):
            time.sleep(0.2)
    except SystemExit:
        pass
    finally:
        codes = _stop(parts)
    failed = [code for code in codes if code not in STOPPED]
    if failed:
        raise refused(f"a part ended with {failed[0]}")
    return {}


def _leave(*_args: Any) -> None:
    raise SystemExit


def _stop(parts: list[subprocess.Popen[bytes]]) -> list[int]:
    """Ask each part to finish, then insist; answers their exit codes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for part in parts:
        with contextlib.suppress(ProcessLookupError):
            part.terminate()
    until = time.monotonic() + GRACE_SECONDS
    codes = []
    for part in parts:
        try:
            codes.append(part.wait(max(until - time.monotonic(), 0.1)))
        except subprocess.TimeoutExpired:
            part.kill()
            codes.append(part.wait())
    return codes


def _die_with_parent() -> None:
    """On Linux a part gets SIGTERM even when its parent was killed outright (PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _logins() -> list[str]:
    """The demonstration's logins, where there is a demonstration."""
    if find_spec("crm.demo") is None:
        return []
    from sqlalchemy.exc import SQLAlchemyError

    from crm import demo
    from crm.app import create_app

    with create_app().app_context(), contextlib.suppress(SQLAlchemyError):  # not set up yet
        return ["  ".join(login) for login in demo.logins()]
    return []


def _safe() -> config.Settings:
    """The settings, unless this is production and they are unsafe."""
    chosen = settings()
    if chosen.is_production and chosen.problems():
        raise refused("unsafe settings", problems=chosen.problems())
    return chosen


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("huey", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _serve_with_gunicorn(chosen: config.Settings) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        """gunicorn with our settings; the application is loaded once, before it forks."""

        def load_config(self) -> None:
            for name, value in _gunicorn_settings(chosen).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return _ready_to_fork(chosen)

    Server().run()


def _gunicorn_settings(chosen: config.Settings) -> dict[str, Any]:
    return {
        "bind": chosen.bind, "workers": chosen.web_workers, "threads": chosen.web_threads, "worker_class": "gthread",
        "preload_app": True, "graceful_timeout": GRACE_SECONDS, "timeout": 120, "keepalive": 5, "proc_name": "crm web",
        "max_requests": 20_000, "max_requests_jitter": 2_000, "accesslog": None, "control_socket_disable": True,
    }  # fmt: skip


def _ready_to_fork(chosen: config.Settings) -> Any:
    """The application with no connection open: children open their own. Fonts are read when a first paper is drawn."""
    from crm.app import create_app
    from crm.db import db

    app = create_app(chosen)
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    gc.collect()
    gc.freeze()  # what all workers share is neither searched for garbage nor, by that, copied for each
    gc.set_threshold(*RARELY)
    return app


def _serve_with_waitress(chosen: config.Settings) -> None:
    import waitress

    host, _colon, port = chosen.bind.rpartition(":")
    threads = chosen.web_threads * chosen.web_workers
    waitress.serve(_ready_to_fork(chosen), host=host, port=int(port), threads=threads, ident=None)


COMMANDS = [web, worker, dev]
