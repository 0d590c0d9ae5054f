"""Joint-research and licence contracts in the office (共同研究契約・ライセンス契約)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.history.kinds import Kind
from crm.organisations.organisations import Organisation, named_like
from crm.projects import contracts
from crm.projects.contracts import Contract, ContractKind
from crm.projects.forms import ContractForm
from crm.projects.office import area, written
from crm.projects.office.keeping import Keeping
from crm.text import _
from crm.web.listing import Column, Listing, choice_filter
from crm.web.safety import takes_files
from crm.web.templating import page

LISTING = Listing(
    name="contracts",
    title=_("Contracts"),
    columns=[
        Column("title", _("Subject"), sort=Contract.title),
        Column("organisation", _("Organisation"), value="organisation.name", sort=Organisation.name),
        Column("kind", _("Kind"), sort=Contract.kind),
        Column("signed", _("Signed"), value=lambda one: written(one.signed), sort=Contract.signed),
        Column("starts", _("Starts"), value=lambda one: written(one.starts), sort=Contract.starts),
        Column("ends", _("Ends"), value=lambda one: written(one.ends), sort=Contract.ends),
        Column("evidence", _("Evidence")),
    ],
    order=[Contract.signed.desc(), Contract.id.desc()],
    search=lambda words: sa.or_(named_like(words), Contract.title.icontains(words, autoescape=True)),
    filters=[choice_filter("kind", _("Kind"), Contract.kind, ContractKind)],
)


@area.get("/contracts")
@requires(Permission.PROJECTS_READ)
def contract_list() -> ResponseReturnValue:
    """Every contract, the newest first."""
    select = sa.select(Contract).join(Contract.organisation).options(joinedload(Contract.organisation))
    listing = LISTING.of(select, url=lambda one: url_for(".contract", contract_id=one.id))
    return listing.exit() or page("projects/office/contracts.html", listing=listing)


CONTRACTS = Keeping(
    Contract, ContractForm, name="contract", overview=".contract_list",
    shown="projects/office/contract.html", asked="projects/office/contract_new.html",
    recorded=Kind.CONTRACT_RECORDED, changed=Kind.CONTRACT_CHANGED, record=contracts.record,
)  # fmt: skip


@area.get("/contracts/new")
@requires(Permission.PROJECTS_EDIT)
def new_contract() -> ResponseReturnValue:
    """The form for one more; ``?organisation=`` fills in the name."""
    return CONTRACTS.blank()


@area.post("/contracts")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_contract() -> ResponseReturnValue:
    """Record a contract."""
    return CONTRACTS.add()


@area.get("/contracts/<int:contract_id>")
@requires(Permission.PROJECTS_READ)
def contract(contract_id: int) -> ResponseReturnValue:
    """One contract with its evidence and history."""
    return CONTRACTS.show(contract_id)


@area.post("/contracts/<int:contract_id>")
@requires(Permission.PROJECTS_EDIT)
def save_contract(contract_id: int) -> ResponseReturnValue:
    """Set it right."""
    return CONTRACTS.save(contract_id)


@area.post("/contracts/<int:contract_id>/evidence")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_contract_evidence(contract_id: int) -> ResponseReturnValue:
    """Put a file to it as evidence."""
    return CONTRACTS.add_evidence(contract_id)


@area.get("/contracts/<int:contract_id>/evidence")
@requires(Permission.PROJECTS_READ)
def contract_evidence(contract_id: int) -> ResponseReturnValue:
    """Its evidence file."""
    return CONTRACTS.evidence(contract_id)
