"""Likenesses among the invented organisations: a pair that waits for a decision, one told apart, one merged."""

from __future__ import annotations

import sqlalchemy as sa

from crm.db import db
from crm.organisations import distinctions, merging, organisations, people
from crm.organisations.merges import Thing
from crm.organisations.organisations import Organisation
from crm.organisations.people import PersonRole


def found() -> None:
    """Three records that somebody typed a second time, from a list of visitors to an event."""
    _again("㈱見本ケアサービス", "訪問受付", "uketsuke@example.jp")
    branch = _again("見本データ株式会社", "見本 次郎", "jiro@example.jp")
    distinctions.set_apart(
        Thing.ORGANISATIONS, _of("合同会社見本データ").id, branch.id, "電話で確認：資本関係のない別の法人"
    )
    robotics = _again("（株）見本ロボティクス", "見本 三郎", "saburo@example.jp")
    merging.merge(_of("株式会社見本ロボティクス"), robotics, reason="イベントの名簿から二重に登録")


def _again(name: str, person: str, email: str) -> Organisation:
    made = organisations.adding(name, source="見本", is_example=True)
    people.adding(made, person, email=email).takes(PersonRole.EVENTS, None)
    db.session.flush()
    return made


def _of(name: str) -> Organisation:
    return db.session.scalars(sa.select(Organisation).where(Organisation.name == name)).one()
