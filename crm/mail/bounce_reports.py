"""Reading reports that a letter did not arrive: RFC 3464, and the plainer texts of servers that do not write it.

A report is recognised, weighed and traced to the letter: by the address it came to (the letter's own return address), by the
Message-ID of what it returns, or by one it refers to. Everything in it was written by a stranger, so nothing here fails: a
mail that cannot be understood is none of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses

from crm.mail.bounces import Weight
from crm.mail.messages import returned_to

LONGEST_TEXT = 64 * 1024
LONGEST_WORDS = 300
OURS = re.compile(r"<[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@[^<>\s]{1,255}>")
ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")  # RFC 3463
BASIC = re.compile(r"(?<![\d.-])(55[0-4]|45[0-4]|42[0-2]|571)(?=[ -])")  # RFC 5321, 4.2.3
NOBODY_THERE = re.compile(
    r"user unknown|unknown user|no such user|user not found|no mailbox|mailbox (?:unavailable|not found)|"
    r"unrouteable address|address (?:rejected|not found|unknown)|does ?n[o']t exist|"
    r"host (?:or domain name )?(?:unknown|not found)|no such (?:domain|host|recipient)|"
    r"account (?:is )?disabled|invalid (?:recipient|mailbox)|recipient (?:rejected|unknown)|"
    r"宛先不明|存在しません|見つかりません",
    re.IGNORECASE,
)
SENDERS = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)(?:@|$)", re.IGNORECASE)
RETURNED = re.compile(
    r"undeliver|delivery (?:status|failure|has failed)|returned mail|failure notice|"
    r"mail delivery (?:failed|system)|配信(?:不能|できません)",
    re.IGNORECASE,
)
LATER = re.compile(r"delayed|will (?:be )?retr|still (?:be )?tr|not (?:yet )?been delivered|遅延", re.IGNORECASE)
# What is wrong with the mail, its size, its sender or the way, not with the address (RFC 3463, 3).
NOT_THE_ADDRESS = re.compile(r"5\.(?:1\.[78]|2\.[23]|3\.[1-5]|4\.[2-9]|6\.\d+|7\.\d+)")


@dataclass(frozen=True)
class Report:
    """What a report says: how grave it is, which letter's Message-IDs it names, whom it could not reach, and its words."""

    weight: Weight
    message_ids: tuple[str, ...]
    email: str = ""
    status: str = ""
    words: str = ""


def read(raw: bytes) -> Report | None:
    """The report in a mail, ``None`` when the mail is none: an answer, an absence notice, a report of success."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        return _read(mail)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ):  # the parser met something nobody foresaw
        return None


def _read(mail: Message) -> Report | None:
    blocks = [block for part in _parts(mail, "message/delivery-status") for block in _blocks(part)]
    recipients = [block for block in blocks if block.get("Action") or block.get("Final-Recipient")]
    if not recipients and not _looks_returned(mail):
        return None
    failed = [block for block in recipients if _action(block) in ("failed", "delayed", "")]
    if recipients and not failed:
        return None  # delivered, relayed, expanded
    block = next((one for one in failed if _action(one) != "delayed"), failed[0] if failed else None)
    text = _text(mail)
    status = _status(block, text)
    said = str(block.get("Diagnostic-Code", "")) if block is not None else ""  # bytes that are no ASCII come as no text
    diagnosis = _line(said) or _telling_line(text)
    return Report(
        _weight(block, status, diagnosis, text, mail), _message_ids(mail, text), _email(mail, block), status, diagnosis
    )


def _looks_returned(mail: Message) -> bool:
    """Whether a mail without a machine's part is a report all the same."""
    if mail.get("X-Failed-Recipients"):
        return True
    if str(mail.get("Auto-Submitted", "")).lower().startswith("auto-replied"):
        return False
    sender = next((address for _name, address in getaddresses([str(mail.get("From", ""))])), "")
    nobody = str(mail.get("Return-Path", "")).strip() == "<>"
    subject = _line(str(mail.get("Subject", "")))
    return bool(SENDERS.match(sender)) or (nobody and bool(RETURNED.search(subject)))


def _parts(mail: Message, kind: str) -> Iterator[Message]:
    for part in mail.walk():
        if part.get_content_type() == kind:
            yield part


def _blocks(part: Message) -> list[Message]:
    """The blocks of a delivery status: the parser gives each as a message; one that was encoded is read by hand."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    words = _decoded(part)
    return [
        message_from_bytes(block.encode(), policy=policy.compat32)
        for block in re.split(r"\r?\n\r?\n", words)
        if block.strip()
    ]


def _action(block: Message) -> str:
    return _line(str(block.get("Action", ""))).lower()


def _status(block: Message | None, text: str) -> str:
    for words in [str(block.get("Status", "")), str(block.get("Diagnostic-Code", ""))] if block is not None else [text]:
        found = ENHANCED.search(words)
        if found:
            return found.group()
    found = BASIC.search(text) if block is None else None
    return found.group() if found else ""


def _weight(block: Message | None, status: str, diagnosis: str, text: str, mail: Message) -> Weight:
    if block is not None and _action(block) == "delayed":
        return Weight.DELAYED
    if block is None and LATER.search(_line(str(mail.get("Subject", "")))):
        return Weight.DELAYED
    nobody_there = bool(NOBODY_THERE.search(diagnosis) or (block is None and NOBODY_THERE.search(text)))
    if status.startswith("4"):
        return Weight.SOFT
    if NOT_THE_ADDRESS.match(status):
        return Weight.HARD if nobody_there else Weight.SOFT
    if status.startswith("5."):
        return Weight.HARD
    return Weight.HARD if nobody_there else Weight.SOFT


def _message_ids(mail: Message, text: str) -> tuple[str, ...]:
    """The Message-IDs of letters it may be about, the surest first."""
    found = []
    for name in ("Delivered-To", "X-Original-To", "To", "Envelope-To"):
        found += [returned_to(address) for _name, address in getaddresses([str(v) for v in mail.get_all(name, [])])]
    for part in mail.walk():
        if part is not mail and part.get("Message-ID"):
            found.append(_line(str(part["Message-ID"])))
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            found += OURS.findall(_decoded(part))
    found += [one for name in ("In-Reply-To", "References") for one in OURS.findall(str(mail.get(name, "")))]
    found += OURS.findall(text)
    return tuple(dict.fromkeys(one for one in found if one and OURS.fullmatch(one)))


def _email(mail: Message, block: Message | None) -> str:
    named = (block.get("Original-Recipient") or block.get("Final-Recipient") or "") if block is not None else ""
    address = str(named).partition(";")[2] or str(mail.get("X-Failed-Recipients", ""))
    return _line(address).split(",")[0].strip(" <>")[:254]


def _text(mail: Message) -> str:
    """What the report says to people, and what it returns, cut to a length."""
    return "\n".join(_decoded(part) for part in mail.walk() if part.get_content_maintype() == "text")[:LONGEST_TEXT]


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload[:LONGEST_TEXT].decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:  # a character set nobody knows
        return payload[:LONGEST_TEXT].decode("utf-8", "replace")


def _telling_line(text: str) -> str:
    """The line of a plain report that says what happened."""
    lines = [
        line for line in text.splitlines() if NOBODY_THERE.search(line) or ENHANCED.search(line) or BASIC.search(line)
    ]
    return _line(lines[0]) if lines else ""


def _line(words: str) -> str:
    """Foreign text as one short line that a record may hold."""
    kept = "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else " " for c in words)
    return " ".join(kept.split())[:LONGEST_WORDS]
