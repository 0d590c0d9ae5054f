"""Consent and privacy in the portal: what one agreed to, on which words, when; agreeing and taking it back."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations import consent_texts, consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.portal import current_organisation, current_person
from crm.text import _
from crm.web.audiences import portal_area
from crm.web.forms import done
from crm.web.templating import page

area = portal_area("privacy", __name__)


@area.get("/")
@requires(Permission.PROFILE_OWN)
def show() -> ResponseReturnValue:
    """Each purpose with its words and whether one agrees; below, everything that was ever agreed to."""
    person = current_person()
    standing = consents.standing_of([person])[person.id]
    return page(
        "organisations/portal/privacy.html", person=person, organisation=current_organisation(),
        consents=consents.consents_of(person),
        purposes=[(purpose, consent_texts.wording(purpose), purpose in standing) for purpose in consent_texts.OFFERED],
    )  # fmt: skip


@area.post("/<purpose>/give")
@requires(Permission.PROFILE_OWN)
def give(purpose: str) -> ResponseReturnValue:
    """Agree, on the words that are shown today."""
    asked, person = _purpose(purpose), current_person()
    with act(Kind.CONSENT_RECORDED, about=person):
        consents.record(
            person,
            asked,
            text_version=consent_texts.version(asked),
            way=Way.PORTAL,
            wording=consent_texts.wording(asked),
        )
        return done(url_for(".show"), _("Thank you. We have noted your consent."))


@area.post("/<purpose>/withdraw")
@requires(Permission.PROFILE_OWN)
def withdraw(purpose: str) -> ResponseReturnValue:
    """Take it back; it counts at once."""
    asked, person = _purpose(purpose), current_person()
    with act(Kind.CONSENT_WITHDRAWN, about=person):
        if not consents.withdraw(person, asked, way=Way.PORTAL):
            raise Refused(_("No consent to this stands."))
        return done(url_for(".show"), _("Your consent is withdrawn, from now on."))


def _purpose(name: str) -> Purpose:
    if name not in {one.value for one in consent_texts.OFFERED}:
        raise NotFound
    return Purpose(name)
