"""Forms: registering with the event's own questions, and what the office fills in about events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, HiddenField, RadioField, SelectChoice, widgets
from wtforms.validators import DataRequired, ValidationError

from crm import clock, text
from crm.errors import Refused
from crm.events import questions, registering
from crm.events.events import LARGEST_ROOM, LONGEST_SLUG, Audience, Event, EventKind, EventLanguage, EventSession
from crm.events.questions import Question, QuestionKind
from crm.events.registrations import LARGEST_PARTY
from crm.text import _, gettext
from crm.web.fields import (
    ChoiceField,
    DayField,
    EmailField,
    LongTextField,
    PickField,
    PickManyField,
    TextField,
    WholeNumberField,
    YesField,
    optional,
    required,
)
from crm.web.forms import Form
from crm.web.templating import moment

YEARS = range(2000, 2200)


class MomentField(DateTimeLocalField):
    """A wall-clock time in Tokyo, chosen in the browser's own calendar; its data is an aware moment in UTC."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([value[:40] for value in valuelist if value])
        typed: datetime | None = self.data
        self.data = None
        if typed is not None and typed.year not in YEARS:
            raise ValidationError(gettext("This day cannot be right."))
        self.data = None if typed is None else clock.moment_of(typed.date(), typed.time())

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data.astimezone(clock.TOKYO):%Y-%m-%dT%H:%M}"


class ChecksField(PickManyField):
    """Several of a list, as boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class PersonForm(Form):
    """Who comes: shared by the public form and the office's."""

    name = TextField(_("Name"), [DataRequired()], longest=100)
    email = EmailField(_("Mail address"), [DataRequired()])
    organisation = TextField(_("Organisation or affiliation"), longest=200)
    party_size = WholeNumberField(_("Persons"), [optional()], least=1, most=LARGEST_PARTY)
    session = PickField(_("Session"), validate_choice=False)

    event: Event
    answers: list[dict[str, Any]]

    @classmethod
    def asking(cls, event: Event, sessions: list[EventSession], **kwargs: Any) -> PersonForm:
        """The form with an event's own questions. With one session there is none to choose."""
        own = {question.field: _question_field(question) for question in event.questions}
        form: PersonForm = (type(cls.__name__, (cls,), own) if own else cls)(**kwargs)
        form.event, form.answers = event, []
        if len(sessions) > 1:
            form.session.choices = [(str(s.id), session_words(s)) for s in sessions]
        else:
            del form.session
        if event.party_limit == 1 and cls is RegistrationForm:
            del form.party_size
        form._only = sessions[0].id if len(sessions) == 1 else None
        return form

    _only: int | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Also reads the answers; each that is wrong becomes the error of its field."""
        valid = bool(super().validate(extra_validators))
        given = {question.field: _given(self[question.field]) for question in self.event.questions}
        for question in self.event.questions:
            if not self[question.field].errors:
                try:
                    question.read(given[question.field])
                except Refused as refusal:
                    self.refuse(refusal)
                    valid = False
        if "session" in self and self.session_id is None:
            self.session.errors = [gettext("Please choose one of the list.")]
            valid = False
        if valid:
            self.answers = questions.answers(self.event.questions, given)
        return valid

    @property
    def session_id(self) -> int | None:
        """The session chosen, or the only one there is."""
        if "session" not in self:
            return self._only
        chosen = str(self.session.data or "")
        return int(chosen) if any(chosen == value for value, *_rest in self.session.choices) else None

    def visitor(self) -> registering.Visitor:
        """Who registers, as it was filled in."""
        size = self.party_size.data if "party_size" in self else None
        notice_version = self.notice_version.data if "notice_version" in self else ""
        key = self.key.data if "key" in self else ""
        return registering.Visitor(
            name=self.name.data, email=self.email.data, organisation=self.organisation.data, party_size=size or 1,
            locale=text.locale(), answers=self.answers, notice_version=notice_version or "", key=(key or "")[:100],
        )  # fmt: skip


class RegistrationForm(PersonForm):
    """The public form. ``notice_version`` is the privacy notice that was shown, ``key`` the event's own link."""

    notice_version = HiddenField()
    key = HiddenField()

    def validate_notice_version(self, field: HiddenField) -> None:
        """Who read an older notice reads the new one first; a program that sends none accepts the one in force."""
        in_force = registering.notice()[1]
        if field.data and field.data != in_force:
            field.data, field.raw_data = in_force, None
            self.form_errors.append(gettext("The privacy notice has changed. Please read it and send the form again."))
            raise ValidationError(gettext("The privacy notice has changed. Please read it and send the form again."))
        field.data = in_force


class HandForm(PersonForm):
    """Someone the office adds: by telephone they may have no mail address."""

    email = EmailField(_("Mail address"))


class ColleaguesForm(PersonForm):
    """Whom a member registers: colleagues the office knows, and one more by name. The answers hold for all of them."""

    colleagues = ChecksField(_("Colleagues"), choices=[], validate_choice=False)
    name = TextField(_("Someone else: name"), longest=100)
    email = EmailField(_("Someone else: mail address"))
    organisation = None  # type: ignore[assignment]  # WTForms leaves a field out that is None
    party_size = None  # type: ignore[assignment]


class WalkInForm(Form):
    """Someone who simply came."""

    name = TextField(_("Name"), [DataRequired()], longest=100)
    email = EmailField(_("Mail address"))
    organisation = TextField(_("Organisation or affiliation"), longest=200)
    party_size = WholeNumberField(_("Persons"), [optional()], least=1, most=LARGEST_PARTY)


class CorrectionForm(Form):
    """What may be corrected on a registration."""

    name = TextField(_("Name"), [DataRequired()], longest=100)
    email = EmailField(_("Mail address"))
    organisation = TextField(_("Organisation or affiliation"), longest=200)


class EventForm(Form):
    """An event's own fields."""

    title = TextField(_("Event title"), [DataRequired()])
    title_en = TextField(_("Title in English"))
    kind = ChoiceField(_("Kind"), EventKind)
    slug = TextField(_("Address part"), longest=LONGEST_SLUG)
    description = LongTextField(_("Description"))
    description_en = LongTextField(_("Description in English"))
    place = TextField(_("Place"))
    place_en = TextField(_("Place in English"))
    online_address = TextField(_("Online address"), longest=500)
    language = ChoiceField(_("Held in"), EventLanguage)
    audience = ChoiceField(_("Who may register"), Audience)
    party_limit = WholeNumberField(_("Most persons in one registration"), [required()], least=1, most=LARGEST_PARTY)
    opens_at = MomentField(_("Registration opens"), [optional()])
    closes_at = MomentField(_("Registration closes"), [optional()])

    def validate_online_address(self, field: TextField) -> None:
        """A link that is shown must be one that opens a page."""
        if field.data and not field.data.startswith(("https://", "http://")):
            raise ValidationError(gettext("An online address begins with https://."))


class SessionForm(Form):
    """A session's time and room."""

    starts_at = MomentField(_("Starts"), [required()])
    ends_at = MomentField(_("Ends"), [required()])
    capacity = WholeNumberField(_("Capacity"), [optional()], most=LARGEST_ROOM)
    title = TextField(_("Title of the session"))
    title_en = TextField(_("Title in English"))


class NewEventForm(EventForm):
    """An event with its first session."""

    starts_at = MomentField(_("Starts"), [required()])
    ends_at = MomentField(_("Ends"), [required()])
    capacity = WholeNumberField(_("Capacity"), [optional()], most=LARGEST_ROOM)


class QuestionForm(Form):
    """One question of an event's form. Choices stand one on a line."""

    text = TextField(_("Question"), [DataRequired()])
    text_en = TextField(_("Question in English"))
    kind = ChoiceField(_("Kind of answer"), QuestionKind)
    is_required = YesField(_("Must be answered"))
    options = LongTextField(_("Choices, one per line"))
    options_en = LongTextField(_("Choices in English, one per line"))
    help = TextField(_("Explanation"))
    help_en = TextField(_("Explanation in English"))

    def values(self) -> dict[str, Any]:
        """The fields, choices as lists."""
        found = super().values()
        return {**found, "options": _lines(found["options"]), "options_en": _lines(found["options_en"])}

    @classmethod
    def of_question(cls, question: Question) -> QuestionForm:
        """The form filled from a question."""
        form = cls(obj=question, options="\n".join(question.options), options_en="\n".join(question.options_en))
        if not form.is_submitted():
            form.version.data = str(question.version)
            form.options.data, form.options_en.data = "\n".join(question.options), "\n".join(question.options_en)
        return form


class CallOffForm(Form):
    """Why an event does not take place; the reason stands in everyone's letter."""

    reason = LongTextField(_("Reason, told to everyone registered"), longest=1000)


class RepeatForm(Form):
    """When the event takes place again."""

    first_day = DayField(_("Day of the first session"), [required()])
    slug = TextField(_("Address part"), longest=LONGEST_SLUG)

    def validate_first_day(self, field: DayField) -> None:
        """A year that was mistyped is not tried."""
        if field.data is not None and field.data.year not in YEARS:
            raise ValidationError(gettext("This day cannot be right."))


def session_words(session: EventSession) -> str:
    """A session as a choice names it: its time and title."""
    starts, ends = moment(session.starts_at), moment(session.ends_at)
    day, clock_time = ends.split(" ")
    return f"{starts}–{clock_time if starts.startswith(day + ' ') else ends} {session.name}".strip()


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


def _given(field: Any) -> Any:
    """What was answered: lists for boxes, text for the rest."""
    if isinstance(field, ChecksField):
        return list(field.raw_data or [])
    if isinstance(field, RadioField):
        return field.raw_data[0] if field.raw_data else None
    return field.data


def _question_field(question: Question) -> Any:
    """The field that asks a question."""
    words, checks = question.spoken("text"), [required()] if question.is_required else [optional()]
    match question.kind:
        case QuestionKind.PARAGRAPH:
            return LongTextField(words, checks, longest=questions.LONGEST_TEXT)
        case QuestionKind.CHOICE:
            choices = [SelectChoice(value, shown) for value, shown in question.choices()]
            return RadioField(words, checks, choices=choices, validate_choice=False)
        case QuestionKind.SEVERAL:
            return ChecksField(words, checks, choices=question.choices(), validate_choice=False)
        case QuestionKind.DAY:
            return TextField(words, checks, widget=widgets.DateInput(), longest=40)
        case _:
            return TextField(words, checks, longest=questions.LONGEST_LINE)
