"""Care sites in the office: the list, and one site."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.care import sites
from crm.care.sites import CareSite, SiteKind
from crm.db import db
from crm.history import timeline
from crm.text import _
from crm.web.audiences import office_area
from crm.web.listing import Column, Listing, choice_filter
from crm.web.templating import page

area = office_area("care", __name__)

BIGGEST_ID = 2**63 - 1

LISTING = Listing(
    name="care-sites",
    title=_("Care sites"),
    columns=[
        Column("name", _("Name"), sort=CareSite.name),
        Column("kind", _("Kind"), sort=CareSite.kind),
        Column("group_name", _("Group"), sort=CareSite.group_name),
        Column("note", _("Remark")),
        Column("source", _("Source")),
    ],
    order=[CareSite.id],
    search=sites.named_like,
    filters=[choice_filter("kind", _("Kind"), CareSite.kind, SiteKind)],
)


@area.get("/")
@requires(Permission.CARE_READ)
def index() -> ResponseReturnValue:
    """Every care site."""
    listing = LISTING.of(sa.select(CareSite), url=lambda site: url_for(".show", site_id=site.id))
    return listing.exit() or page("care/office/index.html", listing=listing)


@area.get("/<int:site_id>")
@requires(Permission.CARE_READ)
def show(site_id: int) -> ResponseReturnValue:
    """One care site and what happened to its record."""
    with_body = (joinedload(CareSite.organisation),)
    site = db.session.get(CareSite, site_id, options=with_body) if site_id <= BIGGEST_ID else None
    if site is None:
        raise NotFound
    entries = timeline.of(site)
    return page(
        "care/office/show.html", site=site, entries=entries, names=actor_names(entry.actor for entry in entries)
    )
