"""The office's pages about accounts, one's own settings, and who reaches what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from crm.access import users
from crm.access.permissions import GRANTS, Permission, Role
from crm.access.users import User, UserState
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.access.conftest import a_user, entering
from tests.visiting import Visitor

OPEN_TO = {
    "/office/me/": set(Role) - {Role.MEMBER},
    "/office/me/sessions": set(Role) - {Role.MEMBER},
    "/office/me/tokens": set(Role) - {Role.MEMBER},
    "/office/me/second-factor/": set(Role) - {Role.MEMBER},
    "/office/access/": {Role.DIRECTOR, Role.AUDITOR},
    "/office/access/roles": {Role.DIRECTOR, Role.AUDITOR},
    "/office/access/invite": {Role.DIRECTOR},
    "/office/settings/": {Role.DIRECTOR, Role.CLERK, Role.TREASURER, Role.AUDITOR},
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_the_table_says(role: Role, sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in(role.value)
    answers = {page: visitor.get(page).status_code for page in OPEN_TO}
    assert answers == {page: 200 if role in roles else 403 for page, roles in OPEN_TO.items()}


@pytest.mark.parametrize("role", [role for role in Role if Permission.ACCESS_MANAGE not in GRANTS[role]])
def test_accounts_are_managed_by_directors_alone(role: Role, sign_in: Callable[..., Visitor]) -> None:
    user, visitor = a_user(), sign_in(role.value)
    with visitor.session_transaction() as carried:
        carried["csrf_token"] = "0" * 40
    for doing in ("edit", "disable", "enable", "invite-again", "end-sessions", "remove-second-factors"):
        answer = visitor.post(f"/office/access/{user.id}/{doing}")
        assert answer.status_code in (400, 403), doing
    assert db.session.get_one(User, user.id).state is UserState.ACTIVE


def test_a_director_invites_changes_disables_and_enables(sign_in: Callable[..., Visitor]) -> None:
    director = sign_in("director")
    answer = director.fill_in(
        "/office/access/invite", form=1, email="New@Example.jp", name="新人 見本", role="treasurer"
    )
    assert answer.status_code == 303
    page = answer.location
    assert "新人 見本" in director.get("/office/access/?q=new@example").text
    assert director.fill_in(page, form="/edit", name="新人 花子", role="coordinator").status_code == 303
    user = db.session.scalars(sa.select(User).where(User.email_key == "new@example.jp")).one()
    assert (user.name, user.role, user.state) == ("新人 花子", Role.COORDINATOR, UserState.INVITED)
    assert director.fill_in(page, form="/invite-again").status_code == 303
    assert director.fill_in(page, form="/disable").status_code == 303
    assert director.fill_in(page, form="/enable").status_code == 303
    assert "新人 花子" in director.get(page).text


def test_an_address_is_one_users_while_the_user_is_not_disabled(sign_in: Callable[..., Visitor]) -> None:
    user, director = a_user(), sign_in("director")
    again = {"email": "ＳATO@example.jp", "name": "別の佐藤", "role": "clerk"}
    assert director.fill_in("/office/access/invite", form=1, **again).status_code == 422
    assert director.fill_in(f"/office/access/{user.id}", form="/disable").status_code == 303
    assert director.fill_in("/office/access/invite", form=1, **again).status_code == 303
    assert director.fill_in(f"/office/access/{user.id}", form="/enable").status_code == 409


def test_the_last_director_stays(app: object, sign_in: Callable[..., Visitor]) -> None:
    first, second = a_user("director", email="a@example.jp"), a_user("director", email="b@example.jp")
    with act(Kind.USER_DISABLED, about=first):
        first.disable()
    with pytest.raises(Refused), act(Kind.USER_DISABLED, about=second):
        second.disable()
    with pytest.raises(Refused), act(Kind.USER_CHANGED, about=second):
        second.change(name="x", role=Role.CLERK, locale="ja")
    visitor = sign_in(user=second)
    assert visitor.fill_in(f"/office/access/{second.id}", form="/disable").status_code == 409


def test_an_edit_of_what_another_just_saved_is_stopped(sign_in: Callable[..., Visitor]) -> None:
    user, director = a_user(), sign_in("director")
    shown = f"/office/access/{user.id}"
    director.fill_in(shown, form="/edit", name="先の名前")
    assert director.fill_in(shown, form="/edit", name="後の名前", version="1").status_code == 409


def test_one_changes_ones_own_name_and_language(client: Visitor) -> None:
    a_user()
    entering(client)
    assert client.fill_in("/office/me/", form=1, name="佐藤 改", locale="en").status_code == 303
    assert 'lang="en"' in client.get("/office/me/").text
    assert client.fill_in("/office/me/", form=1, name="").status_code == 422


def test_a_member_cannot_become_staff(app: object) -> None:
    user = a_user("member")
    with pytest.raises(Refused), act(Kind.USER_CHANGED, about=user):
        user.change(name="x", role=Role.DIRECTOR, locale="ja")


def test_the_navigation_shows_only_what_a_role_may_see(sign_in: Callable[..., Visitor]) -> None:
    assert "/office/settings/" in sign_in("clerk").get("/office/me/").text
    assert "/office/settings/" not in sign_in("city_officer").get("/office/me/").text


def test_actors_of_the_record_get_their_names(app: object) -> None:
    user = a_user()
    actors = ["public", "worker", "demo", "cli:1000", "token:1", f"user:{user.id}", "user:999"]
    assert list(map(users.actor_names(actors).get, actors)) == [
        "公開ページ", "自動処理", "デモデータの準備", "コマンド", "プログラム（トークン1）", "佐藤 見本", "user:999",
    ]  # fmt: skip
