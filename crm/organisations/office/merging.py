"""Merging in the office: two records side by side, which value goes on, what moves; telling them apart; undoing a merge."""

from __future__ import annotations

from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import distinctions, merges, merging, moving
from crm.organisations.finding import the_one
from crm.organisations.forms import ApartForm, MergeForm, MergeWithForm, OrganisationForm, PersonForm, ReasonForm
from crm.organisations.merges import Merge, Thing
from crm.organisations.merging import Record
from crm.organisations.office import BIGGEST_ID, area, found
from crm.organisations.organisations import Organisation
from crm.organisations.table_words import called
from crm.text import _
from crm.web.forms import Form, done
from crm.web.templating import page

KINDS = {Thing.ORGANISATIONS: Kind.ORGANISATIONS_MERGED, Thing.PEOPLE: Kind.PEOPLE_MERGED}
PAIR = "/merge/<any(organisations, people):thing>/<int:survivor_id>/<int:other_id>"


@area.app_template_global("merged_into")
def merged_into(organisation: Organisation) -> tuple[Organisation, Merge | None] | None:
    """Into whom an organisation was merged, and the merge; ``None`` while it stands for itself."""
    if organisation.merged_into_id is None:
        return None
    survivor = db.session.get_one(Organisation, organisation.merged_into_id)
    return survivor, merges.of_merged(Thing.ORGANISATIONS, organisation.id)


@area.get("/<int:organisation_id>/merge")
@requires(Permission.ORGANISATIONS_MERGE)
def merge_with(organisation_id: int) -> ResponseReturnValue:
    """Which organisation is the same as this one."""
    return page("organisations/office/merge_with.html", organisation=found(organisation_id), form=MergeWithForm())


@area.post("/<int:organisation_id>/merge")
@requires(Permission.ORGANISATIONS_MERGE)
def choose_other(organisation_id: int) -> ResponseReturnValue:
    """Go on to the two side by side; nothing is written."""
    organisation, form = found(organisation_id), MergeWithForm()
    if form.validate():
        with form.refusals():
            other = the_one(form.other.data, "other")
            if other.id == organisation.id:
                raise Refused(_("Choose two different records."), field="other")
            url = url_for(".compare", thing=Thing.ORGANISATIONS.value, survivor_id=organisation.id, other_id=other.id)
            return done(url)
    return page("organisations/office/merge_with.html", 422, organisation=organisation, form=form)


@area.get(PAIR)
@requires(Permission.ORGANISATIONS_READ)
def compare(thing: str, survivor_id: int, other_id: int) -> ResponseReturnValue:
    """Two records side by side, and what merging them would do."""
    survivor, other = _pair(Thing(thing), survivor_id, other_id)
    return _side_by_side(survivor, other)


@area.post(PAIR)
@requires(Permission.ORGANISATIONS_MERGE)
def merge(thing: str, survivor_id: int, other_id: int) -> ResponseReturnValue:
    """Merge them with the values that were chosen."""
    kind = Thing(thing)
    survivor, other = _pair(kind, survivor_id, other_id)
    form = MergeForm()
    take = {
        name.removeprefix("take_")
        for name, side in request.form.items()
        if name.startswith("take_") and side == "other"
    }
    if form.validate():
        with form.refusals(), act(KINDS[kind], about=survivor, note=form.reason.data or "") as deed:
            form.check_version(survivor)
            if form.other_version.data != str(other.version):
                raise Refused(
                    _("Someone else saved this record meanwhile. Nothing was written; please look at it again.")
                )
            made = merging.merge(survivor, other, take=take, reason=form.reason.data or "")
            db.session.flush()
            deed.about = survivor
            return done(url_for(".merge_done", merge_id=made.id), _("Merged. It can be undone here."))
    return _side_by_side(*_pair(kind, survivor_id, other_id), form, take)


@area.post(PAIR + "/apart")
@requires(Permission.ORGANISATIONS_EDIT)
def tell_apart(thing: str, survivor_id: int, other_id: int) -> ResponseReturnValue:
    """Remember that the two are not the same."""
    kind = Thing(thing)
    survivor, other = _pair(kind, survivor_id, other_id)
    form = ApartForm()
    if form.validate():
        with form.refusals(), act(Kind.DUPLICATE_DISMISSED, about=survivor, note=form.apart_reason.data) as deed:
            distinctions.set_apart(kind, survivor.id, other.id, form.apart_reason.data)
            deed.about = survivor
            url = url_for(".duplicates" if kind is Thing.ORGANISATIONS else ".duplicate_people")
            return done(url, _("Remembered. The two are not proposed again."))
    return _side_by_side(*_pair(kind, survivor_id, other_id), sent=form)


@area.get("/merges/<int:merge_id>")
@requires(Permission.ORGANISATIONS_READ)
def merge_done(merge_id: int) -> ResponseReturnValue:
    """One merge: what it moved and chose, the sums, and undoing it."""
    return _merge_page(_merge(merge_id), ReasonForm())


@area.post("/merges/<int:merge_id>/undo")
@requires(Permission.ORGANISATIONS_MERGE)
def undo_merge(merge_id: int) -> ResponseReturnValue:
    """Put everything back where it was."""
    made, form = _merge(merge_id), ReasonForm()
    if form.validate():
        with form.refusals(), act(Kind.MERGE_UNDONE, about=made, note=form.reason.data or ""):
            merging.undo(made, reason=form.reason.data or "")
            return done(url_for(".merge_done", merge_id=merge_id), _("Undone. Both records are as they were before."))
    return _merge_page(_merge(merge_id), form, 422)


def _pair(thing: Thing, survivor_id: int, other_id: int) -> tuple[Record, Record]:
    rows = moving.loaded(thing.value, [one for one in (survivor_id, other_id) if one <= BIGGEST_ID])
    if len(rows) < 2:
        raise NotFound
    return rows[survivor_id], rows[other_id]


def _side_by_side(
    survivor: Record, other: Record, sent: Form | None = None, take: set[str] | None = None
) -> ResponseReturnValue:
    try:
        preview, hopeless = merging.preview(survivor, other), None
    except Refused as refusal:
        preview, hopeless = None, refusal.message
    form = sent if isinstance(sent, MergeForm) else MergeForm(None)
    form.version.data, form.other_version.data = str(survivor.version), str(other.version)
    thing = merging.thing_of(survivor)
    proposed = {pair.name for pair in preview.fields if pair.takes_other} if preview else set()
    return page(
        "organisations/office/compare.html", 422 if sent else 200, survivor=survivor, other=other, thing=thing.value,
        preview=preview, hopeless=hopeless, form=form, apart=sent if isinstance(sent, ApartForm) else ApartForm(None),
        take=proposed if take is None else take, words=_words(thing), known=distinctions.of(thing, survivor.id, other.id),
        url=_address(thing, survivor), other_url=_address(thing, other),
    )  # fmt: skip


def _merge_page(made: Merge, form: ReasonForm, status: int = 200) -> ResponseReturnValue:
    survivor, merged = merging.sides(made)
    sums = made.sums
    lines = [(called(table), *numbers, sums["moved"].get(table, 0), sums["stays"].get(table, 0))
             for table, numbers in sums["rows"].items()]  # fmt: skip
    return page(
        "organisations/office/merge_done.html", status, made=made, survivor=survivor, merged=merged, form=form, lines=lines,
        words=_words(made.thing), impossible=[] if made.undone_at else merging.why_not_undone(made),
        url=_address(made.thing, survivor), merged_url=_address(made.thing, merged),
    )  # fmt: skip


def _words(thing: Thing) -> dict[str, object]:
    """What each field is called: as the form that edits it calls it."""
    form = OrganisationForm(None) if thing is Thing.ORGANISATIONS else PersonForm(None)
    more: dict[str, object] = {
        "source": _("Source"), "locale": _("Language of letters"), "portal_rights": _("Rights in the members' pages"),
        "kind_known": _("Kind is known"), "number_state": _("State of the number"), "left_on": _("Left on"),
    }  # fmt: skip
    return {**more, **{field.short_name: field.label.text for field in form}}


def _address(thing: Thing, record: Record) -> str:
    if thing is Thing.ORGANISATIONS:
        return url_for(".show", organisation_id=record.id)
    return url_for(".person", person_id=record.id)


def _merge(merge_id: int) -> Merge:
    made = db.session.get(Merge, merge_id) if merge_id <= BIGGEST_ID else None
    if made is None:
        raise NotFound
    return made
