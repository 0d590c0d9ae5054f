"""Forms of the pages that look across everything."""

from __future__ import annotations

from wtforms.validators import Length

from crm.text import _
from crm.web.fields import DayField, LongTextField, TextField, YenField, optional, required
from crm.web.forms import Form


class ReasonForm(Form):
    """Why something is done to a letter or paper; the reason stands in the record."""

    reason = LongTextField(_("Reason"), [required(), Length(max=500)], longest=500)


class PaperSearchForm(Form):
    """What issued papers are searched by: words, day of issue, amount (電子帳簿保存法施行規則 4条1項)."""

    q = TextField(_("Number or name"), [optional()])
    issued_from = DayField(_("Issued from"), [optional()])
    issued_to = DayField(_("Issued until"), [optional()])
    amount_from = YenField(_("Amount from"), [optional()])
    amount_to = YenField(_("Amount up to"), [optional()])
