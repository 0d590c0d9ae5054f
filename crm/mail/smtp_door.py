"""SMTP: the only module that talks to a mail server.

``smtp://`` takes STARTTLS when the server offers it, ``smtps://`` is TLS from the first byte; certificates are verified, and
a password is never sent in clear to another machine. Every step has a time-out, and all steps of one letter together stay
within its time, so that no other worker takes a letter up while its sender still waits. After a server has answered the
final dot the letter is its own; when that answer is lost nobody can know (RFC 1047), and the letter is tried again under the
same Message-ID.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from crm.mail.messages import Envelope

STEP_SECONDS = 20.0
LETTER_SECONDS = 50.0  # less than a lease
LOOPBACK = ("127.0.0.1", "::1", "localhost")
PERMANENT = range(500, 600)


class NotSent(Exception):
    """The server did not take the letter; the text is what it answered."""


class Unreachable(NotSent):
    """No server to talk to, or it refuses us altogether: nothing to do with the letter."""


class NotNow(NotSent):
    """Refused for the moment, or the answer was lost."""


class AddressRefused(NotSent):
    """The server will never take letters to this address."""


class LetterRefused(NotSent):
    """The server will never take this letter."""


@dataclass(frozen=True)
class Server:
    """A mail server as ``CRM_SMTP_URL`` names it."""

    host: str
    port: int
    user: str
    password: str
    tls: bool

    @classmethod
    def of(cls, url: str) -> Server:
        """Raises ``ValueError`` for an address that is no ``smtp://`` or ``smtps://``."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("CRM_SMTP_URL: smtp://user:password@host:port or smtps://…")
        tls, user = parts.scheme == "smtps", unquote(parts.username or "")
        port = parts.port or (465 if tls else 587 if user else 25)
        return cls(parts.hostname, port, user, unquote(parts.password or ""), tls)


class Door:
    """One conversation with the server, opened when the first letter goes and kept for the next ones."""

    def __init__(self, url: str) -> None:
        self._server = Server.of(url)
        self._smtp: smtplib.SMTP | None = None
        self._until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, envelope: Envelope) -> None:
        """Hand one letter over. Returns when the server has taken it; raises a ``NotSent`` otherwise."""
        self._until = time.monotonic() + LETTER_SECONDS
        content = envelope.message.as_bytes()
        smtp = self._opened()
        try:
            self._hand_over(smtp, envelope, content)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise NotNow(_words(error)) from error
        except NotSent:
            self._begin_anew(smtp)
            raise

    def close(self) -> None:
        """End the conversation, politely if the server still listens."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if smtp.sock is not None:
                smtp.sock.settimeout(2)
                smtp.quit()
        smtp.close()

    def _hand_over(self, smtp: smtplib.SMTP, envelope: Envelope, content: bytes) -> None:
        code, answer = self._timed(smtp).mail(
            envelope.sender, [f"size={len(content)}"] if smtp.has_extn("size") else []
        )
        if code != 250:  # about the sender or the size: the address is not to blame
            raise (LetterRefused if code == 552 else NotNow)(_spelled(code, answer))
        code, answer = self._timed(smtp).rcpt(envelope.recipient)
        if code not in (250, 251):
            raise (AddressRefused if code in PERMANENT else NotNow)(_spelled(code, answer))
        try:
            code, answer = self._timed(smtp, whole=True).data(content)
        except smtplib.SMTPDataError as error:
            code, answer = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        if code != 250:
            raise (LetterRefused if code in PERMANENT else NotNow)(_spelled(code, answer))

    def _begin_anew(self, smtp: smtplib.SMTP) -> None:
        """Make the server forget the refused letter, so that the next one starts clean; else hang up."""
        try:
            if smtp.rset()[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _timed(self, smtp: smtplib.SMTP, *, whole: bool = False) -> smtplib.SMTP:
        """The connection with the time its next step may take; ``whole``: all that is left for this letter."""
        left = max(self._until - time.monotonic(), 0.1)
        if smtp.sock is not None:
            smtp.sock.settimeout(left if whole else min(left, STEP_SECONDS))
        return smtp

    def _opened(self) -> smtplib.SMTP:
        """The conversation, a new one unless the last still stands. Raises ``Unreachable``."""
        if self._smtp is not None and self._still_listens(self._smtp):
            return self._smtp
        self.close()
        smtp = None
        try:
            smtp = self._connected()
            self._greet(smtp)
        except (OSError, smtplib.SMTPException) as error:  # ssl's errors are OSErrors, too
            if smtp is not None:
                smtp.close()
            raise Unreachable(_words(error)) from error
        self._smtp = smtp
        return smtp

    def _still_listens(self, smtp: smtplib.SMTP) -> bool:
        try:
            return self._timed(smtp).noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_SECONDS / 2, context=context)
        return smtplib.SMTP(server.host, server.port, timeout=STEP_SECONDS / 2)

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        encrypted = self._server.tls
        if not encrypted and smtp.has_extn("starttls"):
            self._timed(smtp).starttls(context=ssl.create_default_context())
            smtp.ehlo()
            encrypted = True
        if self._server.user:
            if not encrypted and self._server.host not in LOOPBACK:
                raise smtplib.SMTPException("the server offers no TLS, so the password was not sent")
            self._timed(smtp).login(self._server.user, self._server.password)


def _spelled(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}".strip()


def _words(error: Exception) -> str:
    """An error of the network or the protocol in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return _spelled(error.smtp_code, answer)
    return " ".join(f"{type(error).__name__}: {error}".split())
