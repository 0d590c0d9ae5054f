"""How safe this installation is: what production would refuse to start with, each problem naming its setting."""

from __future__ import annotations

import sqlalchemy as sa

from crm import config, upgrading
from crm.db import db

POSTGRESQL_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")


def problems() -> list[str]:
    """Everything unsafe in the settings, the database and its content."""
    found = config.settings().problems()
    if config.settings().env != "production":
        found.append("CRM_ENV: is not production")
    found += _database()
    if not _revision_is_old(found):
        found += _demonstration()
    return found


def _database() -> list[str]:
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
            keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
            return [
                *(["CRM_DATABASE_URL: SQLite does not wait for the disk (synchronous)"] if level != 2 else []),
                *(["CRM_DATABASE_URL: SQLite does not check foreign keys"] if keys != 1 else []),
                *(["CRM_DATABASE_URL: SQLite is not in WAL mode"] if journal != "wal" else []),
            ]
        return [
            f"CRM_DATABASE_URL: PostgreSQL runs with {name} = off"
            for name in POSTGRESQL_MUST_BE_ON
            if connection.execute(sa.text("SELECT current_setting(:name)"), {"name": name}).scalar() == "off"
        ]


def _revision_is_old(found: list[str]) -> bool:
    present = upgrading.revision(db.engine)
    if present != upgrading.head():
        found.append(
            f"database: the schema stands at {present or 'nothing'}, the program needs {upgrading.head()}: crm migrate"
        )
        return True
    return False


def _demonstration() -> list[str]:
    from crm.access.users import User
    from crm.organisations.organisations import Organisation

    found = []
    if db.session.scalar(sa.select(sa.func.count()).select_from(User).where(User.is_demo)):
        found.append("users: demonstration logins exist")
    if db.session.scalar(sa.select(sa.func.count()).select_from(Organisation).where(Organisation.is_example)):
        found.append("organisations: demonstration data exist")
    return found
