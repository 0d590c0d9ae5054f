"""The office's pages about payments: the list, recording by hand, what a payment settles, its receipt, and who may."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from crm.billing.invoices import Invoice
from crm.billing.payments import Allocation, Payment, PaymentMethod
from crm.billing.receipts import Receipt
from crm.db import db
from crm.history.kinds import Kind
from crm.history.records import Act
from crm.mail.outbox import Letter
from crm.values.yen import Yen
from tests import builders
from tests.visiting import Visitor

PAYMENTS = "/office/payments/"


@pytest.fixture(autouse=True)
def _today(app: Any, clock_at: Callable[[str], Any]) -> None:
    clock_at("2026-07-01 09:00")


def shown(page: Any) -> str:
    assert page.status_code == 200, page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def listed(visitor: Visitor, query: str) -> list[str]:
    answer = visitor.get(f"{PAYMENTS}?{query}&format=json")
    assert answer.status_code == 200, answer.text
    return [row["payer"] for row in json.loads(answer.text)]


def count(noun: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count(noun.id))) or 0


def last_act() -> Act:
    return db.session.scalars(sa.select(Act).order_by(Act.number.desc()).limit(1)).one()


def the_payment() -> Payment:
    return db.session.scalars(sa.select(Payment)).one()


def test_the_list_is_searched_in_any_width_filtered_and_exported(sign_in: Any) -> None:
    member = builders.a_paying_member("株式会社アオゾラ", kana="アオゾラ")
    invoice = builders.an_issued_invoice(member)
    builders.a_payment(invoices=[invoice], payer="ｶ)ｱｵｿﾞﾗ")
    builders.a_payment(7_000, payer="見本 ＴＡＲＯ", method=PaymentMethod.CASH)
    clerk = sign_in("clerk")
    page = shown(clerk.get(PAYMENTS))
    for words in ("ｶ)ｱｵｿﾞﾗ", "株式会社アオゾラ", "￥120,000", "￥7,000", "現金"):
        assert words in page, words
    for query, found in (
        ("q=カ）アオゾラ", ["ｶ)ｱｵｿﾞﾗ"]), ("q=あおぞら", ["ｶ)ｱｵｿﾞﾗ"]), ("q=taro", ["見本 ＴＡＲＯ"]),
        (f"q={member.number}", ["ｶ)ｱｵｿﾞﾗ"]), ("method=cash", ["見本 ＴＡＲＯ"]), ("allocation=unallocated", ["見本 ＴＡＲＯ"]),
        ("allocation=allocated", ["ｶ)ｱｵｿﾞﾗ"]), ("allocation=all&sort=amount", ["見本 ＴＡＲＯ", "ｶ)ｱｵｿﾞﾗ"]), ("q=誰も", []),
    ):  # fmt: skip
        assert listed(clerk, query) == found, query
    assert "120000" in clerk.get(f"{PAYMENTS}?format=csv").text
    for wrong in ("method=gold", "allocation=x"):
        assert clerk.get(f"{PAYMENTS}?{wrong}").status_code == 400


def test_an_empty_list_says_what_to_do(sign_in: Any) -> None:
    assert "/office/payments/new" in sign_in("clerk").get(PAYMENTS).text
    assert "/office/payments/new" not in sign_in("auditor").get(PAYMENTS).text


def test_a_payment_is_recorded_for_a_member_found_by_search(sign_in: Any) -> None:
    member = builders.a_paying_member("株式会社アオゾラ", kana="アオゾラ")
    builders.a_paying_member("株式会社ミナト", kana="ミナト")
    first, second = builders.an_issued_invoice(member, 2025), builders.an_issued_invoice(member, 2026)
    clerk = sign_in("clerk")
    for words in ("ｱｵｿﾞﾗ", member.number, first.number):
        page = clerk.get("/office/payments/new", query_string={"q": words}).text
        assert f"/office/payments/new?member={member.id}" in page, words
        assert "株式会社ミナト" not in page
        assert "￥240,000" in page
    answer = clerk.fill_in(
        f"/office/payments/new?member={member.id}", form="new", payer="ｶ)ｱｵｿﾞﾗ", received_on="R8.4.20"
    )
    assert answer.status_code == 303
    payment = the_payment()
    assert answer.location == f"/office/payments/{payment.id}"
    assert (payment.amount, payment.unallocated, payment.received_on) == (Yen(240_000), Yen(0), date(2026, 4, 20))
    assert (payment.payer, payment.member_id, payment.method) == ("ｶ)ｱｵｿﾞﾗ", member.id, PaymentMethod.TRANSFER)
    assert {a.invoice_id for a in payment.allocations} == {first.id, second.id}
    assert (last_act().kind, last_act().about_id) == (Kind.PAYMENT_RECORDED, payment.id)


@pytest.mark.parametrize(("amount", "open_", "left"), [("119560", 440, 0), ("121,000", 0, 1_000)])
def test_too_little_leaves_the_rest_open_and_too_much_has_no_home(
    sign_in: Any, amount: str, open_: int, left: int
) -> None:
    invoice = builders.an_issued_invoice()
    clerk = sign_in("treasurer")
    answer = clerk.fill_in(
        f"/office/payments/new?member={invoice.member_id}", form="new", amount=amount, follow_redirects=True
    )
    page = shown(answer)
    assert (db.session.get_one(Invoice, invoice.id).open, the_payment().unallocated) == (Yen(open_), Yen(left))
    assert ("￥1,000 は充当先が決まっていません" in page) is bool(left)


def test_one_invoice_can_be_asked_for_and_none_ticked(sign_in: Any) -> None:
    member = builders.a_paying_member()
    first, second = builders.an_issued_invoice(member, 2025), builders.an_issued_invoice(member, 2026)
    clerk, page = sign_in("clerk"), f"/office/payments/new?member={member.id}&invoice={second.id}"
    assert clerk.fill_in(page, form="new").status_code == 303
    assert {a.invoice_id for a in the_payment().allocations} == {second.id}
    assert db.session.get_one(Invoice, first.id).open == Yen(120_000)
    assert clerk.fill_in(page, form="new", invoices=None, amount="500").status_code == 303
    assert count(Allocation) == 1


def test_money_of_nobody_is_recorded_and_allocated_by_number_later(sign_in: Any) -> None:
    invoice = builders.an_issued_invoice()
    clerk = sign_in("clerk")
    answer = clerk.fill_in(
        "/office/payments/new?member=none", form="new", amount="￥130,000", payer="ﾌﾒｲ", method="other", note="要確認"
    )
    payment = the_payment()
    assert (answer.location, payment.member, payment.note) == (f"/office/payments/{payment.id}", None, "要確認")
    number = invoice.number.lower().replace("-", "－")
    assert clerk.fill_in(answer.location, form="allocate", number=number).status_code == 303
    payment = the_payment()
    assert (payment.member_id, payment.unallocated) == (invoice.member_id, Yen(10_000))
    assert (last_act().kind, last_act().note) == (Kind.PAYMENT_ALLOCATED, invoice.number)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"}, {"amount": "千円"}, {"amount": "-5"}, {"received_on": "2199-01-01"}, {"received_on": "昨日"},
        {"payer": "　"}, {"method": "gold"}, {"invoices": "999999"}, {"invoices": "x"},
    ],
)  # fmt: skip
def test_a_wrong_payment_is_answered_422_and_writes_nothing(sign_in: Any, wrong: dict[str, str]) -> None:
    invoice = builders.an_issued_invoice()
    acts = count(Act)
    answer = sign_in("clerk").fill_in(f"/office/payments/new?member={invoice.member_id}", form="new", **wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'id="{next(iter(wrong))}-error"' in answer.text
    assert (count(Payment), count(Act)) == (0, acts + 1)  # the one act is the sign-in of the clerk


@pytest.mark.parametrize(("path", "status"), [("x", 400), ("", 400), ("9999", 404), ("-1", 400)])
def test_a_member_there_is_not_cannot_pay(sign_in: Any, path: str, status: int) -> None:
    assert sign_in("clerk").get(f"/office/payments/new?member={path}").status_code == status


def test_the_same_form_sent_twice_records_one_payment(sign_in: Any) -> None:
    clerk = sign_in("clerk")
    page = "/office/payments/new?member=none"
    sent = {
        "idempotency_key": "k" * 24,
        "amount": "500",
        "payer": "見本",
        "method": "cash",
        "received_on": "2026-06-30",
    }
    locations = {clerk.fill_in(page, form="new", **sent).location for _n in range(2)}
    assert locations == {f"/office/payments/{the_payment().id}"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "invoices"), ({"number": "INV-1999-0001"}, "number"), ({"number": "paid"}, "number"),
        ({"number": "open", "amount": "120001"}, "amount"), ({"number": "open", "amount": "0"}, "amount"),
        ({"number": "void"}, None),
    ],
)  # fmt: skip
def test_a_wrong_allocation_is_answered_422_and_writes_nothing(
    sign_in: Any, fields: dict[str, str], field: str | None
) -> None:
    from crm.billing import corrections
    from crm.history.recording import act

    known = {name: builders.an_issued_invoice() for name in ("open", "paid", "void")}
    numbers = {name: invoice.number for name, invoice in known.items()}
    builders.a_payment(invoices=[known["paid"]])
    with act(Kind.INVOICE_VOIDED):
        corrections.void(known["void"], reason="誤り")
    payment = builders.a_payment(200_000)
    fields = {name: numbers.get(value, value) for name, value in fields.items()}
    answer = sign_in("clerk").fill_in(f"/office/payments/{payment.id}", form="allocate", **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert field is None or f'"#{field}"' in answer.text
    assert count(Allocation) == 1


def test_an_amount_goes_to_one_invoice_and_never_to_two(sign_in: Any) -> None:
    member = builders.a_paying_member()
    invoices = [builders.an_issued_invoice(member, year) for year in (2025, 2026)]
    payment = builders.a_payment(200_000, member=member)
    clerk, page = sign_in("clerk"), f"/office/payments/{payment.id}"
    ids = [str(i.id) for i in invoices]
    assert clerk.fill_in(page, form="allocate", invoices=ids, amount="10").status_code == 422
    assert clerk.fill_in(page, form="allocate", invoices=ids[1], amount="10").status_code == 303
    assert db.session.scalars(sa.select(Allocation.amount)).all() == [Yen(10)]
    assert clerk.fill_in(page, form="allocate", invoices=ids).status_code == 303
    assert [db.session.get_one(Invoice, int(i)).open for i in ids] == [Yen(0), Yen(40_000)]


def test_an_allocation_is_taken_back_with_its_reason(sign_in: Any) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(invoices=[invoice])
    (allocation,) = payment.allocations
    clerk, page = sign_in("clerk"), f"/office/payments/{payment.id}/allocations/{allocation.id}/unmatch"
    assert "data-confirm" in clerk.get(page).text
    assert clerk.fill_in(page, form="unmatch", reason="").status_code == 422
    assert db.session.get_one(Allocation, allocation.id).undone_on is None
    assert clerk.fill_in(page, form="unmatch", reason="別の会員の入金").location == f"/office/payments/{payment.id}"
    assert db.session.get_one(Payment, payment.id).unallocated == Yen(120_000)
    assert (last_act().kind, last_act().note) == (Kind.PAYMENT_UNMATCHED, "別の会員の入金")
    assert "別の会員の入金" in shown(clerk.get(f"/office/payments/{payment.id}"))
    again = clerk.post(page, data={"reason": "もう一度", "idempotency_key": "a" * 24})
    assert again.status_code in (400, 422)  # 400 without the check against forged forms
    assert clerk.get(f"/office/payments/{payment.id + 1}/allocations/{allocation.id}/unmatch").status_code == 404


def test_a_receipt_is_issued_once_as_proposed_and_sent_when_asked(sign_in: Any) -> None:
    invoice = builders.an_issued_invoice(builders.a_paying_member("株式会社アオゾラ"))
    payment = builders.a_payment(invoices=[invoice])
    clerk, page = sign_in("clerk"), f"/office/payments/{payment.id}"
    assert clerk.get(f"{page}/receipt").status_code == 404
    before = count(Letter)
    assert clerk.fill_in(page, form="receipt", send="y").status_code == 303
    receipt = db.session.scalars(sa.select(Receipt)).one()
    paper = receipt.document.paper
    assert (paper.to.organisation, paper.purpose) == ("株式会社アオゾラ", invoice.lines[0].text)
    assert paper.to.address  # who leaves the proposed name keeps the address with it
    assert count(Letter) == before + 1
    assert (last_act().kind, last_act().note) == (Kind.RECEIPT_ISSUED, receipt.document.number)
    pdf = clerk.get(f"{page}/receipt")
    assert (pdf.status_code, pdf.mimetype, pdf.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert f"/office/papers/{receipt.document_id}" in clerk.get(page).text
    assert "issue_receipt" not in clerk.get(page).text


def test_a_receipt_can_be_made_out_to_another_name(sign_in: Any) -> None:
    payment = builders.a_payment(5_000, payer="ﾐﾎﾝ")
    clerk, page = sign_in("clerk"), f"/office/payments/{payment.id}"
    assert clerk.fill_in(page, form="receipt", to="", purpose="講演会参加費").status_code == 422
    assert clerk.fill_in(page, form="receipt", purpose="").status_code == 422
    assert clerk.fill_in(page, form="receipt", purpose="講演会参加費", send="y").status_code == 422  # to nobody
    assert count(Receipt) == 0
    assert clerk.fill_in(page, form="receipt", to="株式会社別名", purpose="講演会参加費").status_code == 303
    assert db.session.scalars(sa.select(Receipt)).one().document.paper.to.organisation == "株式会社別名"


def test_who_may_only_read_sees_and_changes_nothing(sign_in: Any) -> None:
    invoice = builders.an_issued_invoice()
    payment = builders.a_payment(150_000, invoices=[invoice])
    (allocation,) = payment.allocations
    page, organisation = f"/office/payments/{payment.id}", invoice.member.organisation_id
    posts = ("new?member=none", f"{payment.id}/allocate", f"{payment.id}/receipt",
             f"{payment.id}/allocations/{allocation.id}/unmatch")  # fmt: skip
    auditor, coordinator = sign_in("auditor"), sign_in("coordinator")
    assert auditor.get(PAYMENTS).status_code == auditor.get(page).status_code == 200
    assert 'method="post"' not in auditor.get(page).text.split("<main", 1)[1]
    assert page in auditor.get(f"/office/payments/of/{organisation}").text
    for path in (PAYMENTS, page, f"/office/payments/of/{organisation}", "/office/payments/new"):
        assert coordinator.get(path).status_code == 403, path
    assert auditor.get("/office/payments/new").status_code == 403
    for path in posts:
        token = re.search(r'name="csrf_token" value="([^"]+)"', auditor.get(page).text)
        assert token is not None
        assert auditor.post(PAYMENTS + path, data={"csrf_token": token[1]}).status_code == 403, path
    assert auditor.get("/office/payments/999999").status_code == 404


def test_the_pages_cost_the_same_number_of_queries_however_many_rows_there_are(sign_in: Any) -> None:
    member = builders.a_paying_member()
    treasurer, counted = sign_in("treasurer"), []
    payment = builders.a_payment(900_000, member=member)
    for many in (2, 8):
        for _n in range(many):
            other = builders.an_issued_invoice()
            builders.a_payment(10, invoices=[other])
            with_ = builders.a_payment(20, invoices=[other])
            treasurer.fill_in(f"/office/payments/{with_.id}", form="receipt")
            treasurer.fill_in(f"/office/payments/{payment.id}", form="allocate", number=other.number, amount="5")
        seen: list[str] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        for page in (PAYMENTS, "/office/payments/new", f"/office/payments/{payment.id}",
                     f"/office/payments/of/{member.organisation_id}", f"/office/payments/new?member={member.id}"):  # fmt: skip
            assert treasurer.get(page).status_code == 200
        event.remove(db.engine, "before_cursor_execute", listener)
        counted.append(len(seen))
    assert counted[0] == counted[1]
