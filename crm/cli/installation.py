"""``crm setup``, ``migrate``, ``doctor``, ``routes``: putting the application in place and asking how it stands."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from flask import current_app

from crm import clock, config, examination, resources, upgrading
from crm.cli.answering import Answer, command, nothing_to_do, refused, say, settings
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import tiers


@command()
@click.option("--demo", is_flag=True, help="Fill it with the public facts and an invented year.")
def setup(demo: bool) -> Answer:
    """Create or upgrade the database; with --demo fill an empty one."""
    _prepare(settings())
    before, after = upgrading.upgrade(db.engine)
    if not tiers.are_there():
        with act(Kind.TIER_CHANGED):
            tiers.ensure()
    if demo:
        from crm import demo as demonstration

        (settings().data_dir / "demonstration").touch()  # `make run` goes on with one that was interrupted
        if demonstration.is_filled():
            say("The demonstration is there already.")
        else:
            demonstration.fill(say)
    return {"database": _where(), "created": not before, "demo": demo, "revision": after}


@command()
def migrate() -> Answer:
    """Upgrade the schema; takes a backup first when there is data."""
    before = upgrading.revision(db.engine)
    if before == upgrading.head():
        raise nothing_to_do(**{"from": before, "to": before})
    answer: Answer = {}
    if before:
        from crm import backup

        file = config.settings().data_dir / "backups" / f"before-{upgrading.head()}-{clock.now():%Y%m%dT%H%M%S}.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        backup.write(file)
        answer["backup"] = str(file)
    _, after = upgrading.upgrade(db.engine)
    return {"from": before, "to": after, **answer}


@command()
def doctor() -> Answer:
    """What production would refuse to start with."""
    problems = examination.problems()
    if problems:
        raise refused("unsafe", ok=False, problems=problems)
    return {"ok": True, "problems": []}


@command()
def routes() -> Answer:
    """Every address with its methods, audience and permission."""
    return {"routes": [_route(rule) for rule in sorted(current_app.url_map.iter_rules(), key=lambda r: r.rule)]}


def _route(rule: Any) -> dict[str, Any]:
    view = current_app.view_functions[rule.endpoint]
    permission = getattr(view, "__permission__", None)
    return {
        "rule": rule.rule,
        "methods": sorted(rule.methods - {"HEAD", "OPTIONS"}),
        "audience": rule.endpoint.partition(".")[0] if "." in rule.endpoint else "public",
        "permission": permission.value if permission else None,
        "endpoint": rule.endpoint,
    }


def _prepare(chosen: config.Settings) -> None:
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    resources.folder("migrations")


def _where() -> str:
    """The database's address without its password."""
    return sa.make_url(config.settings().sqlalchemy_url).render_as_string(hide_password=True)


COMMANDS = [setup, migrate, doctor, routes]
