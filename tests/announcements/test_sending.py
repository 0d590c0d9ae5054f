"""Announcements on their way: written, scheduled, fixed, posted once to each, held, called off, copied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock, worker
from crm.announcements import announcements, letters, recipients, sending
from crm.announcements.announcements import Announcement, AnnouncementState
from crm.announcements.choosing import WhyNot
from crm.announcements.recipients import AnnouncementRecipient, Outcome
from crm.announcements.segments import Segment
from crm.announcements.wording import Addressee
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import messages, outbox, resting
from crm.mail.outbox import Letter, LetterKind, LetterState, Recipient, Trouble
from crm.organisations import consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person
from crm.settings import settings as office_settings
from tests.builders import a_member, an_organisation

Made = Callable[..., Announcement]
People = Callable[..., Person]


def posted() -> list[Letter]:
    return list(db.session.scalars(sa.select(Letter).where(Letter.kind == LetterKind.ANNOUNCEMENT).order_by(Letter.id)))


def outcomes(announcement: Announcement) -> dict[str, int]:
    return {name.value: number for name, number in recipients.outcomes(announcement).items() if number}


def schedule(announcement: Announcement, at: Any = None) -> None:
    with act(Kind.ANNOUNCEMENT_SCHEDULED, about=announcement):
        sending.schedule(announcement, at)


def begin(announcement: Announcement) -> int:
    with act(Kind.ANNOUNCEMENT_BEGUN, about=announcement):
        return sending.begin(announcement)


def post(announcement: Announcement) -> int:
    with act(Kind.ANNOUNCEMENT_POSTED, about=announcement):
        return sending.post_next(announcement)


def test_each_receives_the_text_with_their_own_name_and_whose_it_is_and_how_to_stop(
    someone: People, sent: Made
) -> None:
    someone("佐藤 花子", organisation=an_organisation("株式会社見本"))
    someone("鈴木 一郎")
    announcement = sent()
    first, second = posted()
    assert announcement.state is AnnouncementState.SENT
    assert first.subject == "会員交流会のご案内"
    assert "佐藤 花子 様" in first.body
    assert "株式会社見本の皆さまへ" in first.body
    assert "鈴木 一郎 様" in second.body
    for letter in (first, second):
        assert "送信者: かわさきケアデザインコンソーシアム" in letter.body
        assert "神奈川県川崎市川崎区殿町3-25-14" in letter.body
        assert "office@example.jp" in letter.body
        assert letter.unsubscribe_url
        assert letter.unsubscribe_url in letter.body
    assert first.unsubscribe_url != second.unsubscribe_url


def test_the_letter_carries_the_headers_of_one_click_unsubscribing(someone: People, sent: Made) -> None:
    someone()
    sent()
    (letter,) = posted()
    message = messages.envelope(letter).message
    assert message["List-Unsubscribe"] == f"<{letter.unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_who_reads_english_receives_the_english_text_and_the_japanese_one_where_there_is_none(
    someone: People, sent: Made
) -> None:
    someone("Jane Doe", locale="en")
    sent(subject_en="Invitation", body_en="Dear {name},\nplease come.")
    sent()
    english, japanese = posted()
    assert english.subject == "Invitation"
    assert "Dear Jane Doe," in english.body
    assert "Sender: Kawasaki" in english.body
    assert "様" not in english.body
    assert "Jane Doe 様" in japanese.body
    assert "送信者" in japanese.body


def test_the_member_number_and_class_are_filled_in_and_empty_for_others(someone: People, sent: Made) -> None:
    organisation = an_organisation("株式会社会員", employees=5)
    someone("会員", organisation=organisation)
    member = a_member(organisation, on=clock.today() - timedelta(days=1))
    someone("会員外")
    sent(body="番号[{会員番号}] 区分[{会員区分}]")
    bodies = {letter.recipient_name: letter.body for letter in posted()}
    assert f"番号[{member.number}] 区分[企業会員]" in bodies["会員"]
    assert "番号[] 区分[]" in bodies["会員外"]


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"body": "{氏名}様"}, "body"), ({"subject": "{だれか}"}, "subject"), ({"body": "{宛名"}, "body"), ({"body": "｛団体｝"}, "body"),
        ({"subject": " "}, "subject"), ({"subject_en": "Only a subject"}, "body_en"), ({"body_en": "x"}, "subject_en"),
        ({"subject_en": "x", "body_en": "{nome}"}, "body_en"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_filled_in_is_refused_while_it_is_written(
    an_announcement: Made, texts: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        an_announcement(**texts)
    assert refusal.value.field == field


def test_full_width_braces_and_english_names_of_fields_are_understood(someone: People, sent: Made) -> None:
    someone("田中", organisation=an_organisation("株式会社全角"))
    sent(body="｛ 宛名 ｝ {organisation}")
    assert "田中 様 株式会社全角" in posted()[0].body


def test_what_a_name_says_is_never_read_as_a_field(someone: People, sent: Made) -> None:
    someone("{団体名} {{ 7*7 }}")
    sent()
    assert "{団体名} {{ 7*7 }} 様" in posted()[0].body


def test_nobody_is_written_to_twice_though_they_stand_on_two_records(someone: People, sent: Made) -> None:
    someone("同じ人", email="same@example.test")
    someone("同じ人（別の団体）", email="Same@example.test")
    announcement = sent()
    assert len(posted()) == 1
    assert outcomes(announcement) == {"waiting": 1, "skipped": 1}
    rows = db.session.scalars(sa.select(AnnouncementRecipient)).all()
    assert {row.why_not for row in rows} == {None, WhyNot.SAME_ADDRESS}


def test_who_did_not_agree_or_cannot_be_reached_is_on_the_list_with_the_reason_and_gets_nothing(
    someone: People, sent: Made
) -> None:
    someone("届く人")
    someone("同意なし", agrees=False)
    someone("宛先なし", email="")
    someone("休止中", email="rests@example.test")
    with act(Kind.ADDRESS_RESTED) as deed:
        deed.about = resting.rest("rests@example.test")
    announcement = sent()
    found = {row[0].name: row[0].why_not for row in db.session.execute(recipients.listed(announcement))}
    assert found == {
        "届く人": None, "同意なし": WhyNot.NO_CONSENT, "宛先なし": WhyNot.NO_ADDRESS, "休止中": WhyNot.ADDRESS_RESTS,
    }  # fmt: skip
    assert [letter.recipient_name for letter in posted()] == ["届く人"]


def test_an_opted_out_person_gets_the_invoice_and_not_the_newsletter(someone: People, sent: Made) -> None:
    person = someone("断った人", agrees=False)
    someone("他の人")
    sent()
    with act(Kind.LETTER_RELEASED):
        invoice = outbox.post(
            "home/record_head", Recipient(person.email, person.name), day=clock.today(), number=1, hash="x"
        )
    assert invoice.state is LetterState.QUEUED
    assert person.email not in {letter.recipient_email for letter in posted()}


def test_the_recipients_are_those_of_the_moment_of_sending(
    someone: People, an_announcement: Made, clock_at: Callable[[str], Any]
) -> None:
    clock_at("2026-06-01 09:00")
    someone("初めから")
    announcement = an_announcement()
    schedule(announcement, clock.now() + timedelta(hours=2))
    worker.run_once()
    assert posted() == []
    someone("あとから")
    clock_at("2026-06-01 11:00")
    worker.run_once()
    assert {letter.recipient_name for letter in posted()} == {"初めから", "あとから"}
    someone("遅すぎた")
    worker.run_once()
    assert len(posted()) == 2


def test_who_says_stop_between_the_list_and_their_letter_gets_none(someone: People, an_announcement: Made) -> None:
    person = someone("考え直した人")
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    with act(Kind.CONSENT_WITHDRAWN, about=person):
        consents.withdraw(person, Purpose.ANNOUNCEMENTS, way=Way.PORTAL)
    post(announcement)
    assert posted() == []
    assert outcomes(announcement) == {"unsubscribed": 1}


def test_who_left_between_the_list_and_their_letter_gets_none(someone: People, an_announcement: Made) -> None:
    person = someone("見本 去夫")
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    with act(Kind.PERSON_CHANGED, about=person):
        person.left_on = clock.today()
    post(announcement)
    assert posted() == []
    assert db.session.scalars(sa.select(AnnouncementRecipient.why_not)).all() == [WhyNot.LEFT]


def test_who_changed_their_address_meanwhile_is_told_apart(someone: People, an_announcement: Made) -> None:
    person = someone()
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    with act(Kind.PERSON_CHANGED, about=person):
        person.change(email="new@example.test")
    post(announcement)
    assert posted() == []
    assert db.session.scalars(sa.select(AnnouncementRecipient.why_not)).all() == [WhyNot.ADDRESS_CHANGED]


def test_batches_go_on_where_they_were_interrupted_and_never_write_to_anyone_twice(
    someone: People, an_announcement: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        someone(f"見本{number}")
    monkeypatch.setattr(sending, "BATCH", 2)
    announcement = an_announcement()
    schedule(announcement)
    assert begin(announcement) == 5
    assert begin(announcement) == 0  # the worker looked twice
    assert post(announcement) == 2

    def died(*_args: Any) -> None:
        raise RuntimeError("the process died")

    with monkeypatch.context() as broken:
        broken.setattr(sending, "_note_letters", died)
        with pytest.raises(RuntimeError):
            post(announcement)
    assert len(posted()) == 2  # what was not committed never happened
    assert [post(announcement), post(announcement), post(announcement)] == [2, 1, 0]
    assert len(posted()) == 5
    assert len({letter.recipient_email for letter in posted()}) == 5
    assert announcement.state is AnnouncementState.SENT


def test_each_recipient_shows_what_became_of_their_letter(someone: People, sent: Made) -> None:
    for number in range(6):
        someone(f"見本{number}")
    announcement = sent()
    changes: list[tuple[LetterState, Trouble | None]] = [
        (LetterState.SENT, None), (LetterState.FAILED, Trouble.ADDRESS_REFUSED), (LetterState.FAILED, Trouble.BOUNCED),
        (LetterState.FAILED, Trouble.BOUNCED_SOFTLY), (LetterState.DROPPED, Trouble.UNSUBSCRIBED), (LetterState.QUEUED, None),
    ]  # fmt: skip
    with act(Kind.LETTER_HELD):
        for letter, (state, trouble) in zip(posted(), changes, strict=True):
            letter.state, letter.trouble = state, trouble
    assert outcomes(announcement) == {"sent": 1, "failed": 1, "bounced": 2, "skipped": 1, "waiting": 1}
    assert set(recipients.outcomes(announcement)) == set(Outcome)


def test_holding_stops_the_rest_and_the_letters_in_the_outbox_and_going_on_sends_them(
    someone: People, an_announcement: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        someone(f"見本{number}")
    monkeypatch.setattr(sending, "BATCH", 2)
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    post(announcement)
    with act(Kind.ANNOUNCEMENT_HELD, about=announcement):
        sending.hold(announcement)
    assert [letter.state for letter in posted()] == [LetterState.HELD] * 2
    worker.run_once()
    assert len(posted()) == 2
    assert announcement.state is AnnouncementState.HELD
    with pytest.raises(Refused):
        schedule(announcement)  # its recipients are fixed: it goes on, it is not sent anew
    with act(Kind.ANNOUNCEMENT_CONTINUED, about=announcement):
        sending.go_on(announcement)
    worker.run_once()
    db.session.refresh(announcement)
    assert [letter.state for letter in posted()] == [LetterState.QUEUED] * 3
    assert announcement.state is AnnouncementState.SENT


def test_going_on_does_not_write_to_an_address_that_rests(someone: People, an_announcement: Made) -> None:
    someone(email="hanako@example.test"), someone(email="taro@example.test")
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    post(announcement)
    with act(Kind.LETTER_HELD):
        posted()[0].hold(Trouble.ADDRESS_RESTS)
    with act(Kind.ANNOUNCEMENT_CONTINUED, about=announcement):
        announcement.state = AnnouncementState.SENDING
        sending.hold(announcement)
        sending.go_on(announcement)
    assert [(letter.state, letter.trouble) for letter in posted()] == [
        (LetterState.HELD, Trouble.ADDRESS_RESTS), (LetterState.QUEUED, None),
    ]  # fmt: skip


def test_calling_off_under_way_drops_what_has_not_left(
    someone: People, an_announcement: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        someone(f"見本{number}")
    monkeypatch.setattr(sending, "BATCH", 2)
    announcement = an_announcement()
    schedule(announcement)
    begin(announcement)
    post(announcement)
    with act(Kind.LETTER_HELD):
        posted()[0].state = LetterState.SENT
    with act(Kind.ANNOUNCEMENT_CANCELLED, about=announcement):
        sending.cancel(announcement)
    worker.run_once()
    assert [letter.state for letter in posted()] == [LetterState.SENT, LetterState.DROPPED]
    assert outcomes(announcement) == {"sent": 1, "skipped": 3}
    with pytest.raises(Refused), act(Kind.LETTER_RELEASED):
        posted()[1].release()


def test_a_scheduled_announcement_that_is_called_off_never_goes(someone: People, an_announcement: Made) -> None:
    someone()
    announcement = an_announcement()
    schedule(announcement)
    with act(Kind.ANNOUNCEMENT_CANCELLED, about=announcement):
        sending.cancel(announcement)
    worker.run_once()
    assert posted() == []
    with pytest.raises(Refused), act(Kind.ANNOUNCEMENT_CANCELLED, about=announcement):
        sending.cancel(announcement)


def test_what_was_sent_is_never_changed_and_a_copy_is_a_new_draft(
    someone: People, sent: Made, a_segment: Callable[..., Segment]
) -> None:
    someone()
    announcement = sent()
    with pytest.raises(Refused), act(Kind.ANNOUNCEMENT_CHANGED, about=announcement):
        announcement.change(segment=announcement.segment, subject="別の件名", body="別の本文")
    with act(Kind.ANNOUNCEMENT_WRITTEN) as deed:
        deed.about = again = announcements.copy(announcement)
    assert (again.subject, again.state, again.copied_from_id) == (
        announcement.subject,
        AnnouncementState.DRAFT,
        announcement.id,
    )
    other = a_segment()
    with act(Kind.ANNOUNCEMENT_CHANGED, about=again):
        again.change(segment=other, subject="別の件名", body="別の本文")
    assert announcement.subject == "会員交流会のご案内"


def test_a_scheduled_announcement_is_held_before_it_is_changed(someone: People, an_announcement: Made) -> None:
    someone()
    announcement = an_announcement()
    schedule(announcement)
    with pytest.raises(Refused), act(Kind.ANNOUNCEMENT_CHANGED, about=announcement):
        announcement.change(segment=announcement.segment, subject="x", body="y")
    with act(Kind.ANNOUNCEMENT_HELD, about=announcement):
        sending.hold(announcement)
    with act(Kind.ANNOUNCEMENT_CHANGED, about=announcement):
        announcement.change(segment=announcement.segment, subject="直した件名", body="直した本文")
    schedule(announcement)
    worker.run_once()
    assert posted()[0].subject == "直した件名"


def test_an_announcement_nobody_would_get_is_not_scheduled(someone: People, an_announcement: Made) -> None:
    someone(agrees=False)
    with pytest.raises(Refused):
        schedule(an_announcement())


def test_without_an_address_for_complaints_nothing_is_scheduled(someone: People, an_announcement: Made) -> None:
    someone()
    with act(Kind.SETTING_CHANGED):
        office_settings.change("issuer.email", "")
    with pytest.raises(Refused):
        schedule(an_announcement())


def test_a_test_goes_to_oneself_alone_and_its_link_stops_nobody(someone: People, an_announcement: Made) -> None:
    person = someone("佐藤 花子")
    announcement = an_announcement()
    with act(Kind.ANNOUNCEMENT_TESTED, about=announcement):
        letter = letters.test(announcement, Addressee(person), "clerk@example.jp", "事務")
    assert letter.recipient_email == "clerk@example.jp"
    assert letter.kind is LetterKind.TRANSACTIONAL
    assert letter.subject.startswith("【テスト】")
    assert "佐藤 花子 様" in letter.body
    assert outcomes(announcement) == {}


def test_two_records_of_one_announcement_may_not_hold_one_address(someone: People, sent: Made, app: Flask) -> None:
    announcement = sent(None) if someone() else None
    assert announcement is not None
    row = db.session.scalars(sa.select(AnnouncementRecipient)).one()
    with pytest.raises(sa.exc.IntegrityError), act(Kind.ANNOUNCEMENT_POSTED):
        again = AnnouncementRecipient(announcement=announcement, person=row.person, address=row.address)
        db.session.add(again)
        db.session.flush()


def test_of_two_with_one_address_the_one_who_agreed_is_written_to(someone: People, sent: Made) -> None:
    someone("同意なし", agrees=False, email="same@example.test", organisation=an_organisation("株式会社あ", kana="ア"))
    someone("同意あり", email="same@example.test", organisation=an_organisation("株式会社い", kana="イ"))
    sent()
    assert [letter.recipient_name for letter in posted()] == ["同意あり"]
