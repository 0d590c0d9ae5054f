"""The stage of a story in the browser: the application in this process with a clock to move on, a mail server, who sits where."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from werkzeug.serving import make_server

from crm import worker
from crm.config import Settings
from tests.browser.tab import Tab
from tests.conftest import PASSWORD
from tests.live_server import HOST

CLERK = "clerk@example.jp"
TELEPHONE, DESK = 360, 1280  # pixels


@dataclass
class Postbox:
    """A mail server's side: to whom it took which mails, by their subjects."""

    taken: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=default)
        self.taken += [(recipient, str(mail["Subject"])) for recipient in envelope.rcpt_tos]
        return "250 taken"


@dataclass
class Stage:
    """The application with its clock, the mail server, and who sits at which browser."""

    app: Flask
    address: str
    postbox: Postbox
    clock_at: Callable[[str], datetime]
    hanako: Tab
    jiro: Tab
    sakura: Tab
    office: Tab

    def work(self) -> None:
        """What is due is done, in a thread of its own: signing papers runs an event loop, and so does the browser here."""

        def once() -> None:
            with self.app.app_context():
                worker.run_once()

        with ThreadPoolExecutor(1) as one:
            one.submit(once).result()

    def at_the_desk(self, wall_clock: str) -> Tab:
        """The clerk comes to work."""
        self.clock_at(wall_clock)
        self.office.sign_in(CLERK, PASSWORD)
        return self.office


@contextmanager
def staged(app: Flask, settings: Settings, browser: Any, clock_at: Callable[[str], datetime]) -> Iterator[Stage]:
    """Everything running: the application at its address, a mail server, three telephones and the office's desk."""
    postbox, address = Postbox(), settings.base_url
    server = make_server(HOST, int(address.rpartition(":")[2]), app, threaded=True)
    mail = Controller(postbox, hostname=HOST, port=int(str(settings.smtp_url).rpartition(":")[2]), ready_timeout=10)
    with ExitStack() as open_until_the_end:
        mail.start()
        open_until_the_end.callback(mail.stop)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        open_until_the_end.callback(server.server_close)
        open_until_the_end.callback(server.shutdown)
        tabs = [Tab(browser, address, width) for width in (TELEPHONE, TELEPHONE, TELEPHONE, DESK)]
        for tab in tabs:
            open_until_the_end.callback(tab.context.close)
        yield Stage(app, address, postbox, clock_at, *tabs)
