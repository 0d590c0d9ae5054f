"""An announcement on its way, in the office: when it goes, how far it is, what became of each letter; holding and calling off."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import can, requires
from crm.access.permissions import Permission
from crm.announcements import choosing, recipients, sending
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.forms import ScheduleForm
from crm.announcements.office import area
from crm.announcements.office.writing import announcement_or_404
from crm.announcements.recipients import OUTCOME, AnnouncementRecipient, Outcome
from crm.announcements.wording import FIELDS
from crm.db import db
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.text import _, gettext, label
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import number, page


def _letter_url(recipient: AnnouncementRecipient) -> str | None:
    if recipient.letter_id is None or not can(Permission.LETTERS_READ):
        return None
    return url_for("office.letters.show", letter_id=recipient.letter_id)


RECIPIENTS = Listing(
    name="recipients",
    title=_("Recipients"),
    columns=[
        Column("name", _("Name"), lambda row: row[0].name, sort=AnnouncementRecipient.name),
        Column("organisation", _("Organisation"), lambda row: row[0].organisation_name, sort=AnnouncementRecipient.organisation_name),
        Column("email", _("Mail address"), lambda row: row[0].email, sort=AnnouncementRecipient.email),
        Column("outcome", _("State"), lambda row: Outcome(row[1]), kind="status"),
        Column("why_not", _("Why not written to"), lambda row: row[0].why_not),
        Column("letter", _("Letter"), lambda row: gettext("Open") if _letter_url(row[0]) else None,
               url=lambda row: _letter_url(row[0])),
    ],
    order=[AnnouncementRecipient.id],
    search=recipients.named_like,
    filters=[
        Filter("outcome", _("State"), lambda: [(one.value, label(one)) for one in Outcome],
               lambda select, value: select.where(Outcome(value).value == OUTCOME)),
    ],
)  # fmt: skip


@area.get("/<int:announcement_id>")
@requires(Permission.ANNOUNCEMENTS_READ)
def show(announcement_id: int) -> ResponseReturnValue:
    """One announcement: its text, whom it goes or went to, how far it is."""
    return _page(announcement_or_404(announcement_id), ScheduleForm())


@area.get("/<int:announcement_id>/progress")
@requires(Permission.ANNOUNCEMENTS_READ)
def progress(announcement_id: int) -> ResponseReturnValue:
    """How far it is, for the bar on the page."""
    announcement = announcement_or_404(announcement_id)
    counted = _progress(announcement)
    finished = announcement.state is not AnnouncementState.SENDING
    return jsonify({**counted, "finished": finished, "url": url_for(".show", announcement_id=announcement_id)})


@area.get("/<int:announcement_id>/recipients")
@requires(Permission.ANNOUNCEMENTS_READ)
def sent_to(announcement_id: int) -> ResponseReturnValue:
    """Everyone on the list as it was fixed, and what became of each letter."""
    announcement = announcement_or_404(announcement_id)
    select = recipients.listed(announcement)
    listing = RECIPIENTS.of(select, url=lambda row: url_for("office.organisations.person", person_id=row[0].person_id))
    return listing.exit() or page("announcements/office/recipients.html", announcement=announcement, listing=listing)


@area.post("/<int:announcement_id>/schedule")
@requires(Permission.ANNOUNCEMENTS_SEND)
def schedule(announcement_id: int) -> ResponseReturnValue:
    """Let it go, at once or at a time; the worker fixes the recipients then."""
    announcement, form = announcement_or_404(announcement_id), ScheduleForm()
    if form.validate():
        with form.refusals(), act(Kind.ANNOUNCEMENT_SCHEDULED, about=announcement):
            form.check_version(announcement)
            if form.at.data is not None and form.at.data < clock.now():
                raise Refused(_("This time has passed. Left empty, it goes at once."), field="at")
            sending.schedule(announcement, form.at.data)
            return done(
                url_for(".show", announcement_id=announcement_id),
                _("It goes at its time; its recipients are fixed then."),
            )
    return _page(announcement_or_404(announcement_id), form, 422)


@area.post("/<int:announcement_id>/hold")
@requires(Permission.ANNOUNCEMENTS_SEND)
def hold(announcement_id: int) -> ResponseReturnValue:
    """Keep it, or what is left of it, from going."""
    return _change(announcement_id, Kind.ANNOUNCEMENT_HELD, sending.hold, _("It is held."))


@area.post("/<int:announcement_id>/go-on")
@requires(Permission.ANNOUNCEMENTS_SEND)
def go_on(announcement_id: int) -> ResponseReturnValue:
    """Let the rest go."""
    return _change(announcement_id, Kind.ANNOUNCEMENT_CONTINUED, sending.go_on, _("The rest goes now."))


@area.post("/<int:announcement_id>/cancel")
@requires(Permission.ANNOUNCEMENTS_SEND)
def cancel(announcement_id: int) -> ResponseReturnValue:
    """Call it off; what was sent was sent."""
    return _change(announcement_id, Kind.ANNOUNCEMENT_CANCELLED, sending.cancel, _("It is called off."))


def _change(
    announcement_id: int, kind: Kind, do: Callable[[Announcement], None], message: object
) -> ResponseReturnValue:
    announcement = announcement_or_404(announcement_id)
    with act(kind, about=announcement):
        db.session.refresh(announcement, with_for_update=True)
        do(announcement)
        return done(url_for(".show", announcement_id=announcement_id), message)


def _page(announcement: Announcement, form: ScheduleForm, status: int = 200) -> ResponseReturnValue:
    form.version.data = form.version.data if form.is_sent and "at" in request.form else str(announcement.version)
    fixed = announcement.fixed_at is not None
    return page(
        "announcements/office/announcement.html", status, announcement=announcement, form=form, fields=FIELDS,
        count=None if fixed else choosing.count(announcement.segment.conditions),
        outcomes=recipients.outcomes(announcement) if fixed else {}, progress=_progress(announcement) if fixed else None,
        entries=timeline.of(announcement),
    )  # fmt: skip


def _progress(announcement: Announcement) -> dict[str, object]:
    """Letters posted of letters to be posted."""
    mine = AnnouncementRecipient.announcement_id == announcement.id
    wanted = sa.select(sa.func.count(), sa.func.count(AnnouncementRecipient.letter_id)).where(
        mine, AnnouncementRecipient.address.is_not(None)
    )
    total, posted = db.session.execute(wanted).one()
    words = gettext("%(done)s of %(total)s letters posted", done=number(posted), total=number(total))
    return {"done": posted, "total": total, "text": words}
