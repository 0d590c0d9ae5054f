"""Corporate numbers in the office: which are compared with the register, what it says otherwise, and taking that over."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock, text
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import register, register_checks, register_door, searching
from crm.organisations.forms import RegisterApplyForm, RegisterFileForm
from crm.organisations.office import BIGGEST_ID, area, found
from crm.organisations.organisations import Organisation
from crm.organisations.register import Comparison, NameTaking, RegisterEntry
from crm.organisations.register_checks import Standing
from crm.text import _
from crm.web.forms import EmptyForm, Form, done
from crm.web.listing import Column, Filter, Listing
from crm.web.safety import takes_files
from crm.web.templating import page


def _findings(row: Any) -> str:
    organisation, entry = row
    if entry is None:
        return text.label(organisation.number_state) if organisation.number_state else ""
    return "、".join(text.label(difference) for difference in entry.differences(organisation))


LISTING = Listing(
    name="corporate_numbers",
    title=_("Corporate numbers"),
    columns=[
        Column("name", _("Legal name"), value=lambda row: row[0].name, sort=Organisation.name),
        Column("corporate_number", _("Corporate number"), value=lambda row: row[0].corporate_number, kind="code",
               sort=Organisation.corporate_number),
        Column("state", _("State"), value=lambda row: row[0].number_state, kind="status", sort=Organisation.number_state),
        Column("checked_on", _("Compared on"), value=lambda row: row[0].number_checked_on, kind="day",
               sort=Organisation.number_checked_on),
        Column("findings", _("The register says otherwise"), value=_findings),
        Column("registered", _("Name in the register"), value=lambda row: row[1].name if row[1] else ""),
        Column("registered_address", _("Address in the register"), value=lambda row: row[1].address if row[1] else ""),
        Column("closed_on", _("Closed on"), value=lambda row: row[1].closed_on if row[1] else None, kind="day"),
    ],
    order=[Organisation.kana, Organisation.name, Organisation.id],
    search=searching.organisations,
    filters=[
        Filter("standing", _("Show"), lambda: [(standing.value, text.label(standing)) for standing in Standing],
               lambda select, value: select.where(register_checks.standing(Standing(value))), Standing.TO_DO.value),
    ],
)  # fmt: skip


@area.get("/corporate-numbers")
@requires(Permission.ORGANISATIONS_READ)
def corporate_numbers() -> ResponseReturnValue:
    """Every organisation's number; at first those that need a person or were never compared."""
    return _list(RegisterFileForm(None))


@area.post("/corporate-numbers/check")
@requires(Permission.ORGANISATIONS_EDIT)
def check_corporate_numbers() -> ResponseReturnValue:
    """Ask the register about the numbers that were not compared for longest; the network is asked before anything is written."""
    form = EmptyForm()
    if form.validate():
        with form.refusals():
            asked = register_checks.longest_ago()
            if not asked:
                raise Refused(_("There is no corporate number to compare."))
            rows = register_checks.ask(asked)
            with act(Kind.REGISTER_COMPARED):
                return _told(register_checks.keep_answer(rows, asked))
    return _list(RegisterFileForm(None), form)


@area.post("/corporate-numbers/file")
@takes_files
@requires(Permission.ORGANISATIONS_IMPORT)
def read_register_file() -> ResponseReturnValue:
    """Read a file of the register: what it says about our numbers is kept, our records stay as they are."""
    form = RegisterFileForm()
    upload = request.files.get("file")
    if form.validate():
        with form.refusals():
            if upload is None or not upload.filename:
                raise Refused(_("Please choose a file."), field="file")
            with act(Kind.REGISTER_COMPARED, note=upload.filename[-200:]):
                answer = register_checks.read_file(io.BufferedReader(upload.stream), upload.filename[-200:])  # type: ignore[type-var]
                if not (answer.found or answer.proposed):
                    raise Refused(
                        _("None of our organisations stands in this file (%(count)s rows).", count=answer.read),
                        field="file",
                    )
                return _told(answer)
    return _list(form, form)


@area.get("/<int:organisation_id>/corporate-number")
@requires(Permission.ORGANISATIONS_READ)
def corporate_number(organisation_id: int) -> ResponseReturnValue:
    """What the register says about one organisation, beside what we have."""
    return _show(found(organisation_id))


@area.post("/<int:organisation_id>/corporate-number/check")
@requires(Permission.ORGANISATIONS_EDIT)
def check_corporate_number(organisation_id: int) -> ResponseReturnValue:
    """Ask the register about one number, or, without one, who bears the name."""
    organisation, form = found(organisation_id), EmptyForm()
    if form.validate():
        with form.refusals():
            number, name = organisation.corporate_number, organisation.name
            rows = register_checks.ask([number]) if number else register_door.named(name)
            with act(Kind.REGISTER_COMPARED, about=organisation):
                answer = register_checks.keep_answer(rows, [number] if number else [])
                return _told(answer, organisation)
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/corporate-number")
@requires(Permission.ORGANISATIONS_EDIT)
def apply_register(organisation_id: int) -> ResponseReturnValue:
    """Take over what was chosen of the register's entry; what is left counts as the same from now on."""
    organisation, form = found(organisation_id), RegisterApplyForm()
    if form.validate():
        with form.refusals(), act(Kind.REGISTER_APPLIED, about=organisation):
            form.check_version(organisation)
            entry = register.of(organisation)
            if entry is None:
                raise Refused(_("The register has not been asked about this number yet."))
            fields = [code for code in ("kana", "postal_code", "address") if form[f"take_{code}"].data]
            register.apply(
                organisation, entry, name=form.name_taking.data, renamed_on=form.renamed_on.data, fields=fields
            )
            return done(url_for(".corporate_number", organisation_id=organisation.id), _("Saved."))
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/corporate-number/take/<int:entry_id>")
@requires(Permission.ORGANISATIONS_EDIT)
def take_corporate_number(organisation_id: int, entry_id: int) -> ResponseReturnValue:
    """Give the organisation the number of an entry a person recognised."""
    organisation, form = found(organisation_id), EmptyForm()
    entry = db.session.get(RegisterEntry, entry_id) if entry_id <= BIGGEST_ID else None
    if entry is None:
        raise NotFound
    if form.validate():
        with form.refusals(), act(Kind.REGISTER_APPLIED, about=organisation):
            register.take_number(organisation, entry)
            return done(url_for(".corporate_number", organisation_id=organisation.id), _("Saved."))
    return _show(found(organisation_id), form)


def _told(answer: Comparison, organisation: Organisation | None = None) -> ResponseReturnValue:
    """Back to the list or the organisation, with what came of it."""
    message = _(
        "%(found)s of our organisations found: %(alike)s alike, %(different)s different, %(closed)s closed;"
        " %(unknown)s numbers unknown to the register.",
        found=answer.found, alike=len(answer.alike), different=len(answer.different), closed=len(answer.closed),
        unknown=len(answer.unknown),
    )  # fmt: skip
    if organisation is not None:
        return done(url_for(".corporate_number", organisation_id=organisation.id), message)
    return done(url_for(".corporate_numbers"), message)


def _list(file_form: RegisterFileForm, sent: Form | None = None) -> ResponseReturnValue:
    select = sa.select(Organisation, RegisterEntry).outerjoin(
        RegisterEntry, RegisterEntry.corporate_number == Organisation.corporate_number
    )
    select = select.where(Organisation.merged_into_id.is_(None))
    listing = LISTING.of(select, url=lambda row: url_for(".corporate_number", organisation_id=row[0].id))
    return listing.exit() or page(
        "organisations/office/corporate_numbers.html", 422 if sent else 200, listing=listing, form=file_form, sent=sent,
        is_set_up=register_door.is_set_up(),
    )  # fmt: skip


def _show(organisation: Organisation, sent: Form | None = None) -> ResponseReturnValue:
    entry = register.of(organisation)
    form = sent if isinstance(sent, RegisterApplyForm) else None
    if form is None and entry is not None:
        is_spelling = entry.duplicate_key == organisation.duplicate_key
        taking = NameTaking.CORRECT if is_spelling else NameTaking.RENAME
        form = RegisterApplyForm.of(
            organisation, data={"name_taking": taking, "renamed_on": entry.changed_on or clock.today()}
        )
    return page(
        "organisations/office/corporate_number.html", 422 if sent else 200, organisation=organisation, entry=entry, form=form,
        sent=sent, differences=entry.differences(organisation) if entry else [], successor=register.successor(entry) if entry else None,
        candidates=[] if organisation.corporate_number else register.candidates(organisation),
        is_set_up=register_door.is_set_up(),
    )  # fmt: skip
