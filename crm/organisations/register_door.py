"""The corporate number register on the network (法人番号システム Web-API, version 4): the only module that talks to it.

It needs an application id of the National Tax Agency (``CRM_REGISTER_API_ID``). Without one, or without a network, everything
else works, and a file of the register can be read instead (`register_rows.rows_of_file`).
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from crm.config import settings
from crm.errors import Refused
from crm.exchange.sheets import Unreadable
from crm.organisations.register_rows import RegisterRow, rows_of_text
from crm.text import _

BASE = "https://api.houjin-bangou.nta.go.jp/4"
AT_ONCE = 10  # numbers in one question
UTF8_CSV = "02"
SECONDS = 15.0
MOST_BYTES = 8 * 1024 * 1024
LONGEST_NAME = 100


class RegisterNotSetUp(Refused):
    """The operator has given no application id."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The register's Web-API is not set up (CRM_REGISTER_API_ID). A file downloaded from the register can be read instead."
            )
        )


class RegisterSilent(Refused):
    """No usable answer came; nothing was changed."""

    def __init__(self, why: str) -> None:
        super().__init__(
            _(
                "The register did not answer (%(why)s). Nothing was changed; please try later, or read a downloaded file.",
                why=why,
            )
        )


def is_set_up() -> bool:
    """Whether there is an application id."""
    return bool(settings().register_api_id)


def look_up(numbers: Sequence[str]) -> list[RegisterRow]:
    """What the register says about at most `AT_ONCE` numbers; one it does not know is not among them.

    Raises `RegisterNotSetUp` or `RegisterSilent`. Never call it within an act: others would wait for the network.
    """
    if len(numbers) > AT_ONCE:
        raise ValueError(f"the register takes {AT_ONCE} numbers at once")
    return _ask("num", {"number": ",".join(numbers), "history": "0"})


def named(name: str) -> list[RegisterRow]:
    """The numbers whose present name holds a name. Raises `RegisterNotSetUp` or `RegisterSilent`."""
    return _ask("name", {"name": name[:LONGEST_NAME], "mode": "2", "target": "1", "change": "0", "close": "1"})


def _ask(what: str, question: dict[str, str]) -> list[RegisterRow]:
    chosen = settings()
    if not chosen.register_api_id:
        raise RegisterNotSetUp
    query = urlencode({"id": chosen.register_api_id, **question, "type": UTF8_CSV})
    request = Request(f"{(chosen.register_api_base or BASE).rstrip('/')}/{what}?{query}", headers={"User-Agent": "crm"})
    try:
        with urlopen(request, timeout=SECONDS) as answer:
            content = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        error.close()
        raise RegisterSilent(f"HTTP {error.code}") from None  # the address holds the id: it must not reach a log
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RegisterSilent(type(error).__name__) from None
    if len(content) > MOST_BYTES:
        raise RegisterSilent("too long")
    try:
        return list(rows_of_text(content.decode("utf-8-sig")))
    except (Unreadable, UnicodeError) as error:
        raise RegisterSilent(type(error).__name__) from error
