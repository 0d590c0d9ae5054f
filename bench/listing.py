"""The list of organisations at 10,000 and 100,000: its first page and a search, signed in, over HTTP."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from urllib.parse import quote

import sqlalchemy as sa
from flask.sessions import SecureCookieSessionInterface

from bench.figures import Figure
from bench.places import Place
from crm.access import sessions, users
from crm.access.permissions import Role
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act, housekeeping
from crm.organisations import naming
from crm.organisations.organisations import Organisation, OrganisationKind
from tests.callers import Caller

SIZES = {10_000: 25.0, 100_000: 40.0}
PASSWORD = "多摩川の花火と夕暮れ 42"
PATH = "/office/organisations/"
SEARCHES = ("計測4821", "ソクテイ77", "9012")
INDUSTRIES = ("医療機器", "情報通信", "機械製造", "介護サービス", "建設", "食品")
HOW = "median of the answers to one signed-in visitor on a kept connection, page complete; searches are by name, reading and number"


def lists(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Milliseconds for the first page and for a search at each size."""
    cookies = _signed_in(place)
    filled = 0
    for size, aim in SIZES.items():
        if quick and size > 10_000:
            break
        _fill(place, filled, size)
        filled = size
        times = 20 if quick else 60
        with place.server() as server, server.caller(cookies=cookies) as caller:
            first = _median(caller, [PATH], times)
            found = _median(caller, [f"{PATH}?q={quote(words)}" for words in SEARCHES], times)
        yield Figure(
            f"organisations, first page of {size:,}", place.engine, first, "ms", aim, less_is_better=True, how=HOW
        )
        yield Figure(f"organisations, search in {size:,}", place.engine, found, "ms", aim, less_is_better=True, how=HOW)


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


def _signed_in(place: Place) -> dict[str, str]:
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


def _fill(place: Place, begin: int, end: int) -> None:
    """Organisations number ``begin`` to ``end``, written in bulk past the record: only the reading of them is measured."""
    with place.app(), db.engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        for start in range(begin, end, 5000):
            connection.execute(
                sa.insert(Organisation), [_row(number) for number in range(start, min(start + 5000, end))]
            )
        connection.exec_driver_sql("ANALYZE")


def _row(number: int) -> dict[str, object]:
    name, kana = f"株式会社計測{number}", f"ソクテイ{number:06d}"
    corporate_number = f"{number:013d}"
    return {
        "name": name, "kana": kana, "kind": list(OrganisationKind)[number % 8], "kind_known": True,
        "industry": INDUSTRIES[number % len(INDUSTRIES)], "corporate_number": corporate_number, "number_state": None,
        "postal_code": "210-0821", "address": f"神奈川県川崎市川崎区殿町{number}", "phone": "", "representative": "", "remark": "",
        "source": "", "is_example": False, "version": 1, "duplicate_key": naming.duplicate_key(name),
        "search_key": f"{naming.search_key(name)} {naming.search_key(kana)} {corporate_number}",
    }  # fmt: skip
