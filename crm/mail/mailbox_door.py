"""The mailbox where reports of letters that came back arrive: a Maildir folder, or IMAP; the only module that talks to one.

``CRM_BOUNCES_URL``: ``maildir:///var/mail/bounces``, ``imaps://user:password@host:port/Folder``, or ``imap://…``, which takes
STARTTLS and sends no password in clear to another machine. A mail that was dealt with is marked as seen and never deleted;
one that is no report is flagged and left unread for a person. What was not marked is read again the next time.
"""

from __future__ import annotations

import contextlib
import imaplib
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

STEP_SECONDS = 20.0
AT_A_TIME = 200
MOST_BYTES = 512 * 1024  # a report returns the letter; what it says stands at its beginning
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LITERAL = re.compile(rb"BODY\[\]")


class NoMailbox(Exception):
    """The mailbox cannot be read now; the text says why."""


@dataclass(frozen=True)
class Mail:
    """One mail that nobody has dealt with; ``mark(True)`` when it was a report, ``mark(False)`` when it was not."""

    raw: bytes
    mark: Callable[[bool], None]


@contextmanager
def opened(url: str) -> Iterator[Iterator[Mail]]:
    """The mails that wait, at most ``AT_A_TIME``. Raises ``NoMailbox``, ``ValueError`` for an address of another kind."""
    parts = urlsplit(url)
    if parts.scheme == "maildir" and parts.path:
        try:
            yield _in_folder(Path(unquote(parts.path)))
        except PermissionError as error:
            raise NoMailbox(f"{error.filename}: {error.strerror}") from error
    elif parts.scheme in ("imap", "imaps") and parts.hostname:
        try:
            with _signed_in(url) as server:
                yield _on_server(server)
        except (OSError, imaplib.IMAP4.error) as error:
            raise NoMailbox(" ".join(f"{type(error).__name__}: {error}".split())) from error
    else:
        raise ValueError("CRM_BOUNCES_URL: maildir:///path, imap://user:password@host:port/Folder or imaps://…")


# --- Maildir: one file a mail, first in new/, its flags in its name in cur/


def _in_folder(folder: Path) -> Iterator[Mail]:
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise NoMailbox(f"{folder}: no Maildir (it has folders new and cur)")
    waiting = [path for part in ("new", "cur") for path in sorted((folder / part).iterdir()) if _waits(path)]
    for path in waiting[:AT_A_TIME]:
        with contextlib.suppress(FileNotFoundError):  # a mail program moved it meanwhile: the next time
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES)
            yield Mail(raw, lambda is_report, path=path: _move(path, "S" if is_report else "F"))  # type: ignore[misc]


def _waits(path: Path) -> bool:
    flags = path.name.partition(":2,")[2]
    return path.is_file() and not path.name.startswith(".") and not set(flags) & set("SFT")


def _move(path: Path, flag: str) -> None:
    name, _mark, flags = path.name.partition(":2,")
    with contextlib.suppress(FileNotFoundError):
        os.replace(path, path.parent.parent / "cur" / f"{name}:2,{''.join(sorted(set(flags) | {flag}))}")


# --- IMAP (RFC 9051)


@contextmanager
def _signed_in(url: str) -> Iterator[imaplib.IMAP4]:
    parts, context = urlsplit(url), ssl.create_default_context()
    host, is_tls = parts.hostname or "", parts.scheme == "imaps"
    server = (
        imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=STEP_SECONDS) if is_tls
        else imaplib.IMAP4(host, parts.port or 143, timeout=STEP_SECONDS)
    )  # fmt: skip
    try:
        if not is_tls and "STARTTLS" in server.capabilities:
            server.starttls(context)
        elif not is_tls and host not in LOOPBACK:
            raise imaplib.IMAP4.error("the server offers no TLS, so the password was not sent")
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        answer, words = server.select(_quoted(unquote(parts.path.strip("/")) or "INBOX"))
        if answer != "OK":
            raise imaplib.IMAP4.error(f"the folder cannot be opened: {words!r}")
        yield server
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            server.logout()


def _on_server(server: imaplib.IMAP4) -> Iterator[Mail]:
    _answer, found = server.uid("SEARCH", "UNSEEN UNFLAGGED UNDELETED")
    numbers = (found[0] or b"").split() if found else []
    for number in numbers[:AT_A_TIME]:
        uid = number.decode("ascii")
        _answer, parts = server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        raw = next((part[1] for part in parts if isinstance(part, tuple) and _LITERAL.search(part[0])), None)
        if raw is not None:
            yield Mail(raw, lambda is_report, uid=uid: _flag(server, uid, is_report))  # type: ignore[misc]


def _flag(server: imaplib.IMAP4, uid: str, is_report: bool) -> None:
    server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)" if is_report else r"(\Flagged)")


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
