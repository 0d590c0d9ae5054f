"""What every test may ask for: the application on an empty database of its own, a visitor, a sign-in, a stopped clock.

A test that asks for ``app`` (or anything made of it) runs twice, on SQLite and on PostgreSQL; ``--engine sqlite`` keeps to
one while developing. The application's context is open for the whole test and acts as a test actor, so rules can be called
directly inside ``act(...)``; requests of ``client`` run in contexts of their own, exactly as in production.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import jinja2
import pytest
from flask import Flask

from crm import clock
from crm.config import Settings
from tests import databases, demonstration, postgres_server
from tests.visiting import Visitor

TEMPLATES = jinja2.FileSystemBytecodeCache()
APPLICATIONS: dict[Settings, Flask] = {}  # those made so far in this process, by their settings
PASSWORD = "花火と多摩川の夕暮れ 42"
SECRET = "a secret for tests, longer than thirty-two characters"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=databases.ENGINES, help="run on one database only (default: on both)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        metafunc.parametrize("engine", [chosen] if chosen else databases.ENGINES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """With ``CI=true`` a skipped test has failed: a missing browser or database must not look like success."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed with CI=true: {report.longrepr}"
    return report


def pytest_configure(config: pytest.Config) -> None:
    """One name for the whole run, shared by its workers, that the PostgreSQL server is found by."""
    given = getattr(config, "workerinput", {}).get("testrunuid")
    config.stash[RUN] = given or os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex


def pytest_configure_node(node: object) -> None:
    """The controller learns the name its workers use."""
    node.config.stash[RUN] = node.workerinput["testrunuid"]  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and RUN in config.stash:
        folder = postgres_server.folder_of(config.stash[RUN])
        postgres_server.stop(folder)
        folder.with_suffix(".lock").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


RUN = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def engine_databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], databases.Databases]:
    """The databases of one engine, prepared when a test first needs them."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if hasattr(request.config, "workerinput") else shared
    made: dict[str, databases.Databases] = {}

    def of(engine: str) -> databases.Databases:
        if engine == "postgresql" and not postgres_server.is_available():
            pytest.skip(databases.MISSING)
        if engine not in made:
            run = request.config.stash[RUN]
            made[engine] = databases.SqliteDatabases(shared) if engine == "sqlite" else databases.PostgresDatabases(run)
        return made[engine]

    return of


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of the test's application."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def database_url(engine: str, engine_databases: Callable[[str], databases.Databases], data_dir: Path) -> Iterator[str]:
    """The address of an empty, migrated database of the test's own."""
    with engine_databases(engine).fresh(data_dir) as url:
        yield url


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """The operator's settings of the test; override this fixture to change one."""
    return Settings(database_url=database_url, data_dir=data_dir, secret_key=SECRET, public_rate=0, fast_passwords=True)


@pytest.fixture
def shares_application(settings: Settings) -> bool:
    """Whether tests with the same settings may use one application; override it where a test changes the application itself.

    Making one takes a tenth of a second, for hundreds of addresses. Where requests are counted each test starts at zero.
    """
    return settings.public_rate == 0


def _application(settings: Settings, shared: bool) -> Flask:
    """An application with these settings; a shared one is given the test's own database."""
    from crm import config
    from crm.app import create_app
    from crm.db import db
    from crm.web import safety

    kind = dataclasses.replace(settings, database_url="", data_dir=Path())
    if not shared or kind not in APPLICATIONS:
        made = create_app(settings)
        made.jinja_env.bytecode_cache = TEMPLATES
        return APPLICATIONS.setdefault(kind, made) if shared else made
    made = APPLICATIONS[kind]
    config.put_in_force(settings)
    safety.limiter.enabled = (
        settings.public_rate > 0
    )  # one counter for the process; another application may have set it going
    with made.app_context():
        db.engines["default"] = databases.open_engine(settings.database_url)
        db.sessionmaker.configure(bind=db.engine)
    return made


@pytest.fixture
def app(settings: Settings, shares_application: bool) -> Iterator[Flask]:
    """The application on the test's own database, its context open and a test actor named."""
    from crm.db import db
    from crm.history.recording import Actor, acting_as

    made = _application(settings, shares_application)
    made.testing = True
    made.test_client_class = Visitor
    with contextlib.ExitStack() as open_until_the_end:
        open_until_the_end.enter_context(made.app_context())
        open_until_the_end.enter_context(acting_as(Actor("test")))
        yield made
        db.session.rollback()
        db.session.close()
        for one in db.engines.values():
            one.dispose()


@pytest.fixture
def client(app: Flask) -> Visitor:
    """A visitor who has not signed in."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    return visitor


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., Visitor]:
    """``sign_in("clerk")``: a visitor signed in with a role, second factor given; ``user=`` signs in someone who exists."""
    from crm.access import sessions, users
    from crm.access.permissions import Role
    from crm.history.kinds import Kind
    from crm.history.recording import Actor, act, acts_now, housekeeping

    def enter(role: str = "clerk", *, user: users.User | None = None) -> Visitor:
        if user is None:
            email = f"{role}-{uuid.uuid4().hex[:6]}@example.jp"
            with act(Kind.USER_INVITED):
                user = users.add_with_password(email=email, name=f"見本 {role}", role=Role(role), password=PASSWORD)
        with housekeeping():
            token = sessions.start(user, sessions.Strength.SECOND_FACTOR)
        visitor = app.test_client()
        assert isinstance(visitor, Visitor)
        with visitor.session_transaction() as cookie:
            cookie["_user_id"] = token  # where login_door.py carries it
        acts_now(Actor("test"))  # the request context of the line above ended with nobody acting
        return visitor

    return enter


@pytest.fixture(scope="session")
def demonstration_built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's data folder, built once for all workers of a run; to be copied, never opened."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if hasattr(request.config, "workerinput") else shared
    built = shared / "demonstration"
    with databases.alone(shared / "demonstration.lock"):
        if not built.exists():
            demonstration.build(shared / "demonstration.unfinished")
            (shared / "demonstration.unfinished").rename(built)
    return built


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], datetime]:
    """Stops the clock: ``clock_at("2026-04-01 09:00")`` in Tokyo; may be called again to let time pass."""

    def stop(wall_clock: str) -> datetime:
        moment = datetime.fromisoformat(wall_clock).replace(tzinfo=clock.TOKYO).astimezone(clock.UTC)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return stop
