"""Forms of segments and announcements."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from wtforms import widgets

from crm import clock
from crm.announcements import choosing, segments
from crm.announcements.announcements import Announcement
from crm.announcements.conditions import Belonging, Conditions
from crm.db import db
from crm.events.events import Event, EventKind
from crm.events.forms import MomentField
from crm.members import tiers
from crm.members.tiers import MemberClass
from crm.organisations.consents import Purpose
from crm.organisations.forms import LANGUAGES
from crm.organisations.organisations import OrganisationKind
from crm.organisations.people import PersonRole
from crm.text import _, label
from crm.web.fields import ChoiceField, DayField, LongTextField, PickField, PickManyField, TextField, YesField, required
from crm.web.forms import Form

EVENTS_OFFERED = 200
LONGEST_BODY = 10_000


class BoxesField(PickManyField):
    """Several of a list, as boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class SegmentForm(Form):
    """A segment's name and conditions; each field is named as the condition."""

    name = TextField(_("Name of the segment"), [required()], longest=100)
    purpose = TextField(_("What it is for"))
    belonging = ChoiceField(_("Membership"), Belonging, empty=_("Any"))
    classes = BoxesField(_("Class"), coerce=str)
    tiers = BoxesField(_("Fee tier"), coerce=str)
    joined_from = DayField(_("Joined from"))
    joined_to = DayField(_("Joined until"))
    left_from = DayField(_("Last day of membership from"))
    left_to = DayField(_("Last day of membership until"))
    kinds = BoxesField(_("Kind of organisation"), coerce=str)
    industries = BoxesField(_("Industry"), coerce=str)
    roles = BoxesField(_("Role"), coerce=str)
    languages = BoxesField(_("Language of letters"), coerce=str)
    attended_event = PickField(_("Came to the event"))
    attended_kind = ChoiceField(_("Came to an event of the kind"), EventKind, empty=_("Any"))
    attended_since = DayField(_("Came to an event since"))
    consent = ChoiceField(_("Agreed to"), Purpose, empty=_("Any"))
    reachable = YesField(_("Only who has a mail address that letters reach"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, members in (("classes", MemberClass), ("kinds", OrganisationKind), ("roles", PersonRole)):
            self[field].choices = [(one.value, label(one)) for one in members]
        names = {tier.code: tier.name for tier in tiers.in_force(clock.today())}
        self.tiers.choices = sorted(names.items())
        self.industries.choices = [(name, name) for name in choosing.industries()]
        self.languages.choices = LANGUAGES
        events = db.session.execute(_events()).all()
        self.attended_event.choices = [("", str(_("Any"))), *((str(event_id), title) for event_id, title in events)]

    @classmethod
    def of_segment(cls, segment: segments.Segment) -> SegmentForm:
        """The form filled from a segment."""
        asked = segment.conditions
        filled = {name: getattr(asked, name) for name in Conditions.__dataclass_fields__}
        several = {name: [str(one.value if hasattr(one, "value") else one) for one in value]
                   for name, value in filled.items() if isinstance(value, tuple)}  # fmt: skip
        event = str(asked.attended_event or "")
        form = cls(
            None, data={**filled, **several, "attended_event": event, "name": segment.name, "purpose": segment.purpose}
        )
        form.version.data = str(segment.version)
        return form

    def conditions(self) -> Conditions:
        """What was filled in."""
        given = {name: self[name].data for name in Conditions.__dataclass_fields__}
        event = self.attended_event.data
        return Conditions.of({
            **{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in given.items() if value},
            "attended_event": int(event) if event else None,
        })  # fmt: skip


def _events() -> sa.Select[int, str]:
    """The events offered to choose from, the newest first."""
    return sa.select(Event.id, Event.title).order_by(Event.id.desc()).limit(EVENTS_OFFERED)


class AnnouncementForm(Form):
    """An announcement's text and whom it goes to."""

    segment = PickField(_("To the segment"), coerce=str)
    subject = TextField(_("Subject"), [required()], longest=200)
    body = LongTextField(_("Text"), [required()], longest=LONGEST_BODY)
    subject_en = TextField(_("Subject in English"), longest=200)
    body_en = LongTextField(_("Text in English"), longest=LONGEST_BODY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.segment.choices = [(str(one.id), one.name) for one in segments.every()]

    @classmethod
    def of_announcement(cls, announcement: Announcement) -> AnnouncementForm:
        """The form filled from an announcement."""
        form = cls(None, data={"segment": str(announcement.segment_id), **texts_of(announcement)})
        form.version.data = str(announcement.version)
        return form

    def texts(self) -> dict[str, str]:
        """The texts that were filled in."""
        return {name: self[name].data for name in TEXTS}


TEXTS = ("subject", "body", "subject_en", "body_en")


def texts_of(announcement: Announcement) -> dict[str, str]:
    """The texts of an announcement, by the form's names."""
    return {name: getattr(announcement, name) for name in TEXTS}


class ScheduleForm(Form):
    """When an announcement goes; at once when left empty."""

    at = MomentField(_("Goes at"), [])


class WakeForm(Form):
    """Why an address is written to again, and whether the letters that waited for it go now."""

    reason = TextField(_("Reason"), [required()], longest=500)
    release = YesField(_("Let the letters go that waited for this address"), default=True)
