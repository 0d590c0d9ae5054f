"""Members from the spreadsheet of organisations."""

from __future__ import annotations

from datetime import date

import pytest

from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import terms
from crm.members.importing import ORGANISATIONS
from crm.members.members import Member
from crm.members.tiers import MemberClass
from crm.organisations.importers import KINDS, Origin, named
from tests.builders import a_member, the_tiers

HEAD = "団体名,会員区分,会員番号,入会日,退会日,社員数,社員数基準日\n"
CORPORATE, ASSOCIATE = MemberClass.CORPORATE, MemberClass.ASSOCIATE

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(autouse=True)
def _today(app, clock_at) -> None:
    clock_at("2026-07-01 09:00")
    the_tiers()


def planned(*rows: str) -> Plan:
    return ORGANISATIONS.plan(read((HEAD + "\n".join(rows)).encode(), "list.csv"))


def imported(*rows: str) -> Plan:
    with act(Kind.ORGANISATIONS_IMPORTED):
        plan = planned(*rows)
        ORGANISATIONS.write(plan, Origin("list.csv", "0" * 64, date(2026, 7, 1)))
    return plan


def members() -> dict[str, Member]:
    import sqlalchemy as sa

    from crm.db import db

    db.session.expire_all()
    return {m.organisation.name: m for m in db.session.scalars(sa.select(Member))}


def test_sixty_rows_become_organisations_and_members_at_once() -> None:
    rows = [f"株式会社甲{n},{'企業会員' if n % 3 else '准会員'},,2026-04-01,,{90 + n},2026-03-31" for n in range(60)]
    plan = imported(*rows)
    assert (plan.created, plan.updated, plan.errors) == (60, 0, [])
    assert terms.count(date(2026, 3, 31)) == {CORPORATE: 0, ASSOCIATE: 0}
    assert terms.count(date(2026, 4, 1)) == {CORPORATE: 40, ASSOCIATE: 20}
    found = members()
    assert sorted(m.number for m in found.values()) == [f"M-{n:04d}" for n in range(1, 61)]
    assert found["株式会社甲0"].number == "M-0001"
    again = planned(*rows)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 60)


def test_numbers_of_the_list_are_kept_and_never_given_to_another_row() -> None:
    imported("株式会社甲,企業会員,,2026-04-01,,,", "株式会社乙,企業会員,M-0001,R7.4.1,,,")
    assert {name: m.number for name, m in members().items()} == {"株式会社甲": "M-0002", "株式会社乙": "M-0001"}


@pytest.mark.parametrize(
    ("row", "column"),
    [("株式会社甲,企業会員,,,,,", "入会日"), ("株式会社甲,,M-0009,,,,", "会員区分"), ("株式会社甲,,,2026-04-01,,,", "会員区分"),
     ("株式会社甲,賛助会員,,2026-04-01,,,", "会員区分"), ("株式会社甲,企業会員,,2026-04-01,2026-03-31,,", "退会日"),
     ("株式会社甲,企業会員,,2026-02-30,,,", "入会日"), ("株式会社甲,企業会員,M-0001,2026-04-01,,,", "会員番号")],
)  # fmt: skip
def test_a_row_that_cannot_be_names_its_column(row: str, column: str) -> None:
    a_member(number="M-0001")
    with pytest.raises(BadRows) as bad:
        imported("株式会社乙,准会員,,2026-04-01,,,", row)
    assert [(e.row, e.column) for e in bad.value.plan.errors] == [(3, column)]
    assert "株式会社乙" not in members()


def test_two_rows_with_one_number_are_an_error() -> None:
    with pytest.raises(BadRows) as bad:
        imported("株式会社甲,企業会員,M-1,2026-04-01,,,", "株式会社乙,企業会員,M-1,2026-04-01,,,")
    assert [(e.row, e.column) for e in bad.value.plan.errors] == [(3, "会員番号")]


def test_a_day_of_leaving_ends_the_membership_once() -> None:
    imported("株式会社甲,企業会員,,2025-04-01,,,")
    assert imported("株式会社甲,,,,2026-03-31,,").updated == 1
    assert members()["株式会社甲"].left_on == date(2026, 3, 31)
    assert planned("株式会社甲,企業会員,,2025-04-01,2026-03-31,,").unchanged == 1
    assert imported("株式会社乙,准会員,,2025-04-01,2026-03-31,,").created == 1
    assert terms.count(date(2026, 3, 31)) == {CORPORATE: 1, ASSOCIATE: 1}
    assert terms.count(date(2026, 4, 1)) == {CORPORATE: 0, ASSOCIATE: 0}


def test_another_class_needs_the_day_from_which_it_holds() -> None:
    imported("株式会社甲,准会員,,2025-04-01,,,")
    plan = planned("株式会社甲,企業会員,,,,,")
    assert [(e.row, e.column) for e in plan.errors] == [(2, "入会日")]
    assert imported("株式会社甲,企業会員,,2026-04-01,,,").updated == 1
    assert [(p.member_class, p.since) for p in members()["株式会社甲"].classes] == [
        (ASSOCIATE, date(2025, 4, 1)), (CORPORATE, date(2026, 4, 1)),
    ]  # fmt: skip
    for known in ("2026-04-01", "2025-04-01", ""):
        assert planned(f"株式会社甲,企業会員,,{known},,,").unchanged == 1


def test_who_left_returns_with_a_new_day_of_joining() -> None:
    imported("株式会社甲,企業会員,,2024-11-01,2025-03-31,,")
    assert [e.column for e in planned("株式会社甲,企業会員,,,,,").errors] == ["入会日"]
    imported("株式会社甲,企業会員,,2026-04-01,,,")
    member = members()["株式会社甲"]
    assert [t.year.start for t in member.terms] == [2024, 2026]
    assert member.joined_on == date(2026, 4, 1)


def test_another_past_is_never_written_over_ours() -> None:
    imported("株式会社甲,企業会員,,2025-04-01,,,")
    assert [e.column for e in planned("株式会社甲,企業会員,,2024-11-01,,,").errors] == ["入会日"]
    assert [e.column for e in planned("株式会社甲,企業会員,M-7777,,,,").errors] == ["会員番号"]


def test_a_held_row_becomes_a_member_when_a_person_decides(sign_in) -> None:
    from crm.organisations import reviews
    from tests.builders import an_organisation

    an_organisation("甲株式会社")
    assert len(imported("株式会社甲,准会員,,2026-04-01,,,").review) == 1
    assert members() == {}
    assert reviews.waiting_count() == 1


def test_the_command_and_the_screen_read_the_member_columns() -> None:
    assert named("organisations") is ORGANISATIONS
    assert KINDS["organisations"].startswith("crm.members")
    headings = [c.heading for c in ORGANISATIONS.columns.columns]
    assert headings[-5:] == ["会員区分", "会員番号", "入会日", "退会日", "備考"]
