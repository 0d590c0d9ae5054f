"""The office's pages about the accounts members transfer to."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm.billing import bank_accounts
from crm.billing.bank_accounts import BankAccount
from crm.db import db
from crm.history.kinds import Kind
from crm.history.records import Act
from tests import builders

ACCOUNTS = "/office/billing/accounts/"
GOOD = {
    "bank": "川崎見本銀行",
    "branch": "殿町支店",
    "type": "ordinary",
    "number": "１２３４５",
    "holder_kana": "カワサキケアデザイン",
}


def test_an_account_is_added_and_the_first_is_printed(sign_in: Any) -> None:
    clerk = sign_in("clerk")
    assert f"{ACCOUNTS}new" in clerk.get(ACCOUNTS).text
    assert clerk.fill_in(f"{ACCOUNTS}new", form="new", **GOOD).location == ACCOUNTS
    account = db.session.scalars(sa.select(BankAccount)).one()
    assert (account.number, account.holder_kana, account.is_printed) == ("0012345", "ｶﾜｻｷｹｱﾃﾞｻﾞｲﾝ", True)
    act = db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()
    assert (act.kind, act.about_id) == (Kind.BANK_ACCOUNT_ADDED, account.id)
    assert "0012345" in clerk.get(f"{ACCOUNTS}{account.id}").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"bank": ""}, {"branch": " "}, {"type": "gold"}, {"number": "12345678"}, {"number": "1234-5"}, {"number": ""},
        {"holder_kana": "川崎"}, {"holder_kana": ""}, {"number": "0000007"},
    ],
)  # fmt: skip
def test_a_wrong_account_is_answered_422_and_writes_nothing(sign_in: Any, wrong: dict[str, str]) -> None:
    builders.a_bank_account(number="7")
    answer = sign_in("treasurer").fill_in(f"{ACCOUNTS}new", form="new", **{**GOOD, **wrong})
    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-error"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(BankAccount.id))) == 1


def test_another_account_is_chosen_to_be_printed(sign_in: Any) -> None:
    builders.a_bank_account()
    other = builders.a_bank_account(number="7654321", bank="見本信用金庫")
    clerk, page = sign_in("clerk"), f"{ACCOUNTS}{other.id}"
    assert "data-confirm" in clerk.get(page).text
    assert clerk.fill_in(page, form="print").location == page
    printed = bank_accounts.printed()
    assert printed is not None
    assert printed.id == other.id
    act = db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()
    assert (act.kind, act.about_id) == (Kind.BANK_ACCOUNT_CHANGED, other.id)
    assert "data-confirm=" not in clerk.get(page).text.split("<main", 1)[1]


@pytest.mark.parametrize(("words", "found"), [("１２３", 1), ("信用", 1), ("かわさき", 2), ("殿町", 2), ("どこか", 0)])
def test_accounts_are_found_in_any_width(sign_in: Any, words: str, found: int) -> None:
    builders.a_bank_account()
    builders.a_bank_account(number="7654321", bank="見本信用金庫")
    answer = sign_in("auditor").get(ACCOUNTS, query_string={"q": words, "format": "json"})
    assert len(json.loads(answer.text)) == found


def test_who_may_only_read_changes_nothing(sign_in: Any) -> None:
    account = builders.a_bank_account()
    auditor, coordinator = sign_in("auditor"), sign_in("coordinator")
    page = auditor.get(f"{ACCOUNTS}{account.id}")
    assert auditor.get(ACCOUNTS).status_code == page.status_code == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    for path in ("new", f"{account.id}/print"):
        assert auditor.post(ACCOUNTS + path, data={"csrf_token": token[1]}).status_code == 403
    assert auditor.get(f"{ACCOUNTS}new").status_code == 403
    assert coordinator.get(ACCOUNTS).status_code == 403
    assert auditor.get(f"{ACCOUNTS}999").status_code == 404
