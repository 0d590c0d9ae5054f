"""The turn of the year: the work list, asking for employee figures and answering under the link, the terms of the new year."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from crm import worker
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.members import declarations, fees, letters, merging, renewing, terms
from crm.members.declarations import Declaration, DeclarationState
from crm.members.members import Member, MembershipTerm
from crm.members.renewing import Concern
from crm.members.tiers import MemberClass
from crm.organisations.moving import Fate
from crm.organisations.organisations import CountSource
from crm.settings import settings
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member, an_organisation, the_tiers

FY2026, FY2027 = FiscalYear(2026), FiscalYear(2027)
CORPORATE, ASSOCIATE = MemberClass.CORPORATE, MemberClass.ASSOCIATE


@pytest.fixture(autouse=True)
def _march(app, clock_at) -> None:
    clock_at("2027-03-02 09:00")


def shown(page: Any) -> str:
    assert page.status_code == 200, page.text
    return re.sub(r"<[^>]+>", " ", page.text)


def asked(member: Member) -> Declaration:
    with act(Kind.EMPLOYEES_ASKED, about=member):
        declaration = declarations.ask(member, FY2027)
        letters.employees_asked(declaration)
    return declaration


def rule(name: str) -> None:
    with act(Kind.SETTING_CHANGED):
        settings.change("members.declarations", name)


def notes(member: Member) -> set[Concern]:
    return next(row.concerns for row in renewing.worklist(FY2027) if row.member.id == member.id)


def test_from_january_on_the_office_works_at_the_coming_year() -> None:
    days = {date(2026, 12, 31): FY2026, date(2027, 1, 1): FY2027, date(2027, 3, 31): FY2027, date(2027, 4, 1): FY2027}
    assert {day: renewing.usual_year(day) for day in days} == days


def test_the_work_list_says_of_each_member_what_there_is_to_settle() -> None:
    fresh = a_member(employees=None, on=date(2026, 4, 1))
    leaving = a_member(employees=50, on=date(2026, 4, 1))
    changing = a_member(member_class="associate", employees=120, on=date(2026, 4, 1))
    coming = a_member(employees=50, on=date(2027, 4, 1))
    crossing = a_member(employees=100, on=date(2026, 4, 1))
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.withdraw(
            leaving,
            asked_on=date(2027, 2, 1),
            decided_on=date(2027, 2, 10),
            effective_on=FY2026.last_day,
            reason="予算",
        )
        terms.change_class(changing, CORPORATE, on=date(2027, 10, 1), reason="申請")
        crossing.organisation.count_employees(101, on=date(2027, 3, 1), source=CountSource.DECLARED)
    assert notes(fresh) == {Concern.RENEWS, Concern.FIGURE_MISSING, Concern.NOT_ASKED, Concern.NO_TERM}
    assert notes(leaving) == {Concern.LEAVES}
    assert notes(changing) == {
        Concern.RENEWS,
        Concern.CLASS_CHANGES,
        Concern.FIGURE_OLD,
        Concern.NOT_ASKED,
        Concern.NO_TERM,
    }
    assert notes(coming) == {Concern.NEW, Concern.FIGURE_OLD, Concern.NOT_ASKED}
    assert notes(crossing) == {Concern.RENEWS, Concern.TIER_CHANGES, Concern.NO_TERM}
    assert leaving.terms[0].withdrawal_decided_on == date(2027, 2, 10)


def test_the_work_list_is_filtered_searched_and_exported(sign_in) -> None:
    a_member(name="株式会社アオゾラ", kana="アオゾラ", employees=100, on=date(2026, 4, 1))
    gone = a_member(name="株式会社ミナト", kana="ミナト", employees=50, on=date(2026, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(gone, asked_on=date(2027, 2, 1), effective_on=FY2026.last_day, reason="予算の都合")
    clerk = sign_in("clerk")
    page = shown(clerk.get("/office/members/renewal"))
    assert "令和9年度" in page
    assert "予算の都合" in page
    for query, names in (("note=leaves", ["ミナト"]), ("note=renews", ["アオゾラ"]), ("q=ｱｵｿﾞﾗ", ["アオゾラ"]), ("member_class=associate", []),
                         ("year=2026", ["アオゾラ", "ミナト"])):  # fmt: skip
        rows = json.loads(clerk.get(f"/office/members/renewal?{query}&format=json").text)
        assert [row["organisation"].removeprefix("株式会社") for row in rows] == names, query
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.get("/office/members/renewal?format=xlsx").data)).active
    assert sheet is not None
    assert sheet.max_row == 3
    for wrong in ("note=x", "year=x", "member_class=x"):
        assert clerk.get(f"/office/members/renewal?{wrong}").status_code == 400


def test_pages_of_the_year_turn_cost_the_same_number_of_queries_however_many_members(sign_in) -> None:
    clerk, counted = sign_in("clerk"), []
    for _round in range(2):
        for _n in range(3):
            asked(a_member(on=date(2026, 4, 1)))
        seen: list[str] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        for page in ("renewal", "renewal/terms", "renewal/ask", "declarations", "movements", "movements/members"):
            assert clerk.get(f"/office/members/{page}").status_code == 200, page
        event.remove(db.engine, "before_cursor_execute", listener)
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_everyone_with_an_old_figure_is_asked_once_by_letter_in_their_language(sign_in, clock_at) -> None:
    japanese, english = a_member(employees=100, on=date(2026, 4, 1)), a_member(employees=None, on=date(2026, 4, 1))
    a_member(member_class="associate", on=date(2026, 4, 1))
    nobody = a_member(an_organisation("株式会社無人"), on=date(2026, 4, 1))
    with act(Kind.PERSON_CHANGED):
        from crm.members import certificates

        person = certificates.liaison(english, date(2027, 3, 2))
        assert person is not None
        person.change(locale="en")
    clerk = sign_in("clerk")
    preview = shown(clerk.get("/office/members/renewal/ask"))
    assert nobody.organisation.name in preview
    assert clerk.fill_in("/office/members/renewal/ask", form="renewal/ask").status_code == 303
    assert "2" in shown(clerk.get("/office/members/declarations"))
    sent = db.session.scalars(
        sa.select(Letter).where(Letter.template == "members/employees_asked").order_by(Letter.id)
    ).all()
    assert [letter.locale for letter in sent] == ["ja", "en"]
    assert "社員数：100名（令和6年11月1日（2024年11月1日）現在）" in sent[0].body
    assert "We hold no figure yet." in sent[1].body
    assert declarations.of_token(sent[0].body.split("/employees/")[1][:64]).member.id == japanese.id  # type: ignore[union-attr]
    with act(Kind.EMPLOYEES_ASKED):
        assert declarations.ask_all(FY2027) == []
    clock_at("2027-03-16 09:00")
    assert sign_in("clerk").fill_in("/office/members/renewal/ask", form="renewal/ask").status_code == 303
    counted = db.session.scalar(sa.select(sa.func.count(Letter.id)).where(Letter.template == "members/employees_asked"))
    assert counted == 4
    assert {d.times_asked for d in db.session.scalars(sa.select(Declaration))} == {2}


def test_one_member_is_asked_by_one_press_and_not_twice(sign_in) -> None:
    member = a_member(on=date(2026, 4, 1))
    clerk = sign_in("clerk")
    asked_once = clerk.fill_in("/office/members/renewal", form=f"{member.id}/ask", follow_redirects=True)
    assert "依頼しました" in shown(asked_once)
    work_list = clerk.get("/office/members/renewal").text
    assert f"/{member.id}/ask" not in work_list
    again = clerk.fill_in(f"/office/members/{member.id}/years", form=f"{member.id}/ask", follow_redirects=True)
    assert "2027-03-02 に依頼済みです" in shown(again)
    assert db.session.scalars(sa.select(Declaration)).one().times_asked == 1
    associate = a_member(member_class="associate", on=date(2026, 4, 1))
    with pytest.raises(Refused), act(Kind.EMPLOYEES_ASKED):
        declarations.ask(associate, FY2027)


def test_a_member_confirms_the_figure_under_the_link_and_it_counts_at_once(client) -> None:
    member = a_member(employees=100, on=date(2026, 4, 1))
    url = f"/employees/{asked(member).token}"
    assert "100名" in shown(client.get(url))
    assert client.fill_in(url, form=0).status_code == 303
    declaration = db.session.scalars(sa.select(Declaration)).one()
    assert (declaration.state, declaration.counted_on) == (DeclarationState.APPLIED, date(2027, 3, 2))
    basis = fees.basis(declaration.member, FY2027)
    assert basis is not None
    assert basis.count is not None
    assert (basis.employees, basis.days_old, basis.count.source, basis.count.reviewed_by) == (
        100,
        30,
        CountSource.DECLARED,
        "",
    )
    assert "ありがとうございます" in shown(client.get(url))
    assert client.post(url, data={}).status_code in (400, 422)


@pytest.mark.parametrize(("setting", "told", "state"), [
    ("same_fee", 99, "applied"), ("same_fee", 101, "answered"), ("at_once", 101, "applied"), ("review", 100, "answered"),
])  # fmt: skip
def test_whether_a_figure_counts_at_once_is_the_offices_rule(client, setting: str, told: int, state: str) -> None:
    member = a_member(employees=100, on=date(2026, 4, 1))
    rule(setting)
    url = f"/employees/{asked(member).token}"
    assert client.fill_in(url, form=1, employees=str(told), on="2027-03-01").status_code == 303
    declaration = db.session.scalars(sa.select(Declaration)).one()
    assert declaration.state.value == state
    counted = [c.employees for c in declaration.member.organisation.employee_counts]
    assert counted == ([100, told] if state == "applied" else [100])


def test_the_office_accepts_a_figure_or_asks_again_with_a_remark(client, sign_in) -> None:
    first, second = a_member(employees=100, on=date(2026, 4, 1)), a_member(employees=100, on=date(2026, 4, 1))
    for member in (first, second):
        url = f"/employees/{asked(member).token}"
        assert (
            client.fill_in(url, form=1, employees="１０１", on="令和9年3月1日", remark="グループ全体").status_code
            == 303
        )
    clerk, auditor = sign_in("clerk"), sign_in("auditor")
    accepted, doubted = db.session.scalars(sa.select(Declaration).order_by(Declaration.id))
    page = f"/office/members/declarations/{accepted.id}"
    assert "グループ全体" in shown(auditor.get(page))
    assert auditor.post(f"{page}/accept").status_code in (400, 403)
    assert clerk.fill_in(page, form="accept").status_code == 303
    count = db.session.get_one(Member, first.id).organisation.employee_counts[-1]
    assert (count.employees, count.on, count.reviewed_on) == (101, date(2027, 3, 1), date(2027, 3, 2))
    assert count.reviewed_by
    basis = fees.basis(db.session.get_one(Member, first.id), FY2027)
    assert basis is not None
    assert basis.tier is not None
    assert basis.tier.code == "corporate_large"
    other = f"/office/members/declarations/{doubted.id}"
    assert clerk.fill_in(other, form="hand-back", remark="").status_code == 422
    assert clerk.fill_in(other, form="hand-back", remark="国内の単体でお知らせください。").status_code == 303
    letter = db.session.scalars(sa.select(Letter).order_by(Letter.id.desc())).first()
    assert letter is not None
    assert "国内の単体でお知らせください。" in letter.body
    url = f"/employees/{db.session.get_one(Declaration, doubted.id).token}"
    assert "国内の単体でお知らせください。" in shown(client.get(url))
    assert client.fill_in(url, form=1, employees="90", on="2027-03-01").status_code == 303
    for status in (303, 422):  # the same fee: it counts already, and is accepted once
        answer = clerk.fill_in("/office/members/declarations", form="declarations", selected=[str(doubted.id)])
        assert answer.status_code == status


def test_several_answers_are_accepted_at_once(client, sign_in) -> None:
    rule("review")
    members = [a_member(employees=100, on=date(2026, 4, 1)) for _n in range(2)]
    for member in members:
        assert client.fill_in(f"/employees/{asked(member).token}", form=0).status_code == 303
    clerk = sign_in("clerk")
    ids = [str(one) for one in db.session.scalars(sa.select(Declaration.id))]
    for wrong in ({}, {"selected": "x"}):
        answer = clerk.fill_in("/office/members/declarations", form="declarations", **wrong)
        assert answer.status_code == 422
    page = clerk.get("/office/members/declarations").text
    hidden = dict(re.findall(r'name="(csrf_token|idempotency_key)" value="([^"]+)"', page))
    answer = clerk.post("/office/members/declarations", data={**hidden, "selected": ids})
    assert answer.status_code == 303
    assert {d.state for d in db.session.scalars(sa.select(Declaration))} == {DeclarationState.ACCEPTED}


@pytest.mark.parametrize(("employees", "on"), [("-1", "2027-03-01"), ("", "2027-03-01"), ("1.5", "2027-03-01"), ("10", "2027-03-03"),
                                               ("10", "2026-03-01"), ("10", ""), ("99999999", "2027-03-01")])  # fmt: skip
def test_a_figure_that_cannot_be_is_refused_and_nothing_is_written(client, employees: str, on: str) -> None:
    url = f"/employees/{asked(a_member(employees=100, on=date(2026, 4, 1))).token}"
    assert client.fill_in(url, form=1, employees=employees, on=on).status_code == 422
    assert db.session.scalars(sa.select(Declaration)).one().state is DeclarationState.ASKED


def test_a_link_nobody_was_sent_opens_nothing(client) -> None:
    for token in ("0" * 64, "x", "あ" * 64):
        assert client.get(f"/employees/{token}").status_code == 404


def test_a_figure_of_a_day_another_stands_for_waits_for_the_office(client) -> None:
    member = a_member(employees=100, on=date(2026, 4, 1))
    rule("at_once")
    with act(Kind.EMPLOYEES_COUNTED):
        member.organisation.count_employees(150, on=date(2027, 3, 1), source=CountSource.REGISTER, reviewed_by="事務局")
    assert (
        client.fill_in(f"/employees/{asked(member).token}", form=1, employees="90", on="2027-03-01").status_code == 303
    )
    assert db.session.scalars(sa.select(Declaration)).one().state is DeclarationState.ANSWERED


def test_a_member_may_tell_a_figure_unasked() -> None:
    member = a_member(employees=100, on=date(2026, 4, 1))
    from crm.members import certificates

    person = certificates.liaison(member, date(2027, 3, 2))
    assert person is not None
    for employees in (90, 80):
        with act(Kind.EMPLOYEES_DECLARED):
            declarations.tell(member, FY2027, person, employees, date(2027, 3, 1 if employees == 90 else 2))
    (declaration,) = db.session.scalars(sa.select(Declaration))
    assert (declaration.times_asked, declaration.state, declaration.employees) == (0, DeclarationState.APPLIED, 80)


def test_the_terms_of_the_new_year_are_previewed_made_once_and_missing_ones_later(sign_in) -> None:
    a_member(name="株式会社アオゾラ", on=date(2026, 4, 1))
    gone = a_member(name="株式会社ミナト", on=date(2026, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(gone, asked_on=date(2027, 2, 1), effective_on=FY2026.last_day, reason="予算の都合")
    clerk, auditor = sign_in("clerk"), sign_in("auditor")
    assert auditor.get("/office/members/renewal/terms").status_code == 403
    preview = shown(clerk.get("/office/members/renewal/terms"))
    assert "予算の都合" in preview
    assert clerk.fill_in("/office/members/renewal/terms", form="renewal/terms").status_code == 303
    made = db.session.scalars(sa.select(MembershipTerm).where(MembershipTerm.year == FY2027)).all()
    assert [term.member.organisation.name for term in made] == ["株式会社アオゾラ"]
    assert "すべて作成済み" in shown(clerk.get("/office/members/renewal/terms"))
    with act(Kind.MEMBER_STAYED):
        terms.stay(db.session.get_one(Member, gone.id))
    assert clerk.fill_in("/office/members/renewal/terms", form="renewal/terms").status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(MembershipTerm.id)).where(MembershipTerm.year == FY2027)) == 2


def test_missing_terms_are_noticed_in_march_and_reminded_of_in_april(clock_at) -> None:
    the_tiers()
    a_member(on=date(2026, 4, 1))
    assert renewing.overdue(date(2027, 2, 28)) == (FY2026, 0)
    assert renewing.overdue(date(2027, 3, 1)) == (FY2027, 1)
    assert renewing.to_remind_of() == []
    with act(Kind.SETTING_CHANGED):
        settings.change("issuer.email", "office@example.test")
    clock_at("2027-04-01 00:10")
    for _twice in range(2):
        worker.run_once()
        db.session.rollback()
        (letter,) = db.session.scalars(sa.select(Letter))
        assert (letter.recipient_email, "（1件）" in letter.subject) == ("office@example.test", True)
    with act(Kind.TERMS_RENEWED):
        terms.renew(FY2027)
    assert renewing.to_remind_of() == []
    assert renewing.overdue(date(2027, 4, 1)) == (FY2027, 0)


def test_what_both_of_two_merged_members_were_asked_stays_behind() -> None:
    kept, goes = asked(a_member(on=date(2026, 4, 1))), asked(a_member(on=date(2026, 4, 1)))
    assert merging.of_declaration(goes, [kept]) is Fate.STAYS
    assert merging.of_declaration(goes, []) is Fate.MOVES


def test_the_dashboard_names_missing_terms_and_answers_that_wait(sign_in, client) -> None:
    member = a_member(employees=100, on=date(2026, 4, 1))
    client.fill_in(f"/employees/{asked(member).token}", form=1, employees="101", on="2027-03-01")
    page = shown(sign_in("clerk").get("/office/"))
    assert "会員期間の未作成" in page
    assert "会員から申告された社員数（確認待ち）" in page
