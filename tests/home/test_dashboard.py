"""The first screen: a new office is told its first steps, a working one what waits."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from crm.history.kinds import Kind
from crm.history.recording import act
from crm.home import beginning
from crm.settings.settings import change
from tests import builders
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]


def test_a_new_office_is_told_its_first_steps_and_what_is_done(app: Flask, sign_in: SignIn) -> None:
    clerk = sign_in("clerk")
    shown = clerk.get("/office/").text
    assert "はじめての準備" in shown
    assert 'href="/office/billing/accounts/new"' in shown
    with act(Kind.SETTING_CHANGED):
        change("issuer.phone", "044-000-0000")
    builders.an_organisation()
    assert [step.is_done for step in beginning.steps()] == [True, False, True, False, False]
    assert 'href="/office/imports/"' not in clerk.get("/office/").text.split("今日の対応")[0].split("はじめての準備")[1]


def test_whoever_may_do_none_of_the_steps_is_not_shown_them(app: Flask, sign_in: SignIn) -> None:
    assert "はじめての準備" not in sign_in("auditor").get("/office/").text


def test_an_office_that_has_billed_is_past_its_beginning(app: Flask, sign_in: SignIn) -> None:
    builders.an_issued_invoice()
    assert beginning.steps() == []
    assert "はじめての準備" not in sign_in("clerk").get("/office/").text


def test_an_empty_office_is_shown_words_instead_of_empty_figures(app: Flask, sign_in: SignIn) -> None:
    shown = sign_in("clerk").get("/office/").text
    assert "まだ請求していません" in shown
    assert "目標値は未登録です" in shown
    assert "まだ数値がありません" in shown
