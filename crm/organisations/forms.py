"""The office's forms about organisations and their people."""

from __future__ import annotations

from enum import StrEnum

from wtforms import HiddenField, widgets

from crm.exchange.plan import Reviewing
from crm.organisations.change_requests import RequestedChange
from crm.organisations.consents import Purpose, Way
from crm.organisations.importers import ReviewDecision
from crm.organisations.organisations import CountSource, OrganisationKind
from crm.organisations.people import PersonRole
from crm.organisations.portal_rights import PortalRight
from crm.organisations.register import NameTaking
from crm.text import LOCALES, _, label
from crm.web.fields import (
    ChoiceField,
    CorporateNumberField,
    DayField,
    EmailField,
    KanaField,
    LongTextField,
    PhoneField,
    PickField,
    PickManyField,
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
    billing_postal_code = PostalCodeField(_("Postal code for invoices"))
    billing_address = TextField(_("Address for invoices"))
    remark = LongTextField(_("Remark"), longest=2000)


class NewOrganisationForm(OrganisationForm):
    """A new organisation; ``is_another`` says that a person has looked at the proposals."""

    is_another = YesField(_("It is none of these; add it all the same"))


class EmployeesForm(Form):
    """An employee count with its day and source."""

    employees = WholeNumberField(_("Employees"), [required()], most=10_000_000)
    on = DayField(_("As of"), [required()])
    source = ChoiceField(_("Source"), CountSource)


class RegisterFileForm(Form):
    """A file of the corporate number register."""

    file = UploadField(_("File of the register (CSV or zip)"))


class RegisterApplyForm(Form):
    """What to take over of the register's entry."""

    name_taking = RadioChoiceField(_("Legal name"), NameTaking, default=NameTaking.KEEP)
    renamed_on = DayField(_("Changed its name on"))
    take_kana = YesField(_("Take over the reading"))
    take_postal_code = YesField(_("Take over the postal code"))
    take_address = YesField(_("Take over the address"))


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


class ConfirmSheetForm(Form):
    """Write a corrected list. ``plan`` is the digest of the differences that were shown."""

    plan = HiddenField()


class UndoForm(Form):
    """Undo an import, for a reason."""

    reason = TextField(_("Reason"), [required()], longest=500)


class ReviewForm(Form):
    """A decision about a row in doubt."""

    decision = RadioChoiceField(_("Decision"), ReviewDecision, default=ReviewDecision.SAME)
    organisation = TextField(_("The same as"))


class MergeWithForm(Form):
    """Which organisation is the same as the one at hand."""

    other = TextField(_("The same as"), [required()])


class MergeForm(Form):
    """Merge two records; which values go on is asked field by field on the page. ``other_version`` is that of the second."""

    other_version = HiddenField()
    reason = TextField(_("Reason"), longest=500)


class ApartForm(Form):
    """The two are not the same, and why."""

    apart_reason = TextField(_("Why they are not the same"), [required()], longest=500)


class ReasonForm(Form):
    """A reason for what cannot be done lightly."""

    reason = TextField(_("Reason"), longest=500)


NEWCOMER, NOBODY = "new", ""


class TickField(PickManyField):
    """Several of a few, each with a box to tick."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class HandOverForm(PersonForm):
    """Who follows someone, in what, from when; the fields of a person are those of a newcomer.

    Choices are judged by the rules, not here: the same form sent again must come as far as where the first one went.
    """

    name = TextField(_("Name"), longest=100)
    handed_on = DayField(_("First day without them"), [required()])
    leaves = YesField(_("Leaves the organisation"), default=True)
    successor = PickField(_("Successor"), choices=[], default=NEWCOMER, validate_choice=False)
    roles = TickField(_("Roles that pass on"), choices=[], validate_choice=False)
    invites = YesField(_("Invite the successor to the members' pages"))
    registrations = TickField(_("Event registrations that pass on"), choices=[], validate_choice=False)
    letters = YesField(_("Redirect letters that have not left yet"), default=True)
    looked = HiddenField()

    def offer(
        self, candidates: list[tuple[str, str]], roles: list[PersonRole], registrations: list[tuple[str, str]]
    ) -> None:
        """What can be chosen of."""
        self.successor.choices = [(NEWCOMER, str(_("Someone new (below)"))), *candidates, (NOBODY, str(_("Nobody")))]
        self.roles.choices = [(role.value, label(role)) for role in roles]
        self.registrations.choices = registrations


class ConsentForm(Form):
    """What someone agreed to, on which words, when and how."""

    purpose = ChoiceField(_("What is agreed to"), Purpose)
    text_version = TextField(_("Version of the text"), [required()], longest=50)
    given_on = DayField(_("Day"), [required()])
    way = ChoiceField(_("How"), Way)
    wording = LongTextField(_("The words agreed to"), longest=4000)
    evidence = TextField(_("Where the proof is"), longest=500)


class WithdrawalForm(Form):
    """Someone takes a consent back."""

    withdrawn = ChoiceField(_("What is no longer agreed to"), Purpose)
    withdrawn_way = ChoiceField(_("How"), Way)
    note = TextField(_("Remark"), longest=500)


class RightsForm(Form):
    """What someone may do in the members' pages, right by right."""

    by_role = YesField(_("As their roles say"))
    rights = TickField(_("Rights"), choices=lambda: [(right.value, label(right)) for right in PortalRight])


class FieldDecision(StrEnum):
    """What the office says to one field of a change request."""

    ACCEPT = "accept"
    DECLINE = "decline"


class DecisionForm(Form):
    """What the office says to a change request; two fields for each field that waits are made for the request."""

    remark = LongTextField(_("Remark to the member"), longest=1000)

    def accepted(self) -> set[str]:
        """The fields that are accepted."""
        return {
            name.removeprefix("decision_") for name, field in self._fields.items()
            if name.startswith("decision_") and field.data is FieldDecision.ACCEPT
        }  # fmt: skip

    def remarks(self) -> dict[str, str]:
        """The remark to each field."""
        return {
            name.removeprefix("remark_"): field.data or "" for name, field in self._fields.items()
            if name.startswith("remark_")
        }  # fmt: skip


def decision_form(waiting: list[RequestedChange]) -> DecisionForm:
    """The form about these fields."""
    fields: dict[str, object] = {}
    for change in waiting:
        fields[f"decision_{change.name}"] = RadioChoiceField(_("Decision"), FieldDecision, default=FieldDecision.ACCEPT)
        fields[f"remark_{change.name}"] = TextField(_("Remark"), longest=500)
    form: DecisionForm = type("DecisionForm", (DecisionForm,), fields)()
    return form


class OwnDataForm(Form):
    """What a member may ask to have changed of its own data."""

    name = TextField(_("Legal name"), [required()])
    renamed_on = DayField(_("Name in force since"))
    kana = KanaField(_("Reading"))
    industry = TextField(_("Industry"), longest=100)
    representative = TextField(_("Representative"), longest=100)
    postal_code = PostalCodeField(_("Postal code"))
    address = TextField(_("Address"))
    phone = PhoneField(_("Telephone"))
    billing_postal_code = PostalCodeField(_("Postal code for invoices"))
    billing_address = TextField(_("Address for invoices"))
    reason = TextField(_("Remark to the office"), longest=500)


class ColleagueForm(PersonForm):
    """A colleague a member adds: with their role, and whether they get access at once."""

    role = PickField(_("Role"), choices=[], default="")
    invites = YesField(_("Invite to the members' pages"))


class OwnPersonForm(Form):
    """What everyone may correct of themselves; the mail address is for who manages colleagues."""

    name = TextField(_("Name"), [required()], longest=100)
    kana = KanaField(_("Reading"))
    department = TextField(_("Department"), longest=100)
    title = TextField(_("Position"), longest=100)
    phone = PhoneField(_("Telephone"))
    locale = PickField(_("Language of letters"), choices=LANGUAGES)


class GivenRoleForm(Form):
    """A role a colleague gets from today on; the choices are what the giver may give."""

    role = PickField(_("Role"), [required()], choices=[])
