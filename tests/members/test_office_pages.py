"""The office's pages about members, the API and the commands: what they show, what they write, who may."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import event

from crm.access import tokens
from crm.access.permissions import Permission
from crm.cli import main
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import tiers
from crm.members.members import Member, Standing
from crm.members.tiers import FeeTier, MemberClass
from crm.values.yen import Yen
from tests.builders import a_member, an_organisation


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")


def shown(page: Any) -> str:
    assert page.status_code == 200, page.text
    return re.sub(r"<[^>]+>", " ", page.text)


def test_the_list_is_searched_filtered_and_exported(sign_in) -> None:
    a_member(name="株式会社アオゾラ", kana="アオゾラ", employees=100)
    a_member(name="株式会社ミナト", kana="ミナト", member_class="associate")
    clerk = sign_in("clerk")
    everyone = shown(clerk.get("/office/members/"))
    assert "アオゾラ" in everyone
    assert "ミナト" in everyone
    assert "￥120,000" in everyone
    for query, found, missing in (
        ("q=ｱｵｿﾞﾗ", "アオゾラ", "ミナト"), ("q=M-0002", "ミナト", "アオゾラ"), ("member_class=associate", "ミナト", "アオゾラ"),
        ("tier=corporate_small", "アオゾラ", "ミナト"), ("on=2026-04-01&member_class=corporate", "アオゾラ", "ミナト"),
    ):  # fmt: skip
        page = clerk.get(f"/office/members/?{query}&format=csv").text
        assert found in page, query
        assert missing not in page, query
    assert "アオゾラ" not in clerk.get("/office/members/?on=2026-03-31&format=csv").text
    for wrong in ("on=2026-02-30", "member_class=gold", "standing=x"):
        assert clerk.get(f"/office/members/?{wrong}").status_code == 400


def test_how_a_membership_stands_can_be_filtered(sign_in) -> None:
    clerk = sign_in("clerk")
    coming, leaving = a_member(on=date(2026, 10, 1)), a_member()
    page = f"/office/members/{leaving.id}/withdraw"
    answer = clerk.fill_in(page, form="withdraw", effective_on="2027-03-31", reason="事業再編")
    assert answer.status_code == 303
    for standing, member in ((Standing.COMING, coming), (Standing.LEAVING, leaving)):
        items = json.loads(clerk.get(f"/office/members/?standing={standing.value}&format=json").text)
        assert [row["number"] for row in items] == [member.number]
    assert clerk.fill_in(f"/office/members/{leaving.id}", form="stay").status_code == 303
    assert db.session.get_one(Member, leaving.id).left_on is None


def test_a_page_of_members_costs_the_same_number_of_queries_however_many_there_are(sign_in) -> None:
    clerk, counted = sign_in("clerk"), []
    for _round in range(2):
        for _n in range(3):
            a_member()
        seen: list[str] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        for page in ("/office/members/", "/office/members/renewal", "/office/certificates/issue"):
            assert clerk.get(page).status_code == 200
        event.remove(db.engine, "before_cursor_execute", listener)
        counted.append(len(seen))
    assert counted[0] == counted[1]


def test_members_are_counted_on_a_day_by_page_and_command(sign_in, run) -> None:
    a_member(on=date(2025, 12, 31))
    a_member(member_class="associate", on=date(2026, 1, 1))
    page = shown(sign_in("auditor").get("/office/members/counts?on=2025-12-31"))
    assert "令和7年12月31日" in page
    assert run("members", "count", "--on", "2025-12-31") == (0, {"on": "2025-12-31", "corporate": 1, "associate": 0})
    assert run("members", "count", "--on", "R8.1.1")[1] == {"on": "2026-01-01", "corporate": 1, "associate": 1}
    assert run("members", "count", "--on", "昨日")[0] == 4


def test_certificates_are_issued_by_command_once(run) -> None:
    member = a_member(name="株式会社アオゾラ")
    code, answer = run("certificates", "issue", "--fiscal-year", "2026")
    assert (code, answer["issued"]) == (
        0, [{"number": "CERT-2026-0001", "organisation": "株式会社アオゾラ", "organisation_id": member.organisation_id}],
    )  # fmt: skip
    assert run("certificates", "issue", "--fiscal-year", "2026") == (3, {"issued": []})
    assert run("certificates", "issue", "--fiscal-year", "R8", "--member", member.number)[0] == 3
    assert run("certificates", "issue", "--fiscal-year", "2026", "--member", "M-9999")[0] == 4
    assert run("certificates", "issue", "--fiscal-year", "2025", "--member", member.number)[0] == 4
    assert run("certificates", "issue", "--fiscal-year", "heute")[0] == 4


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command with ``--json`` on the test's own application: its exit code and its answer."""
    monkeypatch.setattr("crm.app.create_app", lambda: app)

    def carry_out(*words: str) -> tuple[int, dict[str, Any]]:
        db.session.rollback()
        done = CliRunner().invoke(main, [*words, "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout)

    return carry_out


def test_organisations_are_made_members_several_at_once(sign_in) -> None:
    chosen = [an_organisation("株式会社乙", kana="オツ"), an_organisation("株式会社甲", kana="コウ")]
    a_member(name="株式会社丙")
    clerk = sign_in("clerk")
    assert "株式会社丙" not in clerk.get("/office/members/admit").text
    answer = clerk.fill_in("/office/members/admit", form="admit", on="2026-07-01", selected=[str(o.id) for o in chosen])
    assert answer.status_code == 303
    numbers = {m.organisation.name: m.number for m in db.session.scalars(sa.select(Member))}
    assert numbers == {"株式会社丙": "M-0001", "株式会社乙": "M-0002", "株式会社甲": "M-0003"}
    for wrong in ({}, {"selected": "999"}, {"selected": str(chosen[0].id)}, {"selected": "x", "on": "2026-07-01"}):
        assert clerk.fill_in("/office/members/admit", form="admit", **wrong).status_code == 422


def test_all_or_none_of_the_chosen_are_admitted(sign_in) -> None:
    clerk = sign_in("clerk")
    member, free = a_member(), an_organisation()
    answer = clerk.fill_in("/office/members/admit", form="admit", selected=[str(free.id), str(member.organisation_id)])
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 1


def test_every_page_of_a_member_opens(sign_in) -> None:
    member = a_member(on=date(2025, 4, 1))
    clerk, auditor = sign_in("clerk"), sign_in("auditor")
    for page in ("", "/years", "/certificates", "/history"):
        assert member.organisation.name in shown(auditor.get(f"/office/members/{member.id}{page}"))
    for page in ("/withdraw", "/class", f"/terms/{member.terms[0].id}/tier"):
        assert clerk.get(f"/office/members/{member.id}{page}").status_code == 200
        assert auditor.get(f"/office/members/{member.id}{page}").status_code == 403
    assert member.number in shown(clerk.get(f"/office/members/of/{member.organisation_id}"))
    assert "会員ではありません" in shown(clerk.get(f"/office/members/of/{an_organisation().id}"))
    assert clerk.get("/office/members/99999").status_code == 404
    assert clerk.get("/office/members/99999999999999999999999").status_code == 404


def test_the_class_is_changed_and_the_tier_fixed_by_screen(sign_in) -> None:
    member = a_member(employees=250)
    clerk = sign_in("clerk")
    page = f"/office/members/{member.id}"
    assert (
        clerk.fill_in(f"{page}/class", form="/class", to="associate", on="2026-04-01", reason="申請").status_code == 422
    )
    assert (
        clerk.fill_in(f"{page}/class", form="/class", to="associate", on="2027-04-01", reason="申請").status_code == 303
    )
    small = db.session.scalars(sa.select(FeeTier).where(FeeTier.code == "corporate_small")).one()
    tier = f"{page}/terms/{member.terms[0].id}/tier"
    assert clerk.fill_in(tier, form="/tier", tier=str(small.id), reason="").status_code == 422
    assert clerk.fill_in(tier, form="/tier", tier="999", reason="x").status_code == 422
    assert clerk.fill_in(tier, form="/tier", tier=str(small.id), reason="国内単体は80名").status_code == 303
    years = shown(clerk.get(f"{page}/years"))
    assert "国内単体は80名" in years
    assert "￥120,000" in years


def test_an_edit_of_what_another_just_saved_is_refused(sign_in) -> None:
    member = a_member()
    clerk, other = sign_in("clerk"), sign_in("clerk")
    page = f"/office/members/{member.id}/terms/{member.terms[0].id}/tier"
    before = clerk.get(page).text
    small = db.session.scalars(sa.select(FeeTier).where(FeeTier.code == "corporate_small")).one()
    assert other.fill_in(page, form="/tier", tier=str(small.id), reason="先に").status_code == 303
    hidden = dict(re.findall(r'name="(csrf_token|idempotency_key|version)" value="([^"]+)"', before))
    assert clerk.post(page, data={**hidden, "tier": "", "reason": ""}).status_code == 409


def test_a_new_fee_is_recorded_from_a_day_on(sign_in) -> None:
    a_member()
    clerk = sign_in("clerk")
    sent = {
        "tier": "corporate_large",
        "annual_fee": "４００，０００",
        "effective_from": "令和9年4月1日",
        "source": "理事会",
    }
    for wrong in ({"annual_fee": "-1"}, {"annual_fee": "1.5"}, {"annual_fee": "99999999999"}, {"effective_from": "2026-03-31"},
                  {"source": ""}, {"tier": "gold"}):  # fmt: skip
        assert clerk.fill_in("/office/fee-tiers/", form="fee-tiers", **{**sent, **wrong}).status_code == 422, wrong
    assert clerk.fill_in("/office/fee-tiers/", form="fee-tiers", **sent).status_code == 303
    rows = [(t.annual_fee, t.effective_from) for t in tiers.all_tiers() if t.code == "corporate_large"]
    assert rows == [(Yen(400_000), date(2027, 4, 1)), (Yen(360_000), date(2024, 11, 1))]
    assert sign_in("coordinator").get("/office/fee-tiers/").status_code == 200


def test_the_terms_of_a_year_are_made_by_screen(sign_in) -> None:
    a_member(on=date(2025, 4, 1))
    clerk = sign_in("clerk")
    assert clerk.fill_in("/office/members/renewal/terms?year=2026", form="renewal/terms").status_code == 303
    assert "1" in shown(clerk.get("/office/members/renewal?year=2026"))
    assert [t.year.start for t in db.session.scalars(sa.select(Member)).one().terms] == [2025, 2026]
    assert clerk.get("/office/members/renewal?year=x").status_code == 400


def test_programs_read_members(client) -> None:
    from crm.access import users
    from crm.access.permissions import Role

    corporate = a_member(name="株式会社アオゾラ", on=date(2026, 4, 1))
    a_member(member_class="associate", on=date(2025, 4, 1))
    with act(Kind.USER_ADDED):
        user = users.add_with_password(
            email="p@example.test", name="P", role=Role.CLERK, password="花火と多摩川の夕暮れ 42"
        )
    with act(Kind.TOKEN_ISSUED):
        _token, written = tokens.issue(user, [Permission.MEMBERS_READ])
    headers = {"Authorization": f"Bearer {written}"}
    assert client.get("/api/v1/members").status_code == 401
    answer = client.get("/api/v1/members", headers=headers).get_json()
    assert answer["next"] is None
    assert answer["items"][0] == {
        "id": corporate.id, "number": "M-0001", "organisation": "株式会社アオゾラ", "organisation_id": corporate.organisation_id,
        "class": MemberClass.CORPORATE.value, "standing": "member", "joined_on": "2026-04-01", "left_on": None,
        "classes": [{"class": "corporate", "since": "2026-04-01", "until": None}],
    }  # fmt: skip
    past = client.get("/api/v1/members?on=2026-03-31", headers=headers).get_json()
    assert [item["number"] for item in past["items"]] == ["M-0002"]
    wrong = client.get("/api/v1/members?on=gestern", headers=headers)
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (422, "on")
