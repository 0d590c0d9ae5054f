"""Participations, contracts and ventures: what they refuse, and when they run."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from crm.db import db
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.projects import ventures
from crm.projects.contracts import Contract, ContractKind
from crm.projects.participations import Participation
from crm.values.dates import DayOrMonth
from crm.values.fiscal_year import FiscalYear
from tests.builders import a_contract, a_participation, an_organisation


def test_the_precision_of_a_month_is_kept(app: Flask) -> None:
    made = a_contract(signed="2025-05", ends=DayOrMonth(2026, 3, 31)).id
    db.session.expire_all()
    kept = db.session.get_one(Contract, made)
    assert (kept.signed, kept.ends) == (DayOrMonth(2025, 5), DayOrMonth(2026, 3, 31))
    assert kept.runs_on(date(2025, 5, 1))
    assert kept.runs_on(date(2026, 3, 31))
    assert not kept.runs_on(date(2025, 4, 30))


def test_a_participation_of_unknown_beginning_was_always_there(app: Flask) -> None:
    made = a_participation(since=None).id
    assert db.session.get_one(Participation, made).runs_on(date(1999, 1, 1))


def test_what_ends_before_it_begins_is_refused_at_its_end(app: Flask) -> None:
    for build in (
        lambda: a_participation(since="2025-05", until=DayOrMonth(2025, 4)),
        lambda: a_contract(signed="2025-05", ends=DayOrMonth(2025, 4)),
    ):
        with pytest.raises(Refused) as refused:
            build()
        assert refused.value.field in ("until", "ends")


def test_the_same_contract_is_recorded_once(app: Flask) -> None:
    one = an_organisation()
    a_contract(one, title="見本")
    a_contract(one, ContractKind.LICENCE, title="見本")
    with pytest.raises(Refused):
        a_contract(one, title="見本")


def test_there_are_three_topics(app: Flask) -> None:
    with pytest.raises(Refused):
        a_participation(topic=4)


def test_a_company_is_founded_once(app: Flask) -> None:
    one = an_organisation()
    with act(Kind.VENTURE_RECORDED):
        ventures.record(one, FiscalYear(2015), business="開発")
    with pytest.raises(Refused), act(Kind.VENTURE_RECORDED):
        ventures.record(one, FiscalYear(2016))
