"""API tokens, signed links, and the commands that make users and tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Blueprint, Flask, jsonify

from crm.access import gates, links, tokens
from crm.access.gates import requires
from crm.access.permissions import Permission
from crm.access.tokens import ApiToken
from crm.cli import main
from crm.config import Settings
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act, acting
from crm.web import safety
from tests.access.conftest import a_user
from tests.visiting import Visitor


@pytest.fixture
def shares_application() -> bool:
    """These tests put addresses of their own into the application."""
    return False


@pytest.fixture
def api(app: Flask) -> Visitor:
    """A client of an application with one door behind the API's gate."""
    area = Blueprint("trial", __name__, url_prefix="/api/trial")
    area.before_request(gates.tokens_only)

    @area.route("/", methods=["GET", "POST"])
    @requires(Permission.MEMBERS_READ)
    def show() -> object:
        return jsonify(actor=str(acting()))

    safety.csrf.exempt(area)
    app._got_first_request = False
    app.register_blueprint(area)
    return app.test_client()  # type: ignore[return-value]


def _token(role: str, *scopes: str) -> str:
    user = a_user(role)
    with act(Kind.TOKEN_ISSUED, about=user):
        _row, text = tokens.issue(user, scopes, name="試験")
    return text


def _ask(api: Visitor, token: str) -> tuple[int, str]:
    answer = api.get("/api/trial/", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.content_type


def test_a_token_opens_what_its_scopes_say(api: Visitor) -> None:
    token = _token("clerk", "members:read")
    answer = api.get("/api/trial/", headers={"Authorization": f"Bearer {token}"})
    row = db.session.scalars(sa.select(ApiToken)).one()
    assert (answer.status_code, answer.get_json()) == (200, {"actor": f"token:{row.id}"})
    assert tokens.of(row.user)[0].last_used_at is not None
    assert token not in row.token_hash


def test_a_program_needs_no_form_token_and_a_signed_in_browser_is_no_program(
    api: Visitor, sign_in: Callable[..., Visitor]
) -> None:
    token = _token("clerk", "members:read")
    assert api.post("/api/trial/", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert sign_in("director").get("/api/trial/").status_code == 401


def test_a_token_without_the_scope_gets_403(api: Visitor) -> None:
    assert _ask(api, _token("clerk", "events:read")) == (403, "application/problem+json")


def test_without_a_good_token_the_answer_is_401(api: Visitor) -> None:
    assert _ask(api, "crm_forged") == (401, "application/problem+json")
    answer = api.get("/api/trial/")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_revoked_token_and_one_of_a_disabled_user_are_dead(api: Visitor) -> None:
    token = _token("clerk", "members:read")
    row = db.session.scalars(sa.select(ApiToken)).one()
    with act(Kind.TOKEN_REVOKED, about=row.user):
        row.revoke()
    assert _ask(api, token)[0] == 401


def test_a_token_is_never_stronger_than_its_user(app: Flask) -> None:
    with pytest.raises(Refused) as refused:
        _token("city_officer", "members:read")
    assert refused.value.field == "scopes"


def test_a_token_is_shown_once_and_revoked_on_ones_own_page(sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in("clerk")
    shown = visitor.fill_in("/office/me/tokens", form=1, name="会計ソフト", scopes=["invoices:read"])
    found = re.search(r'class="secret">(crm_[^<]+)<', shown.text)
    assert found is not None
    assert found[1] not in visitor.get("/office/me/tokens").text
    assert visitor.fill_in("/office/me/tokens", form="/revoke").status_code == 303
    assert tokens.find(found[1]) is None
    assert visitor.fill_in("/office/me/tokens", form=1, name="x", scopes=["access:manage"]).status_code == 422


def test_a_signed_link_opens_only_its_purpose_and_only_for_a_while(
    app: Flask, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-11 12:00")
    token = links.sign("ticket", {"registration": 7})
    assert links.read("ticket", token, 60) == {"registration": 7}
    for position in range(len(token)):
        with pytest.raises(Refused):
            links.read("ticket", token[:position] + chr(ord(token[position]) ^ 1) + token[position + 1 :])
    with pytest.raises(Refused):
        links.read("download", token)
    clock_at("2026-05-11 12:02")
    with pytest.raises(Refused):
        links.read("ticket", token, 60)
    assert links.read("ticket", token) == {"registration": 7}


class TestCommands:
    @pytest.fixture
    def run(
        self, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> Callable[..., tuple[int, dict[str, object]]]:
        monkeypatch.setattr("crm.app.create_app", lambda: app)

        def run(*words: str, stdin: str = "") -> tuple[int, dict[str, object]]:
            db.session.rollback()
            done = CliRunner().invoke(main, [*words, "--json"], input=stdin)
            assert done.stdout, done.exception
            return done.exit_code, json.loads(done.stdout)

        return run

    def test_a_user_is_added_with_a_password_or_invited(
        self, run: Callable[..., tuple[int, dict[str, object]]]
    ) -> None:
        code, answer = run(
            "user",
            "add",
            "riji@example.jp",
            "--name",
            "理事",
            "--role",
            "director",
            "--password-stdin",
            stdin="夕焼けの多摩川を渡る青い電車\n",
        )
        assert code == 0
        assert isinstance(answer["user"], int)
        assert run("user", "add", "a@example.jp", "--name", "職員", "--role", "clerk")[0] == 0
        code, answer = run("user", "add", "RIJI@example.jp", "--name", "理事", "--role", "director")
        assert (code, answer["field"]) == (4, "email")
        code, answer = run(
            "user", "add", "b@example.jp", "--name", "x", "--role", "clerk", "--password-stdin", stdin="password1234\n"
        )
        assert (code, answer["field"]) == (4, "password")
        assert run("user", "add", "no address", "--name", "x", "--role", "clerk")[0] == 4

    def test_a_token_is_printed_once(self, run: Callable[..., tuple[int, dict[str, object]]]) -> None:
        a_user("director", email="riji@example.jp")
        code, answer = run(
            "token", "add", "riji@example.jp", "--scope", "events:read", "events:edit", "--scope", "kpi:read"
        )
        assert code == 0
        found = tokens.find(str(answer["token"]))
        assert found is not None
        assert found.scopes == ["events:edit", "events:read", "kpi:read"]
        assert run("token", "add", "riji@example.jp", "--scope", "no:such")[0] == 4
        assert run("token", "add", "nobody@example.jp", "--scope", "kpi:read")[0] == 4
