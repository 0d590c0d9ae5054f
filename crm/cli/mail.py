"""``crm mail``: sending the letters that are due."""

from __future__ import annotations

import time

import click

from crm.cli.answering import Answer, command, say
from crm.config import settings
from crm.mail import delivery
from crm.mail.delivery import Tally

PAUSE_SECONDS = 5


@command()
@click.option("--once", is_flag=True, help="Send what is due, then exit; otherwise go on until interrupted.")
def deliver(once: bool) -> Answer:
    """Send the letters that are due. Letters held, or waiting for a mail server, are counted as held."""
    if settings().smtp_url is None:
        say("CRM_SMTP_URL is not set: letters wait in the outbox.")
    tally = delivery.deliver_once()
    try:
        while not once:
            time.sleep(PAUSE_SECONDS)
            tally = _added(tally, delivery.deliver_once())
    except KeyboardInterrupt:
        say("stopped")
    return tally.as_dict()


def _added(before: Tally, now: Tally) -> Tally:
    return Tally(before.sent + now.sent, before.retry + now.retry, before.failed + now.failed, now.held)


COMMANDS = [click.Group("mail", commands=[deliver], help="Letters.")]
