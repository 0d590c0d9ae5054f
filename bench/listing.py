"""The lists of organisations and people at 10,000 and 100,000: first pages and searches, signed in, over HTTP."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from urllib.parse import quote

from flask.sessions import SecureCookieSessionInterface

from bench import crowded
from bench.figures import Figure
from bench.places import Place
from crm.access import sessions, users
from crm.access.permissions import Role
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from tests.callers import Caller

SIZES = (10_000, 100_000)
PEOPLE_EACH = 3
FIRST_PAGE, SEARCH = 25.0, 40.0
PASSWORD = "多摩川の花火と夕暮れ 42"
ORGANISATIONS, PEOPLE = "/office/organisations/", "/office/organisations/people"
SEARCHES = {
    ORGANISATIONS: {
        "kanji": ("川崎", "光洋", "高崎", "硝子", "川崎光洋精機"), "kana": ("みぞのくち", "ケイソク", "アオゾラ"),
        "half-width": ("ｶﾜｻｷﾐﾗｲ", "ﾃｸﾉ"), "part of a name": ("洋精", "田光学", "0004821", "株式会社", "業"),
    },
    PEOPLE: {
        "kanji": ("佐藤", "山崎 翔", "長谷川"), "kana": ("ナカジマ", "はせがわりん"), "half-width": ("ｻﾄｳ", "ﾖｼﾀﾞ ﾘﾝ"),
        "part of a name": ("々木", "p123456", "example77.jp", "子"),
    },
}  # fmt: skip
HOW = (
    "median of the answers to one signed-in visitor on a kept connection, page complete; the searches of a kind in turn, among them "
    "such as fit almost everything"
)


def lists(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Milliseconds for the first page and for searches of every kind at each size, with three people to an organisation."""
    cookies = signed_in(place)
    filled = 0
    for size in SIZES[:1] if quick else SIZES:
        crowded.fill(place, filled, size, PEOPLE_EACH)
        filled = size
        with place.server() as server, server.caller(cookies=cookies) as caller:
            for path, what in ((ORGANISATIONS, f"{size:,} organisations"), (PEOPLE, f"{size * PEOPLE_EACH:,} people")):
                yield _figure(place, f"{what}, first page", _median(caller, [path], 20 if quick else 60), FIRST_PAGE)
                for kind, words in SEARCHES[path].items():
                    addresses = [f"{path}?q={quote(one)}" for one in words]
                    found = _median(caller, addresses, (2 if quick else 12) * len(words))
                    yield _figure(place, f"{what}, search by {kind}", found, SEARCH)


def _figure(place: Place, name: str, value: float, aim: float) -> Figure:
    return Figure(name, place.engine, value, "ms", aim, less_is_better=True, how=HOW)


def _median(caller: Caller, paths: list[str], times: int) -> float:
    taken = []
    for number, path in zip(range(-4, times), itertools.cycle(paths), strict=False):
        began = time.perf_counter()
        answer = caller.get(path)
        if answer.status != 200 or "</html>" not in answer.text:
            raise RuntimeError(f"{path} was answered with {answer.status}")
        if number >= 0:
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def signed_in(place: Place) -> dict[str, str]:
    """The cookie of a clerk who has signed in."""
    with place.app() as app:
        with act(Kind.USER_INVITED):
            clerk = users.add_with_password(
                email="clerk@example.test", name="見本 事務", role=Role.CLERK, password=PASSWORD
            )
        with housekeeping():
            token = sessions.start(clerk, sessions.Strength.SECOND_FACTOR)
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        return {app.config["SESSION_COOKIE_NAME"]: str(signer.dumps({"_user_id": token}))}
