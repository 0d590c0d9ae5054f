"""Organisations for programs: ``GET /api/v1/organisations``."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request
from flask.typing import ResponseReturnValue

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.organisations.organisations import Organisation, OrganisationKind, named_like
from crm.text import _
from crm.web.api import listed
from crm.web.audiences import api_area

area = api_area("organisations", __name__)


@area.get("")
@requires(Permission.ORGANISATIONS_READ)
def index() -> ResponseReturnValue:
    """Everyone we know, page by page; ``?q=`` searches as the office's list does, ``?kind=`` narrows."""
    select = sa.select(Organisation).where(Organisation.merged_into_id.is_(None))
    if words := request.args.get("q", "").strip()[:200]:
        select = select.where(named_like(words))
    if kind := request.args.get("kind"):
        if kind not in list(OrganisationKind):
            raise Refused(_("Please choose one of the list."), field="kind")
        select = select.where(Organisation.kind == OrganisationKind(kind))
    return listed(select, Organisation.id, as_json)


def as_json(organisation: Organisation) -> dict[str, Any]:
    """An organisation as programs see it."""
    return {
        "id": organisation.id,
        "organisation": organisation.name,
        "organisation_id": organisation.id,
        "name": organisation.name,
        "kana": organisation.kana,
        "kind": organisation.kind.value,
        "industry": organisation.industry,
        "corporate_number": organisation.corporate_number,
        "postal_code": organisation.postal_code,
        "address": organisation.address,
        "phone": organisation.phone,
    }
