"""A long list is written in a few statements, and says the same as one written row by row."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import verifying
from crm.db import db
from crm.exchange.sheets import Row, Sheet
from crm.history.recording import act
from crm.history.records import Change
from crm.organisations import creating, importers, searching
from crm.organisations.importers import Origin
from tests.organisations.register_files import a_number

HEADINGS = (
    "団体名",
    "団体名カナ",
    "法人番号",
    "種別",
    "業種",
    "社員数",
    "社員数基準日",
    "住所",
    "担当者名",
    "担当者メール",
    "請求先メール",
    "振込名義カナ",
    "備考",
)
TABLES = ("organisations", "people", "person_roles", "employee_counts", "bank_names")


def a_sheet() -> Sheet:
    rows = []
    for n in range(60):
        cells = (
            f"株式会社見本{n:03d}", "ミホン" if n % 2 else "", a_number(300000000000 + n) if n % 3 else "", "大学" if n % 4 == 0 else "",
            "情報通信" if n % 5 else "", str(n) if n % 2 else "", "2026-04-01" if n % 4 == 1 else "", "川崎市川崎区殿町3",
            f"見本 {n}" if n % 3 else "", f"p{n}@example.jp" if n % 2 else "",
            (f"p{n}@EXAMPLE.jp" if n % 4 == 1 else f"b{n}@example.jp") if n % 5 else "",
            "ｶ)ﾐﾎﾝ／ミホン（カ／ｶ)ﾐﾎﾝｼﾞｷﾞﾖｳ" if n % 6 == 0 else "", "備考" if n % 7 == 0 else "",
        )  # fmt: skip
        rows.append(Row(n + 2, cells))
    return Sheet("list.xlsx", "xlsx", HEADINGS, tuple(rows))


def written() -> dict[str, list[dict[str, Any]]]:
    """What stands in the tables, and in the record, in the order of the rows."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in TABLES:
        rows = db.session.execute(sa.text(f"SELECT * FROM {name}")).mappings()
        found[name] = sorted((dict(row) for row in rows), key=lambda row: row["id"])
    return found


@pytest.mark.parametrize("few", [1, 1000])
def test_at_once_and_row_by_row_say_the_same(app: Flask, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(creating, "FEW", few)
    importer = importers.named("organisations")
    with act(importer.act):
        plan = importer.plan(a_sheet())
        assert plan.created == 60, plan.errors
        importer.write(plan, Origin("list.xlsx", "0" * 64, date(2026, 5, 10)))
    tables = written()
    SEEN.setdefault(db.engine.dialect.name, []).append(_without_ids(tables))
    assert len({str(seen) for seen in SEEN[db.engine.dialect.name]}) == 1
    noted = db.session.execute(sa.select(Change.table_name, sa.func.count()).group_by(Change.table_name)).all()
    assert dict(noted).items() >= {(name, len(rows)) for name, rows in tables.items()}
    assert not verifying.breaches()
    assert searching.organisations("見本059").condition is not None


SEEN: dict[str, list[Any]] = {}


def _without_ids(tables: dict[str, list[dict[str, Any]]]) -> Any:
    """The rows of each organisation with those that hang on it, without the numbers the database gave."""
    by_person: dict[int, list[Any]] = {}
    for role in tables["person_roles"]:
        by_person.setdefault(role["person_id"], []).append((role["role"], role["since"], role["until"]))
    told = []
    for organisation in tables["organisations"]:
        mine: dict[str, Any] = {"organisations": _plain(organisation)}
        for name in ("people", "employee_counts", "bank_names"):
            rows = [row for row in tables[name] if row["organisation_id"] == organisation["id"]]
            mine[name] = sorted(
                str((_plain(row), sorted(by_person.get(row["id"], [])) if name == "people" else "")) for row in rows
            )
        told.append(mine)
    return told


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "organisation_id")}
