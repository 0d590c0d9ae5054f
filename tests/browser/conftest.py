"""A real browser before the real application, which serves the demonstration. Without Chromium the tests are skipped, saying so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import demonstration, prepare
from tests.live_server import LiveServer

MISSING = "no browser: install chromium or google-chrome (on Debian as root `make test` does), or name one in CRM_TEST_BROWSER"
LANGUAGE = {"locale": "ja-JP", "timezone_id": "Asia/Tokyo"}
NOTE_VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (e) =>
  window.__violations.push(`${e.violatedDirective}: ${e.blockedURI} ${e.sourceFile || ""}:${e.lineNumber || ""}`));
"""


@pytest.fixture(scope="session")
def live_server(demonstration_built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The demonstration, served: one for each worker of the run, on data of its own."""
    data_dir = demonstration.copy(demonstration_built, tmp_path_factory.mktemp("served") / "data")
    with LiveServer(data_dir, environment={"CRM_WEB_WORKERS": "1"}) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium or Chrome."""
    from playwright.sync_api import sync_playwright

    path = prepare.browser()
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def signed_in_state(live_server: LiveServer) -> Callable[[str], Any]:
    """``signed_in_state(role)``: the cookies of a browser signed in with a role, for a new context."""
    known: dict[str, Any] = {}

    def of(role: str) -> Any:
        if role not in known:
            with demonstration.signed_in(live_server, role) as caller:
                cookies = [
                    {"name": name, "value": value, "url": live_server.address} for name, value in caller.cookies.items()
                ]
            known[role] = cookies
        return known[role]

    return of


@pytest.fixture
def page(browser: Any, live_server: LiveServer) -> Iterator[Any]:
    """A page at desktop width. What the console said and the content policy refused is in ``page.complaints``."""
    context = browser.new_context(base_url=live_server.address, viewport={"width": 1280, "height": 900}, **LANGUAGE)
    context.add_init_script(NOTE_VIOLATIONS)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()


@pytest.fixture
def sign_in_as(signed_in_state: Callable[[str], Any]) -> Callable[[Any, str], None]:
    """``sign_in_as(page, "clerk")``: the page's browser is signed in with a role from here on; ``""`` signs out."""

    def enter(page: Any, role: str) -> None:
        page.context.clear_cookies()
        if role:
            page.context.add_cookies(signed_in_state(role))

    return enter


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """``axe(page)``: what breaks WCAG 2.2 AA on the page, a line for each element."""
    from axe_playwright_python.sync_playwright import Axe

    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}

    def broken(page: Any) -> list[str]:
        found = Axe().run(page, options=options).response["violations"]
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]

    return broken
