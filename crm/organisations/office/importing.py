"""Imports in the office: a file is uploaded and kept, its plan is shown, and what was shown is written on confirmation."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import canonical, db
from crm.documents import files
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.exchange.plan import Plan, Reviewing
from crm.exchange.reading import Sheet, read
from crm.exchange.templates import template as template_bytes
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import importers, reviews
from crm.organisations.forms import ConfirmImportForm, UploadForm
from crm.organisations.importers import KINDS, Importer, Origin
from crm.organisations.office import BIGGEST_ID
from crm.text import _
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.safety import takes_files
from crm.web.templating import page

area = office_area("imports", __name__)

ENCODINGS = ("utf-8", "cp932")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_SHOWN = 300


@area.get("/")
@requires(Permission.ORGANISATIONS_IMPORT)
def index() -> ResponseReturnValue:
    """Every kind of import."""
    known = [importers.named(kind) for kind in KINDS]
    return page("organisations/office/imports.html", importers=known, waiting=reviews.waiting_count())


@area.get("/<kind>")
@requires(Permission.ORGANISATIONS_IMPORT)
def new(kind: str) -> ResponseReturnValue:
    """What a kind reads, its template, and the form to upload a file."""
    return page("organisations/office/import_upload.html", importer=_importer(kind), form=_upload_form())


@area.get("/<kind>/template")
@requires(Permission.ORGANISATIONS_IMPORT)
def template(kind: str) -> ResponseReturnValue:
    """The empty workbook a kind is filled in with."""
    importer = _importer(kind)
    response = Response(template_bytes(importer.columns, importer.title), content_type=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{kind}.xlsx")
    return response


@area.post("/<kind>")
@takes_files
@requires(Permission.ORGANISATIONS_IMPORT)
def upload(kind: str) -> ResponseReturnValue:
    """Keep the file if it can be read, and go on to its plan: nothing must be uploaded twice."""
    importer, form = _importer(kind), _upload_form()
    upload_ = request.files.get("file")
    if form.validate():
        with form.refusals():
            if upload_ is None or not upload_.filename:
                raise Refused(_("Please choose a file."), field="file")
            data, name = upload_.read(), upload_.filename[-200:]
            read(data, name, encoding=form.encoding.data or None)
            with act(Kind.FILE_KEPT, note=kind) as deed:
                deed.about = kept = files.keep(data, name=name, media_type="application/octet-stream")
                return done(url_for(".plan", kind=kind, file_id=kept.id, encoding=form.encoding.data or None))
    return page("organisations/office/import_upload.html", 422, importer=importer, form=form)


@area.get("/<kind>/<int:file_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def plan(kind: str, file_id: int) -> ResponseReturnValue:
    """What the file would do, row by row."""
    importer, file = _importer(kind), _file(file_id)
    planned = importer.plan(_sheet(file))
    form = ConfirmImportForm(data={"plan": _digest(planned), "reviewing": Reviewing.HOLD})
    return _show(importer, file, planned, form)


@area.post("/<kind>/<int:file_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def carry_out(kind: str, file_id: int) -> ResponseReturnValue:
    """Write the plan that was shown, if it is still the same."""
    importer, form = _importer(kind), ConfirmImportForm()
    file = _file(file_id)
    if form.validate():
        with form.refusals(), act(importer.act, note=file.name):
            sheet = _sheet(file)
            planned = importer.plan(sheet).reviewed(form.reviewing.data)
            if form.plan.data != _digest(planned):
                raise Refused(_("Something changed since the plan was shown. Please look at it again."))
            importer.write(planned, Origin.of(files.read(file), file.name))
            message = _(
                "Imported: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(review)s in doubt.",
                created=planned.created, updated=planned.updated, unchanged=planned.unchanged, review=len(planned.review),
            )  # fmt: skip
            held = planned.review and planned.reviewing is Reviewing.HOLD
            return done(url_for("office.reviews.index" if held else ".index"), message)
    planned = importer.plan(_sheet(_file(file_id)))
    form.plan.data = _digest(planned)
    return _show(importer, _file(file_id), planned, form, 422)


def _show(
    importer: Importer, file: StoredFile, planned: Plan, form: ConfirmImportForm, status: int = 200
) -> ResponseReturnValue:
    doubtful = [step for step in planned.steps if step.action.value == "review"]
    telling = [step for step in planned.steps if step.action.value != "unchanged"]
    context: dict[str, Any] = {
        "importer": importer,
        "file": file,
        "plan": planned,
        "form": form,
        "errors": planned.errors[:ROWS_SHOWN],
        "steps": telling[:ROWS_SHOWN],
        "more": max(len(telling), len(planned.errors)) - ROWS_SHOWN,
        "doubtful": len(doubtful),
        "heading": importer.columns.heading,
    }
    return page("organisations/office/import_plan.html", status, **context)


def _digest(planned: Plan) -> str:
    """What was shown, in short: two plans that say the same have the same digest."""
    told = planned.reviewed(Reviewing.HOLD).as_json(dry_run=True)
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def _sheet(file: StoredFile) -> Sheet:
    wanted = request.args.get("encoding")
    return read(files.read(file), file.name, encoding=wanted if wanted in ENCODINGS else None)


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.encoding.choices = [("", str(_("Find out"))), ("utf-8", "UTF-8"), ("cp932", "Shift_JIS (CP932)")]
    return form


def _importer(kind: str) -> Importer:
    if kind not in KINDS:
        raise NotFound
    return importers.named(kind)


def _file(file_id: int) -> StoredFile:
    file = db.session.get(StoredFile, file_id) if file_id <= BIGGEST_ID else None
    if file is None:
        raise NotFound
    return file
