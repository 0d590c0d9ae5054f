"""Joint-research and licence contracts in the office (共同研究契約・ライセンス契約)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.users import actor_names
from crm.db import db
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.finding import the_one
from crm.organisations.organisations import Organisation, named_like
from crm.projects import contracts
from crm.projects.contracts import Contract, ContractKind
from crm.projects.forms import ContractForm, EvidenceForm
from crm.projects.office import area, downloaded, found, uploaded, written
from crm.text import _
from crm.web.forms import done
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


@area.get("/contracts/new")
@requires(Permission.PROJECTS_EDIT)
def new_contract() -> ResponseReturnValue:
    """The form for one more; ``?organisation=`` fills in the name."""
    form = ContractForm(data={"organisation": request.args.get("organisation", "")[:200]})
    return page("projects/office/contract_new.html", form=form)


@area.post("/contracts")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_contract() -> ResponseReturnValue:
    """Record a contract."""
    form = ContractForm()
    if form.validate():
        with form.refusals(), act(Kind.CONTRACT_RECORDED) as deed:
            values = _values(form)
            organisation = the_one(values.pop("organisation"), "organisation")
            deed.about = contracts.record(organisation, values.pop("kind"), evidence_file=uploaded(), **values)
            db.session.flush()
            return done(url_for(".contract", contract_id=deed.about.id), _("Recorded."))
    return page("projects/office/contract_new.html", 422, form=form)


@area.get("/contracts/<int:contract_id>")
@requires(Permission.PROJECTS_READ)
def contract(contract_id: int) -> ResponseReturnValue:
    """One contract with its evidence and history."""
    one = found(Contract, contract_id)
    form = ContractForm.of(one)
    form.organisation.data = one.organisation.name
    return _show(one, form, EvidenceForm(None))


@area.post("/contracts/<int:contract_id>")
@requires(Permission.PROJECTS_EDIT)
def save_contract(contract_id: int) -> ResponseReturnValue:
    """Set it right."""
    one, form = found(Contract, contract_id), ContractForm()
    if form.validate():
        with form.refusals(), act(Kind.CONTRACT_CHANGED, about=one):
            form.check_version(one)
            values = _values(form)
            one.change(**{**values, "organisation": the_one(values["organisation"], "organisation")})
            return done(url_for(".contract", contract_id=contract_id), _("Saved."))
    return _show(found(Contract, contract_id), form, EvidenceForm(None), 422)


@area.post("/contracts/<int:contract_id>/evidence")
@takes_files
@requires(Permission.PROJECTS_EDIT)
def add_contract_evidence(contract_id: int) -> ResponseReturnValue:
    """Put a file to it as evidence."""
    one, form = found(Contract, contract_id), EvidenceForm()
    if form.validate():
        with form.refusals(), act(Kind.EVIDENCE_ADDED, about=one):
            file = uploaded()
            if file is None:
                raise Refused(_("Please choose a file."), field="file")
            one.evidence_file = file
            return done(url_for(".contract", contract_id=contract_id), _("Saved."))
    one = found(Contract, contract_id)
    filled = ContractForm(None, obj=one)
    filled.organisation.data = one.organisation.name
    filled.version.data = str(one.version)
    return _show(one, filled, form, 422)


@area.get("/contracts/<int:contract_id>/evidence")
@requires(Permission.PROJECTS_READ)
def contract_evidence(contract_id: int) -> ResponseReturnValue:
    """Its evidence file."""
    return downloaded(found(Contract, contract_id).evidence_file)


def _values(form: ContractForm) -> dict[str, Any]:
    values = form.values()
    values.pop("file")
    return values


def _show(one: Contract, form: ContractForm, evidence_form: EvidenceForm, status: int = 200) -> ResponseReturnValue:
    entries = timeline.of(one)
    return page(
        "projects/office/contract.html", status, contract=one, form=form, evidence_form=evidence_form, entries=entries,
        names=actor_names(entry.actor for entry in entries),
    )  # fmt: skip
