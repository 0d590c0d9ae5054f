"""Reports that a letter did not arrive, as mail servers write them; ``{id}`` stands for the letter's Message-ID."""

from __future__ import annotations

DSN = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.jp>
To: office@example.jp
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: rfc822; hanako@example.jp
Original-Recipient: rfc822;hanako@example.jp
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--B
Content-Type: {returned}

Message-ID: {id}
From: office@example.jp
Subject: =?utf-8?b?44GK55+l44KJ44Gb?=

--B--
"""


def dsn(
    id: str,
    status: str = "5.1.1",
    *,
    action: str = "failed",
    words: str = "550 5.1.1 User unknown",
    returned: str = "message/rfc822",
) -> bytes:
    """A report by RFC 3464, as Postfix writes it."""
    return DSN.format(id=id, status=status, action=action, words=words, returned=returned).encode()


def exim(id: str, words: str = "550 Unrouteable address") -> bytes:
    """Exim's plain text with the letter copied beneath it."""
    return f"""\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@relay.example.jp>
To: office@example.jp
X-Failed-Recipients: hanako@example.jp
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  hanako@example.jp
    {words}

------ This is a copy of the message, including all the headers. ------

Message-ID: {id}
Subject: test
""".encode()


def qmail(id: str, words: str = "Remote host said: 550 5.1.1 sorry, no mailbox here by that name.") -> bytes:
    """qmail's text (QSBMF)."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example.jp
To: office@example.jp
Subject: failure notice

Hi. This is the qmail-send program at mail.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.

<hanako@example.jp>:
{words}

--- Below this line is a copy of the message.

Message-ID: {id}
""".encode()


def japanese(id: str) -> bytes:
    """A Japanese server's text in ISO-2022-JP, with nothing for machines."""
    text = f"次の宛先へ配信できませんでした。\n宛先不明: hanako@example.jp\n\nMessage-ID: {id}\n"
    head = (
        "Return-Path: <>\nFrom: postmaster@carrier.example.jp\nTo: office@example.jp\nSubject: Returned mail\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-2022-JP\nContent-Transfer-Encoding: 7bit\n\n"
    )
    return head.encode() + text.encode("iso-2022-jp")


def absence(id: str) -> bytes:
    """Someone's absence notice: no report at all."""
    return f"""\
From: Hanako <hanako@example.jp>
To: office@example.jp
Subject: Re: invitation
In-Reply-To: {id}
Auto-Submitted: auto-replied

I am away; an unknown user account (550) is none of my business.
""".encode()
