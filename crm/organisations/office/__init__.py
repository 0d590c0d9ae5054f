"""The office's pages about organisations: the list, one organisation with its tabs, its people and names, and imports."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.exceptions import NotFound

from crm.access.gates import can
from crm.db import db
from crm.errors import Refused
from crm.organisations.organisations import Organisation
from crm.text import _
from crm.web.audiences import office_area

BIGGEST_ID = 2**63 - 1

area = office_area("organisations", __name__)


@area.app_template_global("may_open")
def may_open(endpoint: str) -> bool:
    """Whether a page exists and whoever looks may open it: tabs lead to pages of packages this one does not know."""
    permission = getattr(current_app.view_functions.get(endpoint), "__permission__", None)
    return permission is not None and can(permission)


def found(organisation_id: int) -> Organisation:
    """The organisation of an address, or 404."""
    organisation = db.session.get(Organisation, organisation_id) if organisation_id <= BIGGEST_ID else None
    if organisation is None:
        raise NotFound
    if organisation.merged_into_id is not None and request.method == "POST":
        raise Refused(_("%(name)s was merged into another. Please work with that one.", name=organisation.name))
    return organisation


from crm.organisations.office import (  # noqa: E402, F401  (the views hang themselves on the area)
    changes,
    consenting,
    directory,
    duplicates,
    employee_counts,
    handing_over,
    merging,
    names,
    people,
    records,
    register,
)
