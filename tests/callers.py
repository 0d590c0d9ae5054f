"""A caller: the smallest browser there is, for measuring and for storms of requests — one kept connection, cookies, forms.

It costs a few dozen microseconds a request, so that what is measured on a machine it shares with the server is the server.
"""

from __future__ import annotations

import html
import re
import socket
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode, urlsplit

_TAG = re.compile(r"<input\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.IGNORECASE | re.DOTALL)


class Dropped(ConnectionError):
    """The connection ended before a whole answer came: what was asked may or may not have happened."""


@dataclass(frozen=True)
class Answer:
    """An answer: status, headers by lower-case name (one value each), body."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def path(self) -> str:
        """Where a redirect leads, without scheme and host."""
        there = urlsplit(self.headers["location"])
        return there.path + (f"?{there.query}" if there.query else "")


class Caller:
    """One visitor on one connection, opened at the first request and again when the server closed it."""

    def __init__(self, host: str, port: int, *, cookies: dict[str, str] | None = None, timeout: float = 60) -> None:
        self.cookies = dict(cookies or {})
        self._address, self._timeout = (host, port), timeout
        self._socket: socket.socket | None = None
        self._left = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._left = None, b""

    def get(self, path: str) -> Answer:
        """Ask for a page; once more when a kept connection turns out to be closed."""
        was_open = self._socket is not None
        try:
            return self._ask("GET", path, b"", {})
        except Dropped:
            if not was_open:
                raise
            return self._ask("GET", path, b"", {})

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form."""
        return self.send(
            "POST", path, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        )

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a body of any kind. Raises ``Dropped`` when no whole answer comes: what was asked may still have happened."""
        return self._ask(method, path, body, headers)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._address[0]}:{self._address[1]}"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        try:
            if self._socket is None:
                self._socket = socket.create_connection(self._address, self._timeout)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            return self._answer()
        except OSError as error:
            self.close()
            raise error if isinstance(error, Dropped) else Dropped(str(error)) from error

    def _answer(self) -> Answer:
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _colon, value = line.partition(":")
            headers[name.lower()] = value.strip()
            if name.lower() == "set-cookie":
                self._keep(value.strip())
        status = int(first.split(" ", 2)[1])
        body = b"" if status in (204, 304) else self._body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self._exactly(int(headers.get("content-length", "0")))
        parts = []
        while size := int(self._until(b"\r\n"), 16):
            parts.append(self._exactly(size))
            self._exactly(2)
        self._exactly(2)
        return b"".join(parts)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._left:
            self._read()
        found, _mark, self._left = self._left.partition(mark)
        return found

    def _exactly(self, count: int) -> bytes:
        while len(self._left) < count:
            self._read()
        found, self._left = self._left[:count], self._left[count:]
        return found

    def _read(self) -> None:
        assert self._socket is not None
        more = self._socket.recv(65536)
        if not more:
            raise Dropped("the server closed the connection")
        self._left += more

    def _keep(self, cookie: str) -> None:
        name, _equals, value = cookie.partition(";")[0].partition("=")
        if value:
            self.cookies[name] = value
        else:
            self.cookies.pop(name, None)


def hidden_fields(page: str, action: str = "") -> dict[str, str]:
    """The hidden fields (CSRF, idempotency key, version …) of the first form whose tag holds ``action``."""
    form = next(found.group() for found in _FORM.finditer(page) if action in found.group().partition(">")[0])
    fields = {}
    for tag in _TAG.findall(form):
        has = {name.lower(): one or other for name, one, other in _ATTRIBUTE.findall(tag)}
        if has.get("type") == "hidden" and "name" in has:
            fields[html.unescape(has["name"])] = html.unescape(has.get("value", ""))
    return fields
