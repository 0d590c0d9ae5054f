"""The office's forms about participations, contracts and ventures. The organisation is named, and found by its name."""

from __future__ import annotations

from typing import Any

from crm.projects.contracts import ContractKind
from crm.projects.participations import TOPICS, topic_name
from crm.text import _
from crm.web.fields import (
    ChoiceField,
    FiscalYearField,
    LongTextField,
    MonthOrDayField,
    PickField,
    TextField,
    UploadField,
    required,
)
from crm.web.forms import Form

_MONTH_OR_DAY = _("A day, or a month where only that is known: 2025-05.")


def _topic(value: str | None) -> int | None:
    return int(value) if value else None


class ParticipationForm(Form):
    """One organisation in one topic."""

    organisation = TextField(_("Organisation"), [required()])
    topic = PickField(_("Topic"), coerce=_topic)
    since = MonthOrDayField(_("Since"), description=_MONTH_OR_DAY)
    until = MonthOrDayField(_("Until"), description=_MONTH_OR_DAY)
    title = TextField(_("Subject"))
    evidence = LongTextField(_("Evidence"), longest=1000)
    file = UploadField(_("Evidence file"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = str(_("Not known"))
        self.topic.choices = [("", none), *((str(topic), topic_name(topic)) for topic in TOPICS)]


class ContractForm(Form):
    """One contract."""

    organisation = TextField(_("Organisation"), [required()])
    kind = ChoiceField(_("Kind"), ContractKind)
    title = TextField(_("Subject"), [required()], longest=400)
    signed = MonthOrDayField(_("Signed"), [required()], description=_MONTH_OR_DAY)
    starts = MonthOrDayField(_("Starts"), description=_MONTH_OR_DAY)
    ends = MonthOrDayField(_("Ends"), description=_MONTH_OR_DAY)
    evidence = LongTextField(_("Evidence"), longest=1000)
    file = UploadField(_("Evidence file"))


class EvidenceForm(Form):
    """A file that shows it."""

    file = UploadField(_("Evidence file"))


class VentureForm(Form):
    """A company founded."""

    organisation = TextField(_("Company"), [required()])
    founded = FiscalYearField(_("Founded in fiscal year"), [required()])
    business = LongTextField(_("Business"), longest=1000)
    outcome = TextField(_("What became of it"))
    note = LongTextField(_("Note"), longest=1000)
    source = TextField(_("Source"))
