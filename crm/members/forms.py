"""Forms of membership: the public application, and what the office decides."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import HiddenField
from wtforms.validators import ValidationError

from crm import clock
from crm.members.applications import text_digests
from crm.members.tiers import MemberClass
from crm.organisations.organisations import OrganisationKind
from crm.text import _, gettext, locale
from crm.values import japanese
from crm.web.fields import (
    ChoiceField,
    CorporateNumberField,
    DayField,
    EmailField,
    FiscalYearField,
    KanaField,
    LongTextField,
    PhoneField,
    PickField,
    PostalCodeField,
    RadioChoiceField,
    TextField,
    UploadField,
    WholeNumberField,
    YenField,
    YesField,
    required,
)
from crm.web.forms import TECHNICAL, Form, form_key

NOBODY = "new"  # the choice in the review that makes a new organisation
LONGEST_TYPED = 4000
CONSENTS = ("agrees_rules", "agrees_privacy")
NOT_KEPT = frozenset({*TECHNICAL, *CONSENTS, "rules_digest", "privacy_digest", "evidence"})


class JoinForm(Form):
    """The application, as everyone may fill it in."""

    name = TextField(_("Legal name"), [required()])
    kana = KanaField(_("Reading"))
    kind = ChoiceField(_("Kind"), OrganisationKind)
    corporate_number = CorporateNumberField(_("Corporate number"))
    industry = TextField(_("Industry"), longest=100)
    employees = WholeNumberField(_("Employees"), [required()], most=10_000_000)
    employees_on = DayField(_("As of"), [required()])
    evidence = UploadField(_("Proof of the number of employees"))
    member_class = RadioChoiceField(_("Class of membership"), MemberClass, validators=[required()])
    postal_code = PostalCodeField(_("Postal code"), [required()])
    address = TextField(_("Address"), [required()])
    phone = PhoneField(_("Telephone"), [required()])
    representative = TextField(_("Representative"), [required()], longest=100)
    contact_name = TextField(_("Contact person"), [required()], longest=100)
    contact_department = TextField(_("Department of the contact person"), longest=100)
    contact_email = EmailField(_("Mail address of the contact person"), [required()])
    billing_same = YesField(_("Invoices go to the contact person"), default=True)
    billing_name = TextField(_("Billing contact"), longest=100)
    billing_department = TextField(_("Department of the billing contact"), longest=100)
    billing_email = EmailField(_("Mail address of the billing contact"))
    remark = LongTextField(_("Anything else we should know"), longest=2000)
    rules_digest = HiddenField()
    privacy_digest = HiddenField()
    agrees_rules = YesField(_("We agree to the rules of membership"), [required()])
    agrees_privacy = YesField(_("I have read how personal data is handled and agree"), [required()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if locale() == "ja":  # who fills the form in English may not know the reading
            self.kana.validators = [required()]
            self.kana.flags.required = True

    def show_texts(self) -> None:
        """Remember which versions of the texts are shown with the form."""
        for field, digest in text_digests().items():
            self[field].data = digest

    def validate_employees_on(self, field: DayField) -> None:
        """A figure cannot be known before its day."""
        if field.data is not None and field.data > clock.today():
            raise ValidationError(gettext("This day is still to come."))

    def validate_billing_name(self, field: TextField) -> None:
        """Needed when invoices go to someone else."""
        if not self.billing_same.data and not field.data:
            raise ValidationError(gettext("Please fill this in, or choose that invoices go to the contact person."))

    validate_billing_email = validate_billing_name

    def validate_agrees_rules(self, field: YesField) -> None:
        """What was agreed to must be what is in force."""
        if field.data and self.rules_digest.data != text_digests()["rules_digest"]:
            raise ValidationError(gettext("The text changed meanwhile. Please read it again below."))

    def validate_agrees_privacy(self, field: YesField) -> None:
        """The same of the privacy notice."""
        if field.data and self.privacy_digest.data != text_digests()["privacy_digest"]:
            raise ValidationError(gettext("The text changed meanwhile. Please read it again below."))

    def typed(self) -> dict[str, str]:
        """What was typed so far, as it was typed, to be put aside; nothing is asked of it but that it can be kept at all."""
        found = {}
        for field in self:
            sent = field.raw_data[0] if field.raw_data and field.short_name not in NOT_KEPT else ""
            with suppress(ValueError):
                if isinstance(sent, str) and sent:
                    found[field.short_name] = japanese.clean_text(sent, multiline=True)[:LONGEST_TYPED]
        return found

    @classmethod
    def again(cls, typed: Mapping[str, str]) -> JoinForm:
        """The form as it was put aside. Boxes that were not ticked stay empty."""
        form = cls(formdata=MultiDict(typed))
        form.idempotency_key.data = form_key()
        form.show_texts()
        return form

    def filled_in(self) -> dict[str, Any]:
        """What goes into the application; without consents, which are kept as digests of the texts."""
        values = self.values()
        for name in (*CONSENTS, "rules_digest", "privacy_digest", "evidence"):
            del values[name]
        if values["billing_same"]:
            values |= {"billing_name": "", "billing_email": "", "billing_department": ""}
        return values


class ChooseForm(Form):
    """Before accepting: which organisation it is, the class, the first day."""

    organisation = PickField(_("Organisation"), [required()])
    member_class = ChoiceField(_("Class of membership"), MemberClass)
    on = DayField(_("Day of joining"), [required()])


class AcceptForm(Form):
    """Accepting an application one has seen the preview of: what goes with it, and the board's approval where it decides."""

    board_on = DayField(_("Day of the board's approval"))
    minutes = TextField(_("Where the approval is recorded"))
    overwrite = YesField(_("Replace what is known by what the applicant wrote, where it differs"))
    with_certificate = YesField(_("Issue the certificate and send it with the letter"), default=True)
    invite = YesField(_("Invite the contact person to the members' pages"), default=True)
    with_invoice = YesField(_("Issue the first invoice and send it"))
    invoice_on = DayField(_("Issue date"), [required()])
    due_on = DayField(_("Due date"), [required()])
    seen = HiddenField()


class RemarkForm(Form):
    """Returning an application: a remark on the whole, and remarks beside single fields."""

    remark = LongTextField(_("What the applicant should correct"), longest=2000)
    on_name = TextField(_("Legal name"))
    on_kana = TextField(_("Reading"))
    on_corporate_number = TextField(_("Corporate number"))
    on_employees = TextField(_("Employees"))
    on_employees_on = TextField(_("As of"))
    on_evidence = TextField(_("Proof of the number of employees"))
    on_member_class = TextField(_("Class of membership"))
    on_address = TextField(_("Address"))
    on_phone = TextField(_("Telephone"))
    on_representative = TextField(_("Representative"))
    on_contact_name = TextField(_("Contact person"))
    on_billing_name = TextField(_("Billing contact"))

    def by_field(self) -> dict[str, str]:
        """The remarks beside single fields, by the field's name."""
        return {
            name.removeprefix("on_"): text for name, text in self.values().items() if name.startswith("on_") and text
        }


class BoardForm(Form):
    """Passing an application on to the board."""

    opinion = LongTextField(_("The office's opinion, for the board"), longest=2000)


class TakeBackForm(Form):
    """The applicant withdraws the application."""

    reason = LongTextField(_("Reason (may be left empty)"), longest=1000)


class DeclineForm(Form):
    """Declining an application."""

    reason = LongTextField(_("Reason, as the applicant reads it"), [required()], longest=2000)


class AdmitForm(Form):
    """Organisations become members without an application."""

    member_class = ChoiceField(_("Class of membership"), MemberClass)
    on = DayField(_("Day of joining"), [required()])


class WithdrawForm(Form):
    """Ending a membership."""

    asked_on = DayField(_("Asked on"), [required()])
    decided_on = DayField(_("Accepted on"), [required()])
    effective_on = DayField(_("Last day of membership"), [required()])
    reason = LongTextField(_("Reason"), [required()], longest=1000)
    send = YesField(_("Tell the liaison by letter"))


class RejoinForm(Form):
    """A former member comes back."""

    member_class = ChoiceField(_("Class of membership"), MemberClass)
    on = DayField(_("Day of joining"), [required()])


class AskAgainForm(Form):
    """Asking again for an employee figure."""

    remark = LongTextField(_("What to look at again, as the member reads it"), [required()], longest=1000)


class FigureForm(Form):
    """How many employees, as a member says."""

    employees = WholeNumberField(_("Number of employees"), [required()], most=10_000_000)
    on = DayField(_("As of which day"), [required()])
    remark = TextField(_("Remark (may be left empty)"))


class ClassForm(Form):
    """Another class from a day on."""

    to = ChoiceField(_("New class"), MemberClass)
    on = DayField(_("From"), [required()])
    reason = TextField(_("Reason"), [required()])


class FixTierForm(Form):
    """A term's tier by hand; none gives it back to the rule."""

    tier = PickField(_("Fee tier"))
    reason = TextField(_("Reason"))


class NewFeeForm(Form):
    """A decision of the board about one tier."""

    tier = PickField(_("Fee tier"), [required()])
    annual_fee = YenField(_("Annual fee"), [required()])
    effective_from = DayField(_("From"), [required()])
    source = TextField(_("Decision it rests on"), [required()])


class YearForm(Form):
    """A fiscal year."""

    year = FiscalYearField(_("Fiscal year"), [required()])


class IssueCertificatesForm(YearForm):
    """Certificates of a year for everyone who belongs in it."""

    send = YesField(_("Send each certificate to the liaison"), default=True)


class ReasonForm(Form):
    """A reason, and whether the liaison is told."""

    reason = TextField(_("Reason"), [required()])
    send = YesField(_("Tell the liaison by letter"))


class ReissueForm(Form):
    """Issuing a certificate again as a marked copy."""

    why = TextField(_("Why it is issued again"), [required()])
    send_copy = YesField(_("Send the copy to the liaison"))


class OtherLanguageForm(Form):
    """The same certificate in the other language."""

    name = TextField(_("Name as printed in that language"))
