"""Letters about a member's own data: what came of a change request."""

from __future__ import annotations

from crm import clock
from crm.config import settings
from crm.mail.outbox import Letter, Recipient, post
from crm.organisations.change_requests import ChangeRequest, FieldOutcome
from crm.text import speaking

DECIDED = (FieldOutcome.ACCEPTED, FieldOutcome.DECLINED)


def changes_decided(request: ChangeRequest) -> Letter:
    """What the office accepted and declined, field by field; held when who asked has left or has no mail address."""
    person = request.person
    is_here = person.is_here_on(clock.today()) and person.email
    recipient = Recipient(person.email if is_here else "", person.known_name, person.locale)
    with speaking(person.locale):
        fields = [
            {"label": str(field.label), "before": field.before, "after": field.after, "remark": field.remark,
             "is_accepted": field.outcome is FieldOutcome.ACCEPTED}
            for field in request.fields if field.outcome in DECIDED
        ]  # fmt: skip
    return post(
        "organisations/changes_decided", to=recipient, about=request, key=f"changes_decided:{request.id}",
        organisation=request.organisation.name, asked_on=clock.day_of(request.asked_at), fields=fields,
        office_remark=request.office_remark, url=f"{settings().base_url}/portal/organisation/requests/{request.id}",
    )  # fmt: skip
