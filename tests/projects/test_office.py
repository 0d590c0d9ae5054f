"""The office's pages about participations, contracts and ventures."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.projects.contracts import Contract
from crm.projects.participations import Participation
from crm.projects.ventures import Venture
from crm.values.dates import DayOrMonth
from tests.builders import a_contract, a_participation, an_organisation
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
PDF = b"%PDF-1.7 evidence"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "contracts",
        "ventures",
        "participations/new",
        "contracts/new",
        "ventures/new",
        "participations/1",
        "contracts/1",
        "of/1",
    ],
)
def test_every_page_opens_for_a_clerk_and_for_no_city_officer(app: Flask, sign_in: SignIn, page: str) -> None:
    one = an_organisation("株式会社アカネ")
    a_participation(one)
    a_contract(one, title="見本の研究", signed="2025-05")
    assert sign_in("clerk").get(f"/office/projects/{page}").status_code == 200
    assert sign_in("city_officer").get(f"/office/projects/{page}").status_code == 403


def test_a_contract_is_recorded_with_its_evidence_which_comes_back_byte_for_byte(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    visitor = sign_in("clerk")
    made = visitor.fill_in(
        "/office/projects/contracts/new", form="/contracts", organisation="㈱アカネ", title="共創ラボ", signed="R7.5",
        file=(io.BytesIO(PDF), "契約書.pdf"),
    )  # fmt: skip
    assert made.status_code == 303
    kept = db.session.scalars(sa.select(Contract)).one()
    assert (kept.signed, kept.title, kept.organisation.name) == (DayOrMonth(2025, 5), "共創ラボ", "株式会社アカネ")
    page = visitor.get(made.location).text
    assert "2025/5" in page
    assert "契約書.pdf" in page
    assert visitor.get(f"{made.location}/evidence").data == PDF


@pytest.mark.parametrize(
    "wrong", [{"organisation": "株式会社シラナイ"}, {"signed": "2025-13"}, {"ends": "2024-01-01"}, {"title": ""}]
)
def test_a_wrong_contract_answers_422_and_writes_nothing(app: Flask, sign_in: SignIn, wrong: dict[str, str]) -> None:
    an_organisation("株式会社アカネ")
    good = {"organisation": "株式会社アカネ", "title": "共創ラボ", "signed": "2025-05-01"}
    answer = sign_in("clerk").fill_in("/office/projects/contracts/new", form="/contracts", **{**good, **wrong})
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Contract.id))) == 0


def test_a_participation_is_recorded_and_set_right(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    visitor = sign_in("clerk")
    made = visitor.fill_in(
        "/office/projects/participations/new",
        form="/participations",
        organisation="株式会社アカネ",
        topic="2",
        since="2025-05",
    )
    assert made.status_code == 303
    one = db.session.scalars(sa.select(Participation)).one()
    assert (one.topic, one.since) == (2, DayOrMonth(2025, 5))
    saved = visitor.fill_in(made.location, form=-1, until="2026-03-31")
    assert saved.status_code == 303
    evidence = visitor.fill_in(made.location, form="/evidence", file=(io.BytesIO(PDF), "申請書.pdf"))
    assert evidence.status_code == 303
    assert visitor.fill_in(made.location, form="/evidence").status_code == 422
    db.session.expire_all()
    assert one.until == DayOrMonth(2026, 3, 31)
    assert one.evidence_file is not None


def test_a_venture_is_recorded_once_and_changed(app: Flask, sign_in: SignIn) -> None:
    an_organisation("株式会社アカネ")
    visitor = sign_in("clerk")
    filled = {"organisation": "株式会社アカネ", "founded": "H27"}
    made = visitor.fill_in("/office/projects/ventures/new", form="/ventures", **filled)
    assert made.status_code == 303
    assert visitor.fill_in("/office/projects/ventures/new", form="/ventures", **filled).status_code == 422
    assert visitor.fill_in(made.location, form=-1, outcome="上場").status_code == 303
    db.session.rollback()
    assert db.session.scalars(sa.select(Venture)).one().outcome == "上場"


@pytest.mark.parametrize("list_", ["", "contracts", "ventures"])
def test_every_list_leaves_as_a_spreadsheet(app: Flask, sign_in: SignIn, list_: str) -> None:
    a_contract(signed="2025-05")
    a_participation(since="2025-05")
    for exit_ in ("xlsx", "csv", "json"):
        assert sign_in("clerk").get(f"/office/projects/{list_}?format={exit_}").status_code == 200
