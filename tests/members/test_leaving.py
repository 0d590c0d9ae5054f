"""Leaving and coming back by screen: what is left behind is shown before, the gap after; what was planned can be taken back."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from crm.billing import leaving
from crm.cli import main
from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail.outbox import Letter
from crm.members import certificates, terms
from crm.members.members import Gap, Member
from crm.members.tiers import MemberClass
from crm.organisations import portal_access
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_member, an_issued_invoice, the_tiers

FY2026, FY2027 = FiscalYear(2026), FiscalYear(2027)
CORPORATE, ASSOCIATE = MemberClass.CORPORATE, MemberClass.ASSOCIATE


@pytest.fixture
def run(app, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command with ``--json`` on the test's own application: its exit code and its answer."""
    monkeypatch.setattr("crm.app.create_app", lambda: app)

    def carry_out(*words: str) -> tuple[int, dict[str, Any]]:
        db.session.rollback()
        done = CliRunner().invoke(main, [*words, "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return carry_out


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")


def shown(page: Any) -> str:
    assert page.status_code == 200, page.text
    return re.sub(r"<[^>]+>", " ", page.text)


def a_member_with_everything() -> Member:
    member = a_member(on=date(2026, 4, 1), postal_code="210-0821", address="神奈川県川崎市川崎区殿町3-25-14")
    an_issued_invoice(member, 2026)
    an_issued_invoice(member, 2027)
    with act(Kind.CERTIFICATES_ISSUED):
        certificates.issue(member, FY2026)
        person = certificates.liaison(member, date(2026, 7, 1))
        assert person is not None
        portal_access.invite_person(person)
    return member


def test_what_leaving_leaves_behind_is_known_before() -> None:
    member = a_member_with_everything()
    at_the_end = leaving.preview(member, FY2026.last_day)
    assert [i.number for i in at_the_end.owed] == ["INV-2026-0001"]
    assert [i.annual_fee_for for i in at_the_end.too_much] == [FY2027]
    assert ([c.number for c in at_the_end.expiring], at_the_end.ending) == (["CERT-2026-0001"], [])
    assert [p.name for p in at_the_end.accounts] == ["見本 花子"]
    earlier = leaving.preview(member, date(2026, 9, 30))
    assert ([c.number for c in earlier.ending], earlier.expiring) == (["CERT-2026-0001"], [])


def test_a_withdrawal_is_recorded_by_screen_with_three_days_and_a_letter(sign_in) -> None:
    member = a_member_with_everything()
    clerk = sign_in("clerk")
    page = f"/office/members/{member.id}/withdraw"
    assert sign_in("auditor").get(page).status_code == 403
    preview = shown(clerk.get(f"{page}?effective_on=2026-09-30"))
    for words in (
        "INV-2026-0001",
        "請求はそのまま残ります",
        "請求書を取り消してください",
        "CERT-2026-0001",
        "見本 花子",
    ):
        assert words in preview, words
    sent = {"asked_on": "2026-06-20", "decided_on": "2026-06-30", "effective_on": "2027-03-31", "reason": "事業再編"}
    for wrong in ({"asked_on": "2026-07-02"}, {"decided_on": "2026-06-19"}, {"decided_on": "2026-07-02"}, {"decided_on": ""}, {"reason": " "},
                  {"effective_on": "2025-01-01"}):  # fmt: skip
        assert clerk.fill_in(page, form="withdraw", **{**sent, **wrong}).status_code == 422, wrong
    assert clerk.get(f"{page}?effective_on=x").status_code == 400
    assert clerk.fill_in(page, form="withdraw", **sent, version="99").status_code == 409, "someone saved it meanwhile"
    assert clerk.fill_in(page, form="withdraw", **sent).status_code == 303
    left = db.session.get_one(Member, member.id)
    term = left.terms[0]
    assert (term.withdrawal_asked_on, term.withdrawal_decided_on, left.left_on) == (
        date(2026, 6, 20), date(2026, 6, 30), date(2027, 3, 31),
    )  # fmt: skip
    letter = db.session.scalars(sa.select(Letter).where(Letter.template == "members/withdrawal_accepted")).one()
    assert "会員資格は令和9年3月31日（2027年3月31日）までです。" in letter.body
    assert "事業再編" not in letter.body
    assert "承認日" in shown(clerk.get(f"/office/members/{member.id}/years"))
    assert clerk.fill_in(f"/office/members/{member.id}", form="stay").status_code == 303
    db.session.expire_all()
    assert (left.left_on, term.withdrawal_asked_on, term.withdrawal_decided_on) == (None, None, None)


def test_who_comes_back_keeps_the_number_and_the_gap_is_a_row_of_the_years(sign_in, clock_at) -> None:
    member = a_member(on=date(2024, 11, 1), number="M-0007")
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2025, 1, 10), effective_on=date(2025, 3, 31), reason="予算")
    clock_at("2027-04-10 09:00")
    clerk = sign_in("clerk")
    page = f"/office/members/{member.id}/rejoin"
    assert "M-0007" in shown(clerk.get(page))
    assert clerk.fill_in(page, form="rejoin", on="2025-03-31").status_code == 422
    assert clerk.fill_in(page, form="rejoin", on="2027-04-01", member_class="associate").status_code == 303
    back = db.session.get_one(Member, member.id)
    assert (back.number, back.gaps) == ("M-0007", [Gap(date(2025, 4, 1), date(2027, 3, 31))])
    years = shown(clerk.get(f"/office/members/{member.id}/years"))
    assert re.search(r"令和9年度.*空白期間\s+2025/0?4/0?1～2027/0?3/31.*令和6年度", years, re.DOTALL), years
    assert "令和7年度" not in years.split("空白期間")[1]
    assert "空白期間" in shown(clerk.get(f"/office/members/{member.id}"))
    assert clerk.fill_in(page, form="rejoin", on="2027-05-01").status_code == 422


def test_a_gap_within_a_year_is_a_row_too(sign_in) -> None:
    member = a_member(on=date(2026, 4, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(member, asked_on=date(2026, 5, 1), effective_on=date(2026, 5, 31), reason="統合")
    with act(Kind.MEMBER_ADMITTED):
        terms.admit(member.organisation, CORPORATE, on=date(2026, 7, 1))
    years = shown(sign_in("clerk").get(f"/office/members/{member.id}/years"))
    assert "令和8年度" in years
    assert "空白期間" in years


def test_a_planned_change_of_class_can_be_taken_back_until_its_day(sign_in, clock_at) -> None:
    member = a_member(member_class="associate", on=date(2026, 4, 1))
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, CORPORATE, on=date(2026, 10, 1), reason="申請")
    clerk = sign_in("clerk")
    assert "2026/10/01" in shown(clerk.get(f"/office/members/{member.id}")).replace("2026/10/1 ", "2026/10/01 ")
    assert clerk.fill_in(f"/office/members/{member.id}", form="class/keep").status_code == 303
    kept = db.session.get_one(Member, member.id)
    assert [(p.member_class, p.until) for p in kept.classes] == [(ASSOCIATE, None)]
    assert kept.terms[0].member_class is ASSOCIATE
    assert list(terms.breaches()) == []
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(kept, CORPORATE, on=date(2026, 10, 1), reason="申請")
        terms.withdraw(kept, asked_on=date(2026, 7, 1), effective_on=FY2026.last_day, reason="予算")
        terms.keep_class(kept)
    assert [(p.member_class, p.until) for p in kept.classes] == [(ASSOCIATE, FY2026.last_day)]
    with pytest.raises(Refused), act(Kind.MEMBER_CLASS_KEPT):
        terms.keep_class(kept)


def test_movements_are_shown_opened_and_exported(sign_in, clock_at) -> None:
    stays = a_member(name="株式会社アオゾラ", on=date(2025, 4, 1))
    a_member(name="株式会社ミナト", on=date(2026, 5, 1))
    clerk = sign_in("clerk")
    page = clerk.get("/office/members/movements?year=2026&on=2026-06-30").text
    assert "figure=joined" in page
    joined = shown(clerk.get("/office/members/movements/members?year=2026&on=2026-06-30&figure=joined"))
    assert "ミナト" in joined
    assert "アオゾラ" not in joined
    every = "/office/members/movements/members?year=2026&q="
    assert "ミナト" in shown(clerk.get(every + "ﾐﾅﾄ"))
    assert "ミナト" not in shown(clerk.get(every + "アオゾラ"))
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.get("/office/members/movements?year=2026&format=xlsx").data)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    total = next(row for row in rows if row[0] == "合計")
    assert total[1:] == [1, 1, 0, 0, 0, 0, 0, 0, 2, 2]
    listed = clerk.get("/office/members/movements/members?year=2026&figure=closing&member_class=corporate&format=xlsx")
    assert openpyxl.load_workbook(io.BytesIO(listed.data)).active.max_row == 3  # type: ignore[union-attr]
    assert stays.organisation.name
    for wrong in ("year=x", "on=2026-02-30", "figure=x", "group=x", "member_class=x"):
        assert clerk.get(f"/office/members/movements/members?{wrong}").status_code == 400, wrong
    assert sign_in("city_officer").get("/office/members/movements").status_code == 403


def test_movements_and_renewal_by_command(run) -> None:
    a_member(name="株式会社アオゾラ", on=date(2026, 5, 1))
    gone = a_member(name="株式会社ミナト", on=date(2026, 5, 1))
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(gone, asked_on=date(2026, 6, 1), effective_on=FY2026.last_day, reason="予算")
    code, answer = run("members", "movements", "--fiscal-year", "R8", "--on", "2027-03-31")
    assert (code, answer["total"]["joined"], answer["total"]["closing"]) == (0, 2, 1)
    assert answer["members_on"] == {"corporate": 2, "associate": 0}
    assert run("members", "movements", "--fiscal-year", "2026", "--on", "2027-04-01")[0] == 4
    assert run("members", "movements", "--fiscal-year", "x")[0] == 4
    preview = run("members", "renew", "--fiscal-year", "2027", "--dry-run")[1]
    left_out = {"member": "M-0002", "organisation": "株式会社ミナト", "organisation_id": gone.organisation_id,
                "left_on": "2027-03-31", "reason": "予算"}  # fmt: skip
    assert ([m["member"] for m in preview["made"]], preview["left_out"]) == (["M-0001"], [left_out])
    assert run("members", "renew", "--fiscal-year", "2027") == (0, preview)
    assert run("members", "renew", "--fiscal-year", "2027") == (
        3,
        {"fiscal_year": 2027, "made": [], "left_out": [left_out]},
    )


def test_a_year_without_members_shows_zeros(sign_in) -> None:
    the_tiers()
    assert "期首" in shown(sign_in("auditor").get("/office/members/movements?year=2026"))
