"""The figures of the public paper (総務委員会資料 令和8年2月10日) as records, each with the paragraph it came from."""

from __future__ import annotations

import csv
from importlib.resources import files

import sqlalchemy as sa

from crm.db import db
from crm.exchange.reading import read
from crm.organisations import importers, organisations
from crm.organisations.importers import Origin
from crm.organisations.organisations import Organisation, OrganisationKind
from crm.outreach import memoranda
from crm.projects import contracts as contracts_
from crm.projects import participations
from crm.projects import ventures as ventures_
from crm.projects.contracts import ContractKind
from crm.schools import schools
from crm.schools.schools import SchoolKind
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear

PAPER = "総務委員会資料（令和8年2月10日）"


def participants() -> None:
    """The 37 participants of CHANGE, of which 22 companies [3(2)]. The paper tells no beginnings: they were there before."""
    for row in rows("change_participants"):
        organisation = _known(row["organisation_ja"]) or organisations.adding(
            row["organisation_ja"], kind=OrganisationKind(row["kind"]), remark=row["note"], source=_source(row)
        )
        db.session.flush()
        participations.record(organisation, topic=int(row["topic_no"]), title=row["topic_ja"], evidence=_source(row))


def contracts() -> None:
    """The joint-research contracts the paper names [4(1)エ]; of one only the month is known."""
    for row in rows("joint_research"):
        organisation = _known(row["company_ja"]) or organisations.adding(
            row["company_ja"], kind=OrganisationKind.COMPANY, source=_source(row)
        )
        db.session.flush()
        started = DayOrMonth.parse(row["started"])
        contracts_.record(
            organisation, ContractKind.JOINT_RESEARCH, signed=started, title=row["title_ja"], starts=started,
            ends=DayOrMonth.parse(row["ends"]) if row["ends"] else None, evidence=f"{_source(row)} {row['note']}",
        )  # fmt: skip


def ventures() -> None:
    """The ten companies founded from the research [3(1)]."""
    for row in rows("ventures"):
        organisation = _known(row["name_ja"]) or organisations.adding(
            row["name_ja"], kind=OrganisationKind.COMPANY, source=_source(row)
        )
        db.session.flush()
        ventures_.record(
            organisation, FiscalYear(int(row["founded_fy"])), business=row["business_ja"], note=row["note"],
            source=_source(row),
        )  # fmt: skip


def indicators() -> None:
    """The tables of indicators [6(2), 9(2)]."""
    _import("kpi-table", "kpi_table")


def totals() -> None:
    """The totals of past years [4]."""
    _import("totals", "outreach_totals")


def partners_and_visitors() -> None:
    """The partners of memoranda [4(4)ア], and the schools that came to visit [4(4)ウ(イ)]."""
    for row in rows("mou_partners"):
        memoranda.record(row["name_ja"], note=row["note"], source=_source(row))
    for row in rows("schools_visited"):
        schools.adding(row["school_ja"], SchoolKind(row["kind"]), source=_source(row))


def care_sites() -> None:
    """The care sites named [4(3)イ]."""
    _import("care-sites", "care_sites")


def school_programs() -> None:
    """The programs for pupils [4(4)エ(エ)]."""
    _import("school-programs", "school_programs")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one table of facts."""
    return list(csv.DictReader(_bytes(name).decode("utf-8-sig").splitlines()))


def _import(kind: str, name: str) -> None:
    importer, data = importers.named(kind), _bytes(name)
    plan = importer.plan(read(data, f"{name}.csv"))
    importer.write(plan, Origin.of(data, PAPER))


def _bytes(name: str) -> bytes:
    return (files("crm.demo") / "facts" / f"{name}.csv").read_bytes()


def _known(name: str) -> Organisation | None:
    return db.session.scalars(sa.select(Organisation).where(Organisation.name == name)).one_or_none()


def _source(row: dict[str, str]) -> str:
    return f"{PAPER} {row['source']}"
