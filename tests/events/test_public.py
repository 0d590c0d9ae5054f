"""The public pages: the list, an event's page, registering by its form, and the page of one's own registration."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.config import Settings
from crm.db import db
from crm.events import questions, registering, tickets, waitlist
from crm.events.events import Audience
from crm.events.questions import QuestionKind
from crm.events.registrations import Ending, Registration, RegistrationState
from crm.history.kinds import Kind
from crm.history.recording import act
from tests.builders import a_registration, an_event
from tests.visiting import Visitor

PERSON = {"name": "髙橋 𠮷子", "email": "yoshiko@example.jp", "organisation": "株式会社見本"}


def registered() -> list[Registration]:
    return list(db.session.scalars(sa.select(Registration).order_by(Registration.id)))


def test_the_list_shows_events_to_come_and_those_that_were(app: Flask, client: Visitor) -> None:
    an_event(title="春のセミナー")
    an_event(title="去年のセミナー", days=-30)
    an_event(title="下書き", published=False)
    an_event(title="招待制", audience=Audience.INVITATION)
    coming, past = client.get("/events/").text, client.get("/events/?when=past").text
    assert "春のセミナー" in coming
    assert all(title not in coming for title in ("去年のセミナー", "下書き", "招待制"))
    assert "去年のセミナー" in past
    assert "春のセミナー" not in client.get("/events/?q=夏").text


def test_an_empty_list_says_so(client: Visitor) -> None:
    assert client.get("/events/").status_code == 200
    assert client.get("/events/?when=past").status_code == 200


def test_a_draft_has_no_public_page(app: Flask, client: Visitor) -> None:
    event = an_event(published=False)
    assert client.get(f"/events/{event.slug}").status_code == 404
    assert client.get(f"/events/{event.slug}/register").status_code == 404
    assert client.get("/events/no-such-event").status_code == 404


def test_registering_leads_to_the_page_that_says_the_seat_is_confirmed(app: Flask, client: Visitor) -> None:
    event = an_event(online_address="https://meet.example/abc")
    answer = client.fill_in(f"/events/{event.slug}/register", **PERSON)
    assert answer.status_code == 303
    [made] = registered()
    assert (made.name, made.email, made.organisation) == tuple(PERSON.values())
    assert made.notice_version == registering.notice()[1]
    assert answer.location == f"/registrations/{tickets.own_token(made)}"
    page = client.get(answer.location).text
    assert "https://meet.example/abc" in page
    assert client.get(f"{answer.location}/ticket.svg").mimetype == "image/svg+xml"
    assert b"TZID:Asia/Tokyo" in client.get(f"{answer.location}/calendar.ics").data


def test_the_online_address_is_shown_to_those_confirmed_only(app: Flask, client: Visitor) -> None:
    event = an_event(1, online_address="https://meet.example/abc")
    a_registration(event.sessions[0])
    waiting = a_registration(event.sessions[0])
    own = f"/registrations/{tickets.own_token(waiting)}"
    pages = [
        client.get(url).text for url in (f"/events/{event.slug}", f"/events/{event.slug}/register", own, "/events/")
    ]
    assert not any("meet.example" in page for page in pages)
    assert client.get(f"{own}/ticket.svg").status_code == 404
    assert client.get(f"{own}/calendar.ics").status_code == 404


def test_nobody_else_s_name_is_shown(app: Flask, client: Visitor) -> None:
    event = an_event()
    other = a_registration(event.sessions[0], "秘密 太郎")
    mine = a_registration(event.sessions[0])
    for url in (f"/events/{event.slug}", f"/events/{event.slug}/register", f"/registrations/{tickets.own_token(mine)}"):
        assert other.name not in client.get(url).text


def test_the_same_form_sent_twice_registers_once(app: Flask, client: Visitor) -> None:
    event = an_event()
    page = client.get(f"/events/{event.slug}/register").text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answers = [client.post(f"/events/{event.slug}/register", data={**hidden, **PERSON}) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(registered()) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "   "), ("name", "あ" * 101), ("name", "bad\u202ename"), ("email", ""), ("email", "nobody"),
        ("email", "a@b@c"), ("organisation", "x" * 100_000), ("party_size", "0"), ("party_size", "1.5"), ("party_size", "-1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_at_its_field_and_nothing_is_written(
    app: Flask, client: Visitor, field: str, value: str
) -> None:
    event = an_event(party_limit=5)
    answer = client.fill_in(f"/events/{event.slug}/register", **{**PERSON, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert registered() == []


def test_a_page_opened_in_time_and_sent_too_late_is_too_late(
    app: Flask, client: Visitor, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(closes_at=clock.now() + timedelta(hours=1))
    page = client.get(f"/events/{event.slug}/register").text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    clock_at("2026-05-01 10:00")
    answer = client.post(f"/events/{event.slug}/register", data={**hidden, **PERSON})
    assert answer.status_code == 422
    assert registered() == []
    assert '<form method="post" class="form"' not in client.get(f"/events/{event.slug}/register").text


def test_an_event_asks_its_own_questions(app: Flask, client: Visitor) -> None:
    event = an_event()
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        diet = questions.adding(event, QuestionKind.CHOICE, "昼食", options=["和食", "洋食"], is_required=True)
        topics = questions.adding(event, QuestionKind.SEVERAL, "関心", options=["介護", "看護", "福祉"])
        years = questions.adding(event, QuestionKind.NUMBER, "経験年数")
        day = questions.adding(event, QuestionKind.DAY, "見学希望日")
        words = questions.adding(event, QuestionKind.PARAGRAPH, "質問")
    url = f"/events/{event.slug}/register"
    missing = client.fill_in(url, **PERSON)
    assert missing.status_code == 422
    assert f'id="{diet.field}-error"' in missing.text
    assert client.fill_in(url, **PERSON, **{diet.field: "中華"}).status_code == 422
    assert client.fill_in(url, **PERSON, **{diet.field: "和食", years.field: "三"}).status_code == 422
    assert client.fill_in(url, **PERSON, **{diet.field: "和食", day.field: "2026-02-30"}).status_code == 422
    good = {
        diet.field: "和食",
        topics.field: ["看護", "介護"],
        years.field: "１２",
        day.field: "R8.4.1",
        words.field: "なし",
    }
    assert client.fill_in(url, **PERSON, **good).status_code == 303
    [made] = registered()
    assert [(a["text"], a["value"]) for a in made.answers] == [
        ("昼食", "和食"), ("関心", ["介護", "看護"]), ("経験年数", 12), ("見学希望日", "2026-04-01"), ("質問", "なし"),
    ]  # fmt: skip


def test_changing_the_form_keeps_what_was_answered_true(app: Flask) -> None:
    event = an_event()
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        asked = questions.adding(event, QuestionKind.LINE, "役職")
    given = questions.answers(event.questions, {asked.field: "師長"})
    made = a_registration(event.sessions[0], answers=given)
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        asked.change(text="ご所属の部署")
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        questions.remove(asked)
    db.session.expire_all()
    assert [(a["text"], a["value"]) for a in made.answers] == [("役職", "師長")]


def test_a_form_that_was_shown_before_shows_what_was_changed_since(app: Flask, client: Visitor) -> None:
    event = an_event()
    url = f"/events/{event.slug}/register"
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        diet = questions.adding(
            event, QuestionKind.CHOICE, "昼食", options=["和食", "洋食"], options_en=["Rice", "Bread"]
        )
    assert "洋食" in client.get(url).text
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        diet.change(options=["和食", "中華"], options_en=["Rice", "Noodles"])
    assert "中華" in client.get(url).text
    assert "Noodles" in client.get(f"{url}?lang=en", follow_redirects=True).text
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        questions.remove(diet)
    assert "昼食" not in client.get(url).text


def test_what_was_filled_in_wrongly_is_shown_to_nobody_else(app: Flask, client: Visitor) -> None:
    url = f"/events/{an_event().slug}/register"
    assert "見本 秘密" in client.fill_in(url, name="見本 秘密", email="no address").text
    page = client.get(url).text
    assert "見本 秘密" not in page
    assert "has-error" not in page


def test_with_several_sessions_one_must_be_chosen(app: Flask, client: Visitor) -> None:
    event = an_event(5, 5)
    url = f"/events/{event.slug}/register"
    assert client.fill_in(url, **PERSON, session="").status_code == 422
    assert client.fill_in(url, **PERSON, session="999999").status_code == 422
    second = event.sessions[1]
    assert client.fill_in(url, **PERSON, session=str(second.id)).status_code == 303
    assert registered()[0].session_id == second.id


def test_who_read_an_older_notice_reads_the_new_one_first(app: Flask, client: Visitor) -> None:
    event = an_event()
    answer = client.fill_in(f"/events/{event.slug}/register", **PERSON, notice_version="0" * 12)
    assert answer.status_code == 422
    assert registered() == []


def test_one_cancels_by_one_s_own_page(app: Flask, client: Visitor) -> None:
    made = a_registration(an_event(5).sessions[0])
    own = f"/registrations/{tickets.own_token(made)}"
    assert client.fill_in(own, form="/cancel").status_code == 303
    db.session.expire_all()
    assert (made.state, made.ended_by) == (RegistrationState.CANCELLED, Ending.PERSON)
    assert client.get(own).status_code == 200


def test_an_offer_is_taken_or_left_by_one_s_own_page(app: Flask, client: Visitor) -> None:
    session = an_event(1).sessions[0]
    first, second, third = (a_registration(session) for _ in range(3))
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(first.id, Ending.PERSON)
    assert client.fill_in(f"/registrations/{tickets.own_token(second)}", form="/decline").status_code == 303
    db.session.expire_all()
    assert [second.state, third.state] == [RegistrationState.CANCELLED, RegistrationState.OFFERED]
    assert client.fill_in(f"/registrations/{tickets.own_token(third)}", form="/accept").status_code == 303
    db.session.expire_all()
    assert third.state is RegistrationState.CONFIRMED


def test_an_offer_cannot_be_taken_after_its_time(
    app: Flask, client: Visitor, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    session = an_event(1).sessions[0]
    first, second = a_registration(session), a_registration(session)
    with act(Kind.REGISTRATION_CANCELLED):
        registering.cancel(first.id, Ending.PERSON)
    own = f"/registrations/{tickets.own_token(second)}"
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(own).text))
    clock_at("2026-05-03 09:00")
    assert waitlist.due_offers(clock.now()) == [session.id]
    assert client.post(f"{own}/accept", data=hidden).status_code == 409
    db.session.expire_all()
    assert second.state is RegistrationState.OFFERED
    assert client.get(own).status_code == 200


def test_a_link_that_was_altered_opens_nothing(app: Flask, client: Visitor) -> None:
    made = a_registration(an_event().sessions[0])
    token = tickets.own_token(made)
    flipped = ("A" if token[0] != "A" else "B") + token[1:]
    for wrong in (flipped, made.code, token[:-2], "x", "日本"):
        assert client.get(f"/registrations/{wrong}").status_code == 404


def test_the_pages_speak_english(app: Flask, client: Visitor) -> None:
    event = an_event(title_en="Care seminar")
    assert "Care seminar" in client.get(f"/events/{event.slug}?lang=en", follow_redirects=True).text
    answer = client.fill_in(f"/events/{event.slug}/register", **PERSON)
    assert answer.status_code == 303
    assert registered()[0].locale == "en"


def test_an_invitation_s_link_opens_the_form(app: Flask, client: Visitor) -> None:
    event = an_event(audience=Audience.INVITATION)
    assert client.fill_in(f"/events/{event.slug}/register", **PERSON).status_code == 422
    assert client.fill_in(f"/events/{event.slug}/register?key={event.invitation_key}", **PERSON).status_code == 303


def test_a_ticket_says_who_it_admits_and_no_other(app: Flask) -> None:
    made = a_registration(an_event(party_limit=3).sessions[0], party_size=2)
    code = tickets.ticket(made)
    assert tickets.read_ticket(code) == tickets.Ticket(made.id, made.session_id, 2)
    for place in range(len(code)):
        altered = code[:place] + ("x" if code[place] != "x" else "y") + code[place + 1 :]
        assert tickets.read_ticket(altered) is None
        assert tickets.read_ticket(code[:place]) is None


def test_registering_asks_the_database_few_questions(app: Flask, client: Visitor) -> None:
    event = an_event()
    url = f"/events/{event.slug}/register"
    client.fill_in(url, **PERSON)
    seen: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    client.get(url)
    form_queries = len(seen)
    client.fill_in(url, **PERSON)
    assert form_queries <= 8, "\n".join(seen)
    assert len(seen) - 2 * form_queries <= 24, "\n".join(seen[2 * form_queries :])


class TestLimited:
    """With the operator's limit in force."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        from dataclasses import replace

        return replace(settings, public_rate=3)

    def test_forms_beyond_the_limit_are_told_to_wait(self, app: Flask, client: Visitor) -> None:
        event = an_event()
        url = f"/events/{event.slug}/register"
        codes = [client.fill_in(url, **PERSON).status_code for _ in range(4)]
        assert codes == [303, 303, 303, 429]
        assert client.get(url).status_code == 200
