"""Every page that can be reached by links: it answers, is titled, fits a phone, keeps to the policy, and axe finds nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm.app import create_app
from crm.config import Settings
from crm.db import db
from tests import demonstration
from tests.databases import alone
from tests.demonstration import ROLES, Visited
from tests.live_server import LiveServer

AREAS = {
    "public": ("public",), "portal": ("portal",), "accounts": ("office.access", "office.me", "office.factors"),
    "dashboard": ("office.dashboard", "office.search", "office.system"), "organisations": ("office.organisations",),
    "importing": ("office.imports", "office.reviews", "office.importing", "office.sheets"), "projects": ("office.projects",),
    "members": ("office.members", "office.applications", "office.joining", "office.leaving", "office.certificates",
                "office.tiers"),
    "billing": ("office.billing", "office.accounts"), "payments": ("office.payments",), "events": ("office.events",),
    "care": ("office.care",), "schools": ("office.schools",), "outreach": ("office.outreach",), "indicators": ("office.kpi",),
    "letters": ("office.letters", "office.papers"), "announcements": ("office.announcements",), "privacy": ("office.privacy",),
    "settings": ("office.settings", "office.history"),
}  # fmt: skip
SEEN_IN_THE_BROWSER = 2  # instances of each endpoint, by whoever comes to it first
JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def walked(
    live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[Visited]:
    """What everyone met on their walk; walked once for all workers of a run."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if hasattr(request.config, "workerinput") else shared
    kept = shared / "walked.json"
    with alone(shared / "walked.lock"):
        if not kept.exists():
            met = _walked(live_server, tmp_path_factory.mktemp("routes"))
            kept.write_text(json.dumps([list(vars(one).values()) for one in met]))
    return [Visited(*one) for one in json.loads(kept.read_text())]


def _walked(server: LiveServer, data_dir: Path) -> list[Visited]:
    app = create_app(Settings(data_dir=data_dir, secret_key="a secret only for reading the addresses"))
    with app.app_context():
        db.engine.dispose()
    return [one for role in ("", *ROLES) for one in demonstration.walk(server, role, app.url_map)]


@pytest.mark.parametrize("role", ["", *ROLES])
def test_every_link_a_role_is_shown_leads_somewhere(walked: list[Visited], role: str) -> None:
    astray = [one for one in walked if one.role == role and one.status != 200]
    assert not astray, "\n".join(f"{one.path} answers {one.status}, linked on {one.found_on}" for one in astray)


def test_every_page_belongs_to_an_area_that_is_looked_at(walked: list[Visited]) -> None:
    strangers = {one.endpoint for one in walked if one.is_page and _area(one.endpoint) is None}
    assert not strangers, f"add to AREAS above: {sorted(strangers)}"


@pytest.mark.parametrize("area", AREAS)
def test_its_pages_are_right_on_phone_and_desk(
    area: str, walked: list[Visited], page: Any, sign_in_as: Callable[[Any, str], None], axe: Callable[[Any], list[str]]
) -> None:
    troubles: list[str] = []
    role = None
    for one in _to_look_at(area, walked):
        if one.role != role:
            sign_in_as(page, one.role)
            role = one.role
        troubles += [f"{one.path} ({one.role or 'anyone'}): {trouble}" for trouble in _troubles(page, one.path, axe)]
    assert not troubles, "\n".join(troubles)


def _to_look_at(area: str, walked: list[Visited]) -> list[Visited]:
    """The first instances of each endpoint of an area, the same role's together."""
    chosen: dict[str, list[Visited]] = {}
    for one in walked:
        held = chosen.setdefault(one.endpoint, [])
        is_new = one.path not in {other.path for other in held}
        if (
            one.is_page
            and one.status == 200
            and _area(one.endpoint) == area
            and is_new
            and len(held) < SEEN_IN_THE_BROWSER
        ):
            held.append(one)
    return sorted((one for held in chosen.values() for one in held), key=lambda one: (one.role, one.path))


def _area(endpoint: str) -> str | None:
    within = [name for name, starts in AREAS.items() if endpoint.startswith(tuple(f"{start}." for start in starts))]
    return within[0] if within else None


def _troubles(page: Any, path: str, axe: Callable[[Any], list[str]]) -> list[str]:
    """What is wrong with a page."""
    page.complaints.clear()
    page.set_viewport_size(DESK)
    answer = page.goto(path)
    found = [] if answer.status == 200 else [f"answers {answer.status}"]
    if not JAPANESE.search(page.title()):
        found.append(f"is titled {page.title()!r}")
    headings = page.locator("h1").count()
    if headings != 1:
        found.append(f"has {headings} headings of the first order")
    found += axe(page)
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > PHONE["width"]:
        found.append(f"is {width} wide on a phone of {PHONE['width']}: {page.evaluate(WIDEST)}")
    return found + page.complaints + page.evaluate("window.__violations || []")


WIDEST = """
(() => { const w = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > w + 1);
  return wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120)).join(" | "); })()
"""
