"""Whom the office can no longer reach: the addresses that rest, whose they are, what came back, and waking one by hand."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.announcements.forms import WakeForm
from crm.announcements.office import area
from crm.config import settings
from crm.db import db
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import resting
from crm.mail.bounces import Bounce
from crm.mail.outbox import ABOUT_THE_ADDRESS, Letter
from crm.mail.resting_addresses import RestingAddress
from crm.organisations.organisations import Organisation
from crm.organisations.people import Person
from crm.text import _, ngettext
from crm.web.forms import done
from crm.web.listing import Column, Filter, Listing
from crm.web.templating import page

SHOWN = 20  # letters and reports of one address

LISTING = Listing(
    name="resting-addresses",
    title=_("Addresses that rest"),
    columns=[
        Column("email", _("Mail address"), lambda row: row[0].email, sort=RestingAddress.email),
        Column("person", _("Person"), lambda row: row[1].name if row[1] else None, sort=Person.name,
               url=lambda row: url_for("office.organisations.person", person_id=row[1].id) if row[1] else None),
        Column("organisation", _("Organisation"), lambda row: row[2].name if row[2] else None, sort=Organisation.kana),
        Column("since", _("Rests since"), lambda row: row[0].since, kind="moment", sort=RestingAddress.since),
        Column("last_error", _("What came back"), lambda row: row[0].last_error),
        Column("woken_at", _("Written to again since"), lambda row: row[0].woken_at, kind="moment", sort=RestingAddress.woken_at),
    ],
    order=[RestingAddress.since.desc(), RestingAddress.id.desc(), Person.id],
    search=lambda words: sa.or_(
        *(c.icontains(words, autoescape=True) for c in (RestingAddress.email, Person.name, Organisation.name))
    ),
    filters=[
        Filter(
            "state", _("State"), lambda: [("resting", _("Rests")), ("over", _("Written to again"))],
            lambda select, value: select.where(
                {"resting": RestingAddress.woken_at.is_(None), "over": RestingAddress.woken_at.is_not(None)}[value]
            ),
            default="resting",
        ),
    ],
)  # fmt: skip


@area.get("/unreachable/")
@requires(Permission.LETTERS_READ)
def unreachable() -> ResponseReturnValue:
    """Every address that rests, with everyone who has it."""
    whose = (Person.email == RestingAddress.email) & Person.merged_into_id.is_(None)
    select = (
        sa.select(RestingAddress, Person, Organisation)
        .select_from(RestingAddress)
        .outerjoin(Person, whose)
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
    )
    listing = LISTING.of(select, url=lambda row: url_for(".rest", rest_id=row[0].id))
    return listing.exit() or page(
        "announcements/office/unreachable.html", listing=listing, reads=settings().bounces_url is not None
    )


@area.get("/unreachable/<int:rest_id>")
@requires(Permission.LETTERS_READ)
def rest(rest_id: int) -> ResponseReturnValue:
    """One address: whose it is, what came back, what waits for it."""
    return _page(_rest(rest_id), WakeForm())


@area.post("/unreachable/<int:rest_id>/wake")
@requires(Permission.LETTERS_MANAGE)
def wake(rest_id: int) -> ResponseReturnValue:
    """Write to it again."""
    found, form = _rest(rest_id), WakeForm()
    if form.validate():
        with form.refusals(), act(Kind.ADDRESS_WOKEN, about=found, note=form.reason.data):
            gone = len(resting.wake(found, form.reason.data, release=form.release.data))
            words = ngettext("The address is written to again; %(num)d letter goes now.",
                             "The address is written to again; %(num)d letters go now.", gone)  # fmt: skip
            return done(url_for(".rest", rest_id=rest_id), words)
    return _page(_rest(rest_id), form, 422)


def _page(found: RestingAddress, form: WakeForm, status: int = 200) -> ResponseReturnValue:
    people = sa.select(Person).where(Person.email == found.email, Person.merged_into_id.is_(None))
    failed = sa.select(Letter).where(Letter.recipient_email == found.email, Letter.trouble.in_(ABOUT_THE_ADDRESS))
    reports = sa.select(Bounce).where(Bounce.email == found.email)
    return page(
        "announcements/office/rest.html", status, rest=found, form=form,
        people=db.session.scalars(people.options(joinedload(Person.organisation)).order_by(Person.id)).all(),
        failed=db.session.scalars(failed.order_by(Letter.id.desc()).limit(SHOWN)).all(),
        reports=db.session.scalars(reports.order_by(Bounce.id.desc()).limit(SHOWN)).all(),
        waiting=db.session.scalars(resting.held_for(found.email)).all(), entries=timeline.of(found),
    )  # fmt: skip


def _rest(rest_id: int) -> RestingAddress:
    found = db.session.get(RestingAddress, rest_id)
    if found is None:
        raise NotFound
    return found
