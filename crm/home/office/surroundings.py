"""What the layouts show around every page: whose site it is, whether it is a demonstration, the ways of portal and public.

Read only when a page is rendered: two small queries. A page that says the database does not answer is shown without them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask, g, has_request_context, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from crm.access.gates import current_user
from crm.access.permissions import Permission
from crm.access.users import User, UserState
from crm.db import db
from crm.home.office.navigation import Entry, Place, entries
from crm.organisations import portal
from crm.settings import settings
from crm.text import N_, gettext, locale
from crm.web import languages

P = Permission

PORTAL: tuple[Place, ...] = (
    Place(N_("Home"), "portal.home.show", P.PROFILE_OWN, "house"),
    Place(N_("Membership and certificates"), "portal.members.show", P.PROFILE_OWN, "award"),
    Place(N_("Invoices"), "portal.billing.index", P.PROFILE_OWN, "receipt"),
    Place(N_("Events"), "portal.events.index", P.PROFILE_OWN, "calendar-event"),
    Place(N_("Your organisation's data"), "portal.organisation.show", P.PROFILE_OWN, "building"),
    Place(N_("Colleagues"), "portal.people.index", P.PROFILE_OWN, "people"),
    Place(N_("Consent and privacy"), "portal.privacy.show", P.PROFILE_OWN, "shield-check"),
)
PUBLIC = (
    (N_("Events"), "public.events.index"),
    (N_("Become a member"), "public.members.join"),
)


_USERS = User.__table__.c
_DEMO_LOGINS = sa.select(sa.exists().where(_USERS.is_demo, _USERS.state != UserState.DISABLED))


def install(app: Flask) -> None:
    """Give every page what stands around it."""
    app.context_processor(_surroundings)


def _surroundings() -> dict[str, Any]:
    if not has_request_context():
        return {}
    if "surroundings" not in g:
        g.surroundings = _gathered()
    given: dict[str, Any] = g.surroundings
    return given


def _gathered() -> dict[str, Any]:
    try:
        given: dict[str, Any] = {"demo": _is_demonstration(), **_whose()}
    except SQLAlchemyError:
        given = {"demo": False}
    if languages.is_public():
        given |= {
            "navigation": _public_ways(),
            "home_url": url_for("public.home.show"),
            "languages": languages.choices(),
        }
    elif "portal_person" in g:
        given |= {
            "navigation": entries(tuple(place for place in PORTAL if portal.is_open(place.endpoint))),
            "account_url": url_for("portal.me.show"),
            "organisation_name": g.portal_person.organisation.name, "languages": languages.choices(),
        }  # fmt: skip
    return given


def _is_demonstration() -> bool:
    """Whether anyone can sign in with a password that is printed for everyone to see."""
    return bool(db.session.connection().execute(_DEMO_LOGINS).scalar())


def _whose() -> dict[str, Any]:
    """The consortium as the office's settings name it."""
    values = settings.stored()
    name = (values["issuer.name_en"] if locale() == "en" else "") or values["issuer.name"]
    contact = (values["issuer.phone"], values["issuer.email"])
    return {
        "consortium_name": name, "office_contact": " / ".join(filter(None, contact)),
        "privacy_url": url_for("public.home.privacy"),
    }  # fmt: skip


def _public_ways() -> list[Entry]:
    user = current_user()
    ways = [(gettext(words), url_for(endpoint)) for words, endpoint in PUBLIC]
    if user is None:
        ways.append((gettext("Sign in"), url_for("public.access.sign_in")))
    elif user.is_staff:
        ways.append((gettext("To the office"), url_for("office.dashboard.show")))
    else:
        ways.append((gettext("Members' pages"), url_for("portal.home.show")))
    return [Entry(words, "", url, _leads_to(url), []) for words, url in ways]


def _leads_to(url: str) -> bool:
    return request.path == url or request.path.startswith(url.rstrip("/") + "/")
