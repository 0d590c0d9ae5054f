"""The office's forms about organisations and their people."""

from __future__ import annotations

from crm.exchange.plan import Reviewing
from crm.organisations.importers import ReviewDecision
from crm.organisations.organisations import CountSource, OrganisationKind
from crm.organisations.people import PersonRole
from crm.text import LOCALES, _
from crm.web.fields import (
    ChoiceField,
    CorporateNumberField,
    DayField,
    EmailField,
    KanaField,
    LongTextField,
    PhoneField,
    PickField,
    PostalCodeField,
    RadioChoiceField,
    TextField,
    UploadField,
    WholeNumberField,
    YesField,
    required,
)
from crm.web.forms import Form

LANGUAGES = [("ja", "日本語"), ("en", "English")]
assert [code for code, _name in LANGUAGES] == list(LOCALES)


class OrganisationForm(Form):
    """What is known of an organisation."""

    name = TextField(_("Legal name"), [required()])
    kana = KanaField(_("Reading"))
    kind = ChoiceField(_("Kind"), OrganisationKind)
    industry = TextField(_("Industry"), longest=100)
    corporate_number = CorporateNumberField(_("Corporate number"))
    postal_code = PostalCodeField(_("Postal code"))
    address = TextField(_("Address"))
    phone = PhoneField(_("Telephone"))
    representative = TextField(_("Representative"), longest=100)
    remark = LongTextField(_("Remark"), longest=2000)


class NewOrganisationForm(OrganisationForm):
    """A new organisation; ``is_another`` says that a person has looked at the proposals."""

    is_another = YesField(_("It is none of these; add it all the same"))


class EmployeesForm(Form):
    """An employee count with its day and source."""

    employees = WholeNumberField(_("Employees"), [required()], most=10_000_000)
    on = DayField(_("As of"), [required()])
    source = ChoiceField(_("Source"), CountSource)


class RenameForm(Form):
    """A new legal name from a day on."""

    new_name = TextField(_("New legal name"), [required()])
    renamed_on = DayField(_("From"), [required()])
    rename_source = TextField(_("Source"))


class FormerNameForm(Form):
    """A name it bore until a day."""

    former_name = TextField(_("Former name"), [required()])
    until = DayField(_("Renamed on"), [required()])
    former_source = TextField(_("Source"))


class AbsorptionForm(Form):
    """Which organisation absorbed this one, and when. It is named, and found by its name."""

    successor = TextField(_("Absorbed by"), [required()])
    absorbed_on = DayField(_("Effective on"), [required()])
    absorption_source = TextField(_("Source"))


class BankNameForm(Form):
    """A name transfers arrive under."""

    bank_kana = TextField(_("Bank name in kana"), [required()], longest=100)


class PersonForm(Form):
    """Someone at an organisation."""

    name = TextField(_("Name"), [required()], longest=100)
    kana = KanaField(_("Reading"))
    department = TextField(_("Department"), longest=100)
    title = TextField(_("Position"), longest=100)
    email = EmailField(_("Mail address"))
    phone = PhoneField(_("Telephone"))
    locale = PickField(_("Language of letters"), choices=LANGUAGES)


class RoleForm(Form):
    """A role from a day on."""

    role = ChoiceField(_("Role"), PersonRole)
    since = DayField(_("From"), [required()])


class RoleEndForm(Form):
    """A role and its last day."""

    ended_role = ChoiceField(_("Role"), PersonRole)
    last_day = DayField(_("Last day"), [required()])


class LeavingForm(Form):
    """The first day without someone, and who follows in each role; the fields of the roles are made for the person."""

    left_on = DayField(_("First day without them"), [required()])


def leaving_form(roles: list[PersonRole], candidates: list[tuple[str, str]]) -> LeavingForm:
    """The form for someone with these roles; ``candidates`` are (id, name) of those who could follow."""
    choices = [("", str(_("Nobody")))] + candidates
    fields = {f"successor_{role.value}": PickField(role.value, choices=choices, default="") for role in roles}
    form: LeavingForm = type("LeavingForm", (LeavingForm,), fields)()
    return form


class UploadForm(Form):
    """A spreadsheet to import."""

    file = UploadField(_("File (Excel or CSV)"))
    encoding = PickField(_("Character set of a CSV file"), choices=[])


class ConfirmImportForm(Form):
    """Carry a plan out. ``plan`` is the digest of the plan that was shown."""

    plan = TextField("", longest=64)
    reviewing = RadioChoiceField(_("Rows in doubt"), Reviewing, default=Reviewing.HOLD)


class ReviewForm(Form):
    """A decision about a row in doubt."""

    decision = RadioChoiceField(_("Decision"), ReviewDecision, default=ReviewDecision.SAME)
    organisation = TextField(_("The same as"))
