"""The office's pages about project CHANGE: who takes part, contracts with their evidence, companies founded."""

from __future__ import annotations

import mimetypes
from typing import Any, TypeVar

from flask import Response, request
from werkzeug.exceptions import NotFound

from crm.db import Model, db
from crm.documents import files
from crm.documents.files import StoredFile
from crm.projects.participations import topic_name
from crm.values.dates import DayOrMonth
from crm.web.audiences import office_area

M = TypeVar("M", bound=Model)
BIGGEST_ID = 2**63 - 1

area = office_area("projects", __name__)


def found(model: type[M], row_id: int) -> M:
    """The row of an address, or 404."""
    row = db.session.get(model, row_id) if row_id <= BIGGEST_ID else None
    if row is None:
        raise NotFound
    return row


def uploaded() -> StoredFile | None:
    """The evidence file that came with the form, kept in the running act; ``None`` when none came."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return None
    name = upload.filename[-200:]
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return files.keep(upload.read(), name=name, media_type=media_type)


def downloaded(file: StoredFile | None) -> Response:
    """A kept file as a download; 404 when there is none."""
    if file is None:
        raise NotFound
    response = Response(files.read(file), content_type=file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    return response


def written(date: DayOrMonth | None) -> str:
    """2025/5/1, or 2025/5 where only the month is known, as the office writes on screens."""
    if date is None:
        return ""
    return f"{date.year}/{date.month}/{date.day}" if date.day else f"{date.year}/{date.month}"


@area.app_template_filter("day_or_month")
def day_or_month(date: Any) -> str:
    """A day or month, as `written`."""
    return written(date)


@area.app_template_filter("topic")
def topic(number: int | None) -> str:
    """The topic of a participation by its name."""
    return topic_name(number)


from crm.projects.office import contracts, of_organisation, participations, ventures  # noqa: E402, F401
