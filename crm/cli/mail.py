"""``crm mail``: sending the letters that are due, and reading what came back."""

from __future__ import annotations

import time

import click

from crm.cli.answering import Answer, command, nothing_to_do, refused, say
from crm.config import settings
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import collecting, delivery, resting
from crm.mail.delivery import Tally
from crm.mail.mailbox_door import NoMailbox

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


@command()
def bounces() -> Answer:
    """Read the reports of letters that came back, and let addresses rest that three letters in a row could not reach."""
    if settings().bounces_url is None:
        raise refused("CRM_BOUNCES_URL is not set: there is no mailbox to read.")
    try:
        tally = more = collecting.collect()
        while more.read:  # one look reads so many at most
            more = collecting.collect()
            tally = tally + more
    except (NoMailbox, ValueError) as error:
        raise refused(error) from error
    rested = resting.due()
    for email in rested:
        with act(Kind.ADDRESS_RESTED) as deed:
            deed.about = resting.rest(email)
    answer = {**tally.as_dict(), "rested": len(rested)}
    if not tally.read and not rested:
        raise nothing_to_do(**answer)
    return answer


def _added(before: Tally, now: Tally) -> Tally:
    return Tally(before.sent + now.sent, before.retry + now.retry, before.failed + now.failed, now.held)


COMMANDS = [click.Group("mail", commands=[deliver, bounces], help="Letters.")]
