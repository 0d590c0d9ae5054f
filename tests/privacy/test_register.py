"""Requests and their deadlines, hand-overs, what need not be kept, and the versions of the texts people agree to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock, verifying, worker
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.history.records import Change
from crm.home import attention
from crm.mail.outbox import Letter, Trouble
from crm.members.applications import Application, ApplicationState
from crm.privacy import hand_overs, letters, requests, retention
from crm.privacy.hand_overs import Ground, HandOver
from crm.privacy.requests import PrivacyRequest, RequestKind, RequestOutcome, RequestState
from crm.settings import settings, wordings
from tests.builders import a_person, an_application
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]


def a_request(
    kind: RequestKind = RequestKind.DISCLOSURE, received_on: date | None = None, **values: Any
) -> PrivacyRequest:
    with act(Kind.PRIVACY_REQUEST_RECEIVED):
        return requests.receive(
            kind, "見本 花子", received_on=received_on or clock.today(), **{"email": "hanako@example.test", **values}
        )


def change_text(words: str, key: str = "texts.privacy") -> None:
    with act(Kind.SETTING_CHANGED):
        settings.change(key, words)


def test_a_request_is_answered_by_its_last_day_and_only_after_the_identity_was_checked(app: Flask) -> None:
    asked = a_request()
    assert asked.number.startswith("PRV-")
    assert asked.due_on == clock.today() + timedelta(days=30)
    with pytest.raises(Refused, match="本人確認"):
        asked.answer(RequestOutcome.GRANTED, "", on=clock.today())
    db.session.rollback()
    with act(Kind.PRIVACY_REQUEST_CHECKED):
        asked.check_identity("登録の電話に折り返し", person=None, on=clock.today())
    with pytest.raises(Refused, match="理由"):
        asked.answer(RequestOutcome.DECLINED, " ", on=clock.today())
    db.session.rollback()
    with act(Kind.PRIVACY_REQUEST_ANSWERED):
        asked.answer(RequestOutcome.PARTLY, "第三者の情報を含むため", on=clock.today())
        letter = letters.answered(asked)
    assert "第三者の情報を含むため" in letter.body
    assert asked.state is RequestState.ANSWERED
    with pytest.raises(Refused):
        asked.withdraw(clock.today())


def test_the_dashboard_counts_open_requests_and_says_which_are_late(app: Flask) -> None:
    a_request()
    a_request(received_on=clock.today() - timedelta(days=31))
    counts = {
        str(one.label): one.count
        for one in attention.gathered(clock.today())
        if "personal data" in str(one.label) or "個人データ" in str(one.label)
    }
    assert sorted(counts.values()) == [1, 2]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ground": Ground.LAW}, "ground_note"),
        ({"people": []}, "people"),
        ({"persons": 0}, "persons"),
        ({"handed_on": date(2100, 1, 1)}, "handed_on"),
    ],
)
def test_a_hand_over_says_to_whom_when_what_and_on_which_ground(
    app: Flask, changed: dict[str, Any], field: str
) -> None:
    person = a_person()
    given = {
        "recipient": "会場",
        "items": "氏名",
        "ground": Ground.CONSENT,
        "people": [person],
        "handed_on": clock.today(),
        **changed,
    }
    with pytest.raises(Refused) as refusal, act(Kind.DATA_HANDED_OVER):
        hand_overs.record(given.pop("recipient"), given.pop("items"), given.pop("ground"), given.pop("people"), **given)
    assert refusal.value.field == field
    assert db.session.scalars(sa.select(HandOver)).all() == []


def test_a_lapsed_application_leaves_the_record_too_when_the_office_lets_it_go(app: Flask) -> None:
    made = an_application(confirmed=False)
    email = made.contact_email
    with act(Kind.APPLICATION_LAPSED, about=made):
        made.lapse()
    rule = retention.BY_NAME["lapsed"]
    assert rule.count() == 1
    assert any(email in str(change.after) for change in db.session.scalars(sa.select(Change)))
    with act(Kind.RETENTION_CARRIED_OUT):
        assert retention.carry_out(rule) == 1
    assert rule.count() == 0
    assert not any(email in str((c.before, c.after)) for c in db.session.scalars(sa.select(Change)))
    assert verifying.breaches() == []


def test_what_is_over_its_period_is_listed_and_goes_by_rule(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = a_request()
    with act(Kind.PRIVACY_REQUEST_WITHDRAWN):
        asked.withdraw(clock.today())
        person = a_known_person()
        hand_overs.record("会場", "氏名", Ground.CONSENT, [person], handed_on=clock.today())
        letters.received(asked).drop(Trouble.CALLED_OFF)
    assert all(rule.count() == 0 for rule in retention.RULES)
    later = datetime.now(UTC) + timedelta(days=366 * 3 + 2)
    monkeypatch.setattr(clock, "now", lambda: later)
    counts = {rule.name: rule.count() for rule in retention.RULES if rule.count()}
    assert counts == {"letters": 1, "requests": 1, "hand_overs": 1}
    for name in counts:
        with act(Kind.RETENTION_CARRIED_OUT):
            retention.carry_out(retention.BY_NAME[name])
    assert all(rule.count() == 0 for rule in retention.RULES)
    assert db.session.scalars(sa.select(HandOver)).all() == []
    assert db.session.scalars(sa.select(Letter.body)).all() == [""]
    assert verifying.breaches() == []


def a_known_person() -> Any:
    from crm.organisations import organisations, people

    return people.adding(organisations.adding("株式会社カイジョウ"), "見本 次郎")


def test_each_change_of_a_text_makes_a_version_and_the_first_change_keeps_what_stood_before(app: Flask) -> None:
    first = str(settings.office_setting("texts.privacy"))
    change_text("新しい文面")
    change_text("新しい文面")
    change_text("さらに新しい文面")
    assert [(v.number, v.words) for v in wordings.versions("texts.privacy")] == [
        (3, "さらに新しい文面"),
        (2, "新しい文面"),
        (1, first),
    ]
    assert wordings.in_force("texts.privacy", "さらに新しい文面").number == 3


def test_an_application_leads_by_its_digest_to_the_words_it_agreed_to(app: Flask) -> None:
    made = an_application()
    change_text("あとの文面")
    found = wordings.of_digest(made.privacy_digest)
    assert found is not None
    assert (found.number, found.words) == (1, made.privacy_text)
    assert wordings.of_digest(made.privacy_digest[:12]) == found
    assert wordings.of_digest("0" * 12) is None


def test_the_worker_notes_the_texts_in_force_once(app: Flask) -> None:
    assert worker.note_texts() == 2
    assert worker.note_texts() == 0
    assert [v.number for v in wordings.versions("texts.rules")] == [1]


def test_the_office_works_off_a_request_on_its_pages(app: Flask, sign_in: SignIn) -> None:
    person = a_person(name="見本 花子")
    clerk = sign_in("clerk")
    assert (
        clerk.fill_in(
            "/office/privacy/requests/new", form="/requests/new", name="見本 花子", person="nobody@example.test"
        ).status_code
        == 422
    )
    made = clerk.fill_in(
        "/office/privacy/requests/new", form="/requests/new", name="見本 花子", email=person.email, person=person.email
    )
    assert made.status_code == 303
    page = made.location
    assert clerk.fill_in(page, form="/identity", identity_how="身分証の提示").status_code == 303
    assert clerk.fill_in(page, form="/answer", outcome="declined").status_code == 422
    assert clerk.fill_in(page, form="/answer", outcome="granted").status_code == 303
    for place in (
        "/office/privacy/",
        "/office/privacy/retention",
        "/office/privacy/texts",
        "/office/privacy/hand-overs",
        page,
    ):
        assert clerk.get(place).status_code == 200
    given = clerk.fill_in(
        "/office/privacy/hand-overs/new",
        form="/hand-overs/new",
        recipient="会場",
        items="氏名",
        people=f"{person.id}",
        ground="consent",
    )
    assert given.status_code == 303
    assert "会場" in clerk.get(f"/office/privacy/people/{person.id}").get_data(as_text=True)
    assert (
        db.session.scalar(sa.select(sa.func.count()).select_from(Letter).where(Letter.template.startswith("privacy/")))
        == 2
    )


@pytest.mark.parametrize("role", ["treasurer", "coordinator", "auditor", "city_officer", "member"])
def test_nobody_else_gets_in(app: Flask, sign_in: SignIn, role: str) -> None:
    visitor = sign_in(role)
    for place in (
        "/office/privacy/",
        "/office/privacy/retention",
        "/office/privacy/texts",
        "/office/privacy/hand-overs",
    ):
        assert visitor.get(place).status_code in (302, 303, 403)


def test_a_declined_application_is_kept_for_its_period_only(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    made = an_application()
    with act(Kind.APPLICATION_DECLINED):
        row = db.session.get_one(Application, made.id)
        row.state, row.decided_at = ApplicationState.DECLINED, clock.now()
    assert retention.BY_NAME["declined"].count() == 0
    later = clock.now() + timedelta(days=366 * 3 + 2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert retention.BY_NAME["declined"].count() == 1
    with act(Kind.RETENTION_CARRIED_OUT):
        retention.carry_out(retention.BY_NAME["declined"])
    assert retention.BY_NAME["declined"].count() == 0
    assert verifying.breaches() == []
