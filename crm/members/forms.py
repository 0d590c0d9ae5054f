"""Forms of membership: the public application, and what the office decides."""

from __future__ import annotations

from typing import Any

from wtforms import HiddenField
from wtforms.validators import ValidationError

from crm import clock
from crm.members.applications import text_digests
from crm.members.tiers import MemberClass
from crm.organisations.organisations import OrganisationKind
from crm.text import _, gettext, locale
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
    WholeNumberField,
    YenField,
    YesField,
    required,
)
from crm.web.forms import Form

NOBODY = "new"  # the choice in the review that makes a new organisation


class JoinForm(Form):
    """The application, as everyone may fill it in."""

    name = TextField(_("Legal name"), [required()])
    kana = KanaField(_("Reading"))
    kind = ChoiceField(_("Kind"), OrganisationKind)
    corporate_number = CorporateNumberField(_("Corporate number"))
    industry = TextField(_("Industry"), longest=100)
    employees = WholeNumberField(_("Employees"), [required()], most=10_000_000)
    employees_on = DayField(_("As of"), [required()])
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

    def filled_in(self) -> dict[str, Any]:
        """What goes into the application; without consents, which are kept as digests of the texts."""
        values = self.values()
        for name in ("agrees_rules", "agrees_privacy", "rules_digest", "privacy_digest"):
            del values[name]
        if values["billing_same"]:
            values |= {"billing_name": "", "billing_email": "", "billing_department": ""}
        return values


class AcceptForm(Form):
    """Accepting an application: which organisation it is, the class, the first day."""

    organisation = PickField(_("Organisation"), [required()])
    overwrite = YesField(_("Replace what is known by what the applicant wrote, where it differs"))
    member_class = ChoiceField(_("Class of membership"), MemberClass)
    on = DayField(_("Day of joining"), [required()])
    with_certificate = YesField(_("Issue the certificate and send it with the letter"), default=True)


class RemarkForm(Form):
    """Returning an application."""

    remark = LongTextField(_("What the applicant should correct"), [required()], longest=2000)


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
    effective_on = DayField(_("Last day of membership"), [required()])
    reason = LongTextField(_("Reason"), [required()], longest=1000)


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
    """A reason."""

    reason = TextField(_("Reason"), [required()])
