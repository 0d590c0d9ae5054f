"""Whom a form's entries look like, before they are saved; and that whoever saved them all the same told them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crm.organisations import distinctions, duplicates
from crm.organisations.duplicates import Proposal
from crm.organisations.merges import Thing
from crm.organisations.organisations import Organisation
from crm.text import gettext

PLACES = ("kana", "phone", "postal_code", "address")


def places(values: Mapping[str, Any]) -> dict[str, str]:
    """What a form says about the reading and the place."""
    return {name: values.get(name) or "" for name in PLACES}


def newly_alike(organisation: Organisation, values: Mapping[str, Any]) -> list[Proposal]:
    """Whom an organisation would look like as corrected, and does not as it stands; a changed number or name is looked at anew."""
    besides = {"besides": organisation.id}
    before = duplicates.proposals(organisation.name, organisation.corporate_number, **besides,
                                  **{name: getattr(organisation, name) for name in PLACES})  # fmt: skip
    known = {proposal.organisation_id for proposal in before}
    after = duplicates.proposals(values["name"], values["corporate_number"], **besides, **places(values))
    return [proposal for proposal in after if proposal.organisation_id not in known]


def keep_apart(organisation: Organisation, others: Iterable[Proposal]) -> None:
    """Remember, in the running act, that someone looked at these and saved it as another."""
    reason = gettext("Looked at and saved as another.")
    ids = (other.organisation_id for other in others)
    distinctions.set_all_apart(Thing.ORGANISATIONS, organisation.id, ids, reason)
