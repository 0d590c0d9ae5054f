"""Announcements in the office: the list, writing one, looking at it as each recipient will read it, trying it on oneself."""

from __future__ import annotations

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.exceptions import BadRequest, NotFound

from crm.access.gates import requires, signed_in_user
from crm.access.permissions import Permission
from crm.announcements import announcements, choosing, letters, sending
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.forms import AnnouncementForm
from crm.announcements.office import area
from crm.announcements.segments import Segment
from crm.announcements.wording import FIELDS, Addressee
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

LISTING = Listing(
    name="announcements",
    title=_("Announcements"),
    columns=[
        Column("subject", _("Subject"), sort=Announcement.subject),
        Column("segment", _("To the segment"), "segment.name"),
        Column("state", _("State"), kind="status", sort=Announcement.state),
        Column("due_at", _("Goes at"), kind="moment", sort=Announcement.due_at),
        Column("sent_at", _("All letters posted at"), kind="moment", sort=Announcement.sent_at),
    ],
    order=[Announcement.id.desc()],
    search=announcements.saying,
    filters=[choice_filter("state", _("State"), Announcement.state, AnnouncementState)],
)


@area.get("/")
@requires(Permission.ANNOUNCEMENTS_READ)
def index() -> ResponseReturnValue:
    """Every announcement, newest first."""
    select = sa.select(Announcement).options(joinedload(Announcement.segment))
    listing = LISTING.of(select, url=lambda one: url_for(".show", announcement_id=one.id))
    return listing.exit() or page("announcements/office/announcements.html", listing=listing)


@area.get("/new")
@requires(Permission.ANNOUNCEMENTS_SEND)
def new() -> ResponseReturnValue:
    """The form for a new announcement."""
    return _form_page(None, AnnouncementForm())


@area.post("/new")
@requires(Permission.ANNOUNCEMENTS_SEND)
def create() -> ResponseReturnValue:
    """Keep a draft."""
    form = AnnouncementForm()
    if form.validate():
        with form.refusals(), act(Kind.ANNOUNCEMENT_WRITTEN) as deed:
            deed.about = announcements.writing(_segment(form), **form.texts())
            db.session.flush()
            return done(
                url_for(".show", announcement_id=deed.about.id),
                _("Saved as a draft. Look at it and try it on yourself."),
            )
    return _form_page(None, form, 422)


@area.get("/<int:announcement_id>/edit")
@requires(Permission.ANNOUNCEMENTS_SEND)
def edit(announcement_id: int) -> ResponseReturnValue:
    """The form that changes a draft."""
    announcement = announcement_or_404(announcement_id)
    return _form_page(announcement, AnnouncementForm.of_announcement(announcement))


@area.post("/<int:announcement_id>/edit")
@requires(Permission.ANNOUNCEMENTS_SEND)
def save(announcement_id: int) -> ResponseReturnValue:
    """Change a draft."""
    announcement, form = announcement_or_404(announcement_id), AnnouncementForm()
    if form.validate():
        with form.refusals(), act(Kind.ANNOUNCEMENT_CHANGED, about=announcement):
            form.check_version(announcement)
            announcement.change(segment=_segment(form), **form.texts())
            return done(url_for(".show", announcement_id=announcement_id), _("Saved."))
    return _form_page(announcement_or_404(announcement_id), form, 422)


@area.get("/<int:announcement_id>/preview")
@requires(Permission.ANNOUNCEMENTS_READ)
def preview(announcement_id: int) -> ResponseReturnValue:
    """The letter as one of the recipients will read it; ``n`` pages through all of them."""
    announcement = announcement_or_404(announcement_id)
    total, number = choosing.count(announcement.segment.conditions).written_to, _number()
    to = addressee(announcement, min(number, max(total, 1)))
    return page(
        "announcements/office/preview.html", announcement=announcement, to=to, total=total, number=min(number, max(total, 1)),
        letter=None if to is None else letters.preview(announcement, to),
        language="ja" if to is None else announcement.text_for(to.person.locale)[2],
    )  # fmt: skip


@area.post("/<int:announcement_id>/test")
@requires(Permission.ANNOUNCEMENTS_SEND)
def test(announcement_id: int) -> ResponseReturnValue:
    """Send the letter to oneself, as the first recipient would read it."""
    announcement, me = announcement_or_404(announcement_id), signed_in_user()
    with act(Kind.ANNOUNCEMENT_TESTED, about=announcement):
        to = addressee(announcement, 1)
        if to is None:
            raise Refused(_("Nobody in this segment can be written to. Please look at its list for the reasons."))
        letters.test(announcement, to, me.email, me.name)
        url = url_for(".show", announcement_id=announcement_id)
        return done(url, _("A test letter is on its way to %(email)s.", email=me.email))


@area.post("/<int:announcement_id>/copy")
@requires(Permission.ANNOUNCEMENTS_SEND)
def copy(announcement_id: int) -> ResponseReturnValue:
    """The same text once more, as a draft."""
    announcement = announcement_or_404(announcement_id)
    with act(Kind.ANNOUNCEMENT_WRITTEN) as deed:
        deed.about = announcements.copy(announcement)
        db.session.flush()
        return done(url_for(".edit", announcement_id=deed.about.id), _("A copy was made as a draft. Please check it."))


def announcement_or_404(announcement_id: int) -> Announcement:
    """The announcement of an address with its segment, or 404."""
    found = db.session.get(Announcement, announcement_id, options=[selectinload(Announcement.segment)])
    if found is None:
        raise NotFound
    return found


def addressee(announcement: Announcement, number: int) -> Addressee | None:
    """The so-and-so-many-eth person the segment would have written to today, counted from 1."""
    people = choosing.in_order(choosing.chosen(announcement.segment.conditions)).where(choosing.why_not().is_(None))
    row = db.session.execute(people.offset(number - 1).limit(1)).first()
    if row is None:
        return None
    person = row[0]
    return Addressee(person, sending.members_of([person.organisation]).get(person.organisation_id))


def _number() -> int:
    asked = request.args.get("n", "1")
    if not (asked.isascii() and asked.isdecimal() and 0 < len(asked) < 8):
        raise BadRequest("n")
    return max(1, int(asked))


def _segment(form: AnnouncementForm) -> Segment:
    chosen = str(form.segment.data or "")
    found = db.session.get(Segment, int(chosen)) if chosen.isdecimal() else None
    if found is None:
        raise Refused(_("Please choose one of the list."), field="segment")
    return found


def _form_page(announcement: Announcement | None, form: AnnouncementForm, status: int = 200) -> ResponseReturnValue:
    return page("announcements/office/edit.html", status, announcement=announcement, form=form, fields=FIELDS)
