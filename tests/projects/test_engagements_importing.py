"""Participations and contracts from a spreadsheet; a month stays a month."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.db import db
from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.recording import act
from crm.organisations.importers import Origin, named
from crm.projects.contracts import Contract, ContractKind
from crm.projects.participations import Participation
from crm.values.dates import DayOrMonth
from tests.builders import an_organisation

HEAD = "団体名,区分,開始日,終了日,件名,根拠資料\n"


def imported(rows: str) -> Plan:
    importer, data = named("engagements"), (HEAD + rows).encode("cp932")
    with act(importer.act):
        plan = importer.plan(read(data, "e.csv"))
        importer.write(plan, Origin.of(data, "e.csv"))
    return plan


def counted(plan: Plan) -> tuple[int, int, int]:
    return plan.created, plan.updated, plan.unchanged


ROWS = (
    "三井化学株式会社,共同研究契約,2025-01-01,2030-03-31,MCI-iCONM共創ラボ,契約書1\n"
    "東亜合成株式会社,共同研究契約,R7.5,,siRNA,契約書2\n"
    "三井化学株式会社,ライセンス契約,2026年4月1日,,特許1,契約書3\n"
    "三井化学株式会社,CHANGE参画,2024-04,,2,申請書\n"
)


def test_rows_become_participations_and_contracts_with_their_precision(app: Flask) -> None:
    for name in ("三井化学株式会社", "東亜合成株式会社"):
        an_organisation(name)
    assert counted(imported(ROWS)) == (4, 0, 0)
    contracts = db.session.scalars(sa.select(Contract).order_by(Contract.signed)).all()
    assert [(c.kind, str(c.signed), c.title) for c in contracts] == [
        (ContractKind.JOINT_RESEARCH, "2025-01-01", "MCI-iCONM共創ラボ"),
        (ContractKind.JOINT_RESEARCH, "2025-05", "siRNA"),
        (ContractKind.LICENCE, "2026-04-01", "特許1"),
    ]
    taken = db.session.scalars(sa.select(Participation)).one()
    assert (taken.topic, taken.since, taken.evidence) == (2, DayOrMonth(2024, 4), "申請書")
    assert counted(imported(ROWS)) == (0, 0, 4)


def test_only_end_and_evidence_of_a_known_row_may_be_new(app: Flask) -> None:
    for name in ("三井化学株式会社", "東亜合成株式会社"):
        an_organisation(name)
    imported(ROWS)
    assert counted(imported(ROWS.replace("R7.5,,", "R7.5,2028-03-31,"))) == (0, 1, 3)
    assert counted(imported(ROWS)) == (0, 0, 4)
    ended = db.session.scalars(sa.select(Contract).where(Contract.title == "siRNA")).one()
    assert str(ended.ends) == "2028-03-31"


def test_a_name_is_found_by_former_name_and_by_spelling(app: Flask) -> None:
    from datetime import date

    from crm.history.kinds import Kind
    from crm.organisations import succession

    one = an_organisation("ナノキャリア株式会社")
    with act(Kind.SUCCESSION_RECORDED):
        succession.rename(one, "NANO MRNA株式会社", date(2023, 4, 1))
    imported("ナノキャリア(株),CHANGE参画,2024-04-01,,1,\nＮＡＮＯ ＭＲＮＡ㈱,共同研究契約,2024-05-01,,見本,\n")
    assert db.session.scalars(sa.select(Participation.organisation_id)).all() == [one.id]
    assert db.session.scalars(sa.select(Contract.organisation_id)).all() == [one.id]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("株式会社シラナイ,共同研究契約,2025-01-01,,見本,", "団体名"),
        ("フタゴ,共同研究契約,2025-01-01,,見本,", "団体名"),
        ("株式会社フタゴ,売買契約,2025-01-01,,見本,", "区分"),
        ("株式会社フタゴ,共同研究契約,2025-02-30,,見本,", "開始日"),
        ("株式会社フタゴ,共同研究契約,,,見本,", "開始日"),
        ("株式会社フタゴ,共同研究契約,2025-05,2025-04-30,見本,", "終了日"),
    ],
)
def test_a_row_that_cannot_be_writes_nothing_and_names_row_and_column(app: Flask, row: str, column: str) -> None:
    for name in ("株式会社フタゴ", "合同会社フタゴ"):
        an_organisation(name)
    with pytest.raises(BadRows) as bad:
        imported(f"株式会社フタゴ,CHANGE参画,2025-04-01,,1,\n{row}\n")
    assert [(error.row, error.column) for error in bad.value.plan.errors] == [(3, column)]
    assert db.session.scalar(sa.select(sa.func.count(Participation.id))) == 0


def test_a_month_ends_with_its_last_day(app: Flask) -> None:
    an_organisation("株式会社フタゴ")
    assert counted(imported("株式会社フタゴ,共同研究契約,2025-05-20,2025-05,見本,\n")) == (1, 0, 0)
