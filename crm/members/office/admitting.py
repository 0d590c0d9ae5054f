"""Admitting organisations without an application: chosen from those that are not members, one or several at once."""

from __future__ import annotations

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import terms
from crm.members.forms import AdmitForm
from crm.members.members import ClassPeriod, Member
from crm.members.office import area
from crm.members.tiers import MemberClass
from crm.organisations.organisations import Organisation, OrganisationKind, named_like
from crm.text import _, ngettext
from crm.web.forms import done
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

MOST = 500

OUTSIDE = Listing(
    name="organisations",
    title=_("Organisations that are not members"),
    columns=[
        Column("name", _("Legal name"), sort=Organisation.name),
        Column("kana", _("Reading"), sort=Organisation.kana),
        Column("kind", _("Kind"), sort=Organisation.kind),
        Column("industry", _("Industry"), sort=Organisation.industry),
        Column("address", _("Address")),
    ],
    order=[Organisation.kana, Organisation.name, Organisation.id],
    search=named_like,
    filters=[choice_filter("kind", _("Kind"), Organisation.kind, OrganisationKind)],
    per_page=100,
)


def _outside() -> sa.Select[Organisation]:
    """Organisations without a membership that runs today or is still to come."""
    today = clock.today()
    inside = sa.select(Member.organisation_id).where(
        Member.classes.any(sa.or_(ClassPeriod.until.is_(None), ClassPeriod.until >= today))
    )
    return sa.select(Organisation).where(Organisation.id.not_in(inside), Organisation.merged_into_id.is_(None))


@area.get("/admit")
@requires(Permission.MEMBERS_EDIT)
def choose() -> ResponseReturnValue:
    """Who could be admitted."""
    listing = OUTSIDE.of(_outside(), url=lambda one: url_for("office.organisations.show", organisation_id=one.id))
    form = AdmitForm(formdata=None, data={"member_class": MemberClass.CORPORATE, "on": clock.today()})
    return listing.exit() or page("members/office/admit.html", listing=listing, form=form)


@area.post("/admit")
@requires(Permission.MEMBERS_EDIT)
def admit() -> ResponseReturnValue:
    """Admit the chosen ones, all or none, in the order of their reading."""
    form = AdmitForm()
    with form.refusals():
        ids = _chosen()
        if form.validate():
            with act(Kind.MEMBER_ADMITTED) as deed:
                chosen = sa.select(Organisation).where(Organisation.id.in_(ids))
                for organisation in db.session.scalars(chosen.order_by(*OUTSIDE.order)):
                    deed.about = member = terms.admit(organisation, form.member_class.data, on=form.on.data)
                message = ngettext(
                    "%(num)d organisation was admitted.", "%(num)d organisations were admitted.", len(ids)
                )
                return done(url_for(".show", member_id=member.id) if len(ids) == 1 else url_for(".index"), message)
    return page("members/office/admit.html", 422, listing=OUTSIDE.of(_outside()), form=form)


def _chosen() -> set[int]:
    """The boxes that were ticked. Raises ``Refused`` without any, with too many, or for organisations that are not there."""
    written = {one for one in request.form.getlist("selected") if one.isascii() and one.isdecimal() and len(one) < 19}
    ids = {int(one) for one in written}
    if not ids:
        raise Refused(_("Please choose organisations in the list."))
    if len(ids) > MOST:
        raise Refused(_("At most %(n)s at once.", n=MOST))
    there = db.session.scalar(sa.select(sa.func.count(Organisation.id)).where(Organisation.id.in_(ids)))
    if there != len(ids):
        raise Refused(_("One of the chosen organisations is not there any more."))
    return ids
