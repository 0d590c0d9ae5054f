"""``GET /api/v1/organisations``: pages by cursor, and clear errors."""

from __future__ import annotations

import pytest
from flask import Flask

from crm.access import tokens, users
from crm.access.permissions import Permission, Role
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.builders import an_organisation
from tests.visiting import Visitor


@pytest.fixture
def bearer(app: Flask) -> dict[str, str]:
    """The header of a token that may read organisations."""
    with act(Kind.USER_INVITED):
        user = users.add_with_password(
            email="p@example.jp", name="見本", role=Role.CLERK, password="Zx9-tanuki-ga-oyogu"
        )
    with act(Kind.TOKEN_ISSUED):
        _row, token = tokens.issue(user, [Permission.ORGANISATIONS_READ])
    return {"Authorization": f"Bearer {token}"}


def test_the_list_is_read_page_by_page(app: Flask, client: Visitor, bearer: dict[str, str]) -> None:
    made = [an_organisation(f"株式会社見本{n}", kana="ミホン").name for n in range(5)]
    seen: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        answer = client.get("/api/v1/organisations", query_string={"limit": 2, "cursor": cursor}, headers=bearer).json
        assert answer is not None
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next"]
    assert seen == made
    found = client.get("/api/v1/organisations?q=ﾐﾎﾝ&kind=company", headers=bearer).json
    assert found is not None
    assert len(found["items"]) == 5


@pytest.mark.parametrize("wrong", ["limit=0", "limit=x", "cursor=-1", "kind=club", "limit=99999999999999999999999"])
def test_a_question_that_makes_no_sense_is_422_with_its_field(
    app: Flask, client: Visitor, bearer: dict[str, str], wrong: str
) -> None:
    answer = client.get(f"/api/v1/organisations?{wrong}", headers=bearer)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == wrong.partition("=")[0]


def test_without_a_token_nothing_is_said(client: Visitor) -> None:
    assert client.get("/api/v1/organisations").status_code == 401
