"""Links that are mailed: an invitation, a new password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from crm.access import accounts, mailed_links
from crm.access.mailed_links import MailedLink, Purpose
from crm.access.permissions import Role
from crm.access.users import UserState
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from tests.access.conftest import PASSWORD, a_user, entering, with_code_app
from tests.visiting import Visitor

NEW = "山の上の小さな本屋で会う"


def _path_in(template: str) -> str:
    letter = db.session.scalars(sa.select(Letter).where(Letter.template == template).order_by(Letter.id.desc())).first()
    assert letter is not None
    found = re.search(r"https?://[^/\s]+(/\S+)", letter.body)
    assert found is not None
    return found[1]


def _invited(email: str = "suzuki@example.jp", locale: str = "ja") -> str:
    with act(Kind.USER_INVITED) as deed:
        deed.about = accounts.invite(email=email, name="鈴木 見本", role=Role.CLERK, locale=locale)
    return _path_in("access/invitation")


def test_an_invited_person_chooses_a_password_once(client: Visitor) -> None:
    path = _invited()
    assert client.fill_in(path, password="短い").status_code == 422
    assert client.fill_in(path, password=PASSWORD).status_code == 303
    assert client.get(path).status_code == 410
    assert entering(client, email="Suzuki@Example.jp").status_code == 303


def test_an_invitation_ends_after_seven_days(client: Visitor, noon: Callable[[str], datetime]) -> None:
    path = _invited()
    noon("2026-05-18 11:59")
    assert client.get(path).status_code == 200
    noon("2026-05-18 12:00")
    assert client.get(path).status_code == 410


def test_another_invitation_ends_the_first(client: Visitor) -> None:
    first = _invited()
    user = db.session.scalars(sa.select(MailedLink)).one().user
    with act(Kind.USER_INVITED, about=user):
        accounts.invite_again(user)
    assert client.get(first).status_code == 410
    assert client.get(_path_in("access/invitation")).status_code == 200


def test_letters_are_written_in_the_persons_language(app: object) -> None:
    _invited(locale="en")
    letter = db.session.scalars(sa.select(Letter)).one()
    assert letter.subject == "[Caresaki CRM] Your account"
    assert letter.body.startswith("Dear 鈴木 見本,")


def test_only_a_digest_of_a_mailed_link_is_kept(app: object) -> None:
    token = _invited().rsplit("/", 1)[1]
    assert token not in db.session.scalars(sa.select(MailedLink)).one().token_hash


def test_the_answer_about_a_forgotten_password_does_not_tell_whether_there_is_an_account(client: Visitor) -> None:
    a_user()
    known = client.fill_in("/forgot", email="sato@example.jp")
    unknown = client.fill_in("/forgot", email="nobody@example.jp")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 1


def test_a_new_password_ends_all_sessions_and_does_not_pass_by_the_second_factor(
    client: Visitor, another: Callable[[], Visitor]
) -> None:
    user = a_user()
    old = another()
    entering(old)
    with_code_app(user)
    client.fill_in("/forgot", email="SATO@example.jp")
    path = _path_in("access/password_reset")
    assert client.fill_in(path, password=NEW).location == "/sign-in"
    assert client.get(path).status_code == 410
    assert old.get("/office/me/").status_code == 303
    assert client.get("/office/me/").location.startswith("/sign-in?")
    assert entering(client).status_code == 422
    assert entering(client, password=NEW).location.startswith("/sign-in/second-factor")
    assert client.get("/office/me/").status_code == 303


def test_a_link_for_a_new_password_stands_half_an_hour(client: Visitor, noon: Callable[[str], datetime]) -> None:
    a_user()
    client.fill_in("/forgot", email="sato@example.jp")
    noon("2026-05-11 12:30")
    assert client.get(_path_in("access/password_reset")).status_code == 410


def test_a_link_opens_only_what_it_was_made_for(client: Visitor) -> None:
    a_user()
    client.fill_in("/forgot", email="sato@example.jp")
    token = _path_in("access/password_reset").rsplit("/", 1)[1]
    assert client.get(f"/invitation/{token}").status_code == 410
    with pytest.raises(Refused), act(Kind.PASSWORD_SET):
        mailed_links.take(token, Purpose.INVITATION)


def test_a_disabled_user_gets_no_letter_and_a_link_from_before_is_dead(client: Visitor) -> None:
    user, director = a_user(), a_user("director", email="riji@example.jp")
    client.fill_in("/forgot", email="sato@example.jp")
    path = _path_in("access/password_reset")
    with act(Kind.USER_DISABLED, about=user):
        accounts.disable(user, by=director)
    assert client.get(path).status_code == 410
    client.fill_in("/forgot", email="sato@example.jp")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 1
    assert user.state is UserState.DISABLED


def test_letters_cannot_be_asked_for_without_end(client: Visitor, noon: Callable[[str], datetime]) -> None:
    a_user()
    assert [client.fill_in("/forgot", email="sato@example.jp").status_code for _ in range(6)] == [200] * 5 + [429]
