"""Fee tiers in the office: what is in force, what was before, and a new fee the board decided."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from crm import clock
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import tiers
from crm.members.forms import NewFeeForm
from crm.text import _
from crm.values.fiscal_year import FiscalYear
from crm.web.audiences import office_area
from crm.web.forms import done
from crm.web.templating import page

area = office_area("tiers", __name__, "/fee-tiers")


@area.get("/")
@requires(Permission.MEMBERS_READ)
def index() -> ResponseReturnValue:
    """Every dated row."""
    return _show(_form())


@area.post("/")
@requires(Permission.SETTINGS_EDIT)
def decide() -> ResponseReturnValue:
    """A new fee from a day on."""
    form = _form()
    if form.validate():
        with form.refusals(), act(Kind.TIER_CHANGED, note=form.source.data) as deed:
            tier = next((t for t in tiers.all_tiers() if t.code == form.tier.data), None)
            if tier is None:
                raise Refused(_("Please choose one of the list."), field="tier")
            deed.about = tiers.decide(
                tier, annual_fee=form.annual_fee.data, effective_from=form.effective_from.data, source=form.source.data
            )
            return done(url_for(".index"), _("The decision is recorded. Earlier years keep their fee."))
    return _show(form, 422)


def _form() -> NewFeeForm:
    next_year = FiscalYear.of(clock.today()) + 1
    form = NewFeeForm(data={"effective_from": next_year.first_day})
    form.tier.choices = [(t.code, t.name) for t in tiers.in_force(clock.today())]
    return form


def _show(form: NewFeeForm, status: int = 200) -> ResponseReturnValue:
    rows = tiers.all_tiers()
    in_force = {row.id for row in tiers.in_force(clock.today(), rows)}
    return page("members/office/tiers.html", status, rows=rows, in_force=in_force, form=form)
