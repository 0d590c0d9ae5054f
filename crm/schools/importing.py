"""School programs from a spreadsheet (学校プログラム): the same school, course, grade and content is the same program."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa

from crm.db import db
from crm.exchange import cells
from crm.exchange.columns import Column, Columns, ReadRow
from crm.exchange.plan import Decision, Plan, RowAction, Step, planned
from crm.exchange.sheets import Sheet
from crm.history.kinds import Kind
from crm.organisations.importers import Importer, Origin
from crm.schools import programs, schools
from crm.schools.programs import Program
from crm.schools.schools import School
from crm.text import _

KIND = "school-programs"

COLUMNS = Columns(
    KIND,
    (
        Column("school_ja", "学校名", cells.text(), required=True, meaning=_("The name of the school."), example="見本高校"),
        Column("course_ja", "学科", cells.text(60), meaning=_("The course, if the school has several."), blank="", example="普通科"),
        Column("grade", "学年", cells.text(20), meaning=_("The grade."), blank="", example="1"),
        Column("pupils", "生徒数", cells.whole(0, 100_000), meaning=_("How many pupils; never their names."), example="40"),
        Column("programs_ja", "内容", cells.text(1000, lines=True), required=True, meaning=_("What is done."), example="出前授業"),
        Column("sessions", "回数", cells.whole(0, 1000), meaning=_("In how many sessions."), example="5"),
        Column("source", "出典", cells.text(400), meaning=_("Where this is known from."), blank="", example="4(4)エ(エ)"),
    ),
)  # fmt: skip


def plan_programs(sheet: Sheet) -> Plan:
    """What the rows of a sheet mean and would change; nothing is written."""
    known = {_key(one): one for one in db.session.scalars(programs.all_programs())}

    def decide(row: ReadRow) -> Decision:
        program = known.get(_same(row.values))
        if program is None:
            return Decision(RowAction.CREATE)
        return Decision(RowAction.UPDATE if _new(program, row.values) else RowAction.UNCHANGED, program)

    return planned(COLUMNS, sheet, decide, same=_same, said_twice="programs_ja")


def write_programs(plan: Plan, _origin: Origin) -> None:
    """Carry the plan out in the running act; a school that is not there yet is added. Raises `BadRows`."""
    there = {one.name: one for one in db.session.scalars(sa.select(School))}

    def write(step: Step) -> None:
        values = step.values
        if step.target is not None:
            step.target.change(**_new(step.target, values))
            return
        name = values["school_ja"]
        if name not in there:
            there[name] = School(name=name, kind=schools.kind_of(name), source=values.get("source", ""))
            db.session.add(there[name])
        db.session.add(Program(
            school=there[name], course=values.get("course_ja", ""), grade=values.get("grade", ""), content=values["programs_ja"],
            pupils=values.get("pupils"), sessions=values.get("sessions"), source=values.get("source", ""),
        ))  # fmt: skip

    plan.carry_out(write)


def _key(program: Program) -> Hashable:
    return program.school.name, program.course, program.grade, program.content


def _same(values: dict[str, Any]) -> Hashable:
    return values["school_ja"], values.get("course_ja", ""), values.get("grade", ""), values["programs_ja"]


def _new(program: Program, values: dict[str, Any]) -> dict[str, Any]:
    """What a row says differently of a program; blank cells say nothing."""
    said = {field: values.get(field) for field in ("pupils", "sessions", "source")}
    return {f: value for f, value in said.items() if value not in (None, "") and value != getattr(program, f)}


SCHOOL_PROGRAMS = Importer(
    KIND, _("School programs"), COLUMNS, Kind.SCHOOL_PROGRAMS_IMPORTED, plan_programs, write_programs
)
