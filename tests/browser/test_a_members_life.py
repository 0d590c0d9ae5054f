"""A member's whole life in a real browser, 2026 to 2030: applies, pays, hands over, changes class, leaves, comes back, every letter read.

Applicant and members look at a telephone's width, the office at a desk's. The application runs in this process, so that its
clock can be stopped and moved on; what the worker does is done between the steps; a mail server takes every letter.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import verifying
from crm.access import users
from crm.access.permissions import Role
from crm.config import Settings
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter, LetterState
from tests import databases
from tests.browser.stage import CLERK, Stage, staged
from tests.browser.tab import Tab
from tests.builders import a_bank_account, an_event, the_tiers
from tests.conftest import PASSWORD, SECRET
from tests.journeys.reading import letters_to, path_in
from tests.live_server import HOST, free_port

NAME, NUMBER = "株式会社髙﨑見本", "M-0001"
HANAKO, JIRO, SAKURA = "hanako@example.test", "jiro@example.test", "sakura@example.test"
PEOPLE = {HANAKO: "見本 花子", JIRO: "見本 次郎", SAKURA: "見本 桜"}
REMARK = "パートの方を除いた人数をお知らせください。"
EVENT = "訪問看護ステーション見学会"
APPLICATION: dict[str, str | bool] = {
    "name": NAME, "kana": "タカサキミホン", "kind": "company", "corporate_number": "6012345678901", "industry": "医療機器",
    "employees": "１０１", "employees_on": "2026-04-01", "member_class": "corporate", "postal_code": "210-0821",
    "address": "神奈川県川崎市川崎区殿町3-25-14", "phone": "044-000-0000", "representative": "見本 太郎",
    "contact_name": PEOPLE[HANAKO], "contact_department": "開発部", "contact_email": HANAKO, "agrees_rules": True,
    "agrees_privacy": True,
}  # fmt: skip
CERTIFICATE = "CERT-2026-0001"
MOVEMENTS = ["期首", "入会", "再入会", "区分変更 ＋", "区分変更 －", "会費区分 ＋", "会費区分 －", "退会", "期末"]
SIGNS = (1, 1, 1, 1, -1, 1, -1, -1)
UNFILLED = re.compile(r"\{\{|\}\}|\{%|%\(|None|Undefined|^　\S+　*$|：$", re.MULTILINE)
KANA = re.compile("[\u3041-\u30ff]")
LETTERS = [
    (HANAKO, "【ご確認のお願い】入会申込のメールアドレス", (NAME, "「メールアドレスを確認する」")),
    (HANAKO, "【受付】入会申込を受け付けました APP-2026-0001", (NAME, "受付番号　APP-2026-0001")),
    (HANAKO, "【ご確認のお願い】入会申込の内容について APP-2026-0001", (NAME, f"・社員数：{REMARK}")),
    (HANAKO, "【受付】入会申込を受け付けました APP-2026-0001", (NAME, "受付番号　APP-2026-0001")),
    (HANAKO, "【ケアさき CRM】アカウントへのご招待", ("パスワードを設定",)),
    (HANAKO, "【年会費のご請求】令和8年度 INV-2026-0001", (NAME, "ご請求金額　120,000円", "請求書（PDF）を添付")),
    (HANAKO, f"【入会承認】ご入会ありがとうございます {NUMBER}", (NAME, "令和8年6月5日", "証明書（PDF）を添付")),
    (HANAKO, f"【お申し込み確定】{EVENT}", (EVENT, "人数: 1名")),
    (JIRO, f"【お申し込み確定】{EVENT}", (EVENT, "人数: 1名")),
    (SAKURA, f"【会員証明書の再発行】{CERTIFICATE}", (NAME, "「再発行」の表示")),
    (SAKURA, f"【お申し込み確定】{EVENT}", (EVENT, "人数: 1名")),
    (SAKURA, "【ケアさき CRM】アカウントへのご招待", ("パスワードを設定",)),
    (SAKURA, "【ケアさき CRM】ログイン用リンク", ("一度だけ使えます",)),
    (SAKURA, f"【退会のお手続き】{NUMBER}", (NAME, NUMBER, "令和10年3月31日")),
    (SAKURA, "【ご確認のお願い】入会申込のメールアドレス", (NAME, "「メールアドレスを確認する」")),
    (SAKURA, "【受付】入会申込を受け付けました APP-2030-0001", (NAME, "受付番号　APP-2030-0001")),
    (SAKURA, "【年会費のご請求】令和12年度 INV-2030-0001", (NAME, "ご請求金額　360,000円", "請求書（PDF）を添付")),
    (SAKURA, f"【入会承認】ご入会ありがとうございます {NUMBER}", (NAME, "令和12年4月9日", "証明書（PDF）を添付")),
]
"""Every letter of the life, in order: to whom, its subject, what it must say."""


# --- the stage


@pytest.fixture
def database_url(engine_databases: Callable[[str], databases.Databases], data_dir: Path) -> Iterator[str]:
    """SQLite alone: what a browser shows does not depend on the database."""
    with engine_databases("sqlite").fresh(data_dir) as url:
        yield url


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """The server's own address in the letters' links, and a mail server."""
    return Settings(
        database_url=database_url, data_dir=data_dir, secret_key=SECRET, public_rate=0, fast_passwords=True,
        base_url=f"http://{HOST}:{free_port()}", smtp_url=f"smtp://{HOST}:{free_port()}",
    )  # fmt: skip


@pytest.fixture
def life(app: Flask, settings: Settings, browser: Any, clock_at: Callable[[str], datetime]) -> Iterator[Stage]:
    """Everything running on a June morning of 2026; the clerk has an account, the consortium fees and a bank account."""
    clock_at("2026-06-01 09:00")
    the_tiers()
    a_bank_account()
    with act(Kind.USER_INVITED):
        users.add_with_password(email=CLERK, name="見本 事務", role=Role.CLERK, password=PASSWORD)
    with staged(app, settings, browser, clock_at) as stage:
        yield stage


# --- the life


def test_a_member_applies_pays_hands_over_changes_class_leaves_and_comes_back(
    life: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    applies(life)
    is_returned_and_corrects(life)
    is_accepted(life)
    enters_by_the_invitation(life)
    pays(life)
    shows_the_certificate(life)
    registers_a_colleague(life)
    hands_over(life)
    is_shut_out(life)
    the_successor_takes_over(life)
    changes_class(life)
    withdraws(life)
    comes_back(life)
    every_letter_is_right(life)
    assert verifying.breaches() == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


def applies(life: Stage) -> None:
    life.clock_at("2026-06-01 10:00")
    _applied(life.hanako, HANAKO, **APPLICATION)


def _applied(tab: Tab, email: str, **fields: str | bool) -> None:
    """Fill in the public form, and confirm the address by the letter's link."""
    tab.open("/join")
    tab.fill(**fields)
    tab.press("申し込む")
    tab.open(path_in(letters_to(email)[-1], "/join/"))
    tab.reads(NAME, "メール未確認")
    tab.press("メールアドレスを確認する")
    tab.reads("お申し込みを受け付けました", letters_to(email)[-1].subject.split()[-1])


def is_returned_and_corrects(life: Stage) -> None:
    office = life.at_the_desk("2026-06-03 09:30")
    office.open("/office/applications/")
    office.follow(NAME)
    office.reads("101", PEOPLE[HANAKO])
    office.page.get_by_text("項目ごとの指摘").click()
    office.fill(on_employees=REMARK)
    office.press("差し戻す")
    life.clock_at("2026-06-04 16:00")
    life.hanako.open(path_in(letters_to(HANAKO)[-1], "/join/"))
    life.hanako.reads("事務局からの訂正のお願い", REMARK)
    life.hanako.fill(employees="100", agrees_rules=True, agrees_privacy=True)
    life.hanako.press("もう一度送る")
    life.hanako.reads("お申し込みを受け付けました")


def is_accepted(life: Stage) -> None:
    office = life.at_the_desk("2026-06-05 11:00")
    office.open("/office/applications/")
    office.follow(NAME)
    office.press("承認の内容を確認する")
    office.reads("￥120,000", "企業会員")
    office.press("承認する")
    office.reads("承認しました。", NAME, NUMBER)
    life.work()


def enters_by_the_invitation(life: Stage) -> None:
    life.clock_at("2026-06-05 18:00")
    invitation = next(letter for letter in letters_to(HANAKO) if "ご招待" in letter.subject)
    life.hanako.choose_password(path_in(invitation, "/invitation/"), HANAKO, PASSWORD)
    life.hanako.reads(NAME, NUMBER, "企業会員", "￥120,000")
    life.hanako.follow("INV-2026-0001")
    life.hanako.reads("INV-2026-0001", "￥120,000", "川崎見本銀行")
    paper = life.hanako.paper("PDFを開く")
    for printed in (NAME, "INV-2026-0001", "120,000", "不課税"):
        assert printed in paper


def pays(life: Stage) -> None:
    office = life.at_the_desk("2026-06-22 10:00")
    office.open("/office/payments/new")
    office.follow(NAME)
    office.fill(received_on="2026-06-19", payer="ｶ)ﾀｶｻｷﾐﾎﾝ")
    office.press("入金を登録する")
    office.reads("￥120,000", "INV-2026-0001")
    life.clock_at("2026-06-22 18:00")
    life.hanako.sign_in(HANAKO, PASSWORD)
    life.hanako.open("/portal/invoices/payments")
    life.hanako.press("領収書を発行")
    life.work()
    life.hanako.open("/portal/invoices/payments")
    receipt = life.hanako.paper("PDF")
    for printed in (NAME, "120,000", "令和8年6月19日|2026年6月19日", "領収書"):
        assert any(one in receipt for one in printed.split("|")), receipt


def shows_the_certificate(life: Stage) -> None:
    life.hanako.open("/portal/membership/")
    life.hanako.reads(CERTIFICATE, "2027/3/31", "有効")
    assert NAME in life.hanako.paper(CERTIFICATE)
    assert CERTIFICATE in life.hanako.paper(CERTIFICATE)
    life.jiro.open(f"/verify/{CERTIFICATE}")
    life.jiro.reads("この証明書は有効です。", CERTIFICATE)
    assert NAME not in life.jiro.text


def registers_a_colleague(life: Stage) -> None:
    life.clock_at("2026-07-01 10:00")
    an_event(20, slug="kengaku", title=EVENT, days=70)
    tab = life.hanako
    tab.sign_in(HANAKO, PASSWORD)
    tab.open("/portal/people/new")
    tab.fill(name=PEOPLE[JIRO], email=JIRO)
    tab.press("追加")
    tab.open("/portal/events/")
    tab.follow(EVENT)
    for email in (HANAKO, JIRO):
        tab.page.get_by_label(PEOPLE[email], exact=True).check()
    tab.press("申し込む")
    assert sorted(row[0] for row in tab.table()) == sorted([PEOPLE[HANAKO], PEOPLE[JIRO]])
    life.work()
    life.jiro.open(path_in(letters_to(JIRO)[-1], "/registrations/"))
    life.jiro.reads("お席は確定しています。", PEOPLE[JIRO], NAME)


def hands_over(life: Stage) -> None:
    life.clock_at("2026-08-03 08:00")
    life.hanako.sign_in(HANAKO, PASSWORD)
    life.hanako.reads(NAME)
    office = life.at_the_desk("2026-08-03 09:00")
    office.open("/office/certificates/")
    office.follow(CERTIFICATE)
    office.fill(why="紛失", send_copy=True)
    office.press("再発行")  # the letter has not left when its reader does
    office.open("/office/organisations/?q=髙﨑")
    office.follow(NAME)
    office.follow("担当者")
    office.follow(PEOPLE[HANAKO])
    office.follow("引き継ぐ（登録変更）")
    office.fill(name=PEOPLE[SAKURA], email=SAKURA, invites=True)
    office.press("内容を確認する")
    office.reads(
        f"{PEOPLE[HANAKO]}様の登録を終了します", f"連絡担当を{PEOPLE[SAKURA]}様に", f"請求先を{PEOPLE[SAKURA]}様に",
        f"{PEOPLE[HANAKO]}様の会員ページのアカウントを直ちに停止します。", f"行事申込「{EVENT} 2026-09-09」を{PEOPLE[SAKURA]}様に",
        f"未送信のメール「【会員証明書の再発行】{CERTIFICATE}」の宛先を{PEOPLE[SAKURA]}様に",
    )  # fmt: skip
    office.press("引き継ぐ（登録変更）")
    office.reads("引き継ぎました。", PEOPLE[SAKURA])
    life.work()


def is_shut_out(life: Stage) -> None:
    """The former contact: the session has ended, password and link let nobody in, the seat is another's."""
    tab, own = life.hanako, path_in(next(one for one in letters_to(HANAKO) if EVENT in one.subject), "/registrations/")
    tab.open("/portal/invoices/1/pdf")
    assert "/sign-in" in tab.page.url
    tab.open(own, 404)
    tab.sign_in(HANAKO, PASSWORD)
    tab.reads("メールアドレスまたはパスワードが正しくありません。")
    tab.ask_for_link(HANAKO)
    assert "ログイン用リンク" not in letters_to(HANAKO)[-1].subject


def the_successor_takes_over(life: Stage) -> None:
    life.clock_at("2026-08-04 10:00")
    invitation = next(one for one in letters_to(SAKURA) if "ご招待" in one.subject)
    life.sakura.choose_password(path_in(invitation, "/invitation/"), SAKURA, PASSWORD)
    life.sakura.reads(NAME, NUMBER, EVENT)
    life.sakura.open(path_in(next(one for one in letters_to(SAKURA) if EVENT in one.subject), "/registrations/"))
    life.sakura.reads("お席は確定しています。", PEOPLE[SAKURA])
    life.sakura.open("/portal/invoices/")
    life.sakura.reads("INV-2026-0001", "入金済")
    life.sakura.open("/portal/people/")
    life.sakura.reads(PEOPLE[SAKURA], PEOPLE[JIRO])
    assert PEOPLE[HANAKO] not in life.sakura.text


def changes_class(life: Stage) -> None:
    office = life.at_the_desk("2026-12-01 09:00")
    _to_the_member(office)
    office.follow("会員区分を変更")
    office.fill(reason="事業の縮小")
    office.press("変更を記録する")
    office.reads("会員区分の変更を記録しました。", "2027/4/1", "准会員")
    office = life.at_the_desk("2027-03-10 09:00")
    office.open("/office/members/renewal/terms?year=2027")
    office.reads(NAME, "准会員")
    office.press("1件の会員期間を作る")
    office.reads("1件の会員期間を作りました。")
    life.clock_at("2027-04-15 10:00")
    life.work()
    life.sakura.context.clear_cookies()
    life.sakura.ask_for_link(SAKURA)
    life.sakura.open(path_in(letters_to(SAKURA)[-1], "/sign-in/link/"))
    life.sakura.press("ログイン")
    life.sakura.reads("准会員", "在籍")
    assert "企業会員" not in life.sakura.text
    life.jiro.open(f"/verify/{CERTIFICATE}")
    life.jiro.reads("この証明書は有効期限が切れています。")


def _to_the_member(office: Tab) -> None:
    office.open("/office/members/?q=髙﨑")
    office.follow(NAME)


def withdraws(life: Stage) -> None:
    office = life.at_the_desk("2028-01-17 09:00")
    _to_the_member(office)
    office.follow("退会")
    office.fill(reason="事業の終了")
    office.press("退会を記録する")
    office.reads("退会を記録しました。", "2028/3/31", "退会予定")
    life.work()
    office = life.at_the_desk("2028-04-03 09:00")
    small = [1, 0, 0, 0, 1, 0, 0, 0, 0]
    assert _movements(office, 2027) == {
        "企業会員（社員数100名以下）": small, "企業会員 計": small, "准会員": [0, 0, 0, 1, 0, 0, 0, 1, 0],
        "合計": [1, 0, 0, 1, 1, 0, 0, 1, 0],
    }  # fmt: skip
    life.sakura.sign_in(SAKURA, PASSWORD)
    life.sakura.reads(NAME, "退会済み", "2028/3/31")


def _movements(office: Tab, year: int) -> dict[str, list[int]]:
    """The rows of a year's table in which anything happened; each adds up."""
    office.open(f"/office/members/movements?year={year}")
    assert office.head()[1:] == MOVEMENTS
    rows = {name: [int(cell) for cell in cells] for name, *cells in office.table()}
    for name, (*parts, closing) in rows.items():
        assert sum(sign * part for sign, part in zip(SIGNS, parts, strict=True)) == closing, f"{year} {name}"
    return {name: cells for name, cells in rows.items() if any(cells)}


def comes_back(life: Stage) -> None:
    life.clock_at("2030-04-08 10:00")
    anew: dict[str, str | bool] = {
        "employees": "150",
        "employees_on": "2030-04-01",
        "contact_name": PEOPLE[SAKURA],
        "contact_email": SAKURA,
    }
    life.sakura.context.clear_cookies()
    _applied(life.sakura, SAKURA, **{**APPLICATION, **anew})
    office = life.at_the_desk("2030-04-09 10:00")
    office.open("/office/applications/")
    office.follow(NAME)
    office.press("承認の内容を確認する")
    office.reads(
        "再入会です。会員でなかった期間も記録に残ります。", NUMBER, "￥360,000", "会員ページへの招待はしません"
    )
    office.press("承認する")
    office.reads("承認しました。", NUMBER, "空白期間 2028/4/1～2030/4/8 は会員ではありません")
    life.work()
    _shows_the_gap(life, office)


def _shows_the_gap(life: Stage, office: Tab) -> None:
    office.follow("年度ごとの記録")
    assert [row[:2] for row in office.table()] == [
        ["令和12年度", "企業会員"], ["空白期間", "2028/4/1～2030/4/8 は会員ではありません"], ["令和9年度", "准会員"], ["令和8年度", "企業会員"],
    ]  # fmt: skip
    assert [row[4] for row in office.table() if len(row) > 4] == ["￥360,000", "￥0", "￥120,000"]
    large = [0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert _movements(office, 2030) == {"企業会員（社員数101名以上）": large, "企業会員 計": large, "合計": large}
    assert _movements(office, 2029) == {}
    life.sakura.sign_in(SAKURA, PASSWORD)
    life.sakura.reads(NUMBER, "INV-2030-0001", "￥360,000", "2030/4/9 – 2031/3/31")
    life.sakura.open("/portal/membership/")
    assert [row[0][:6] for row in life.sakura.table(1)] == ["令和12年度", "令和9年度（", "令和8年度（"]
    life.jiro.open("/verify/CERT-2030-0001")
    life.jiro.reads("この証明書は有効です。")


def every_letter_is_right(life: Stage) -> None:
    """Each went to whom it is for and to nobody else, says what it must in whole Japanese sentences, and leads to our pages."""
    db.session.rollback()
    letters = db.session.scalars(sa.select(Letter).order_by(Letter.id)).all()
    written = [(letter.recipient_email, letter.subject) for letter in letters]
    assert written == [(email, subject) for email, subject, _words in LETTERS]
    assert sorted(life.postbox.taken) == sorted(written)
    for letter, (email, _subject, words) in zip(letters, LETTERS, strict=True):
        assert (letter.state, letter.locale, letter.recipient_name) == (LetterState.SENT, "ja", PEOPLE[email])
        assert f"{PEOPLE[email]} 様" in letter.body.split("\n")[:2]
        assert not UNFILLED.search(f"{letter.subject}\n{letter.body}"), letter.body
        assert KANA.search(letter.subject)
        assert KANA.search(letter.body)
        assert [one for one in words if one not in letter.body] == [], letter.body
        assert bool(letter.attachments) == ("添付" in letter.body), letter.body
        others = {*PEOPLE, *PEOPLE.values()} - {email, PEOPLE[email]}
        assert [one for one in others if one in letter.body] == [], letter.body
        links = re.findall(r"https?://\S+", letter.body)
        assert [url for url in links if not url.startswith(life.address)] == [], letter.body
