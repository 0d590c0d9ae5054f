"""The office's navigation by the consortium's business: what a role may not see, or is not built yet, is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for

from crm.access.gates import can, current_user
from crm.access.permissions import Permission
from crm.text import N_, gettext

P = Permission


@dataclass(frozen=True)
class Place:
    """Where an entry leads: its words, its endpoint, whom it is for; ``within`` are further places of the same business."""

    words: str
    endpoint: str
    permission: Permission
    icon: str = ""
    within: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A place as the page at hand shows it."""

    label: str
    icon: str
    url: str
    is_current: bool
    children: list[Entry]


PLACES: tuple[Place, ...] = (
    Place(N_("Dashboard"), "office.dashboard.show", P.DASHBOARD_READ, "speedometer2"),
    Place(N_("Organisations"), "office.organisations.index", P.ORGANISATIONS_READ, "building", (
        Place(N_("Organisations"), "office.organisations.index", P.ORGANISATIONS_READ),
        Place(N_("People"), "office.organisations.directory", P.ORGANISATIONS_READ),
        Place(N_("Corporate numbers"), "office.organisations.corporate_numbers", P.ORGANISATIONS_READ),
        Place(N_("Employee counts"), "office.organisations.employee_counts_list", P.ORGANISATIONS_READ),
        Place(N_("Correct lists in Excel"), "office.sheets.index", P.ORGANISATIONS_IMPORT),
        Place(N_("Personal data"), "office.privacy.index", P.PRIVACY_MANAGE),
    )),
    Place(N_("Members"), "office.members.index", P.MEMBERS_READ, "people", (
        Place(N_("Members"), "office.members.index", P.MEMBERS_READ),
        Place(N_("Applications"), "office.applications.index", P.APPLICATIONS_READ),
        Place(N_("Certificates"), "office.certificates.index", P.CERTIFICATES_READ),
        Place(N_("Fee tiers"), "office.tiers.index", P.MEMBERS_READ),
    )),
    Place(N_("Fees and invoices"), "office.billing.index", P.INVOICES_READ, "receipt", (
        Place(N_("Invoices"), "office.billing.index", P.INVOICES_READ),
        Place(N_("Annual run"), "office.billing.runs", P.INVOICES_READ),
        Place(N_("Bank accounts"), "office.accounts.index", P.SETTINGS_READ),
    )),
    Place(N_("Payments"), "office.payments.index", P.PAYMENTS_READ, "bank"),
    Place(N_("Events"), "office.events.index", P.EVENTS_READ, "calendar-event"),
    Place(N_("Care sites"), "office.care.index", P.CARE_READ, "hospital"),
    Place(N_("Schools"), "office.schools.index", P.SCHOOLS_READ, "mortarboard"),
    Place(N_("Outreach and visits"), "office.outreach.index", P.OUTREACH_READ, "megaphone"),
    Place(N_("Projects and contracts"), "office.projects.index", P.PROJECTS_READ, "diagram-3"),
    Place(N_("Indicators"), "office.kpi.index", P.KPI_READ, "graph-up"),
    Place(N_("Papers and mail"), "office.letters.index", P.LETTERS_READ, "envelope-paper", (
        Place(N_("Letters"), "office.letters.index", P.LETTERS_READ),
        Place(N_("Papers"), "office.papers.index", P.PAPERS_READ),
        Place(N_("Announcements"), "office.announcements.index", P.ANNOUNCEMENTS_READ),
        Place(N_("Addresses that rest"), "office.announcements.unreachable", P.LETTERS_READ),
    )),
    Place(N_("Settings"), "office.settings.index", P.SETTINGS_READ, "gear", (
        Place(N_("Office"), "office.settings.index", P.SETTINGS_READ),
        Place(N_("Accounts"), "office.access.index", P.ACCESS_READ),
        Place(N_("Who may do what"), "office.access.roles", P.ACCESS_READ),
        Place(N_("History"), "office.history.index", P.HISTORY_READ),
    )),
)  # fmt: skip


def install(app: Flask) -> None:
    """Give the office's pages their navigation and the addresses around it."""
    app.context_processor(_surroundings)


def _surroundings() -> dict[str, Any]:
    user = current_user()
    if user is None:
        return {"sign_out_url": url_for("public.access.sign_out")} if g.get("sign_in") else {}
    given = {"sign_out_url": url_for("public.access.sign_out"), "home_url": "/office/" if user.is_staff else "/portal/"}
    if user.is_staff and request.path.startswith("/office"):
        return {**given, "navigation": entries(), "account_url": url_for("office.me.show")}
    return given


def entries(places: tuple[Place, ...] = PLACES) -> list[Entry]:
    """The navigation for whoever is signed in, on the page at hand."""
    shown = [entry for entry in map(_entry, places) if entry is not None]
    nearest = max((url for entry in shown for url in _addresses(entry) if _leads_to(url)), key=len, default="")
    return [_marked(entry, nearest) for entry in shown]


def first_page() -> str:
    """The first page of the office that whoever is signed in may see, besides the dashboard; at last their own account."""
    ways = [entry.url for entry in entries() if entry.url != url_for("office.dashboard.show")]
    return ways[0] if ways else url_for("office.me.show")


def _entry(place: Place) -> Entry | None:
    """The place, if it is there and open; else the first of those within it."""
    children = [entry for entry in map(_entry, place.within) if entry is not None]
    if place.endpoint in current_app.view_functions and can(place.permission):
        url = url_for(place.endpoint)
    elif children:
        url = children[0].url
    else:
        return None
    return Entry(gettext(place.words), place.icon, url, False, children if len(children) > 1 else [])


def _addresses(entry: Entry) -> list[str]:
    return [entry.url, *(child.url for child in entry.children)]


def _leads_to(url: str) -> bool:
    """Whether the page at hand is this address or lies below it; the first page has nothing below it."""
    if url in ("/office/", "/portal/"):
        return request.path == url
    return request.path == url or request.path.startswith(url.rstrip("/") + "/")


def _marked(entry: Entry, nearest: str) -> Entry:
    children = [Entry(c.label, c.icon, c.url, bool(nearest) and c.url == nearest, []) for c in entry.children]
    is_current = bool(nearest) and nearest in _addresses(entry)
    return Entry(entry.label, entry.icon, entry.url, is_current, children)
