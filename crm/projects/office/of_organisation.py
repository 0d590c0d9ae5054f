"""The tab of an organisation that shows its participations and contracts."""

from __future__ import annotations

import sqlalchemy as sa
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.organisations.organisations import Organisation
from crm.projects import contracts, participations
from crm.projects.office import area, found
from crm.projects.participations import topic_name
from crm.projects.ventures import Venture
from crm.web.templating import page


@area.get("/of/<int:organisation_id>", endpoint="of_organisation")
@requires(Permission.PROJECTS_READ)
def shown(organisation_id: int) -> ResponseReturnValue:
    """What one organisation has to do with the project."""
    organisation = found(Organisation, organisation_id)
    return page(
        "projects/office/of_organisation.html", organisation=organisation, topic_name=topic_name,
        participations=participations.of(organisation), contracts=contracts.of(organisation),
        venture=db.session.scalars(sa.select(Venture).where(Venture.organisation_id == organisation.id)).first(),
    )  # fmt: skip
