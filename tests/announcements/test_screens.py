"""The office's pages of announcements: every page opens, wrong forms answer 422, right ones act, and roles keep to theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import worker
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.segments import Segment
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox, resting
from crm.mail.outbox import Letter, LetterState, Recipient, Trouble
from crm.members.tiers import MemberClass
from crm.organisations.people import Person, PersonRole
from tests.builders import a_member, an_event, an_organisation
from tests.visiting import Visitor

Made = Callable[..., Announcement]
People = Callable[..., Person]
ROOT = "/office/announcements"


@pytest.fixture
def clerk(sign_in: Callable[..., Visitor]) -> Visitor:
    return sign_in("clerk")


@pytest.fixture
def a_rest(app: Flask) -> Any:
    """An address that rests, with a letter that waits for it."""
    with act(Kind.ADDRESS_RESTED) as deed:
        deed.about = rest = resting.rest("rests@example.test")
    with act(Kind.LETTER_RELEASED):
        outbox.post("home/record_head", Recipient("rests@example.test"), day=worker.clock.today(), number=1, hash="x")
    return rest


def newest(noun: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(sa.select(noun).order_by(noun.id.desc())).first()


def test_a_segment_is_made_counted_shown_and_changed(clerk: Visitor, someone: People) -> None:
    someone("連絡の人", organisation=an_organisation("株式会社見本", industry="情報通信"), roles=(PersonRole.LIAISON,))
    someone("同意なし", agrees=False, roles=(PersonRole.LIAISON,))
    someone("役割なし")
    an_event(title="見本の会")
    looked = clerk.fill_in(f"{ROOT}/segments/new", form=1, name="連絡担当", roles=["liaison"], look="1")
    assert looked.status_code == 200
    assert "現在の対象は2人です。" in looked.text
    assert newest(Segment) is None
    saved = clerk.fill_in(f"{ROOT}/segments/new", form=1, name="連絡担当", purpose="案内", roles=["liaison"])
    assert saved.status_code == 303
    shown = clerk.get(saved.location)
    assert "連絡の人" in shown.text
    assert "受信の同意なし" in shown.text
    assert "役割なし" not in shown.text
    assert (
        "同意なし" not in clerk.get(f"{saved.location}?written=yes").text.split("<tbody", 1)[1].split("</tbody", 1)[0]
    )
    assert clerk.get(f"{saved.location}?written=no_consent&q=同意").status_code == 200
    assert clerk.get(f"{saved.location}?written=nonsense").status_code == 400
    assert clerk.get(f"{saved.location}?format=csv").status_code == 200
    segment = newest(Segment)
    edited = clerk.fill_in(f"{ROOT}/segments/{segment.id}/edit", form=1, industries=["情報通信"])
    assert edited.status_code == 303
    assert newest(Segment).stored == {"roles": ["liaison"], "industries": ["情報通信"]}
    assert "連絡担当" in clerk.get(f"{ROOT}/segments/?q=連絡").text


def test_every_condition_of_the_form_is_kept_and_shown_again(clerk: Visitor, someone: People) -> None:
    organisation = an_organisation("株式会社会員", employees=5, industry="医療機器")
    someone("会員", organisation=organisation, locale="en")
    a_member(organisation)
    event = an_event(title="見本の会")
    given = {
        "name": "すべて", "belonging": "members", "classes": ["corporate", "associate"], "tiers": ["corporate_small"],
        "joined_from": "2024-11-01", "joined_to": "令和9年3月31日", "left_from": "2026-04-01", "left_to": "2026-04-02",
        "kinds": ["company"], "industries": ["医療機器"], "roles": ["billing"], "languages": ["en"],
        "attended_event": str(event.id), "attended_kind": "workshop", "attended_since": "2026-01-01",
        "consent": "announcements", "reachable": "1",
    }  # fmt: skip
    saved = clerk.fill_in(f"{ROOT}/segments/new", form=1, **given)
    assert saved.status_code == 303
    segment = newest(Segment)
    assert set(segment.stored) == set(given) - {"name"}
    assert segment.conditions.classes == (MemberClass.CORPORATE, MemberClass.ASSOCIATE)
    assert clerk.get(saved.location).status_code == 200
    again = clerk.fill_in(f"{ROOT}/segments/{segment.id}/edit", form=1)
    assert again.status_code == 303
    assert newest(Segment).stored == segment.stored


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"joined_from": "32.13.2026"}, {"joined_from": "2026-04-02", "joined_to": "2026-04-01"},
        {"roles": ["king"]}, {"belonging": "x"}, {"attended_event": "9999"}, {"attended_event": "x"}, {"tiers": ["gold"]},
        {"belonging": "never", "classes": ["corporate"]}, {"languages": ["fr"]}, {"name": "a\0b"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("look", [{}, {"look": "1"}])
def test_a_wrong_condition_is_named_and_nothing_is_written(
    clerk: Visitor, wrong: dict[str, Any], look: dict[str, str]
) -> None:
    answer = clerk.fill_in(f"{ROOT}/segments/new", form=1, **{"name": "名前", **wrong, **look})
    assert answer.status_code == 422
    assert newest(Segment) is None


def test_an_announcement_is_written_seen_tried_sent_and_followed(
    clerk: Visitor, someone: People, a_segment: Any
) -> None:
    someone("佐藤 花子", organisation=an_organisation("株式会社あ", kana="ア"))
    someone("鈴木 一郎", organisation=an_organisation("株式会社い", kana="イ"))
    a_segment()
    saved = clerk.fill_in(f"{ROOT}/new", form=1, subject="ご案内", body="{宛名}\n会があります。")
    assert saved.status_code == 303
    announcement = newest(Announcement)
    here = f"{ROOT}/{announcement.id}"
    assert "佐藤 花子 様" in clerk.get(f"{here}/preview").text
    assert "鈴木 一郎 様" in clerk.get(f"{here}/preview?n=2").text
    assert clerk.get(f"{here}/preview?n=99").status_code == 200
    assert clerk.get(f"{here}/preview?n=x").status_code == 400
    assert clerk.fill_in(here, form="/test").status_code == 303
    assert newest(Letter).subject == "【テスト】ご案内"
    assert clerk.fill_in(here, form="/schedule").status_code == 303
    assert newest(Announcement).state is AnnouncementState.SCHEDULED
    worker.run_once()
    shown = clerk.get(here)
    assert "配信済み" in shown.text
    assert clerk.get(f"{here}/recipients").text.count("送信待ち") >= 2
    assert clerk.get(f"{here}/recipients?outcome=waiting&q=佐藤").status_code == 200
    assert clerk.get(f"{here}/recipients?format=xlsx").status_code == 200
    progress = clerk.get(f"{here}/progress").json
    assert (progress["done"], progress["total"], progress["finished"]) == (2, 2, True)
    assert "ご案内" in clerk.get(f"{ROOT}/?state=sent&q=案内").text
    copied = clerk.fill_in(here, form="/copy")
    assert copied.status_code == 303
    assert clerk.get(copied.location).status_code == 200
    assert clerk.post(f"{here}/edit", data=fields(clerk, copied.location)).status_code == 422


def fields(clerk: Visitor, page: str) -> dict[str, Any]:
    from tests.visiting import forms_on

    return {**next(form for form in forms_on(clerk.get(page).text) if "subject" in form.values).values, "version": ""}


def test_a_field_nobody_knows_is_named_while_writing(clerk: Visitor, a_segment: Any) -> None:
    a_segment()
    answer = clerk.fill_in(f"{ROOT}/new", form=1, subject="ご案内", body="{氏名}様")
    assert answer.status_code == 422
    assert "{氏名} という差し込み項目はありません" in answer.text


def test_without_a_segment_the_form_says_what_to_do_first(clerk: Visitor) -> None:
    assert "配信先グループを作ってください" in clerk.get(f"{ROOT}/new").text
    assert clerk.post(f"{ROOT}/new", data={}).status_code in (400, 422)


def test_two_people_editing_one_draft_do_not_overwrite_each_other(clerk: Visitor, an_announcement: Made) -> None:
    announcement = an_announcement()
    here = f"{ROOT}/{announcement.id}/edit"
    first = fields(clerk, here)
    second = fields(clerk, here)
    version = str(announcement.version)
    assert clerk.post(here, data={**first, "subject": "一人目", "version": version}).status_code == 303
    assert clerk.post(here, data={**second, "subject": "二人目", "version": version}).status_code == 409
    assert newest(Announcement).subject == "一人目"


def test_holding_and_calling_off_by_button(clerk: Visitor, someone: People, an_announcement: Made) -> None:
    someone()
    here = f"{ROOT}/{an_announcement().id}"
    assert clerk.fill_in(here, form="/schedule", at="2199-01-01T10:00").status_code == 303
    assert clerk.fill_in(here, form="/hold").status_code == 303
    assert newest(Announcement).state is AnnouncementState.HELD
    assert clerk.fill_in(here, form="/schedule", at="2001-01-01T10:00").status_code == 422
    assert clerk.fill_in(here, form="/schedule", at="soon").status_code == 422
    assert clerk.fill_in(here, form="/cancel").status_code == 303
    assert clerk.get(here).status_code == 200
    assert newest(Announcement).state is AnnouncementState.CANCELLED


def test_a_button_pressed_too_late_is_refused_and_no_error(clerk: Visitor, someone: People, sent: Made) -> None:
    someone()
    announcement = sent()
    here = f"{ROOT}/{announcement.id}"
    given = fields(clerk, f"{ROOT}/new")
    for action in ("hold", "go-on", "cancel", "schedule"):
        answer = clerk.post(f"{here}/{action}", data={"csrf_token": given["csrf_token"]})
        assert answer.status_code == (422 if action == "schedule" else 409), action


def test_addresses_that_rest_are_listed_told_and_woken(clerk: Visitor, a_rest: Any, someone: People) -> None:
    person = someone("届かない人", email="rests@example.test")
    listed = clerk.get(f"{ROOT}/unreachable/")
    assert "rests@example.test" in listed.text
    assert "届かない人" in listed.text
    assert "メールが届かなくなった宛先" in clerk.get("/office/").text
    assert "このアドレスにはメールが届いていません" in clerk.get(f"/office/organisations/people/{person.id}").text
    here = f"{ROOT}/unreachable/{a_rest.id}"
    assert clerk.fill_in(here, form="/wake", reason=" ").status_code == 422
    woken = clerk.fill_in(here, form="/wake", reason="電話で確認した")
    assert woken.status_code == 303
    assert "送信を再開しました。待っていた1通を送ります。" in clerk.get(here).text
    letter = newest(Letter)
    assert (letter.state, letter.trouble) == (LetterState.QUEUED, None)
    assert "rests@example.test" not in clerk.get(f"{ROOT}/unreachable/").text
    assert "rests@example.test" in clerk.get(f"{ROOT}/unreachable/?state=over").text
    assert clerk.get(f"{ROOT}/unreachable/?state=x").status_code == 400


def test_an_invoice_to_an_address_that_rests_is_held_and_told_and_not_silently_dropped(
    clerk: Visitor, a_rest: Any
) -> None:
    letter = newest(Letter)
    assert (letter.state, letter.trouble) == (LetterState.HELD, Trouble.ADDRESS_RESTS)
    assert "保留中のメール" in clerk.get("/office/").text


def test_what_does_not_exist_is_not_found(clerk: Visitor) -> None:
    for path in (
        "/99",
        "/99/edit",
        "/99/preview",
        "/99/recipients",
        "/99/progress",
        "/segments/99",
        "/segments/99/edit",
        "/unreachable/99",
    ):
        assert clerk.get(f"{ROOT}{path}").status_code == 404, path


@pytest.mark.parametrize(
    ("role", "reads", "writes", "wakes"),
    [
        ("director", True, True, True), ("clerk", True, True, True), ("coordinator", True, True, False),
        ("treasurer", True, False, True), ("auditor", True, False, False), ("city_officer", False, False, False),
    ],
)  # fmt: skip
def test_each_role_may_do_what_is_theirs(
    sign_in: Callable[..., Visitor], role: str, reads: bool, writes: bool, wakes: bool, someone: People, an_announcement: Made,
    a_rest: Any,
) -> None:  # fmt: skip
    someone()
    announcement = an_announcement()
    visitor = sign_in(role)
    for path in (
        "/",
        "/segments/",
        f"/{announcement.id}",
        f"/{announcement.id}/preview",
        f"/segments/{announcement.segment_id}",
    ):
        assert visitor.get(f"{ROOT}{path}").status_code == (200 if reads else 403), path
    for path in ("/new", "/segments/new", f"/{announcement.id}/edit"):
        assert visitor.get(f"{ROOT}{path}").status_code == (200 if writes else 403), path
    assert visitor.get(f"{ROOT}/unreachable/").status_code == (200 if reads and role != "coordinator" else 403)
    with visitor.session_transaction():
        pass
    token = fields_token(visitor)
    answer = visitor.post(f"{ROOT}/{announcement.id}/cancel", data={"csrf_token": token})
    assert answer.status_code == (303 if writes else 403)
    answer = visitor.post(f"{ROOT}/unreachable/{a_rest.id}/wake", data={"csrf_token": token, "reason": "確認"})
    assert answer.status_code == (303 if wakes else 403)


def fields_token(visitor: Visitor) -> str:
    from tests.visiting import forms_on

    return next(
        form.values["csrf_token"] for form in forms_on(visitor.get("/office/me/").text) if "csrf_token" in form.values
    )


def test_lists_take_the_same_number_of_queries_however_long_they_are(
    clerk: Visitor, someone: People, an_announcement: Made, app: Flask
) -> None:
    announcement = an_announcement()
    here = [f"{ROOT}/", f"{ROOT}/segments/{announcement.segment_id}", f"{ROOT}/unreachable/"]
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def queries(path: str) -> int:
        clerk.get(path)
        asked.clear()
        assert clerk.get(path).status_code == 200
        return len(asked)

    someone()
    few = [queries(path) for path in here]
    for number in range(6):
        someone(f"見本{number}", email=f"rests{number}@example.test")
        an_announcement()
        with act(Kind.ADDRESS_RESTED) as deed:
            deed.about = resting.rest(f"rests{number}@example.test")
    assert [queries(path) for path in here] == few
