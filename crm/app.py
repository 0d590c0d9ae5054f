"""create_app(): settings, database, audiences and error pages put together — the only wiring."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from crm import config, resources, schema
from crm.access import gates
from crm.config import Settings
from crm.db import db, engine_options, tune
from crm.home.office import navigation, surroundings
from crm.organisations import portal
from crm.web import addresses, audiences, errors, languages, safety, templating

Gate = Callable[[], ResponseReturnValue | None]

OFFICE: tuple[str, ...] = (
    "crm.home.office.dashboard",
    "crm.access.office",
    "crm.access.office.me",
    "crm.access.office.factors",
    "crm.home.office.history",
    "crm.home.office.settings",
    "crm.home.office.letters",
    "crm.home.office.papers",
    "crm.organisations.office",
    "crm.organisations.office.importing",
    "crm.organisations.office.reviews",
    "crm.organisations.office.editing_sheets",
    "crm.projects.office",
    "crm.care.office",
    "crm.schools.office",
    "crm.outreach.office",
    "crm.announcements.office",
    "crm.kpi.office",
    "crm.privacy.office",
    "crm.members.office",
    "crm.members.office.applications",
    "crm.members.office.certificates",
    "crm.members.office.tiers",
    "crm.billing.office.joining",
    "crm.billing.office.leaving",
    "crm.billing.office.invoices",
    "crm.billing.office.payments",
    "crm.billing.office.accounts",
    "crm.events.office",
)
PORTAL: tuple[str, ...] = (
    "crm.home.portal",
    "crm.members.portal",
    "crm.billing.portal",
    "crm.events.portal",
    "crm.organisations.portal.own",
    "crm.organisations.portal.colleagues",
    "crm.organisations.portal.consenting",
    "crm.access.portal",
)
PUBLIC: tuple[str, ...] = (
    "crm.access.public",
    "crm.home.public",
    "crm.members.public",
    "crm.events.public",
    "crm.announcements.public",
)
API: tuple[str, ...] = (
    "crm.organisations.api",
    "crm.kpi.api",
    "crm.members.api",
    "crm.billing.api",
    "crm.events.api",
)
EDGES = (*OFFICE, *PORTAL, *PUBLIC, *API)


def create_app(settings: Settings | None = None) -> Flask:
    """The application with its settings; without any, those of the environment."""
    settings = settings or config.from_environment()
    config.put_in_force(settings)
    schema.load()
    app = Flask(
        "crm", template_folder=str(resources.folder("templates")), static_folder=str(resources.folder("static")),
        static_url_path="/static",
    )  # fmt: skip
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_ENGINES={"default": engine_options(settings.sqlalchemy_url)},
        SEND_FILE_MAX_AGE_DEFAULT=templating.YEAR_SECONDS,
        JSON_AS_ASCII=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.converters["int"] = addresses.RowNumber
    app.url_rule_class = addresses.LateRule
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    _open_database(app, settings)
    safety.install(app, settings)
    templating.install(app)
    errors.install(app)
    gates.install(app)
    languages.install(app)
    navigation.install(app)
    surroundings.install(app)
    _register(app, audiences.office(), OFFICE, gates.staff_only)
    _register(app, audiences.portal(), PORTAL, portal.people_only)
    _register(app, audiences.api(), API, gates.tokens_only)
    _register(app, audiences.public(), PUBLIC, None)
    return app


def _open_database(app: Flask, settings: Settings) -> None:
    if settings.is_sqlite:
        Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    # no asynchronous sessions here: closing none of them would start an event loop for every request
    closers = app.teardown_appcontext_funcs
    closers[:] = [closer for closer in closers if closer.__name__ != "_close_async_sessions"]
    with app.app_context():
        tune(db.engine)


def _register(app: Flask, audience: Blueprint, modules: tuple[str, ...], gate: Gate | None) -> None:
    """Put each package's edge under its audience. An edge module offers its blueprint as ``area``."""
    if gate is not None:
        audience.before_request(gate)
    for module in modules:
        area = import_module(module).area
        if gate is gates.tokens_only:
            safety.csrf.exempt(area)  # programs bring a token; cookies open nothing there
        audience.register_blueprint(area)
    app.register_blueprint(audience)
