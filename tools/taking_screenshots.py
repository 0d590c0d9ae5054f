"""Pictures of every page for the manual: ``make screenshots`` serves the demonstration and takes each page at 360 and 1280 px.

They go to ``docs/manual/images/<page>-<width>.png`` (or the folder given), one page for each endpoint, as the first role that may
see it sees it. Colours are reduced to a palette, so that the whole set stays small.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402

from crm.app import create_app  # noqa: E402
from crm.config import Settings  # noqa: E402
from crm.db import db  # noqa: E402
from tests import demonstration, prepare  # noqa: E402
from tests.demonstration import ROLES, Visited  # noqa: E402
from tests.live_server import LiveServer  # noqa: E402

WIDTHS = {1280: 900, 360: 740}
TALLEST = 3600
COLOURS = 96
LARGEST_SET = 25 * 1024 * 1024


def main() -> None:
    """Build the demonstration, walk it, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "manual" / "images")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    asked = parser.parse_args()
    browser = prepare.browser()
    if browser is None:
        raise SystemExit("no browser: install chromium or google-chrome")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="crm-screenshots-") as folder:
        data_dir = Path(folder) / "data"
        demonstration.build(data_dir)
        with LiveServer(data_dir) as server:
            pages = {name: one for name, one in _pages(server, data_dir).items() if asked.only in name}
            taken = _take(server, pages, browser, asked.folder)
    if not asked.only:
        _forget_others(asked.folder, set(taken))
    size = sum(file.stat().st_size for file in asked.folder.glob("*.png"))
    print(f"{len(taken)} pictures of {len(pages)} pages, {size / 1024 / 1024:.1f} MB in {asked.folder}")
    if size > LARGEST_SET:
        raise SystemExit("more than 25 MB: too much for the repository")


def _pages(server: LiveServer, data_dir: Path) -> dict[str, Visited]:
    """One page for each endpoint, by the name its pictures bear: the clerk's view where there is one."""
    app = create_app(Settings(data_dir=data_dir, secret_key="a secret only for reading the addresses"))
    with app.app_context():
        db.engine.dispose()
    found: dict[str, Visited] = {}
    for role in ("", "clerk", *(role for role in ROLES if role != "clerk")):
        for one in demonstration.walk(server, role, app.url_map):
            if one.is_page and one.status == 200 and one.endpoint:
                found.setdefault(_name(one.endpoint), one)
    return found


def _name(endpoint: str) -> str:
    """office.billing.plan_run → office-billing-plan-run."""
    return re.sub(r"[^a-z0-9]+", "-", endpoint.lower()).strip("-")


def _take(server: LiveServer, pages: dict[str, Visited], browser: str, folder: Path) -> list[str]:
    from playwright.sync_api import sync_playwright

    taken = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for role in dict.fromkeys(one.role for one in pages.values()):
            context = chromium.new_context(base_url=server.address, locale="ja-JP", timezone_id="Asia/Tokyo")
            with demonstration.signed_in(server, role) as caller:
                host = urlsplit(server.address).hostname or ""
                context.add_cookies(
                    [{"name": n, "value": v, "domain": host, "path": "/"} for n, v in caller.cookies.items()]
                )
            page = context.new_page()
            for name, one in pages.items():
                if one.role == role:
                    taken += [_picture(page, one.path, width, folder / f"{name}-{width}.png") for width in WIDTHS]
            context.close()
        chromium.close()
    return taken


def _picture(page: Any, path: str, width: int, file: Path) -> str:
    """Take one picture, the whole page up to a height, with a palette."""
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.goto(path)
    height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    taken = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": max(height, WIDTHS[width])})
    picture = Image.open(io.BytesIO(taken)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    return file.name


def _forget_others(folder: Path, taken: set[str]) -> None:
    """Remove pictures of pages that are no longer there."""
    for file in folder.glob("*.png"):
        if re.fullmatch(r"(office|portal|public)-.*-(360|1280)\.png", file.name) and file.name not in taken:
            file.unlink()


if __name__ == "__main__":
    main()
