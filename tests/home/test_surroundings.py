"""What stands around every page: the language switch, the demonstration's banner, the consortium's name, the public home."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from crm.access import users
from crm.access.permissions import Role
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.settings import settings
from tests import builders
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]


@pytest.mark.parametrize("page", ["/", "/privacy", "/events/", "/join", "/sign-in", "/forgot"])
def test_the_language_is_chosen_on_every_public_page_and_kept(app: Flask, client: Visitor, page: str) -> None:
    assert '<html lang="ja"' in client.get(page).text
    chosen = client.get(f"{page}?lang=en")
    assert (chosen.status_code, chosen.headers["Location"]) == (303, page)
    assert '<html lang="en"' in client.get(page).text
    assert '<html lang="en"' in client.get("/").text
    assert '<html lang="ja"' in client.get(f"{page}?lang=ja", follow_redirects=True).text


def test_switching_the_language_keeps_what_was_asked_for(app: Flask, client: Visitor) -> None:
    shown = client.get("/events/?when=past&q=見本").text
    assert "/events/?when=past&amp;q=%E8%A6%8B%E6%9C%AC&amp;lang=en" in shown
    answer = client.get("/events/?when=past&lang=en&q=a")
    assert answer.headers["Location"] == "/events/?when=past&q=a"


def test_a_language_we_do_not_speak_changes_nothing(app: Flask, client: Visitor) -> None:
    answer = client.get("/?lang=fr", follow_redirects=True)
    assert '<html lang="ja"' in answer.text


def test_the_switch_leads_nowhere_else(app: Flask, client: Visitor) -> None:
    for path in ("/%2F/evil.example/?lang=en", "/%2F%2Fevil.example/?lang=en", "/nowhere?lang=en"):
        answer = client.get(path)
        assert answer.status_code in (301, 308, 404), path
        assert "evil" not in answer.headers.get("Location", "").split("/")[2:3], path


def test_after_an_error_the_switch_shows_the_form_again(app: Flask, client: Visitor) -> None:
    builders.an_event(slug="mihon-lang")
    wrong = client.fill_in("/events/mihon-lang/register", form=0, name="", email="")
    assert wrong.status_code == 422
    assert 'href="/events/mihon-lang/register?lang=en"' in wrong.text
    assert client.get("/events/mihon-lang/register?lang=en", follow_redirects=True).status_code == 200


def test_the_office_speaks_as_the_persons_settings_say(app: Flask, client: Visitor, sign_in: SignIn) -> None:
    with act(Kind.USER_ADDED):
        user = users.add_with_password(
            email="english@example.jp",
            name="Mihon",
            role=Role.CLERK,
            password="夕焼けの多摩川を渡る青い電車",
            locale="en",
        )
    visitor = sign_in(user=user)
    assert '<html lang="en"' in visitor.get("/office/me/").text
    visitor.get("/?lang=ja")
    assert '<html lang="en"' in visitor.get("/office/me/").text
    assert '<html lang="ja"' in visitor.get("/").text
    assert visitor.get("/office/me/?lang=ja").status_code == 200


def test_the_banner_is_there_while_demonstration_logins_exist(app: Flask, client: Visitor, sign_in: SignIn) -> None:
    assert "demo-banner" not in client.get("/").text
    with act(Kind.USER_ADDED) as deed:
        deed.about = user = users.add_with_password(
            email="d@example.jp", name="見本", role=Role.CLERK, password="夕焼けの多摩川を渡る青い電車", is_demo=True
        )
    for page in ("/", "/sign-in"):
        assert "demo-banner" in client.get(page).text
    assert "demo-banner" in sign_in("clerk").get("/office/me/").text
    with act(Kind.USER_DISABLED, about=user):
        user.disable()
    assert "demo-banner" not in client.get("/").text


def test_the_public_pages_bear_the_offices_words(app: Flask, client: Visitor) -> None:
    with act(Kind.SETTING_CHANGED):
        settings.change("issuer.name", "見本コンソーシアム")
        settings.change("issuer.name_en", "Mihon Consortium")
        settings.change("issuer.phone", "044-000-0000")
        settings.change("texts.privacy", "一行目\n<b>二行目</b>")
    home = client.get("/").text
    assert "見本コンソーシアム" in home
    assert "044-000-0000" in home
    assert 'href="/privacy"' in home
    assert "Mihon Consortium" in client.get("/?lang=en", follow_redirects=True).text
    notice = client.get("/privacy").text
    assert "<p>一行目</p>" in notice
    assert "&lt;b&gt;二行目" in notice


def test_the_public_home_names_the_next_events_and_leads_on(app: Flask, client: Visitor) -> None:
    builders.an_event(slug="mihon-next", title="次の見本セミナー")
    builders.an_event(slug="mihon-draft", title="下書き", published=False)
    home = client.get("/").text
    assert "次の見本セミナー" in home
    assert "下書き" not in home
    for address in ("/events/mihon-next", "/join", "/sign-in", "/events/"):
        assert f'href="{address}"' in home
