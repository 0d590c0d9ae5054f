"""Forms of the indicators' pages."""

from __future__ import annotations

from wtforms.validators import Length

from crm.text import _
from crm.web.fields import DayField, FiscalYearField, TextField, WholeNumberField, optional, required
from crm.web.forms import Form


class AsOfForm(Form):
    """Of which year a figure is asked for, and as of which day."""

    fiscal_year = FiscalYearField(_("Fiscal year"), [optional()])
    as_of = DayField(_("As of"), [optional()])


class ReadingForm(Form):
    """An actual as it was reported to us."""

    year = FiscalYearField(_("Fiscal year"), [required()])
    value = WholeNumberField(_("Actual"), [required()], most=2_000_000_000)
    as_of = DayField(_("As of"), [required()])
    source = TextField(_("Source"), [required(), Length(max=400)], longest=400)
