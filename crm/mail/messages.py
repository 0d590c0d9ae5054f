"""A letter as the message that goes over the wire.

Building it is where a poison letter shows itself: an address no server could deliver to, a header that would begin another,
an attachment whose bytes are gone. Each raises ``Unfit`` with its reason, so that the letter is parked and others go on.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from crm import clock
from crm.config import settings
from crm.documents import files, issued
from crm.documents.issued import DocumentState
from crm.mail.outbox import Letter, LetterAttachment, Trouble
from crm.settings.settings import office_setting

LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
LONGEST_MAILBOX = 64  # RFC 5321, 4.5.3.1.1
TAG = re.compile(r"[0-9a-f]{32}")


class Unfit(Exception):
    """This letter can never be sent as it is; ``trouble`` says why, the text says what exactly."""

    def __init__(self, trouble: Trouble, words: str) -> None:
        super().__init__(words)
        self.trouble = trouble


@dataclass(frozen=True)
class Envelope:
    """A message with the addresses the server is told."""

    sender: str
    recipient: str
    message: EmailMessage


def envelope(letter: Letter) -> Envelope:
    """The letter as a message, its attachments read. Raises ``Unfit``."""
    recipient, sender = mailbox(letter.recipient_email), _sender()
    enclosures = [_enclosure(attachment) for attachment in letter.attachments]
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # not every server takes eight bits
    try:
        message["From"] = Address(_issuer_name(letter.locale), addr_spec=sender)
        message["To"] = Address(letter.recipient_name, addr_spec=recipient)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: an absence notice must not answer it
        message["Content-Language"] = letter.locale
        if office_setting("issuer.email"):
            message["Reply-To"] = office_setting("issuer.email")
        _add_way_out(message, letter)
        message.set_content(letter.body, charset="utf-8")
        for enclosure in enclosures:
            _enclose(message, *enclosure)
    except (
        ValueError,
        IndexError,
        MessageError,
    ) as error:  # the standard library's words for a line break or a malformed address
        raise Unfit(Trouble.UNFIT, str(error)) from error
    return Envelope(_return_address(letter) or sender, recipient, message)


def mailbox(address: str) -> str:
    """An address as servers write it, its domain in ASCII. Raises ``Unfit`` for one no server could deliver to."""
    local, at, domain = address.strip().rpartition("@")
    try:
        spelled = f"{local}{at}{domain.encode('idna').decode('ascii')}"
        parsed = Address(addr_spec=spelled)
    except (ValueError, IndexError, MessageError) as error:
        raise Unfit(Trouble.BAD_ADDRESS, str(error)) from error
    if not (parsed.username and parsed.domain and spelled.isascii() and spelled.isprintable()):
        raise Unfit(Trouble.BAD_ADDRESS, address)
    if len(spelled) > LONGEST_ADDRESS or len(parsed.username) > LONGEST_MAILBOX or " " in spelled:
        raise Unfit(Trouble.BAD_ADDRESS, address)
    return spelled


def _return_address(letter: Letter) -> str:
    """Where reports about this letter go: a tag of its own in the address that collects them, if the operator gave one."""
    local, at, domain = (settings().bounces_address or "").rpartition("@")
    tag = letter.message_id.partition("@")[0].strip("<").replace("-", "")
    return mailbox(f"{local}+{tag}@{domain}") if at else ""


def returned_to(address: str) -> str:
    """The Message-ID of the letter whose own return address this is; empty for any other address."""
    tag = address.partition("@")[0].rpartition("+")[2].lower()
    if not TAG.fullmatch(tag):
        return ""
    return f"<{uuid.UUID(tag)}@{urlsplit(settings().base_url).hostname or 'localhost'}>"


def _sender() -> str:
    """The office's own address, else ``office@`` the host people know."""
    given = office_setting("issuer.email")
    return mailbox(given) if given else f"office@{urlsplit(settings().base_url).hostname or 'localhost'}"


def _issuer_name(locale: str) -> str:
    name: str = (office_setting("issuer.name_en") if locale == "en" else "") or office_setting("issuer.name")
    return name


def _add_way_out(message: EmailMessage, letter: Letter) -> None:
    """One-click unsubscribing (RFC 8058) for announcements."""
    if letter.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _enclosure(attachment: LetterAttachment) -> tuple[bytes, str, str]:
    """What an attachment holds, what it is called and its media type; a paper not yet drawn is drawn for it."""
    document, file = attachment.document, attachment.file
    try:
        if document is not None:
            if document.state is DocumentState.FAILED:
                raise Unfit(Trouble.MISSING_ATTACHMENT, f"{document.number}: {document.trouble}")
            return issued.pdf(document), document.file_name, issued.PDF
        if file is not None:
            return files.read(file), file.name, file.media_type
    except files.DamagedFile as error:
        raise Unfit(Trouble.MISSING_ATTACHMENT, str(error)) from error
    raise Unfit(Trouble.MISSING_ATTACHMENT, "nothing is attached")


def _enclose(message: EmailMessage, content: bytes, name: str, media_type: str) -> None:
    """Attach bytes under a name in any script (RFC 2231, which RFC 5987 takes up for the web)."""
    kind = SMTP.header_factory("Content-Type", media_type)
    message.add_attachment(
        content, maintype=kind.maintype, subtype=kind.subtype, filename=name, params=dict(kind.params)
    )  # fmt: skip
