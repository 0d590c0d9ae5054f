"""Billing by several at once: nobody is billed twice, no number is missing, no yen is spent twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from crm import clock
from crm.billing import corrections, invoices, issuing, payments
from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.payments import Payment
from crm.billing.runs import AnnualRun
from crm.db import db
from crm.errors import Busy, Refused
from crm.history.kinds import Kind
from crm.history.recording import Actor, act, acting_as
from crm.members import terms
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen
from tests import builders

YEAR = FiscalYear(2026)
ON, DUE = date(2026, 4, 1), date(2026, 4, 30)


def order(statement: str, **values: object) -> None:
    """A statement past all rules, committed."""
    db.session.rollback()  # a read of the test's own would hold the table
    with db.engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def at_once(app: Flask, *doings: Callable[[], None]) -> list[BaseException]:
    """Carry out each in a thread of its own, begun together; answers what went wrong besides refusals and Busy."""
    start, wrong = threading.Barrier(len(doings)), []
    db.session.rollback()

    def alone(do: Callable[[], None]) -> None:
        with app.app_context(), acting_as(Actor("test")):
            start.wait()
            try:
                do()
            except Refused:
                pass
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=alone, args=(do,)) for do in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return wrong


def patiently(do: Callable[[], None]) -> None:
    """What whoever is told to try again does."""
    for _ in range(50):
        try:
            return do()
        except Busy:
            continue
    raise AssertionError("busy for too long")


def a_whole_run() -> None:
    def begin() -> None:
        nonlocal run_id
        with act(Kind.ANNUAL_RUN_STARTED):
            run_id = issuing.begin(YEAR, on=ON, due=DUE).id

    def work_off() -> None:
        nonlocal left
        with act(Kind.ANNUAL_INVOICES_ISSUED):
            left = issuing.work_off(run_id, most=3)

    run_id, left = 0, 1
    patiently(begin)
    while left:
        patiently(work_off)


def numbers() -> list[str]:
    return list(db.session.scalars(sa.select(Invoice.number).order_by(Invoice.number)))


def doubles() -> int:
    per_member = sa.select(sa.func.count()).where(Invoice.state != InvoiceState.VOID).group_by(Invoice.member_id)
    return sum(count - 1 for count in db.session.scalars(per_member))


def test_four_runs_at_once_bill_everyone_once(app: Flask) -> None:
    for _ in range(20):
        builders.a_paying_member()
    builders.a_bank_account()
    assert at_once(app, *[a_whole_run] * 4) == []
    assert numbers() == [f"INV-2026-{n:04d}" for n in range(1, 21)]
    assert doubles() == 0
    assert db.session.scalar(sa.select(sa.func.count(AnnualRun.id))) == 1


def test_a_run_and_people_who_bill_one_by_one_do_not_bill_twice(app: Flask) -> None:
    members = [builders.a_paying_member().id for _ in range(12)]
    builders.a_bank_account()

    def one_by_one() -> None:
        from crm.members.members import Member

        for member_id in reversed(members):

            def bill(member_id: int = member_id) -> None:
                with act(Kind.INVOICE_ISSUED):
                    issuing.issue_for(db.session.get_one(Member, member_id), YEAR, on=ON, due=DUE)

            try:
                patiently(bill)
            except Refused:
                continue

    assert at_once(app, a_whole_run, one_by_one) == []
    assert numbers() == [f"INV-2026-{n:04d}" for n in range(1, 13)]
    assert doubles() == 0


def two_runs_side_by_side(app: Flask) -> int:
    """Two runs for one year, which only a missing index lets exist, billing at once; answers how many were billed twice."""
    members = [builders.a_paying_member() for _ in range(3)]
    with act(Kind.TERMS_RENEWED):  # else the terms of the year would collide before the invoices do
        for member in members:
            terms.term_of(member, YEAR)
    builders.a_bank_account()
    order("DROP INDEX uq_annual_runs_one_running")
    run_ids = []
    for year in (2026, 2027):  # the second is then turned into a second run of the first year
        with act(Kind.ANNUAL_RUN_STARTED):
            run_ids.append(issuing.begin(FiscalYear(year), on=ON, due=DUE).id)
    order("UPDATE annual_runs SET year = 2026")
    both_have_looked = threading.Barrier(2)
    look = issuing.plan

    def look_then_wait(*args: object, **kwargs: object) -> object:
        found = look(*args, **kwargs)  # type: ignore[arg-type]
        try:
            both_have_looked.wait(timeout=2)
        except threading.BrokenBarrierError:
            pass  # SQLite lets one act look at a time: that is its protection
        return found

    def bill(run_id: int) -> Callable[[], None]:
        def work_off() -> None:
            with act(Kind.ANNUAL_INVOICES_ISSUED):
                issuing.work_off(run_id)

        return work_off

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(issuing, "plan", look_then_wait)
        wrong = at_once(app, *map(bill, run_ids))
    assert [error for error in wrong if not isinstance(error, Busy)] == []
    return doubles()


def test_the_database_itself_forbids_a_second_live_invoice_for_the_year(app: Flask) -> None:
    assert two_runs_side_by_side(app) == 0


def test_without_its_index_the_same_race_bills_twice(app: Flask, engine: str) -> None:
    """The control: it shows that the test before could fail."""
    order("DROP INDEX uq_invoices_one_live_annual_fee")
    assert two_runs_side_by_side(app) == (3 if engine == "postgresql" else 0)


def test_on_sqlite_too_the_index_refuses_what_the_rules_missed(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    copy = (
        "INSERT INTO invoices (member_id, annual_fee_for, rounding, state, number, total, void_reason, version) "
        "SELECT member_id, annual_fee_for, rounding, state, 'INV-2026-9999', total, '', 1 FROM invoices WHERE id = :id"
    )
    invoice_id = invoice.id
    with pytest.raises(sa.exc.IntegrityError):
        order(copy, id=invoice_id)
    order("DROP INDEX uq_invoices_one_live_annual_fee")
    order(copy, id=invoice_id)
    assert doubles() == 1


def test_money_is_not_spent_twice(app: Flask) -> None:
    owed = [builders.an_issued_invoice().id for _ in range(4)]
    payment_id = builders.a_payment(200_000).id

    def take(invoice_id: int) -> Callable[[], None]:
        def allocate() -> None:
            with act(Kind.PAYMENT_ALLOCATED):
                payment, invoice = db.session.get_one(Payment, payment_id), db.session.get_one(Invoice, invoice_id)
                payments.allocate(payment, invoice, Yen(120_000), on=clock.today())

        return lambda: patiently(allocate)

    assert at_once(app, *map(take, owed)) == []
    assert db.session.get_one(Payment, payment_id).unallocated == Yen(80_000)
    assert list(payments.breaches()) == []


def test_an_invoice_is_paid_or_cancelled_and_never_both(app: Flask) -> None:
    for _ in range(5):
        invoice_id, payment_id = builders.an_issued_invoice().id, builders.a_payment(120_000).id

        def pay(invoice_id: int = invoice_id, payment_id: int = payment_id) -> None:
            with act(Kind.PAYMENT_ALLOCATED):
                payment, invoice = db.session.get_one(Payment, payment_id), db.session.get_one(Invoice, invoice_id)
                payments.allocate(payment, invoice, Yen(120_000), on=clock.today())

        def cancel(invoice_id: int = invoice_id) -> None:
            with act(Kind.INVOICE_VOIDED):
                corrections.void(db.session.get_one(Invoice, invoice_id), reason="誤り")

        assert at_once(app, lambda: patiently(pay), lambda: patiently(cancel)) == []
        assert list(invoices.breaches()) == []
