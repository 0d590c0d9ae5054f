"""The bare limit beside registrations: Flask, one table, one INSERT and COMMIT a request, on the same engine opened the same way."""

from __future__ import annotations

import os
import sys

import sqlalchemy as sa
from flask import Flask, request

from crm import db as database

COMMAND = (
    sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4", "--worker-class", "gthread",
    "--keep-alive", "5", "--no-control-socket", "--bind", "{bind}", "bench.bare:application()",
)  # fmt: skip
TABLE = sa.Table(
    "bare_rows", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text),
    sa.Column("email", sa.Text),
)  # fmt: skip


def application() -> Flask:
    """The application that gunicorn serves; its database stands in the environment."""
    url = os.environ["CRM_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(**database.engine_options(url))
    database.tune(engine)
    app = Flask("bare")

    @app.get("/healthz")
    def healthz() -> str:
        with engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
            TABLE.create(connection, checkfirst=True)
        return "ok"

    @app.post("/insert")
    def insert() -> str:
        with engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
            connection.execute(sa.insert(TABLE).values(name=request.form["name"], email=request.form["email"]))
        return "ok"

    return app
