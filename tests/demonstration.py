"""The demonstration as the browser sees it: built once, copied for whoever wants to change it, served, and walked by its links."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from crm import demo
from tests import databases
from tests.callers import Answer, Caller, hidden_fields
from tests.live_server import COMMAND, LiveServer

ROLES = tuple(role.value for _email, _name, role in demo.LOGINS)
HOMES = {role: "/portal/" if role == "member" else "/office/" for role in ROLES}
STARTS = {"": ("/", "/events/", "/join", "/sign-in"), **{role: (home, f"{home}me/") for role, home in HOMES.items()}}
INSTANCES = 4


def build(data_dir: Path) -> None:
    """Fill ``data_dir`` with the demonstration, its papers drawn and its letters written."""
    data_dir.mkdir(parents=True)
    databases.build_schema(f"sqlite:///{data_dir / 'crm.sqlite3'}")
    environment = LiveServer(data_dir).environment
    for words in (("setup", "--demo"), ("worker", "--once")):
        done = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError(f"crm {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-4000:]}")


def copy(built: Path, data_dir: Path) -> Path:
    """A copy of one's own of what was built. Nobody may have it open."""
    shutil.copytree(built, data_dir)
    return data_dir


def login(role: str) -> tuple[str, str]:
    """Mail address and password of a role's demonstration login."""
    return next((email, demo.PASSWORD) for email, _name, its in demo.LOGINS if its.value == role)


def signed_in(server: LiveServer, role: str) -> Caller:
    """A visitor who has signed in with a role; with the empty role nobody in particular."""
    caller = server.caller()
    if role:
        email, password = login(role)
        form = hidden_fields(caller.get("/sign-in").text, "/sign-in")
        answer = caller.post("/sign-in", {**form, "email": email, "password": password})
        assert answer.status == 303, f"signing in as {role} answered {answer.status}"
    return caller


@dataclass(frozen=True)
class Visited:
    """A page as the walk met it: who walked, where, which endpoint that is, where the link stood, and the answer's status."""

    role: str
    path: str
    endpoint: str
    found_on: str
    status: int
    is_page: bool


def walk(server: LiveServer, role: str, places: Map) -> Iterator[Visited]:
    """Everything a role can reach by links, a few instances of each endpoint, breadth first."""
    bound = places.bind(urlsplit(server.address).netloc)
    waiting = [(path, "") for path in STARTS[role] if _endpoint(bound.match, path)]
    met = {path for path, _from in waiting}
    counts: dict[str, int] = {}
    with signed_in(server, role) as caller:
        while waiting:
            path, found_on = waiting.pop(0)
            endpoint = _endpoint(bound.match, path)
            if counts.get(endpoint, 0) >= INSTANCES:
                continue
            counts[endpoint] = counts.get(endpoint, 0) + 1
            answer, path = _followed(caller, path)
            is_page = answer.headers.get("content-type", "").startswith("text/html")
            yield Visited(role, path, endpoint, found_on, answer.status, is_page)
            for link in links(answer.text, path) if is_page else ():
                if link not in met and _is_ours(link, role):
                    met.add(link)
                    waiting.append((link, path))


def links(page: str, path: str) -> list[str]:
    """Where a page's links lead within the site, without questions and marks, in order."""
    reader = _LinkReader()
    reader.feed(page)
    there = [urlsplit(urljoin(path, href)) for href in reader.found]
    return list(dict.fromkeys(one.path for one in there if not one.netloc and not one.scheme))


def _followed(caller: Caller, path: str) -> tuple[Answer, str]:
    answer = caller.get(path)
    for _ in range(3):
        if answer.status not in (301, 302, 303, 308):
            break
        path = answer.path
        answer = caller.get(path)
    return answer, path


def _is_ours(link: str, role: str) -> bool:
    """Whether the walk follows a link: files need no walk, and who is signed in keeps to their own rooms."""
    if link.startswith(("/static/", "/vendor/", "/sign-out")):
        return False
    return not role or link.startswith(HOMES[role])


def _endpoint(match: Callable[..., tuple[str, object]], path: str) -> str:
    try:
        return match(path, method="GET")[0]
    except HTTPException:
        return "" if re.fullmatch(r"/(join|office/|portal/)?", path) else f"nowhere: {path}"


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "a" and has.get("href") and "download" not in has:
            self.found.append(has["href"] or "")
