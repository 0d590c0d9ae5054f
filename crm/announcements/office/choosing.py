"""Segments in the office: the list, writing the conditions with a look at whom they mean, and who is in one and why not."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.announcements import choosing, segments
from crm.announcements.choosing import WhyNot
from crm.announcements.forms import SegmentForm
from crm.announcements.office import area
from crm.announcements.segments import Segment
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.text import _, label
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

SEGMENTS = Listing(
    name="segments",
    title=_("Segments"),
    columns=[
        Column("name", _("Name of the segment"), sort=Segment.name),
        Column("purpose", _("What it is for"), sort=Segment.purpose),
    ],
    order=[Segment.name, Segment.id],
    search=segments.named_like,
)


def _written(select: sa.Select[Any], value: str) -> sa.Select[Any]:
    if value == "yes":
        return select.where(choosing.why_not().is_(None))
    return select.where(WhyNot(value).value == choosing.why_not())


REASONS = (WhyNot.NO_ADDRESS, WhyNot.NO_CONSENT, WhyNot.ADDRESS_RESTS)

PEOPLE = Listing(
    name="segment-people",
    title=_("Who is in it"),
    columns=[
        Column("name", _("Name"), lambda row: row[0].name, sort=Person.name),
        Column("organisation", _("Organisation"), lambda row: row[0].organisation.name, sort=Organisation.kana),
        Column("email", _("Mail address"), lambda row: row[0].email, sort=Person.email),
        Column("reason", _("Why not written to"), choosing.reason),
    ],
    order=[Organisation.kana, Organisation.name, Person.kana, Person.name, Person.id],
    search=lambda words: sa.and_(
        *(
            sa.or_(*(c.icontains(word, autoescape=True) for c in (Person.name, Person.email, Organisation.name)))
            for word in words.split()
        )
    ),
    filters=[
        Filter(
            "written",
            _("Written to"),
            lambda: [("yes", _("Yes")), *((one.value, label(one)) for one in REASONS)],
            _written,
        )
    ],
)


@area.get("/segments/")
@requires(Permission.ANNOUNCEMENTS_READ)
def chosen() -> ResponseReturnValue:
    """Every segment."""
    listing = SEGMENTS.of(sa.select(Segment), url=lambda one: url_for(".segment", segment_id=one.id))
    return listing.exit() or page("announcements/office/segments.html", listing=listing)


@area.get("/segments/<int:segment_id>")
@requires(Permission.ANNOUNCEMENTS_READ)
def segment(segment_id: int) -> ResponseReturnValue:
    """One segment: who is in it today, and who of them is not written to and why."""
    found = _segment(segment_id)
    conditions = found.conditions
    listing = PEOPLE.of(choosing.chosen(conditions), url=_person_url)
    return listing.exit() or page(
        "announcements/office/segment.html", segment=found, listing=listing, count=choosing.count(conditions),
        asked=_in_words(SegmentForm.of_segment(found)), entries=timeline.of(found),
    )  # fmt: skip


@area.get("/segments/new")
@requires(Permission.ANNOUNCEMENTS_SEND)
def new_segment() -> ResponseReturnValue:
    """The form for a new segment."""
    return _form_page(None, SegmentForm())


@area.post("/segments/new")
@requires(Permission.ANNOUNCEMENTS_SEND)
def add_segment() -> ResponseReturnValue:
    """Keep a new segment; pressed on "count", only say whom it would mean."""
    form = SegmentForm()
    if form.validate() and not _only_looks():
        with form.refusals(), act(Kind.SEGMENT_ADDED) as deed:
            deed.about = segments.adding(form.name.data, form.purpose.data, form.conditions())
            db.session.flush()
            return done(url_for(".segment", segment_id=deed.about.id), _("Saved."))
    return _answered(None, form)


@area.get("/segments/<int:segment_id>/edit")
@requires(Permission.ANNOUNCEMENTS_SEND)
def edit_segment(segment_id: int) -> ResponseReturnValue:
    """The form that changes a segment."""
    found = _segment(segment_id)
    return _form_page(found, SegmentForm.of_segment(found))


@area.post("/segments/<int:segment_id>/edit")
@requires(Permission.ANNOUNCEMENTS_SEND)
def save_segment(segment_id: int) -> ResponseReturnValue:
    """Change a segment, or only say whom it would mean."""
    found, form = _segment(segment_id), SegmentForm()
    if form.validate() and not _only_looks():
        with form.refusals(), act(Kind.SEGMENT_CHANGED, about=found):
            form.check_version(found)
            found.change(form.name.data, form.purpose.data, form.conditions())
            return done(url_for(".segment", segment_id=segment_id), _("Saved."))
    return _answered(_segment(segment_id), form)


def _only_looks() -> bool:
    return "look" in request.form


def _answered(found: Segment | None, form: SegmentForm) -> ResponseReturnValue:
    """The form again: with the count when that was asked for, with what is wrong otherwise."""
    looked = _only_looks() and not form.errors and not form.form_errors
    if looked:
        with form.refusals():
            form.conditions().check()
            return _form_page(found, form, count=choosing.count(form.conditions()))
    return _form_page(found, form, 422)


def _form_page(
    found: Segment | None, form: SegmentForm, status: int = 200, count: choosing.Count | None = None
) -> ResponseReturnValue:
    return page("announcements/office/segment_edit.html", status, segment=found, form=form, count=count)


def _in_words(form: SegmentForm) -> list[tuple[str, str]]:
    """The conditions as the form's labels and choices say them; what asks for nothing is left out."""
    words = []
    for field in form:
        if field.short_name in ("name", "purpose", "version", "idempotency_key") or not field.data:
            continue
        names = {str(choice[0]): str(choice[1]) for choice in getattr(field, "choices", None) or []}
        values = field.data if isinstance(field.data, list) else [field.data]
        said = [
            str(_("Yes")) if one is True else names.get(str(getattr(one, "value", one)), str(one)) for one in values
        ]
        words.append((str(field.label.text), "、".join(said)))
    return words


def _person_url(row: Any) -> str:
    return url_for("office.organisations.person", person_id=row[0].id)


def _segment(segment_id: int) -> Segment:
    found = db.session.get(Segment, segment_id)
    if found is None:
        raise NotFound
    return found
