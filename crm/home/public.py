"""The public edge of everything: the first page, the privacy notice; whether the process lives and is ready."""

from __future__ import annotations

from collections.abc import Sequence

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload

from crm import clock
from crm.db import db
from crm.events import events
from crm.events.events import Event
from crm.home import readiness
from crm.settings import wordings
from crm.settings.settings import office_setting
from crm.web.audiences import public_area
from crm.web.templating import page

area = public_area("home", __name__)


@area.get("/")
def show() -> ResponseReturnValue:
    """What the consortium is, its next events, how to join, where members sign in."""
    return page("home/public/home.html", events=next_events(3))


@area.get("/privacy")
def privacy() -> ResponseReturnValue:
    """How personal data is handled, in the words the office keeps."""
    notice = office_setting("texts.privacy")
    return page("home/public/privacy.html", notice=notice, version=wordings.in_force("texts.privacy", notice))


@area.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return jsonify(ok=True)


@area.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The schema is the program's and storage can be written; 503 with what is wrong otherwise."""
    problems = readiness.problems()
    return jsonify(ready=not problems, problems=problems), (503 if problems else 200)


def next_events(most: int) -> Sequence[Event]:
    """The public events that come next, with their sessions."""
    coming = events.visible().where(events.last_end() > clock.now()).options(selectinload(Event.sessions))
    return db.session.scalars(coming.order_by(events.first_start(), Event.id).limit(most)).all()
