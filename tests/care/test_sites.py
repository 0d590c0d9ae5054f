"""Care sites from the paper: imported, listed, opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

import crm.demo
from crm.care.sites import CareSite, SiteKind
from crm.db import db
from crm.exchange.plan import BadRows, Plan
from crm.exchange.reading import read
from crm.history.recording import act
from crm.organisations.importers import Origin, named
from tests.builders import an_organisation
from tests.visiting import Visitor

FACTS = Path(crm.demo.__file__).parent / "facts"


def imported(data: bytes) -> Plan:
    importer = named("care-sites")
    with act(importer.act):
        plan = importer.plan(read(data, "c.csv"))
        importer.write(plan, Origin.of(data, "c.csv"))
    return plan


def test_the_sites_of_the_paper_are_imported_once(app: Flask) -> None:
    an_organisation("市立井田病院", kind="medical_provider")
    data = (FACTS / "care_sites.csv").read_bytes()
    assert (imported(data).created, imported(data).unchanged) == (8, 8)
    ida = db.session.scalars(sa.select(CareSite).where(CareSite.name == "市立井田病院")).one()
    assert (ida.kind, ida.organisation and ida.organisation.name) == (SiteKind.HOSPITAL, "市立井田病院")
    assert imported(data.replace("市立井田病院,,hospital,".encode(), "市立井田病院,,病院,見本".encode())).updated == 1


def test_a_kind_nobody_knows_is_refused_with_its_column(app: Flask) -> None:
    with pytest.raises(BadRows) as bad:
        imported("名称,種別\n見本病院,茶屋\n".encode("cp932"))
    assert bad.value.plan.errors[0].column == "種別"


def test_the_list_is_searched_and_opens_into_a_site(app: Flask, sign_in: Callable[..., Visitor]) -> None:
    visitor = sign_in("coordinator")
    assert visitor.get("/office/care/").status_code == 200
    imported((FACTS / "care_sites.csv").read_bytes())
    shown = visitor.get("/office/care/?q=幸&kind=clinic").text
    assert "川崎幸クリニック" in shown
    assert "井田" not in shown
    site = db.session.scalars(sa.select(CareSite)).first()
    assert site is not None
    assert visitor.get(f"/office/care/{site.id}").status_code == 200
    assert visitor.get("/office/care/99999999999999999999").status_code == 404
    assert sign_in("city_officer").get("/office/care/").status_code == 403
