"""An application from the public page becomes a member: sent, confirmed by mail, returned, corrected, accepted, certified."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from flask import Flask

from crm import verifying, worker
from crm.db import db
from crm.members.certificates import Certificate
from crm.members.members import Member
from crm.members.tiers import MemberClass
from tests.builders import the_tiers
from tests.journeys.reading import letters_to, path_in, text_of
from tests.visiting import Visitor, forms_on

EMAIL = "hanako@example.test"
FILLED_IN = {
    "name": "株式会社髙﨑見本", "kana": "タカサキミホン", "kind": "company", "industry": "医療機器", "employees": "１０１",
    "employees_on": "2026-04-01", "member_class": "corporate", "postal_code": "210-0821",
    "address": "神奈川県川崎市川崎区殿町3-25-14", "phone": "044-000-0000", "representative": "見本 太郎", "contact_name": "見本 花子",
    "contact_department": "開発部", "contact_email": EMAIL, "agrees_rules": "y", "agrees_privacy": "y",
}  # fmt: skip


def test_who_applies_is_asked_back_corrects_and_becomes_a_member(
    app: Flask, client: Visitor, sign_in: Callable[..., Visitor], clock_at: Callable[[str], object]
) -> None:
    clock_at("2026-06-01 10:00")
    the_tiers()
    office = sign_in("clerk")
    assert client.fill_in("/join", form=-1, **FILLED_IN).status_code == 303
    assert "株式会社髙﨑見本" not in office.get("/office/applications/?state=submitted").text, (
        "seen before it is confirmed"
    )
    own = path_in(letters_to(EMAIL)[-1], "/join/")
    assert client.fill_in(own, form="/confirm").status_code == 303
    review = _waiting_in(office)
    assert office.fill_in(review, form="/return", remark="社員数の基準日をご確認ください。").status_code == 303
    assert path_in(letters_to(EMAIL)[-1], "/join/") == own
    assert (
        client.fill_in(own, form=-1, employees_on="2026-05-01", agrees_rules="y", agrees_privacy="y").status_code == 303
    )
    _accepted(client, office, review)
    assert verifying.breaches() == []


def _accepted(client: Visitor, office: Visitor, review: str) -> None:
    asked = "organisation=new&member_class=corporate&on=2026-06-01"
    assert office.fill_in(f"{review}/accept?{asked}", form="/accept").status_code == 303
    assert "/accept" not in [form.action[-7:] for form in forms_on(office.get(review).text)], "could be accepted twice"
    worker.run_once()
    db.session.rollback()
    member = db.session.scalars(sa.select(Member)).one()
    certificate = db.session.scalars(sa.select(Certificate)).one()
    assert member.organisation.name == "株式会社髙﨑見本"
    assert [(p.member_class, f"{p.since}") for p in member.classes] == [(MemberClass.CORPORATE, "2026-06-01")]
    number, pdf = certificate.number, f"/office/certificates/{certificate.id}/pdf"
    assert member.number in letters_to(EMAIL)[-1].body
    assert "株式会社髙﨑見本" in text_of(office.get(pdf).data)
    assert client.get(f"/verify/{number}").status_code == 200
    assert client.get(f"/verify/{number}X").status_code == 404


def _waiting_in(office: Visitor) -> str:
    """The page of the only application that waits."""
    rows = office.get("/office/applications/?format=json&state=submitted").get_json()
    assert [row["name"] for row in rows] == ["株式会社髙﨑見本"]
    shown = office.get("/office/applications/?state=submitted").text
    found = re.search(r'href="(/office/applications/\d+)"', shown)
    assert found is not None
    return found[1]
