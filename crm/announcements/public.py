"""Stopping announcements, for whoever holds the link of a letter: a page with one button, and one click from mail programs."""

from __future__ import annotations

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.announcements import unsubscribing
from crm.announcements.unsubscribing import Subscription
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import consent_texts
from crm.organisations.consents import Purpose
from crm.text import _
from crm.web.audiences import public_area
from crm.web.forms import done
from crm.web.safety import csrf, limiter, public_rate
from crm.web.templating import page

area = public_area("announcements", __name__)


@area.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> ResponseReturnValue:
    """What the link is for, and the button; opening it changes nothing, for mail programs open links by themselves."""
    subscription = _of(token)
    body = page(
        "announcements/public/unsubscribe.html", subscription=subscription, token=token, stands=subscription.stands,
        wording=consent_texts.wording(Purpose.ANNOUNCEMENTS),
    )  # fmt: skip
    body.headers["X-Robots-Tag"] = "noindex"  # type: ignore[union-attr]
    return body


@area.post("/unsubscribe/<token>")
@csrf.exempt
def stop(token: str) -> ResponseReturnValue:
    """Stop: the page's button, or a mail program's one click (RFC 8058), which brings no cookie and wants no redirect.

    The signed link is the permission; a page elsewhere cannot know it. Sent again, it has nothing left to do.
    """
    subscription = _of(token)
    if subscription.recipient is not None and (subscription.stands or subscription.recipient.unsubscribed_at is None):
        with act(Kind.CONSENT_WITHDRAWN, about=subscription.recipient.person):
            unsubscribing.stop(subscription)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("unsubscribed\n", mimetype="text/plain")
    return done(url_for(".unsubscribe", token=token))


@area.post("/unsubscribe/<token>/again")
@limiter.limit(public_rate)
def again(token: str) -> ResponseReturnValue:
    """Take it back: agree once more."""
    subscription = _of(token)
    person = subscription.recipient.person if subscription.recipient is not None else None
    with act(Kind.CONSENT_RECORDED, about=person):
        unsubscribing.again(subscription)
        return done(url_for(".unsubscribe", token=token), _("You receive announcements again."))


def _of(token: str) -> Subscription:
    try:
        return unsubscribing.of(token)
    except Refused as error:
        raise NotFound from error
