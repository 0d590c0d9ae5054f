"""The office's pages about events: who may enter, what a wrong form answers, and that a right one acts."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.events import questions
from crm.events.events import Event, EventState
from crm.events.questions import QuestionKind
from crm.events.registrations import Attendance, Registration, RegistrationState
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from tests.builders import a_registration, an_event
from tests.visiting import Visitor, forms_on

SignIn = Callable[..., Visitor]
NEW = {
    "title": "看護現場セミナー", "kind": "care_seminar", "starts_at": "2027-04-10T14:00", "ends_at": "2027-04-10T16:00",
    "capacity": "30", "place": "殿町", "party_limit": "1",
}  # fmt: skip


@pytest.mark.parametrize("role", ["director", "clerk", "coordinator", "treasurer", "auditor"])
def test_everyone_in_the_office_may_look(sign_in: SignIn, role: str) -> None:
    event = an_event(2, None)
    seated = a_registration(event.sessions[0])
    visitor = sign_in(role)
    base = f"/office/events/{event.id}"
    for url in (
        "/office/events/", base, f"{base}/questions", f"{base}/registrations", f"{base}/attendance",
        f"{base}/attendance/{event.sessions[1].id}", f"/office/events/registrations/{seated.id}",
    ):  # fmt: skip
        assert visitor.get(url).status_code == 200, url


@pytest.mark.parametrize("role", ["auditor", "treasurer", "city_officer"])
def test_those_who_only_read_change_nothing(sign_in: SignIn, role: str) -> None:
    event = an_event()
    seated = a_registration(event.sessions[0])
    visitor = sign_in(role)
    base = f"/office/events/{event.id}"
    assert visitor.get("/office/events/new").status_code == 403
    assert visitor.get(f"{base}/edit").status_code == 403
    [form] = [
        f
        for f in forms_on(visitor.get(f"/events/{event.slug}/register").text)
        if "csrf_token" in f.values and "name" in f.values
    ]
    token = {"csrf_token": form.values["csrf_token"]}
    for url in (f"{base}/publish", f"{base}/call-off", f"/office/events/registrations/{seated.id}/cancel"):
        assert visitor.post(url, data=token).status_code == 403
    assert visitor.post(f"{base}/attendance/{event.sessions[0].id}", data=token).status_code == 403


def test_an_event_is_made_as_a_draft_and_published(sign_in: SignIn, client: Visitor) -> None:
    visitor = sign_in("clerk")
    answer = visitor.fill_in("/office/events/new", form=-1, **NEW)
    assert answer.status_code == 303
    event = db.session.scalars(sa.select(Event)).one()
    assert (event.state, event.slug, event.sessions[0].capacity) == (EventState.DRAFT, "event-20270410", 30)
    assert visitor.fill_in(answer.location, form="/publish").status_code == 303
    assert client.get("/events/event-20270410").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""), ("starts_at", ""), ("starts_at", "0001-01-01T00:00"), ("starts_at", "tomorrow"),
        ("ends_at", "2027-04-10T13:00"), ("capacity", "-1"), ("capacity", "1.5"), ("capacity", "1000001"),
        ("kind", "party"), ("slug", "Großes Fest"), ("online_address", "javascript:alert(1)"), ("party_limit", "0"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_at_its_field(sign_in: SignIn, field: str, value: str) -> None:
    answer = sign_in("clerk").fill_in("/office/events/new", form=-1, **{**NEW, field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalars(sa.select(Event)).all() == []


def test_an_address_part_is_taken_once(sign_in: SignIn) -> None:
    an_event(slug="spring")
    assert sign_in("clerk").fill_in("/office/events/new", form=-1, **NEW, slug="spring").status_code == 422


def test_who_saves_second_is_told(sign_in: SignIn) -> None:
    event = an_event()
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/edit"
    assert visitor.fill_in(url, form=-1, place="別の場所").status_code == 303
    assert visitor.fill_in(url, form=-1, place="三番目", version="1").status_code == 409
    db.session.expire_all()
    assert event.place == "別の場所"


def test_another_time_is_told_to_everyone_registered(sign_in: SignIn) -> None:
    event = an_event()
    made = a_registration(event.sessions[0])
    url = f"/office/events/{event.id}/sessions/{event.sessions[0].id}/edit"
    fields = {"starts_at": "2027-05-01T10:00", "ends_at": "2027-05-01T12:00"}
    assert sign_in("clerk").fill_in(url, form=-2, **fields).status_code == 303
    assert "events/session_changed" in _letters(made)


def test_more_room_on_screen_confirms_who_waits(sign_in: SignIn) -> None:
    event = an_event(1)
    _first, second = a_registration(event.sessions[0]), a_registration(event.sessions[0])
    url = f"/office/events/{event.id}/sessions/{event.sessions[0].id}/edit"
    assert sign_in("clerk").fill_in(url, form=-2, capacity="2").status_code == 303
    db.session.expire_all()
    assert second.state is RegistrationState.CONFIRMED
    assert "events/promoted" in _letters(second)


def test_a_session_with_registrations_cannot_be_removed(sign_in: SignIn) -> None:
    event = an_event(1, 1)
    a_registration(event.sessions[0])
    visitor = sign_in("clerk")
    base = f"/office/events/{event.id}/sessions"
    held, empty = event.sessions[0].id, event.sessions[1].id
    assert visitor.fill_in(f"{base}/{held}/edit", form="/remove").status_code == 409
    assert visitor.fill_in(f"{base}/{empty}/edit", form="/remove").status_code == 303
    db.session.expire_all()
    assert [s.id for s in event.sessions] == [held]


def test_calling_off_asks_for_a_reason_and_writes_to_everyone(sign_in: SignIn) -> None:
    event = an_event()
    made = a_registration(event.sessions[0])
    url = f"/office/events/{event.id}"
    assert sign_in("clerk").fill_in(url, form="/call-off", reason="大雪のため").status_code == 303
    db.session.expire_all()
    assert (event.state, made.state) == (EventState.CANCELLED, RegistrationState.CANCELLED)
    assert "events/event_cancelled" in _letters(made)


def test_last_year_s_event_is_repeated_with_its_questions(sign_in: SignIn) -> None:
    event = an_event(10, 20, days=-300)
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        questions.adding(event, QuestionKind.CHOICE, "昼食", options=["要", "不要"])
    answer = sign_in("clerk").fill_in(f"/office/events/{event.id}/repeat", form=-1, first_day="令和9年6月1日")
    assert answer.status_code == 303
    again = db.session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
    assert again is not None
    assert (again.state, again.copied_from_id, again.slug) == (EventState.DRAFT, event.id, "event-20270601")
    assert [s.capacity for s in again.sessions] == [10, 20]
    assert (
        again.sessions[1].starts_at - again.sessions[0].starts_at
        == event.sessions[1].starts_at - event.sessions[0].starts_at
    )
    assert [q.text for q in again.questions] == ["昼食"]


def test_questions_are_added_ordered_changed_and_removed(sign_in: SignIn) -> None:
    event = an_event()
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/questions"
    assert visitor.fill_in(url, form=-1, text="昼食", kind="choice", options="要").status_code == 422
    assert (
        visitor.fill_in(url, form=-1, text="昼食", kind="choice", options="要\n不要", is_required="y").status_code
        == 303
    )
    assert visitor.fill_in(url, form=-1, text="役職", kind="line").status_code == 303
    db.session.expire_all()
    lunch, post = event.questions
    assert (lunch.options, lunch.is_required) == (["要", "不要"], True)
    assert visitor.fill_in(url, form=f"/{post.id}/up").status_code == 303
    db.session.expire_all()
    assert [q.text for q in event.questions] == ["役職", "昼食"]
    assert visitor.fill_in(f"{url}/{post.id}/edit", form=-1, text="お役職").status_code == 303
    assert visitor.fill_in(url, form=f"/{lunch.id}/remove").status_code == 303
    db.session.expire_all()
    assert [q.text for q in event.questions] == ["お役職"]


def test_the_list_as_excel_has_the_answers_as_columns(sign_in: SignIn) -> None:
    event = an_event()
    with act(Kind.EVENT_QUESTIONS_CHANGED):
        asked = questions.adding(event, QuestionKind.SEVERAL, "関心", options=["介護", "看護"])
    given = questions.answers(event.questions, {asked.field: ["介護", "看護"]})
    a_registration(event.sessions[0], "見本 花子", answers=given)
    a_registration(event.sessions[0], "=HYPERLINK(1)")
    answer = sign_in("clerk").get(f"/office/events/{event.id}/registrations?format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heading = next(row for row in rows if "関心" in row)
    hanako = next(row for row in rows if row[0] == "見本 花子")
    assert hanako[heading.index("関心")] == "介護、看護"


def test_the_list_is_searched_by_name_and_filtered_by_state(sign_in: SignIn) -> None:
    event = an_event(1)
    a_registration(event.sessions[0], "見本 花子")
    a_registration(event.sessions[0], "見本 太郎")
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/registrations"
    assert "太郎" not in visitor.get(f"{url}?q=花子").text
    assert "花子" not in visitor.get(f"{url}?state=waiting").text
    assert visitor.get(f"{url}?state=nonsense").status_code == 400


def test_someone_is_added_by_hand_and_cancelled(sign_in: SignIn) -> None:
    event = an_event(1)
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/registrations/new"
    assert visitor.fill_in(url, form=-1, name="電話 の方").status_code == 303
    made = db.session.scalars(sa.select(Registration)).one()
    assert (made.state, made.email, _letters(made)) == (RegistrationState.CONFIRMED, "", [])
    assert visitor.fill_in(f"/office/events/registrations/{made.id}", form="/cancel").status_code == 303
    db.session.expire_all()
    assert made.state is RegistrationState.CANCELLED


def test_attendance_is_ticked_unticked_and_the_rest_marked_absent(
    sign_in: SignIn, clock_at: Callable[[str], datetime]
) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(days=1, party_limit=3)
    session = event.sessions[0]
    one, two, party = a_registration(session), a_registration(session), a_registration(session, party_size=3)
    clock_at("2026-05-02 09:30")
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/attendance/{session.id}"
    ticked = {"present": [str(one.id), str(party.id)], f"came-{party.id}": "2", "rest_absent": "1"}
    assert visitor.fill_in(url, form=-2, **ticked).status_code == 303
    db.session.expire_all()
    assert [(r.attended, r.came) for r in (one, two, party)] == [
        (Attendance.PRESENT, 1), (Attendance.ABSENT, 0), (Attendance.PRESENT, 2),
    ]  # fmt: skip
    assert visitor.fill_in(url, form=-2, present=[str(two.id), str(party.id)]).status_code == 303
    db.session.expire_all()
    assert [r.attended for r in (one, two, party)] == [None, Attendance.PRESENT, Attendance.PRESENT]
    assert party.came == 2


def test_two_who_tick_at_once_do_not_undo_each_other(sign_in: SignIn, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(days=1)
    session = event.sessions[0]
    one, two = a_registration(session), a_registration(session)
    clock_at("2026-05-02 09:30")
    visitor = sign_in("clerk")
    url = f"/office/events/{event.id}/attendance/{session.id}"
    shown = {"shown": [f"{one.id}:", f"{two.id}:"]}
    assert visitor.fill_in(url, form=-2, present=[str(one.id)], **shown).status_code == 303
    assert visitor.fill_in(url, form=-2, present=[str(two.id)], **shown).status_code == 303
    db.session.expire_all()
    assert [one.attended, two.attended] == [Attendance.PRESENT, Attendance.PRESENT]


def test_a_walk_in_is_added_as_present(sign_in: SignIn, clock_at: Callable[[str], datetime]) -> None:
    clock_at("2026-05-01 09:00")
    event = an_event(1, days=1)
    url = f"/office/events/{event.id}/attendance/{event.sessions[0].id}"
    visitor = sign_in("clerk")
    clock_at("2026-05-02 09:30")
    visitor = sign_in("clerk")
    assert visitor.fill_in(url, form="/walk-in", name="").status_code == 422
    assert visitor.fill_in(url, form="/walk-in", name="飛び入り 次郎").status_code == 303
    assert "飛び入り 次郎" in visitor.get(url).text


def test_lists_cost_the_same_number_of_queries_however_long(sign_in: SignIn) -> None:
    visitor = sign_in("clerk")
    event = an_event(None, None)
    a_registration(event.sessions[0])
    urls = ["/office/events/", f"/office/events/{event.id}/registrations", f"/office/events/{event.id}", "/events/"]
    few = [_queries(visitor, url) for url in urls]
    for _ in range(8):
        an_event(5, 5)
        a_registration(event.sessions[1])
    assert [_queries(visitor, url) for url in urls] == few


def _queries(visitor: Visitor, url: str) -> int:
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    assert visitor.get(url).status_code == 200
    sa.event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def _letters(registration: Registration) -> list[str]:
    about = sa.select(Letter.template).where(Letter.about_id == registration.id, Letter.about_table == "registrations")
    return list(db.session.scalars(about))


def test_no_page_of_an_unknown_event_exists(app: Flask, sign_in: SignIn) -> None:
    visitor = sign_in("clerk")
    event = an_event()
    for url in (
        "999",
        "999/edit",
        "999/questions",
        "999/registrations",
        "999/attendance",
        f"{event.id}/sessions/999/edit",
    ):
        assert visitor.get(f"/office/events/{url}").status_code == 404
