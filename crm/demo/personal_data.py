"""Personal data of invented people: one request answered, one that waits, and a list of names given to a venue."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from crm import clock
from crm.db import db
from crm.organisations.people import Person
from crm.privacy import hand_overs, requests
from crm.privacy.hand_overs import Ground
from crm.privacy.requests import RequestKind, RequestOutcome


def asked_and_given() -> None:
    """Two requests and one hand-over."""
    today = clock.today()
    first, second, third = db.session.scalars(
        sa.select(Person)
        .where(Person.merged_into_id.is_(None), Person.name.contains("見本"))
        .order_by(Person.id)
        .limit(3)
    ).all()
    done = requests.receive(
        RequestKind.DISCLOSURE, first.name, received_on=today - timedelta(days=40), person=first, email=first.email,
        wish="登録されている自分の情報を、PDFで確認したい。",
    )  # fmt: skip
    done.check_identity("登録済みの電話番号に折り返して確認", person=first, on=today - timedelta(days=38))
    done.answer(RequestOutcome.GRANTED, "", on=today - timedelta(days=33))
    requests.receive(
        RequestKind.CORRECTION, second.name, received_on=today - timedelta(days=5), person=second, email=second.email,
        wish="部署名の表記を直してほしい。",
    )  # fmt: skip
    hand_overs.record(
        "見本会館（会場）", "氏名、所属", Ground.CONSENT, [first, third], handed_on=today - timedelta(days=20),
        recipient_address="神奈川県川崎市川崎区見本町1-1", way="書面（入館者名簿）",
    )  # fmt: skip
