"""The public edge of everything: whether the process lives, and whether it is ready."""

from __future__ import annotations

from flask import jsonify
from flask.typing import ResponseReturnValue

from crm.home import readiness
from crm.web.audiences import public_area

area = public_area("home", __name__)


@area.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(ok=True)


@area.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The schema is the program's and storage can be written; 503 with what is wrong otherwise."""
    problems = readiness.problems()
    return jsonify(ready=not problems, problems=problems), (503 if problems else 200)
