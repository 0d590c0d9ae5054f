"""The announcements of the invented consortium: who agreed to them, one segment, one that was sent, one address that rests."""

from __future__ import annotations

import sqlalchemy as sa

from crm import clock
from crm.announcements import announcements, letters, segments, sending
from crm.announcements.conditions import Belonging, Conditions
from crm.db import db
from crm.mail import outbox, resting
from crm.mail.bounces import Bounce, Weight
from crm.mail.outbox import RESTS_AFTER, LetterState, Recipient
from crm.organisations import consents
from crm.organisations.consents import Purpose, Way
from crm.organisations.people import Person, PersonRole, holding

GONE = "liaison03@example.jp"  # whose mailbox is closed
SUBJECT = "見本：会員交流会のご案内"
BODY = """{宛名}
（{団体名}）

いつもお世話になっております。会員交流会を下記のとおり開きます。

　場所　ナノ医療イノベーションセンター（iCONM）1階 マグネット
　内容　看護の現場から、今年のケアニーズの紹介

これは見本の案内メールです。"""
ISSUER = {
    "name": "かわさきケアデザインコンソーシアム",
    "postal_code": "",
    "address": "神奈川県川崎市川崎区殿町3-25-14",
    "phone": "",
    "email": "",
}
WORDING = "案内メールの受信に同意します。"


def sent() -> None:
    """An announcement to the liaisons of all members; most agreed, some did not, one cannot be reached."""
    for i, person in enumerate(db.session.scalars(holding(PersonRole.LIAISON, clock.today())).all()):
        if i % 7 != 5:
            consents.record(person, Purpose.ANNOUNCEMENTS, text_version="見本-1", way=Way.FORM, wording=WORDING)
    _close_the_mailbox()
    conditions = Conditions(belonging=Belonging.MEMBERS, roles=(PersonRole.LIAISON,))
    segment = segments.adding("見本：会員の連絡担当", "会員交流会などのご案内", conditions)
    announcement = announcements.writing(segment, subject=SUBJECT, body=BODY)
    db.session.flush()
    sending.schedule(announcement, None)
    sending.begin(announcement)
    while sending.post_next(announcement):
        db.session.flush()


def _close_the_mailbox() -> None:
    """Three letters to one address came back, so it rests."""
    person = db.session.scalars(sa.select(Person).where(Person.email == GONE)).one()
    for number in range(RESTS_AFTER):
        to = Recipient(person.email, person.name, person.locale)
        letter = outbox.post(
            letters.NAME, to, about=person, subject=f"見本：行事のご案内（第{number + 1}回）", body="見本の案内メールです。",
            stop_url=letters.unsubscribe_url(0), issuer=ISSUER,
        )  # fmt: skip
        letter.state, letter.wakes_at, letter.sent_at = LetterState.SENT, None, clock.now()
        report = Bounce(
            digest=f"demo-{number}", weight=Weight.HARD, email=GONE, status="5.1.1", words="User unknown", letter=letter
        )
        db.session.add(report)
        report.mark_letter()
    db.session.flush()
    resting.rest(GONE)
