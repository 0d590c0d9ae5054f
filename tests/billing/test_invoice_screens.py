"""The office's pages about invoices and annual runs: who may enter, what they say, what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.billing import runs
from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.runs import AnnualRun
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.values.fiscal_year import FiscalYear
from tests import builders
from tests.visiting import Visitor

SignIn = Callable[..., Visitor]
DATES = {"year": "2026", "issue_on": "2026-04-01", "due_on": "2026-04-30"}
PREVIEW = "/office/billing/runs/new?year=2026&issue_on=2026-04-01&due_on=2026-04-30"


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements sent inside the block."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def the_run() -> AnnualRun:
    return db.session.scalars(sa.select(AnnualRun)).one()


def test_a_fiscal_year_is_billed_from_preview_to_record(app: Flask, sign_in: SignIn) -> None:
    for n in range(3):
        builders.a_paying_member(f"株式会社見本第{n}", employees=101)
    lonely = builders.a_paying_member("担当なし", contact=False)
    builders.a_bank_account()
    clerk = sign_in("clerk")
    preview = clerk.get(PREVIEW).text
    for words in ("株式会社見本第0", "￥1,080,000", f"/office/organisations/{lonely.organisation_id}/people"):
        assert words in preview, words
    answer = clerk.fill_in(PREVIEW, form="/runs/start")
    assert answer.status_code == 303, answer.text
    page = clerk.get(answer.location)
    assert "INV-2026-0003" in clerk.get(f"/office/billing/?run={the_run().id}").text
    assert "担当なし" in page.text
    assert not the_run().is_running
    told = clerk.get(f"{answer.location}/progress").json
    assert (told["done"], told["total"], told["finished"], told["url"]) == (3, 3, True, answer.location)


def test_what_changed_since_the_preview_is_shown_before_anything_is_billed(app: Flask, sign_in: SignIn) -> None:
    builders.a_paying_member()
    builders.a_bank_account()
    clerk = sign_in("clerk")
    clerk.get(PREVIEW)
    answer = clerk.fill_in(PREVIEW, form="/runs/start", seen="9:9")
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"due_on": "2026-03-01"}, "due_on"), ({"issue_on": "2026-02-30"}, "issue_on"), ({"year": "令和"}, "year")],
)
def test_dates_that_cannot_be_are_named_and_nothing_is_written(
    app: Flask, sign_in: SignIn, changed: dict[str, str], field: str
) -> None:
    builders.a_paying_member()
    builders.a_bank_account()
    clerk = sign_in("clerk")
    shown = clerk.get("/office/billing/runs/new", query_string={**DATES, **changed})
    assert f'href="#{field}"' in shown.text
    answer = clerk.fill_in(PREVIEW, form="/runs/start", **changed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(AnnualRun.id))) == 0


def test_without_an_account_the_preview_says_so_and_offers_no_button(app: Flask, sign_in: SignIn) -> None:
    builders.a_paying_member()
    page = sign_in("clerk").get(PREVIEW).text
    assert "/office/billing/accounts/new" in page
    assert 'name="seen"' not in page


def test_an_interrupted_run_is_continued_by_a_button(app: Flask, sign_in: SignIn) -> None:
    from crm.billing import issuing

    for _ in range(4):
        builders.a_paying_member()
    builders.a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED):
        run_id = issuing.begin(FiscalYear(2026), on=date(2026, 4, 1), due=date(2026, 4, 30)).id
    with act(Kind.ANNUAL_INVOICES_ISSUED):
        issuing.work_off(run_id, most=1)
    clerk = sign_in("clerk")
    page = clerk.get(f"/office/billing/runs/{run_id}").text
    assert f'data-progress-url="/office/billing/runs/{run_id}/progress"' in page
    assert clerk.get(f"/office/billing/runs/{run_id}/progress").json["done"] == 1
    answer = clerk.fill_in(f"/office/billing/runs/{run_id}", form="/continue")
    assert answer.status_code == 303
    assert (the_run().is_running, runs.issued_by(the_run())) == (False, 4)


def test_one_member_is_billed_alone_once(app: Flask, sign_in: SignIn) -> None:
    member = builders.a_paying_member()
    builders.a_bank_account()
    clerk = sign_in("clerk")
    page = f"/office/billing/of/{member.organisation_id}"
    assert clerk.fill_in(page, form=page, **DATES).status_code == 303
    again = clerk.fill_in(page, form=page, **DATES)
    assert again.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 1


def test_the_invoice_page_shows_everything_and_hands_out_the_paper(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice(builders.a_paying_member("株式会社青空"))
    builders.a_payment(20_000, invoices=[invoice], payer="ｶ)ｱｵｿﾞﾗ")
    page = sign_in("clerk").get(f"/office/billing/{invoice.id}").text
    for words in ("株式会社青空", "￥120,000", "￥20,000", "￥100,000", "ｶ)ｱｵｿﾞﾗ", "INV-2026-0001"):
        assert words in page, words
    paper = sign_in("auditor").get(f"/office/billing/{invoice.id}/paper")
    assert paper.data.startswith(b"%PDF")
    assert paper.headers["Content-Disposition"] == "inline; filename=INV-2026-0001.pdf"
    assert paper.headers["Cache-Control"] == "no-store"


def test_an_invoice_is_cancelled_with_a_reason(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    invoice_id = invoice.id
    clerk, page = sign_in("clerk"), f"/office/billing/{invoice_id}/void"
    assert clerk.fill_in(page, form=page, reason=" ").status_code == 422
    assert clerk.fill_in(page, form=page, reason="宛名の誤り").status_code == 303
    assert "宛名の誤り" in clerk.get(f"/office/billing/{invoice_id}").text
    assert db.session.get_one(Invoice, invoice_id).state is InvoiceState.VOID


def test_money_on_an_invoice_bars_its_cancelling(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    builders.a_payment(1, invoices=[invoice])
    page = f"/office/billing/{invoice.id}/void"
    assert sign_in("clerk").fill_in(page, form=page, reason="誤り").status_code == 422


def test_the_list_is_searched_in_any_width_and_filtered_by_standing(app: Flask, sign_in: SignIn) -> None:
    owed = builders.an_issued_invoice(builders.a_paying_member("株式会社アオゾラ"))
    builders.a_payment(120_000, invoices=[builders.an_issued_invoice(builders.a_paying_member("株式会社ミドリ"))])
    clerk = sign_in("clerk")
    for address in ("?q=ＩＮＶ－２０２６－０００１", "?q=ｱｵｿﾞﾗ", "?standing=overdue", "?q=あおぞら&year=2026"):
        shown = clerk.get(f"/office/billing/{address}").text
        assert "株式会社アオゾラ" in shown, address
        assert "株式会社ミドリ" not in shown, address
    assert "株式会社ミドリ" in clerk.get("/office/billing/?standing=settled").text
    assert clerk.get("/office/billing/?year=none").status_code == 400
    assert clerk.get("/office/billing/?run=x").status_code == 400
    exported = clerk.get("/office/billing/?format=json").json
    assert {row["number"] for row in exported} == {owed.number, "INV-2026-0002"}


def test_an_auditor_may_look_but_not_issue_and_a_coordinator_does_not_see_money(app: Flask, sign_in: SignIn) -> None:
    invoice = builders.an_issued_invoice()
    invoice_id, organisation_id = invoice.id, invoice.member.organisation_id
    auditor, coordinator = sign_in("auditor"), sign_in("coordinator")
    for page in ("", f"{invoice_id}", f"of/{organisation_id}", "runs"):
        assert auditor.get(f"/office/billing/{page}").status_code == 200, page
        assert coordinator.get(f"/office/billing/{page}").status_code == 403, page
    assert auditor.get("/office/billing/runs/new").status_code == 403
    assert auditor.get(f"/office/billing/{invoice_id}/void").status_code == 403


def test_pages_ask_as_often_for_fifty_as_for_five(app: Flask, sign_in: SignIn) -> None:
    for _ in range(3):
        builders.a_paying_member()
    run_id = builders.an_annual_run().id
    builders.a_paying_member(contact=False)
    clerk, asked = sign_in("clerk"), []
    pages = (
        "/office/billing/",
        "/office/billing/?format=csv",
        PREVIEW.replace("2026", "2025"),
        f"/office/billing/runs/{run_id}",
    )
    for more in (0, 12):
        for _ in range(more):
            builders.a_paying_member()
            builders.a_paying_member(contact=False)
        if more:
            builders.an_annual_run()
        counts = []
        for page in pages:
            clerk.get(page)
            with counted(app) as sent:
                assert clerk.get(page).status_code == 200
            counts.append(len(sent))
        asked.append(counts)
    assert asked[0] == asked[1]
    assert max(asked[0]) < 40
