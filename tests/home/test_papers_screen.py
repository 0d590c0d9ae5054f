"""The register of issued papers: searched as the law asks, opened as issued, issued again with a mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from reportlab.platypus import Flowable, Spacer

from crm.db import db
from crm.documents import issued, papers
from crm.documents.issued import DocumentState, IssuedDocument
from crm.history import timeline
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.values.yen import Yen
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]


@dataclass(frozen=True, kw_only=True)
class SlipPaper(papers.Paper, kind="test_slip"):
    """A paper with nothing on it."""

    @property
    def title(self) -> str:
        return "控え"

    def story(self) -> list[Flowable]:
        return [Spacer(1, 1)]


def a_paper(
    number: str, to: str = "株式会社みほん", amount: int | None = 50000, on: date = date(2026, 4, 1)
) -> IssuedDocument:
    with act(Kind.INVOICE_ISSUED):
        paper = SlipPaper(issuer=papers.letterhead())
        return issued.issue(paper, number=number, to=to, amount=None if amount is None else Yen(amount), issued_on=on)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=ほん", {"T-1", "T-2"}), ("q=T-3", {"T-3"}), ("q=%25", set()), ("issued_from=2026-04-02", {"T-2", "T-3"}),
        ("issued_to=令和8年4月1日", {"T-1"}), ("amount_from=50001", {"T-2"}), ("amount_to=50,000", {"T-1"}),
        ("amount_from=0", {"T-1", "T-2"}), ("issued_from=2026-04-02&amount_from=1", {"T-2"}), ("", {"T-1", "T-2", "T-3"}),
    ],
)  # fmt: skip
def test_papers_are_found_by_number_name_day_and_amount(
    app: Flask, sign_in: SignIn, asked: str, found: set[str]
) -> None:
    a_paper("T-1")
    a_paper("T-2", amount=360000, on=date(2026, 5, 1))
    a_paper("T-3", to="別の会社", amount=None, on=date(2026, 5, 1))
    rows = sign_in("clerk").get(f"/office/papers/?{asked}&format=json").json
    assert {row["number"] for row in rows} == found


@pytest.mark.parametrize("asked", ["issued_from=2026-02-30", "amount_to=abc", "issued_to=x&format=csv"])
def test_a_search_that_makes_no_sense_is_said_at_its_field(app: Flask, sign_in: SignIn, asked: str) -> None:
    answer = sign_in("clerk").get(f"/office/papers/?{asked}")
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_an_empty_register_says_when_papers_appear(app: Flask, sign_in: SignIn) -> None:
    assert "発行" in sign_in("clerk").get("/office/papers/").text


def test_the_pdf_opens_under_its_own_name_and_is_not_kept_by_browsers(app: Flask, sign_in: SignIn) -> None:
    document, clerk = a_paper("T-1"), sign_in("clerk")
    answer = clerk.get(f"/office/papers/{document.id}/file")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == "inline; filename=T-1.pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    drawn = issued.pdf(document)
    assert answer.data == drawn
    saved = clerk.get(f"/office/papers/{document.id}/file?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_paper_is_issued_again_with_a_mark_and_a_reason(app: Flask, sign_in: SignIn) -> None:
    document, clerk = a_paper("T-1"), sign_in("clerk")
    page = f"/office/papers/{document.id}"
    assert clerk.fill_in(page, form="/reissue", reason=" ").status_code == 422
    assert clerk.fill_in(page, form="/reissue", reason="紛失のため").status_code == 303
    shown = clerk.get(page).text
    assert "紛失のため" in shown
    copy = clerk.get(f"{page}/copies/1")
    assert copy.data.startswith(b"%PDF-")
    assert copy.data != clerk.get(f"{page}/file").data
    assert clerk.get(f"{page}/copies/2").status_code == 404
    assert timeline.of(document)[0].kind is Kind.PAPER_REISSUED


def test_what_could_not_be_drawn_says_so_and_is_drawn_again(app: Flask, sign_in: SignIn) -> None:
    document, clerk = a_paper("T-1"), sign_in("clerk")
    with act(Kind.PAPER_DRAWN, about=document):
        issued.give_up(document, "no font")
    page = f"/office/papers/{document.id}"
    assert clerk.get(f"{page}/file").status_code == 409
    assert clerk.fill_in(page, form="/draw-again").status_code == 303
    db.session.rollback()
    assert document.state is DocumentState.PENDING


@pytest.mark.parametrize("address", ["/office/papers/99", f"/office/papers/{2**70}", "/office/papers/99/file"])
def test_what_is_not_there_is_not_found(app: Flask, sign_in: SignIn, address: str) -> None:
    assert sign_in("clerk").get(address).status_code == 404


def test_who_may_look_and_who_may_issue_again(app: Flask, sign_in: SignIn) -> None:
    document = a_paper("T-1")
    auditor = sign_in("auditor")
    assert auditor.get(f"/office/papers/{document.id}").status_code == 200
    assert auditor.post(f"/office/papers/{document.id}/reissue").status_code in (400, 403)
    assert sign_in("city_officer").get("/office/papers/").status_code == 403
