"""Invoices and payments for programs: shapes, pages by cursor, narrowing, errors with their field, and who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from crm.access import tokens, users
from crm.access.permissions import Permission, Role
from crm.billing import receipts
from crm.billing.payments import PaymentMethod
from crm.db import db
from crm.history.kinds import Kind
from crm.history.recording import act
from tests import builders
from tests.visiting import Visitor

Ask = Callable[..., TestResponse]


@pytest.fixture(autouse=True)
def _today(app: Flask, clock_at: Callable[[str], Any]) -> None:
    clock_at("2026-07-01 09:00")


@pytest.fixture
def token_for(app: Flask, client: Visitor) -> Callable[..., Ask]:
    """``token_for(permission, …)`` answers a way to ask the API with a token that may just that."""

    def give(*permissions: Permission) -> Ask:
        with act(Kind.USER_INVITED):
            user = users.add_with_password(
                email="p@example.jp", name="見本", role=Role.CLERK, password="Zx9-tanuki-ga-oyogu"
            )
        with act(Kind.TOKEN_ISSUED):
            _row, token = tokens.issue(user, list(permissions))
        return lambda path, **query: client.get(
            f"/api/v1{path}", query_string=query, headers={"Authorization": f"Bearer {token}"}
        )

    return give


@pytest.fixture
def ask(token_for: Callable[..., Ask]) -> Ask:
    return token_for(Permission.INVOICES_READ, Permission.PAYMENTS_READ)


def items(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_an_invoice_has_its_shape_and_standing(ask: Ask) -> None:
    member = builders.a_paying_member("株式会社アオゾラ")
    invoice = builders.an_issued_invoice(member)
    builders.a_payment(20_000, invoices=[invoice])
    assert items(ask("/invoices")) == [
        {
            "id": invoice.id, "number": invoice.number, "organisation": "株式会社アオゾラ",
            "organisation_id": member.organisation_id, "fiscal_year": 2026, "issued_on": "2026-04-01",
            "due_on": "2026-04-30", "total_yen": 120_000, "open_yen": 100_000, "state": "overdue",
        }
    ]  # fmt: skip


def test_invoices_are_narrowed_and_read_page_by_page(ask: Ask) -> None:
    made = [builders.an_issued_invoice(year=year) for year in (2025, 2026, 2026)]
    numbers = [invoice.number for invoice in made]
    builders.a_payment(invoices=[made[1]])
    for query, found in (
        ({}, numbers), ({"fiscal_year": "R8"}, numbers[1:]), ({"open": "true"}, [numbers[0], numbers[2]]),
        ({"open": "false"}, [numbers[1]]), ({"open": "true", "fiscal_year": "2026"}, [numbers[2]]),
    ):  # fmt: skip
        assert [item["number"] for item in items(ask("/invoices", **query))] == found, query
    first = ask("/invoices", limit=2).json
    assert first is not None
    assert [item["number"] for item in items(ask("/invoices", limit=2, cursor=first["next"]))] == [numbers[2]]


def test_a_payment_has_its_shape(ask: Ask) -> None:
    invoice = builders.an_issued_invoice()
    member, number = invoice.member, invoice.number
    payment = builders.a_payment(121_000, invoices=[invoice], payer="ｶ)ﾐﾎﾝ", received_on=date(2026, 4, 20))
    with act(Kind.RECEIPT_ISSUED, about=payment):
        receipt = receipts.issue(payment).document.number
    builders.a_payment(5, payer="現金の人", method=PaymentMethod.CASH)
    paid, homeless = items(ask("/payments"))
    assert paid == {
        "id": payment.id, "received_on": "2026-04-20", "payer": "ｶ)ﾐﾎﾝ", "organisation": member.organisation.name,
        "organisation_id": member.organisation_id, "method": "transfer", "amount_yen": 121_000,
        "allocated_yen": 120_000, "unallocated_yen": 1_000, "invoices": [{"number": number, "amount_yen": 120_000}],
        "receipt": receipt,
    }  # fmt: skip
    assert (homeless["organisation"], homeless["unallocated_yen"], homeless["receipt"]) == (None, 5, None)
    assert [item["id"] for item in items(ask("/payments", method="cash"))] == [homeless["id"]]
    assert len(items(ask("/payments", allocation="unallocated"))) == 2
    assert items(ask("/payments", allocation="allocated")) == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/invoices", {"open": "maybe"}), ("/invoices", {"fiscal_year": "heute"}), ("/invoices", {"limit": "0"}),
        ("/payments", {"method": "gold"}), ("/payments", {"allocation": "x"}), ("/payments", {"cursor": "-1"}),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_422_with_its_field(ask: Ask, path: str, query: dict[str, str]) -> None:
    answer = ask(path, **query)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == next(iter(query))


def test_a_token_sees_only_what_it_may(token_for: Callable[..., Ask], client: Visitor) -> None:
    ask = token_for(Permission.INVOICES_READ)
    assert (ask("/invoices").status_code, ask("/payments").status_code) == (200, 403)
    assert client.get("/api/v1/payments").status_code == 401


def test_a_page_costs_the_same_number_of_queries_however_many_rows_there_are(ask: Ask) -> None:
    counted: list[int] = []
    ask("/payments")  # the token's first use is noted
    for many in (2, 8):
        for _n in range(many):
            payment = builders.a_payment(invoices=[builders.an_issued_invoice()])
            with act(Kind.RECEIPT_ISSUED, about=payment):
                receipts.issue(payment)
        seen: list[str] = []
        listener = lambda *args, seen=seen: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        assert len(items(ask("/payments"))) == len(items(ask("/invoices")))
        event.remove(db.engine, "before_cursor_execute", listener)
        counted.append(len(seen))
    assert counted[0] == counted[1]
