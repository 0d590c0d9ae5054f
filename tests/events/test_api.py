"""Events and registrations for programs: shapes, errors with their field, and a key that makes a call count once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from crm.access import tokens, users
from crm.access.permissions import Role
from crm.db import db
from crm.events import questions
from crm.events.events import Event
from crm.events.questions import QuestionKind
from crm.events.registrations import Registration
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.builders import a_registration, an_event
from tests.visiting import Visitor

Call = Callable[..., TestResponse]
SCOPES = ["events:read", "events:edit", "registrations:read", "registrations:edit"]
NEW = {
    "title": "公開講座", "slug": "open-lecture", "kind": "public_lecture", "published": True,
    "sessions": [{"starts_at": "2027-04-10T14:00:00+09:00", "capacity": 2}],
}  # fmt: skip
PERSON = {"name": "見本 花子", "email": "hanako@example.jp", "organisation": "株式会社見本"}


@pytest.fixture
def call(app: Flask, client: Visitor) -> Call:
    """``call("POST", "/events", {...}, key="…")`` with the token of a director."""
    return caller(client, SCOPES)


def caller(client: Visitor, scopes: list[str]) -> Call:
    with act(Kind.TOKEN_ISSUED):
        user = users.add_with_password(
            email="program@example.jp", name="見本", role=Role.DIRECTOR, password="a long enough passphrase 42"
        )
        db.session.flush()
        _token, text = tokens.issue(user, scopes)

    def call(method: str, path: str, body: Any = None, *, key: str = "", raw: bytes | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {text}", **({"Idempotency-Key": key} if key else {})}
        if raw is not None:
            return client.open(f"/api/v1{path}", method=method, data=raw, headers=headers)
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return call


def test_an_event_is_made_and_shown_in_its_shape(call: Call) -> None:
    made = call("POST", "/events", NEW)
    assert made.status_code == 201
    shown = call("GET", "/events/open-lecture").json
    assert shown == made.json
    assert {k: shown[k] for k in ("slug", "title", "kind", "state", "registration_open")} == {
        "slug": "open-lecture", "title": "公開講座", "kind": "public_lecture", "state": "published",
        "registration_open": True,
    }  # fmt: skip
    [session] = shown["sessions"]
    assert (session["starts_at"], session["capacity"]) == ("2027-04-10T14:00:00+09:00", 2)
    assert (session["confirmed"], session["offered"], session["waiting"]) == (0, 0, 0)
    assert call("GET", "/events").json == {"items": [shown], "next": None}


def test_registering_waiting_cancelling_and_more_room(call: Call) -> None:
    session = call("POST", "/events", NEW).json["sessions"][0]
    path = "/events/open-lecture/registrations"
    rows = [call("POST", path, {**PERSON, "email": f"guest{n}@example.jp"}).json for n in range(4)]
    assert [row["state"] for row in rows] == ["confirmed", "confirmed", "waiting", "waiting"]
    assert {k: rows[0][k] for k in ("name", "organisation", "session", "attended")} == {
        "name": "見本 花子", "organisation": "株式会社見本", "session": session["id"], "attended": None,
    }  # fmt: skip
    assert call("POST", f"/registrations/{rows[0]['id']}/cancel").json["state"] == "cancelled"
    assert call("POST", f"/registrations/{rows[0]['id']}/cancel").status_code == 409
    changed = call("PATCH", f"/events/open-lecture/sessions/{session['id']}", {"capacity": 3}).json
    assert (changed["confirmed"], changed["offered"], changed["waiting"]) == (2, 1, 0)
    listed = call("GET", path).json["items"]
    assert [row["state"] for row in listed] == ["cancelled", "confirmed", "offered", "confirmed"]
    first = call("GET", f"{path}?limit=3").json
    assert [row["id"] for row in call("GET", f"{path}?cursor={first['next']}").json["items"]] == [rows[3]["id"]]
    assert call("GET", f"{path}?state=offered").json["items"][0]["id"] == rows[2]["id"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"), ({"title": 5}, "title"), ({"kind": "party"}, "kind"), ({"slug": "A B"}, "slug"),
        ({"sessions": []}, "sessions"), ({"sessions": [5]}, "sessions.0"),
        ({"sessions": [{"capacity": 1}]}, "sessions.0.starts_at"),
        ({"sessions": [{"starts_at": "soon"}]}, "sessions.0.starts_at"),
        ({"sessions": [{"starts_at": "0001-01-01T00:00"}]}, "sessions.0.starts_at"),
        ({"sessions": [{"starts_at": "2027-04-10T14:00", "capacity": -1}]}, "sessions.0.capacity"),
        ({"sessions": [{"starts_at": "2027-04-10T14:00", "capacity": True}]}, "sessions.0.capacity"),
        ({"title": "a\u0000b"}, "title"), ({"audience": "nobody"}, "audience"),
    ],
)  # fmt: skip
def test_bad_data_is_422_and_names_its_field(call: Call, change: dict[str, Any], field: str) -> None:
    answer = call("POST", "/events", {**NEW, **change})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["field"] == field
    assert db.session.scalars(sa.select(Event)).all() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"), ({"email": "nobody"}, "email"), ({"email": None}, "email"), ({"session": 99}, "session"),
        ({"party_size": 0}, "party_size"), ({"party_size": 2}, "party_size"), ({"answers": []}, None),
        ({"name": ["x"]}, "name"),
    ],
)  # fmt: skip
def test_a_registration_s_bad_data_is_422(call: Call, change: dict[str, Any], field: str | None) -> None:
    call("POST", "/events", NEW)
    answer = call("POST", "/events/open-lecture/registrations", {**PERSON, **change})
    if field is None:
        assert answer.status_code == 201
        return
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
    assert db.session.scalars(sa.select(Registration)).all() == []


def test_required_questions_are_asked_of_programs_too(call: Call) -> None:
    event = an_event()
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        asked = questions.adding(event, QuestionKind.CHOICE, "昼食", options=["要", "不要"], is_required=True)
    path = f"/events/{event.slug}/registrations"
    assert call("POST", path, PERSON).status_code == 422
    assert call("POST", path, {**PERSON, "answers": {str(asked.id): "要"}}).status_code == 201


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"a": NaN}', b'"x"', b"\xff"])
def test_what_is_not_a_json_object_is_400(call: Call, raw: bytes) -> None:
    assert call("POST", "/events", raw=raw).status_code == 400


def test_the_same_key_counts_once_and_with_other_content_is_409(call: Call) -> None:
    call("POST", "/events", NEW)
    path = "/events/open-lecture/registrations"
    first, again = (call("POST", path, PERSON, key="abcdefgh12345") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert call("POST", path, {**PERSON, "name": "別人"}, key="abcdefgh12345").status_code == 409
    assert len(db.session.scalars(sa.select(Registration)).all()) == 1


def test_a_token_does_what_it_was_given_for(client: Visitor) -> None:
    event = an_event()
    seated = a_registration(event.sessions[0])
    call = caller(client, ["events:read"])
    assert call("GET", "/events").status_code == 200
    assert call("GET", f"/events/{event.slug}/registrations").status_code == 403
    assert call("POST", f"/registrations/{seated.id}/cancel").status_code == 403
    assert client.get("/api/v1/events").status_code == 401


def test_unknown_things_are_404(call: Call) -> None:
    event = an_event()
    assert call("GET", "/events/nothing").status_code == 404
    assert call("POST", "/registrations/99/cancel").status_code == 404
    assert call("PATCH", f"/events/{event.slug}/sessions/99", {"capacity": 1}).status_code == 404
    session = event.sessions[0].id
    assert call("PATCH", f"/events/{event.slug}/sessions/{session}", {}).status_code == 422
    assert call("PATCH", f"/events/{event.slug}/sessions/{session}", {"capacity": "x"}).status_code == 422
    assert call("PATCH", f"/events/{event.slug}/sessions/{session}", {"capacity": None}).json["capacity"] is None
