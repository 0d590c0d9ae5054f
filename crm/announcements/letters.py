"""The letter of an announcement: its text filled in for one person, and beneath it who sends it and how to stop it.

特定電子メール法 4条, 同 規則: the sender's name, that and how one may refuse further mail, and, in the mail or where it leads, the
sender's postal address and where to complain or ask.
"""

from __future__ import annotations

from typing import Any

from crm import text
from crm.access import links
from crm.announcements import wording
from crm.announcements.announcements import Announcement
from crm.announcements.wording import Addressee
from crm.config import settings
from crm.errors import Refused
from crm.mail import composing, outbox
from crm.mail.composing import Composed
from crm.mail.outbox import Draft, Letter, LetterKind, Recipient
from crm.settings.settings import office_setting
from crm.text import _

NAME = "announcements/announcement"
LINK = "unsubscribe"


def drafted(announcement: Announcement, recipient_id: int, to: Addressee) -> Draft:
    """A recipient's letter, ready to be posted with many others."""
    recipient, values = _written(announcement, to, unsubscribe_url(recipient_id))
    return Draft(
        to=recipient, about=("announcements", announcement.id), key=f"{NAME}:{announcement.id}:{recipient_id}",
        kind=LetterKind.ANNOUNCEMENT, unsubscribe_url=values["stop_url"], values=values,
    )  # fmt: skip


def preview(announcement: Announcement, to: Addressee) -> Composed:
    """The letter as this person would read it."""
    recipient, values = _written(announcement, to, unsubscribe_url(0))
    return composing.compose(NAME, recipient.locale, recipient=recipient, **values)


def test(announcement: Announcement, to: Addressee, email: str, name: str) -> Letter:
    """Post the letter as ``to`` would read it to someone of the office; its link to stop explains that it is a test."""
    recipient, values = _written(announcement, to, unsubscribe_url(0))
    values["subject"] = f"{'[Test] ' if recipient.locale == 'en' else '【テスト】'}{values['subject']}"
    return outbox.post(
        NAME, Recipient(email, name, recipient.locale), about=announcement, unsubscribe_url=values["stop_url"], **values
    )


def check_sender() -> None:
    """Raise ``Refused`` while the office has not said what must stand beneath every announcement."""
    if not office_setting("issuer.name") or not office_setting("issuer.address"):
        raise Refused(_("An announcement names its sender and address. Please fill them in under Settings, Issuer."))
    if not office_setting("issuer.email") and not office_setting("issuer.phone"):
        raise Refused(_("An announcement says where to ask or complain. Please give a mail address or telephone number "
                        "under Settings, Issuer."))  # fmt: skip


def unsubscribe_url(recipient_id: int) -> str:
    """The address a recipient stops announcements at, with one click or on a page; 0 for a test."""
    return f"{settings().base_url}/unsubscribe/{links.sign(LINK, recipient_id)}"


def _written(announcement: Announcement, to: Addressee, stop_at: str) -> tuple[Recipient, dict[str, Any]]:
    subject, body, locale = announcement.text_for(to.person.locale)
    with text.speaking(locale):
        subject, body = wording.filled(subject, to), wording.filled(body, to)
    issuer = {name: office_setting(f"issuer.{name}") for name in ("postal_code", "address", "phone", "email")}
    english = office_setting("issuer.name_en") if locale == "en" else ""
    values = {
        "subject": composing.one_line(subject), "body": body, "stop_url": stop_at,
        "issuer": {**issuer, "name": english or office_setting("issuer.name")},
    }  # fmt: skip
    return Recipient(to.person.email, to.person.name, locale), values
