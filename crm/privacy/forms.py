"""The office's forms about personal data."""

from __future__ import annotations

from crm.privacy.hand_overs import Ground
from crm.privacy.requests import RequestKind, RequestOutcome
from crm.text import _
from crm.web.fields import (
    ChoiceField,
    DayField,
    EmailField,
    LongTextField,
    TextField,
    WholeNumberField,
    YesField,
    required,
)
from crm.web.forms import Form


class RequestForm(Form):
    """A request that came in."""

    kind = ChoiceField(_("What is asked for"), RequestKind)
    name = TextField(_("Name"), [required()], longest=100)
    email = EmailField(_("Mail address"))
    person = TextField(_("Person we know (number or mail address)"), longest=200)
    received_on = DayField(_("Request received on"), [required()])
    wish = LongTextField(_("In their words"), longest=4000)


class IdentityForm(Form):
    """By what it was checked who asks, and who they are."""

    identity_how = TextField(_("How it was checked"), [required()], longest=200)
    identified = TextField(_("Person we know (number or mail address)"), longest=200)
    checked_on = DayField(_("Checked on"), [required()])


class AnswerForm(Form):
    """The answer to a request."""

    outcome = ChoiceField(_("Answer"), RequestOutcome)
    reason = LongTextField(_("Reason"), longest=2000)
    answered_on = DayField(_("Answered on"), [required()])
    send = YesField(_("Send the answer by mail"))


class ShowingForm(Form):
    """Why somebody's data is taken out as a file."""

    why = TextField(_("Reason for taking the data out"), [required()], longest=200)


class ErasureForm(Form):
    """The last word before erasing: the reason and the name once more."""

    reason = TextField(_("Reason"), [required()], longest=500)
    confirmed = TextField(_("The person's name, typed once more"), [required()], longest=200)


class HandOverForm(Form):
    """Personal data given to a third party."""

    recipient = TextField(_("Given to"), [required()], longest=200)
    recipient_address = TextField(_("Address of the recipient"), longest=300)
    recipient_representative = TextField(_("Representative of the recipient"), longest=100)
    handed_on = DayField(_("Given on"), [required()])
    items = TextField(_("Which data"), [required()], longest=500)
    ground = ChoiceField(_("Ground"), Ground)
    ground_note = TextField(_("Law, contract or reason"), longest=500)
    way = TextField(_("How it was given"), longest=200)
    people = LongTextField(_("Of whom (numbers or mail addresses, one a line)"), longest=20000)
    persons = WholeNumberField(_("How many people in all"), most=1_000_000)
