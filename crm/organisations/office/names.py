"""Names of an organisation in the office: its new and former ones, who absorbed whom, and under what transfers arrive."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import succession
from crm.organisations.finding import the_one
from crm.organisations.forms import AbsorptionForm, BankNameForm, FormerNameForm, RenameForm
from crm.organisations.office import BIGGEST_ID, area, found
from crm.organisations.organisations import BankName, Organisation
from crm.text import _
from crm.values import BadValue
from crm.values.japanese import bank_text
from crm.web.forms import EmptyForm, Form, done
from crm.web.templating import page


@area.get("/<int:organisation_id>/names")
@requires(Permission.ORGANISATIONS_READ)
def names(organisation_id: int) -> ResponseReturnValue:
    """Every name it bore or is paid under, and who took over from whom."""
    return _show(found(organisation_id))


@area.post("/<int:organisation_id>/names")
@requires(Permission.ORGANISATIONS_EDIT)
def rename(organisation_id: int) -> ResponseReturnValue:
    """Give it a new legal name from a day on; the former one is kept."""
    organisation, form = found(organisation_id), RenameForm()
    if form.validate():
        values = form.values()
        with form.refusals(), act(Kind.SUCCESSION_RECORDED, about=organisation):
            if (
                succession.rename(organisation, values["new_name"], values["renamed_on"], values["rename_source"])
                is None
            ):
                raise Refused(_("It bears this name already."), field="new_name")
            return _saved(organisation)
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/former-names")
@requires(Permission.ORGANISATIONS_EDIT)
def add_former_name(organisation_id: int) -> ResponseReturnValue:
    """Record a name it bore until a day."""
    organisation, form = found(organisation_id), FormerNameForm()
    if form.validate():
        values = form.values()
        with form.refusals(), act(Kind.SUCCESSION_RECORDED, about=organisation):
            succession.keep_former_name(organisation, values["former_name"], values["until"], values["former_source"])
            return _saved(organisation)
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/absorption")
@requires(Permission.ORGANISATIONS_EDIT)
def absorb(organisation_id: int) -> ResponseReturnValue:
    """Record that another organisation absorbed it."""
    organisation, form = found(organisation_id), AbsorptionForm()
    if form.validate():
        values = form.values()
        with form.refusals(), act(Kind.SUCCESSION_RECORDED, about=organisation):
            successor = the_one(values["successor"], "successor")
            try:
                succession.absorb(organisation, successor, values["absorbed_on"], values["absorption_source"])
            except Refused as refusal:
                raise Refused(refusal.message, field="successor") from refusal
            return _saved(organisation)
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/bank-names")
@requires(Permission.ORGANISATIONS_EDIT)
def add_bank_name(organisation_id: int) -> ResponseReturnValue:
    """Remember a name transfers arrive under."""
    organisation, form = found(organisation_id), BankNameForm()
    if form.validate():
        kana = form.bank_kana.data
        with form.refusals(), act(Kind.ORGANISATION_CHANGED, about=organisation):
            try:
                bank_text(kana)
            except BadValue as bad:
                raise Refused(_(str(bad)), field="bank_kana") from bad
            if organisation.pays_as(kana) is None:
                raise Refused(_("This name is known already."), field="bank_kana")
            return _saved(organisation)
    return _show(found(organisation_id), form)


@area.post("/<int:organisation_id>/bank-names/<int:bank_name_id>/remove")
@requires(Permission.ORGANISATIONS_EDIT)
def remove_bank_name(organisation_id: int, bank_name_id: int) -> ResponseReturnValue:
    """Forget a name transfers were thought to arrive under."""
    organisation, form = found(organisation_id), EmptyForm()
    bank_name = db.session.get(BankName, bank_name_id) if bank_name_id <= BIGGEST_ID else None
    if bank_name is None or bank_name.organisation_id != organisation.id:
        raise NotFound
    if form.validate():
        with act(Kind.ORGANISATION_CHANGED, about=organisation, note=bank_name.kana):
            db.session.delete(bank_name)
            return done(url_for(".names", organisation_id=organisation_id), _("Removed."))
    return _show(found(organisation_id))


def _saved(organisation: Organisation) -> ResponseReturnValue:
    return done(url_for(".names", organisation_id=organisation.id), _("Saved."))


def _show(organisation: Organisation, sent: Form | None = None) -> ResponseReturnValue:
    """The page with its four forms, the one that was sent showing what is wrong with it."""
    kinds = {"rename": RenameForm, "former": FormerNameForm, "absorption": AbsorptionForm, "bank": BankNameForm}
    forms = {name: sent if isinstance(sent, kind) else kind(None) for name, kind in kinds.items()}
    return page(
        "organisations/office/names.html", 422 if sent else 200, organisation=organisation, sent=sent, **forms,
        successions=succession.concerning(organisation), gone=succession.succession_of(organisation),
    )  # fmt: skip
