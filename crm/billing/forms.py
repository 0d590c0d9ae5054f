"""Forms of billing: what is typed in about invoices, payments, receipts and the consortium's bank accounts."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField

from crm.billing.bank_accounts import AccountType
from crm.billing.invoices import Invoice
from crm.billing.payments import PaymentMethod
from crm.text import _
from crm.web.fields import (
    ChoiceField,
    DayField,
    FiscalYearField,
    LongTextField,
    PickManyField,
    TextField,
    YenField,
    YesField,
    required,
)  # fmt: skip
from crm.web.forms import Form


class _ChoosingInvoices(Form):
    """A form with a box for each open invoice; ``offer`` says which."""

    invoices = PickManyField(_("Invoices it pays"), coerce=int, choices=[])

    def offer(self, invoices: list[Invoice]) -> Any:
        """Show these invoices, and accept no others. Answers the form."""
        self.invoices.choices = [(invoice.id, invoice.number) for invoice in invoices]
        return self


class PaymentForm(_ChoosingInvoices):
    """Money that came in, recorded by hand."""

    received_on = DayField(_("Received on"), [required()])
    amount = YenField(_("Amount received"), [required()])
    method = ChoiceField(_("Way of payment"), PaymentMethod)
    payer = TextField(_("Payer as the bank names it"), [required()])
    note = LongTextField(_("Note"), longest=1000)


class AllocateForm(_ChoosingInvoices):
    """What a payment settles: invoices that are ticked, or one named by its number."""

    number = TextField(_("Invoice number"), longest=40)
    amount = YenField(_("Amount to allocate"))


class UnmatchForm(Form):
    """Why an allocation is taken back."""

    reason = TextField(_("Reason"), [required()])


class ReceiptForm(Form):
    """A receipt: to whom and for what, as it will be printed."""

    to = TextField(_("Receipt made out to"), [required()])
    purpose = TextField(_("What the money was for"), [required()], longest=400)
    send = YesField(_("Send the receipt by mail"))


class BankAccountForm(Form):
    """An account of the consortium."""

    bank = TextField(_("Bank"), [required()], longest=60)
    branch = TextField(_("Branch"), [required()], longest=60)
    type = ChoiceField(_("Type of account"), AccountType)
    number = TextField(_("Account number"), [required()], longest=20)
    holder_kana = TextField(_("Account holder in kana"), [required()], longest=60)
    holder = TextField(_("Account holder"), longest=100)


class AnnualRunForm(Form):
    """What is billed and when. ``seen`` is what the preview showed."""

    year = FiscalYearField(_("Fiscal year"), [required()])
    issue_on = DayField(_("Issue date"), [required()])
    due_on = DayField(_("Due date"), [required()])
    seen = HiddenField()


class IssueForm(Form):
    """One member's invoice for a year."""

    year = FiscalYearField(_("Fiscal year"), [required()])
    issue_on = DayField(_("Issue date"), [required()])
    due_on = DayField(_("Due date"), [required()])


class VoidForm(Form):
    """Why an invoice is cancelled."""

    reason = TextField(_("Reason"), [required()])
