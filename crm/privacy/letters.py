"""Letters about requests: that it came, and what is answered."""

from __future__ import annotations

from crm.errors import Refused
from crm.mail import outbox
from crm.mail.outbox import Letter, Recipient
from crm.privacy.requests import PrivacyRequest
from crm.text import _


def received(request: PrivacyRequest) -> Letter | None:
    """Tells that a request came and until when it will be answered; nothing without a mail address."""
    if not request.email:
        return None
    return outbox.post(
        "privacy/request_received", to=_recipient(request), about=request, key=f"request_received:{request.id}",
        number=request.number, asked=request.kind, due_on=request.due_on,
    )  # fmt: skip


def answered(request: PrivacyRequest) -> Letter:
    """The answer with its reason. Raises ``Refused`` without a mail address: then it goes by post."""
    if not request.email:
        raise Refused(_("There is no mail address; answer by post and leave the letter out."), field="send")
    return outbox.post(
        "privacy/request_answered", to=_recipient(request), about=request, key=f"request_answered:{request.id}",
        number=request.number, asked=request.kind, outcome=request.outcome, reason=request.reason, received_on=request.received_on,
    )  # fmt: skip


def _recipient(request: PrivacyRequest) -> Recipient:
    person = request.person
    return Recipient(email=request.email, name=request.name, locale=person.locale if person else "ja")
