"""The annual run without drawing, and drawing: invoices beside a bare canvas page with the same texts, fonts and places."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from bench.figures import Figure
from bench.places import Place
from crm.billing import bank_accounts, issuing
from crm.billing.bank_accounts import AccountType
from crm.billing.runs import AnnualRun
from crm.db import db
from crm.documents import fonts, issued
from crm.documents.issued import IssuedDocument
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.members import terms, tiers
from crm.members.tiers import MemberClass
from crm.organisations import organisations, people
from crm.organisations.organisations import CountSource
from crm.organisations.people import PersonRole
from crm.values.fiscal_year import FiscalYear

YEAR = FiscalYear(2026)
MEMBERS, RUN_AIM = 2000, 1500
DRAWING_AIM = 0.8
HOW_RUN = (
    "the run in this process, its garbage collector set as a web worker's, terms renewed before, in its own short acts with "
    "record, papers' facts and letters; nothing drawn; "
    "best of the rounds"
)
HOW_INVOICES = (
    "issued invoices drawn from their stored facts, one process; median of rounds that alternate with the bare page"
)
HOW_BARE = (
    "one A4 page on ReportLab's canvas: the invoice's texts at their places in its fonts (embedded), nothing laid out"
)


def annual_run(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Members billed a second by a run over 2,000 members."""
    rates = []
    with place.app():
        _members(MEMBERS)
        for year in (YEAR, YEAR + 1, YEAR + 2)[: 1 if quick else 3]:
            _renew(year)
            began = time.perf_counter()
            issued_now = _run(year)
            rates.append(issued_now / (time.perf_counter() - began))
            if issued_now != MEMBERS:
                raise RuntimeError(f"the run billed {issued_now} of {MEMBERS}")
    yield Figure(f"annual run, {MEMBERS} members", place.engine, max(rates), "/s", RUN_AIM, how=HOW_RUN)


def papers(place: Place, *, quick: bool) -> Iterator[Figure]:
    """Invoices drawn a second, a bare page drawn a second, and the ratio."""
    with place.app():
        _members(40)
        _run(YEAR)
        documents = list(db.session.scalars(sa.select(IssuedDocument).order_by(IssuedDocument.id)))
        texts = _texts_of(documents[0])
        rounds = [
            (_rate(lambda: [issued.render(document) for document in documents], len(documents)),
             _rate(lambda: [_bare_page(texts) for _ in documents], len(documents)))
            for _ in range(2 if quick else 7)
        ]  # fmt: skip
    drawn, bare = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    yield Figure("invoice PDFs", "–", drawn, "/s", how=HOW_INVOICES)
    yield Figure("  bare canvas page", "–", bare, "/s", how=HOW_BARE)
    yield Figure("  of the bare page", "–", drawn / bare, "", DRAWING_AIM)


def _run(year: FiscalYear) -> int:
    """A whole annual run; how many it billed."""
    with act(Kind.ANNUAL_INVOICES_ISSUED) as deed:
        deed.about = run = issuing.begin(year, on=date(year.start, 4, 10), due=date(year.start, 5, 11))
    while True:
        with act(Kind.ANNUAL_INVOICES_ISSUED, about=run):
            if not issuing.work_off(run.id):
                break
    return db.session.get_one(AnnualRun, run.id).expected


def _renew(year: FiscalYear) -> None:
    """The terms of the year, as the renewal before 1 April makes them."""
    with act(Kind.TERMS_RENEWED, note=str(year)):
        terms.renew(year)
    db.session.expunge_all()


def _members(count: int) -> None:
    """Corporate members with employee counts and billing contacts, and an account to pay to."""
    with act(Kind.MEMBER_ADMITTED):
        tiers.ensure()
        bank_accounts.add(
            bank="見本銀行", branch="川崎支店", type=AccountType.ORDINARY, number="1234567", holder_kana="ミホン"
        )
        for number in range(count):
            made = organisations.adding(
                f"株式会社見本計測{number}", kana="ミホンケイソク", address="神奈川県川崎市川崎区見本町1-2-3"
            )
            made.count_employees(90 + number % 20, on=date(2025, 4, 1), source=CountSource.DECLARED)
            db.session.flush()
            person = people.adding(made, "見本 花子", email=f"billing{number}@example.test", department="経理部")
            person.takes(PersonRole.BILLING, date(2025, 4, 1))
            terms.admit(made, MemberClass.CORPORATE, on=date(2025, 4, 1))
    db.session.expunge_all()


def _texts_of(document: IssuedDocument) -> list[tuple[float, float, list[tuple[str, str]], float]]:
    """Every text of a document as it is drawn: absolute place, pieces by font, size."""
    texts: list[tuple[float, float, list[tuple[str, str]], float]] = []
    draw = fonts.draw

    def noted(canvas: Any, x: float, y: float, text: str, face: str, size: float, **more: Any) -> None:
        left = x
        if more.get("align", "left") != "left":
            left -= fonts.width(text, face, size) * (1 if more["align"] == "right" else 0.5)
        at_x, at_y = canvas.absolutePosition(left, y)
        texts.append((at_x, at_y, fonts.runs(text, face), size))
        draw(canvas, x, y, text, face, size, **more)

    fonts.draw = noted
    try:
        issued.render(document)
    finally:
        fonts.draw = draw
    return texts


def _bare_page(texts: list[tuple[float, float, list[tuple[str, str]], float]]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, pageCompression=1, invariant=1)
    for x, y, pieces, size in texts:
        written = canvas.beginText(x, y)
        for font, piece in pieces:
            written.setFont(font, size)
            written.textOut(piece)
        canvas.drawText(written)
    canvas.save()
    return out.getvalue()


def _rate(doing: Callable[[], Any], count: int) -> float:
    began = time.perf_counter()
    doing()
    return count / (time.perf_counter() - began)
