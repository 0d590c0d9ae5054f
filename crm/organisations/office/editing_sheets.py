"""Lists corrected in Excel: out with their IDs, back with every difference shown before it is written, and imports undone."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access import users
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import canonical, db
from crm.documents import files
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.exchange import round_trip
from crm.exchange.reading import read
from crm.exchange.round_trip import Edits, RoundTrip
from crm.exchange.round_trip_workbook import workbook
from crm.history import undoing
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Act, Change
from crm.history.undoing import Obstacle
from crm.organisations import importers, sheets
from crm.organisations.forms import ConfirmSheetForm, UndoForm, UploadForm
from crm.organisations.office import BIGGEST_ID
from crm.organisations.table_words import called
from crm.text import _, label
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.listing import Column, Listing
from crm.web.safety import takes_files
from crm.web.templating import page

area = office_area("sheets", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 300
ENCODINGS = ("utf-8", "cp932")


def _undoable() -> list[Kind]:
    return list(dict.fromkeys([Kind.SHEET_EDITED, *(importers.named(kind).act for kind in importers.KINDS)]))


LISTING = Listing(
    name="imports",
    title=_("Imports so far"),
    columns=[
        Column("at", _("When"), kind="moment", sort=Act.at),
        Column("kind", _("What")),
        Column("note", _("File")),
    ],
    order=[Act.number.desc()],
    search=lambda words: Act.note.icontains(words, autoescape=True),
)


@area.get("/")
@requires(Permission.ORGANISATIONS_IMPORT)
def index() -> ResponseReturnValue:
    """The lists that go out and come back, and what was imported so far."""
    listing = LISTING.of(
        sa.select(Act).where(Act.kind.in_(_undoable())), url=lambda one: url_for(".import_", number=one.number)
    )
    trips = [sheets.named(kind) for kind in sheets.TRIPS]
    return listing.exit() or page("organisations/office/sheets.html", listing=listing, trips=trips)


@area.get("/<kind>/workbook")
@requires(Permission.ORGANISATIONS_IMPORT)
def export(kind: str) -> ResponseReturnValue:
    """The list as a workbook with IDs; with ``q`` only what is found by these words."""
    trip = _trip(kind)
    body = workbook(trip, trip.rows(request.args.get("q", "").strip()[:200]))
    response = Response(body, content_type=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{kind}-{clock.today():%Y%m%d}.xlsx")
    return response


@area.get("/<kind>")
@requires(Permission.ORGANISATIONS_IMPORT)
def new(kind: str) -> ResponseReturnValue:
    """The columns of a list, and the form for the file that comes back."""
    return page("organisations/office/sheet_upload.html", trip=_trip(kind), form=_upload_form())


@area.post("/<kind>")
@takes_files
@requires(Permission.ORGANISATIONS_IMPORT)
def upload(kind: str) -> ResponseReturnValue:
    """Keep the file that came back, and go on to its differences."""
    trip, form = _trip(kind), _upload_form()
    given = request.files.get("file")
    if form.validate():
        with form.refusals():
            if given is None or not given.filename:
                raise Refused(_("Please choose a file."), field="file")
            data, name = given.read(), given.filename[-200:]
            read(data, name, encoding=form.encoding.data or None)
            with act(Kind.FILE_KEPT, note=kind) as deed:
                deed.about = kept = files.keep(data, name=name, media_type="application/octet-stream")
                return done(url_for(".differences", kind=kind, file_id=kept.id, encoding=form.encoding.data or None))
    return page("organisations/office/sheet_upload.html", 422, trip=trip, form=form)


@area.get("/<kind>/<int:file_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def differences(kind: str, file_id: int) -> ResponseReturnValue:
    """Every cell that would change, old and new."""
    trip, file = _trip(kind), _file(file_id)
    plan = _edits(trip, file)
    return _show(plan, file, ConfirmSheetForm(data={"plan": _digest(plan)}))


@area.post("/<kind>/<int:file_id>")
@requires(Permission.ORGANISATIONS_IMPORT)
def write(kind: str, file_id: int) -> ResponseReturnValue:
    """Write the differences that were shown, if they are still the same: all or nothing, as one act."""
    trip, form, file = _trip(kind), ConfirmSheetForm(), _file(file_id)
    if form.validate():
        with form.refusals(), act(Kind.SHEET_EDITED, note=file.name):
            plan = _edits(trip, file)
            if form.plan.data != _digest(plan):
                raise Refused(_("Something changed since the plan was shown. Please look at it again."))
            plan.carry_out()
            message = _("Written: %(cells)s cells in %(rows)s rows.", cells=plan.cells, rows=len(plan.edits))
            return done(url_for(".index"), message)
    plan = _edits(trip, _file(file_id))
    form.plan.data = _digest(plan)
    return _show(plan, _file(file_id), form, 422)


@area.get("/imports/<int:number>")
@requires(Permission.ORGANISATIONS_IMPORT)
def import_(number: int) -> ResponseReturnValue:
    """One import: what it changed, and whether it can be undone."""
    return _import_page(_import(number), UndoForm())


@area.post("/imports/<int:number>/undo")
@requires(Permission.ORGANISATIONS_IMPORT)
def undo(number: int) -> ResponseReturnValue:
    """Undo one import as a whole, as one act."""
    form = UndoForm()
    if form.validate():
        with form.refusals(), act(Kind.IMPORT_UNDONE, note=form.reason.data) as deed:
            deed.about = past = _import(number)
            if _undone(past) is not None:
                raise Refused(_("This import was undone already."))
            if found := undoing.obstacles(past):
                raise Refused(_("It cannot be undone: %(why)s", why=_worded(found[0])))
            rows = undoing.undo(past)
            return done(
                url_for(".import_", number=number), _("Undone: %(rows)s rows are as they were before.", rows=rows)
            )
    return _import_page(_import(number), form, 422)


def _import_page(past: Act, form: UndoForm, status: int = 200) -> ResponseReturnValue:
    changed = db.session.execute(
        sa.select(Change.table_name, Change.operation, sa.func.count(sa.distinct(Change.row_id)))
        .where(Change.act_id == past.id).group_by(Change.table_name, Change.operation).order_by(Change.table_name)
    ).all()  # fmt: skip
    undone = _undone(past)
    found = undoing.obstacles(past) if undone is None else []
    return page(
        "organisations/office/import_done.html", status, past=past, form=form, undone=undone,
        by=users.actor_names([past.actor])[past.actor], lines=[(called(table), operation, rows) for table, operation, rows in changed],
        obstacles=[_worded(one) for one in found[:20]], more=max(0, len(found) - 20), kind=label(past.kind),
    )  # fmt: skip


def _worded(found: Obstacle) -> object:
    thing, row_id = called(found.table), found.row_id
    if found.reason == "changed":
        return _("%(thing)s no. %(id)s was changed afterwards (act %(act)s).", thing=thing, id=row_id, act=found.by_act)
    if found.reason == "used":
        others = called(found.column)
        return _("%(other)s were added to %(thing)s no. %(id)s since.", thing=thing, id=row_id, other=others)
    if found.reason == "erased":
        return _("Personal data of %(thing)s no. %(id)s was erased since.", thing=thing, id=row_id)
    return _("%(thing)s no. %(id)s was removed by the import and cannot be made anew.", thing=thing, id=row_id)


def _undone(past: Act) -> Act | None:
    mine = sa.select(Act).where(
        Act.kind == Kind.IMPORT_UNDONE, Act.about_table == Act.__tablename__, Act.about_id == past.id
    )
    return db.session.scalars(mine).first()


def _import(number: int) -> Act:
    mine = sa.select(Act).where(Act.number == number, Act.kind.in_(_undoable()))
    past = db.session.scalars(mine).one_or_none() if number <= BIGGEST_ID else None
    if past is None:
        raise NotFound
    return past


def _show(plan: Edits, file: StoredFile, form: ConfirmSheetForm, status: int = 200) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "plan": plan, "trip": plan.trip, "file": file, "form": form, "errors": plan.errors[:SHOWN], "ignored": plan.ignored[:50],
        "ignored_more": len(plan.ignored) - 50, "edits": plan.edits[:SHOWN], "more": max(len(plan.edits), len(plan.errors)) - SHOWN,
    }  # fmt: skip
    return page("organisations/office/sheet_differences.html", status, **context)


def _edits(trip: RoundTrip, file: StoredFile) -> Edits:
    wanted = request.args.get("encoding")
    sheet = read(files.read(file), file.name, encoding=wanted if wanted in ENCODINGS else None)
    return round_trip.edits(trip, sheet)


def _digest(plan: Edits) -> str:
    return hashlib.sha256(canonical(plan.as_json()).encode()).hexdigest()


def _upload_form() -> UploadForm:
    form = UploadForm()
    form.encoding.choices = [("", str(_("Find out"))), ("utf-8", "UTF-8"), ("cp932", "Shift_JIS (CP932)")]
    return form


def _trip(kind: str) -> RoundTrip:
    if kind not in sheets.TRIPS:
        raise NotFound
    return sheets.named(kind)


def _file(file_id: int) -> StoredFile:
    file = db.session.get(StoredFile, file_id) if file_id <= BIGGEST_ID else None
    if file is None:
        raise NotFound
    return file
