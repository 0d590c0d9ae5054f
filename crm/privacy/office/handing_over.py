"""The log of what was handed to third parties (第三者提供記録)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.privacy import hand_overs
from crm.privacy.forms import HandOverForm
from crm.privacy.hand_overs import Ground, HandedOver, HandOver
from crm.privacy.office import BIGGEST_ID, area, meant
from crm.text import _
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

LISTING = Listing(
    name="hand-overs",
    title=_("Given to third parties"),
    columns=[
        Column("handed_on", _("Given on"), kind="day", sort=HandOver.handed_on),
        Column("recipient", _("Given to"), sort=HandOver.recipient),
        Column("items", _("Which data")),
        Column("ground", _("Ground"), sort=HandOver.ground),
        Column("persons", _("Persons"), kind="number", sort=HandOver.persons),
    ],
    order=[HandOver.handed_on.desc(), HandOver.id.desc()],
    search=lambda words: sa.or_(
        HandOver.recipient.icontains(words, autoescape=True), HandOver.items.icontains(words, autoescape=True)
    ),
    filters=[choice_filter("ground", _("Ground"), HandOver.ground, Ground)],
)


@area.get("/hand-overs")
@requires(Permission.PRIVACY_MANAGE)
def handed_over() -> ResponseReturnValue:
    """Every hand-over, the newest first."""
    listing = LISTING.of(sa.select(HandOver), url=lambda one: url_for(".hand_over", hand_over_id=one.id))
    return listing.exit() or page("privacy/office/hand_overs.html", listing=listing)


@area.get("/hand-overs/new")
@requires(Permission.PRIVACY_MANAGE)
def new_hand_over() -> ResponseReturnValue:
    """The form for a hand-over."""
    return page("privacy/office/new_hand_over.html", form=HandOverForm(data={"handed_on": clock.today()}))


@area.post("/hand-overs/new")
@requires(Permission.PRIVACY_MANAGE)
def record_hand_over() -> ResponseReturnValue:
    """Record what was given to whom."""
    form = HandOverForm()
    if form.validate():
        with form.refusals(), act(Kind.DATA_HANDED_OVER) as deed:
            values = form.values()
            people = [meant(line, "people") for line in (values.pop("people") or "").splitlines() if line.strip()]
            first = (values.pop("recipient"), values.pop("items"), values.pop("ground"))
            deed.about = made = hand_overs.record(*first, people, **values)
            db.session.flush()
            return done(url_for(".hand_over", hand_over_id=made.id), _("Saved."))
    return page("privacy/office/new_hand_over.html", 422, form=form)


@area.get("/hand-overs/<int:hand_over_id>")
@requires(Permission.PRIVACY_MANAGE)
def hand_over(hand_over_id: int) -> ResponseReturnValue:
    """One hand-over with the people it was about."""
    one = db.session.get(HandOver, hand_over_id) if hand_over_id <= BIGGEST_ID else None
    if one is None:
        raise NotFound
    of_whom = (
        sa.select(HandedOver).where(HandedOver.hand_over_id == one.id).options(sa.orm.joinedload(HandedOver.person))
    )
    people = [row.person for row in db.session.scalars(of_whom.order_by(HandedOver.id))]
    return page("privacy/office/hand_over.html", one=one, people=people)
