"""School programs from the paper: imported, listed; pupils are a head count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

import crm.demo
from crm.db import db
from crm.errors import Refused
from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.organisations.importers import Origin, named
from crm.schools import schools
from crm.schools.programs import Program
from crm.schools.schools import School, SchoolKind
from tests.visiting import Visitor

FACTS = Path(crm.demo.__file__).parent / "facts"


def imported(data: bytes) -> Plan:
    importer = named("school-programs")
    with act(importer.act):
        plan = importer.plan(read(data, "s.csv"))
        importer.write(plan, Origin.of(data, "s.csv"))
    return plan


def test_the_programs_of_the_paper_are_imported_once_with_their_schools(app: Flask) -> None:
    data = (FACTS / "school_programs.csv").read_bytes()
    assert (imported(data).created, imported(data).unchanged) == (4, 4)
    assert db.session.scalars(sa.select(sa.func.sum(Program.pupils))).one() == 378
    assert {one.kind for one in db.session.scalars(sa.select(School))} == {SchoolKind.HIGH}
    assert imported(data.replace(b",30,", b",31,")).updated == 1


@pytest.mark.parametrize(
    ("pupils", "sessions", "said"), [("-1", "", "生徒数"), ("三十", "", "生徒数"), ("", "1001", "回数")]
)
def test_a_bad_number_is_refused_with_its_column(app: Flask, pupils: str, sessions: str, said: str) -> None:
    with pytest.raises(BadRows) as bad:
        imported(f"学校名,内容,生徒数,回数\n見本高校,出前授業,{pupils},{sessions}\n".encode())
    assert bad.value.plan.errors[0].column == said


def test_a_school_is_known_by_its_name_and_added_once(app: Flask) -> None:
    assert schools.kind_of("川崎高校附属中学校") is SchoolKind.JUNIOR_HIGH
    assert schools.kind_of("見本学園") is SchoolKind.OTHER
    with act(Kind.SCHOOL_PROGRAMS_IMPORTED):
        schools.adding("川崎市立見本小学校")
    with pytest.raises(Refused), act(Kind.SCHOOL_PROGRAMS_IMPORTED):
        schools.adding("川崎市立見本小学校")


def test_programs_and_schools_are_listed_and_searched(app: Flask, sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in("clerk")
    assert visitor.get("/office/schools/").status_code == 200
    imported((FACTS / "school_programs.csv").read_bytes())
    assert "280" in visitor.get("/office/schools/?q=高津").text
    assert "高津" not in visitor.get("/office/schools/?q=福祉科&sort=-pupils").text
    assert "高津高校" in visitor.get("/office/schools/schools?kind=high").text
    assert visitor.get("/office/schools/schools?format=csv").status_code == 200
