"""Applying, in parts: put aside and gone on with, a proof attached, corrected beside the office's remarks, withdrawn."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm import worker
from crm.db import db
from crm.documents import files
from crm.errors import Refused
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.members import drafts
from crm.members.applications import Application, ApplicationState
from crm.members.drafts import ApplicationDraft
from crm.settings import settings
from tests.builders import an_application, the_tiers
from tests.members.test_joining import FILLED
from tests.office_doors import may_send_forms
from tests.visiting import forms_on

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")
    the_tiers()


def the_application() -> Application:
    return db.session.scalars(sa.select(Application)).one()


def last_letter() -> Letter:
    return db.session.scalars(sa.select(Letter).order_by(Letter.id.desc())).first()


def link(letter: Letter) -> str:
    found = re.search(r"https?://[^/]+(/join/(?:draft/)?[0-9a-f]{64})", letter.body)
    assert found, letter.body
    return found[1]


def save(visitor: Any, page: str, to: str, **typed: Any) -> Any:
    """Press the button that puts the form of a page aside."""
    shown = visitor.get(page).text
    hidden = dict(re.findall(r'name="(csrf_token|idempotency_key)"[^>]*value="([^"]*)"', shown))
    return visitor.post(to, data={**hidden, **typed})


def test_what_was_begun_is_put_aside_and_gone_on_with_under_a_mailed_link(client) -> None:
    begun = {"contact_email": "hanako@example.test", "name": "株式会社髙﨑𠮷", "employees": "１０１", "corporate_number": "12",
             "billing_same": "y"}  # fmt: skip
    answer = save(client, "/join", "/join/save", **begun)
    assert (answer.status_code, answer.location) == (303, "/join/saved")
    assert client.get(answer.location).status_code == 200
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 0, "the office does not see it yet"
    own = link(last_letter())
    shown = client.get(own).text
    assert "株式会社髙﨑𠮷" in shown
    assert 'value="１０１"' in shown, "as it was typed"
    again = save(client, own, f"{own}/save", contact_email="hanako@example.test", name="株式会社髙﨑𠮷", kana="タカサキ",
                 billing_same="y")  # fmt: skip
    assert again.status_code == 303
    assert 'value="タカサキ"' in client.get(own).text
    sent = client.fill_in(own, form="/join/draft", **FILLED)
    assert sent.status_code == 303, sent.text
    application = the_application()
    assert (application.state, application.number) == (ApplicationState.SUBMITTED, "APP-2026-0001")
    assert last_letter().template == "members/application_received", "who came by the link need not confirm the address"
    assert client.get(own).location == sent.location
    assert db.session.scalars(sa.select(ApplicationDraft.typed)).one() == {}


def test_another_mail_address_than_the_one_the_link_went_to_is_confirmed(client) -> None:
    save(client, "/join", "/join/save", contact_email="first@example.test", billing_same="y")
    sent = client.fill_in(link(last_letter()), form="/join/draft", **FILLED)
    assert (sent.status_code, sent.location) == (303, "/join/sent")
    assert the_application().state is ApplicationState.UNCONFIRMED
    assert last_letter().template == "members/confirm_address"


def test_the_link_of_a_draft_does_not_open_an_application_for_another_address(client) -> None:
    save(client, "/join", "/join/save", contact_email="first@example.test", billing_same="y")
    own = link(last_letter())
    client.fill_in(own, form="/join/draft", **FILLED)
    answers = [client.get(own), client.post(own, headers=may_send_forms(client.application, client))]
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/join/sent")] * 2
    client.fill_in(link(last_letter()), form="confirm")
    assert the_application().state is ApplicationState.SUBMITTED
    assert client.get(own).location == "/join/sent"


def test_a_draft_sent_from_two_windows_is_one_application(client) -> None:
    save(client, "/join", "/join/save", contact_email=FILLED["contact_email"], billing_same="y")
    own = link(last_letter())
    windows = [next(form for form in forms_on(client.get(own).text) if form.action == own) for _n in range(2)]
    answers = [client.post(own, data={**window.values, **FILLED}) for window in windows]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert the_application().number == "APP-2026-0001"
    drafted = db.session.scalars(sa.select(ApplicationDraft)).one()
    with pytest.raises(Refused), act(Kind.APPLICATION_SUBMITTED):
        drafts.lock(drafted)  # as the second window finds it that was sent at the same moment


@pytest.mark.parametrize("address", ["", "hanako", "a" * 400 + "@example.test"])
def test_putting_aside_needs_a_mail_address_and_nothing_else(client, address: str) -> None:
    answer = save(client, "/join", "/join/save", contact_email=address, name="株式会社見本")
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(ApplicationDraft.id))) == 0


def test_nobodys_mailbox_is_filled_with_links(client, clock_at) -> None:
    answers = [save(client, "/join", "/join/save", contact_email="hanako@example.test").status_code for _n in range(4)]
    assert answers == [303, 303, 303, 422]
    clock_at("2026-07-01 10:01")
    assert save(client, "/join", "/join/save", contact_email="hanako@example.test").status_code == 303


def test_what_cannot_be_kept_is_left_out_of_a_draft(client) -> None:
    save(
        client,
        "/join",
        "/join/save",
        contact_email="hanako@example.test",
        name="株式\u0000会社",
        kana="ミホン",
        strange="x",
    )
    assert db.session.scalars(sa.select(ApplicationDraft.typed)).one() == {
        "contact_email": "hanako@example.test", "kana": "ミホン",
    }  # fmt: skip


def test_a_draft_nobody_goes_on_with_is_forgotten(client, clock_at) -> None:
    save(client, "/join", "/join/save", contact_email="hanako@example.test", name="株式会社見本")
    own = link(last_letter())
    clock_at("2026-07-31 08:59")
    assert client.get(own).status_code == 200
    clock_at("2026-07-31 09:01")
    assert client.get(own).status_code == 404
    worker.run_once()
    assert db.session.scalar(sa.select(sa.func.count(ApplicationDraft.id))) == 0


def attach(client: Any, content: bytes, name: str = "登記.pdf") -> Any:
    return client.fill_in("/join", form="", **FILLED, evidence=(io.BytesIO(content), name))


def test_a_proof_is_kept_by_its_digest_and_handed_to_the_office_as_a_file(client, sign_in) -> None:
    answer = attach(client, PDF)
    assert answer.status_code == 303, answer.text
    application = the_application()
    assert application.evidence is not None
    assert (application.evidence.name, application.evidence.media_type) == ("登記.pdf", "application/pdf")
    assert files.read(application.evidence) == PDF
    got = sign_in("clerk").get(f"/office/applications/{application.id}/evidence")
    assert (got.status_code, got.data) == (200, PDF)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"/office/applications/{application.id}/evidence").status_code == 303


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "leer.pdf"), (b"MZ\x90\x00", "rechnung.pdf"), (b"<script>", "bild.png"), (PDF[:-8], "halb.pdf"),
     (b"%PDF-1.7" + b"0" * 4096 + b"%%EOF", "gross.pdf")],
)  # fmt: skip
def test_a_proof_that_is_none_is_refused_naming_its_field(client, monkeypatch, content: bytes, name: str) -> None:
    monkeypatch.setattr("crm.members.evidence.LARGEST", 4096)
    answer = attach(client, content, name)
    assert answer.status_code == 422
    assert 'href="#evidence"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Application.id))) == 0


@pytest.mark.parametrize(("name", "kept"), [("../../etc/passwd", "passwd.pdf"), ("登記簿.PDF", "登記簿.pdf"),
                                            ("\u202efdp.exe", "evidence.pdf")])  # fmt: skip
def test_a_proofs_name_is_made_harmless(client, name: str, kept: str) -> None:
    assert attach(client, PDF, name).status_code == 303
    evidence = the_application().evidence
    assert evidence is not None
    assert evidence.name == kept


def test_remarks_stand_beside_their_fields_and_in_the_letter(client, sign_in) -> None:
    application = an_application()
    clerk, page = sign_in("clerk"), f"/office/applications/{application.id}"
    assert clerk.fill_in(page, form="/return").status_code == 422, "a return says what is wrong"
    answer = clerk.fill_in(
        page, form="/return", on_employees="基準日時点の人数ですか。", on_name="登記どおりにご記入ください。"
    )
    assert answer.status_code == 303, answer.text
    letter = last_letter()
    assert "・社員数：基準日時点の人数ですか。" in letter.body
    own = link(letter)
    shown = client.get(own).text
    assert shown.index("remark-employees") < shown.index('name="employees"')
    assert "登記どおりにご記入ください。" in shown
    assert client.fill_in(own, form=0, employees="99", agrees_rules="y", agrees_privacy="y").status_code == 303
    application = the_application()
    assert (application.state, application.field_remarks) == (ApplicationState.SUBMITTED, None)
    returned = next(entry for entry in timeline.of(application) if entry.kind is Kind.APPLICATION_RETURNED)
    assert "社員数: 基準日時点の人数ですか。" in returned.note, "the history keeps what was said"


@pytest.mark.parametrize("returned", [True, False])
def test_the_applicant_may_withdraw_until_it_is_decided(client, sign_in, returned: bool) -> None:
    application = an_application()
    clerk, page = sign_in("clerk"), f"/office/applications/{application.id}"
    if returned:
        clerk.fill_in(page, form="/return", remark="ご確認ください。")
    own = f"/join/{the_application().token}"
    assert client.fill_in(f"{own}/withdraw", form="/withdraw", reason="社内の都合").status_code == 303
    application = the_application()
    assert (application.state, application.withdrawn_reason) == (ApplicationState.WITHDRAWN, "社内の都合")
    assert last_letter().template == "members/application_withdrawn"
    assert "取り下げ" in client.get(own).text
    assert "社内の都合" in clerk.get(page).text
    assert client.get(f"{own}/withdraw").status_code == 303, "only once"
    assert "/return" not in clerk.get(page).text


def test_the_wording_agreed_to_stays_with_the_application(client, sign_in) -> None:
    client.fill_in("/join", form="", **FILLED)
    before = the_application()
    with act(Kind.SETTING_CHANGED):
        settings.change("texts.rules", "新しい会則です。")
    application = the_application()
    assert application.rules_text == before.rules_text != "新しい会則です。"
    page = sign_in("clerk").get(f"/office/applications/{application.id}").text
    assert application.rules_text in page


def test_the_list_is_searched_by_name_number_and_contact_and_says_whose_turn_it_is(sign_in, clock_at) -> None:
    waiting = an_application(name="株式会社アオゾラ", kana="アオゾラ", contact_name="青空 太郎")
    an_application(name="株式会社ミナト", kana="ミナト", confirmed=False)
    clock_at("2026-07-11 09:00")
    clerk = sign_in("clerk")
    for query, found in (("q=ｱｵｿﾞﾗ", True), (f"q={waiting.number}", True), ("q=青空", True), ("turn=office", True),
                         ("turn=applicant", False), ("state=submitted", True), ("q=ナイ", False)):  # fmt: skip
        rows = clerk.get(f"/office/applications/?{query}&format=json").get_json()
        assert ("株式会社アオゾラ" in [row["name"] for row in rows]) is found, query
    row = next(r for r in clerk.get("/office/applications/?format=json").get_json() if r["name"] == "株式会社アオゾラ")
    assert (row["waiting"], row["next"]) == (10, "内容の審査")
