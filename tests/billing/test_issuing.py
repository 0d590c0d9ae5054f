"""Issuing: the reader's language, whom an invoice names, and a few statements for any number of members."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from crm.billing.invoices import Invoice
from crm.db import db
from crm.documents import issued
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.members import terms
from crm.organisations.people import PersonRole
from crm.text import speaking
from crm.values.fiscal_year import FiscalYear
from tests import builders


def text_of(invoice: Invoice) -> str:
    assert invoice.document is not None
    return "".join(p.extract_text() for p in PdfReader(io.BytesIO(issued.pdf(invoice.document))).pages)


@contextmanager
def counting() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def test_a_paper_speaks_its_readers_language_whoever_issues_it(app: Flask) -> None:
    english, japanese = builders.a_paying_member(contact=False), builders.a_paying_member()
    builders.a_person(english.organisation, PersonRole.BILLING, locale="en", name="Hanako Mihon")
    with speaking("en"):
        paper = builders.an_issued_invoice(japanese).document
    assert paper is not None
    assert paper.facts["account"]["kind"] == "普通"
    paper = builders.an_issued_invoice(english).document
    assert paper is not None
    assert paper.facts["account"]["kind"] == "Ordinary account"


def test_where_no_person_is_known_the_invoice_goes_to_the_department(app: Flask) -> None:
    member = builders.a_paying_member("株式会社無名", contact=False)
    builders.a_person(
        member.organisation, PersonRole.BILLING, name="ご担当者", department="経理部", email="keiri@example.jp"
    )
    text = text_of(builders.an_issued_invoice(member))
    assert "経理部" in text
    assert "御中" in text
    assert "ご担当者" not in text
    (letter,) = db.session.scalars(sa.select(outbox.Letter))
    assert letter.recipient_name == ""
    assert "ご担当者様" in letter.body


def test_a_run_writes_the_same_number_of_statements_for_any_number_of_members(app: Flask) -> None:
    builders.a_bank_account()
    counts = []
    for year, more in ((2026, 2), (2027, 6)):
        for _ in range(more):
            builders.a_paying_member()
        with act(Kind.TERMS_RENEWED):
            terms.renew(FiscalYear(year))
        with counting() as statements:
            builders.an_annual_run(year)
        counts.append(len(statements))
    assert counts[0] == counts[1]
