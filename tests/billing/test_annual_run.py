"""The annual run: every paying member is billed once, whoever runs it, however often, however far it got."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from crm import verifying
from crm.billing import bank_accounts, corrections, issuing, planning, runs
from crm.billing.invoices import Invoice, InvoiceState
from crm.billing.issuing import NobodyToBill
from crm.billing.planning import Reason
from crm.billing.runs import AnnualRun, RunState
from crm.db import db
from crm.documents import issued, numbering
from crm.errors import Refused
from crm.history.kinds import Kind
from crm.history.recording import act
from crm.mail import outbox
from crm.mail.outbox import LetterState, Trouble
from crm.members import terms, tiers
from crm.members.tiers import MemberClass
from crm.organisations.people import PersonRole
from crm.settings import settings as office
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Tax
from crm.values.yen import Yen
from tests import builders

YEAR = FiscalYear(2026)
ON, DUE = date(2026, 4, 1), date(2026, 4, 30)


def all_invoices() -> list[Invoice]:
    return list(db.session.scalars(sa.select(Invoice).order_by(Invoice.number)))


def reasons(plan: planning.Plan) -> dict[str, Reason]:
    return {left.member.organisation.name: left.reason for left in plan.left_out}


def set_to(key: str, value: str) -> None:
    with act(Kind.SETTING_CHANGED):
        office.change(key, value)


def test_every_paying_member_is_billed_once_in_the_order_of_their_numbers(app: Flask) -> None:
    members = [builders.a_paying_member() for _ in range(5)]
    run = builders.an_annual_run(most=2)
    found = all_invoices()
    assert [i.number for i in found] == [f"INV-2026-000{n}" for n in range(1, 6)]
    assert [i.member.number for i in found] == sorted(m.number for m in members)
    assert {i.state for i in found} == {InvoiceState.ISSUED}
    assert (run.state, run.expected, runs.issued_by(run), run.failed) == (RunState.ENDED, 5, 5, [])


def test_a_second_run_bills_only_newcomers(app: Flask) -> None:
    builders.a_paying_member("株式会社一")
    builders.an_annual_run()
    with pytest.raises(NobodyToBill) as nobody, act(Kind.ANNUAL_RUN_STARTED):
        issuing.begin(YEAR, on=ON, due=DUE)
    assert nobody.value.left_out[0]["reason"] == "already_billed"
    builders.a_paying_member("株式会社二")
    builders.an_annual_run()
    assert [(i.number, i.member.organisation.name) for i in all_invoices()] == [
        ("INV-2026-0001", "株式会社一"), ("INV-2026-0002", "株式会社二"),
    ]  # fmt: skip


def test_each_who_is_left_out_is_named_with_the_reason(app: Flask) -> None:
    builders.a_bank_account()
    builders.a_paying_member("准会員です", associate=True)
    builders.a_paying_member("担当なし", contact=False)
    builders.a_paying_member("社員数なし", employees=None)
    builders.an_issued_invoice(builders.a_paying_member("請求済み"))
    gone = builders.a_paying_member("退会済み")
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(gone, asked_on=date(2026, 2, 1), effective_on=date(2026, 3, 31), reason="見本")
    nowhere = builders.a_paying_member("住所なし", contact=False, address="", postal_code="")
    builders.a_person(nowhere.organisation, PersonRole.BILLING, email="")
    liaison = builders.a_paying_member("連絡担当のみ", contact=False)
    builders.a_person(liaison.organisation, PersonRole.LIAISON)
    builders.a_paying_member("請求する")
    plan = planning.plan(YEAR, on=ON)
    assert [b.member.organisation.name for b in plan.billable] == ["請求する"]
    assert reasons(plan) == {
        "准会員です": Reason.ASSOCIATE, "担当なし": Reason.NO_BILLING_CONTACT, "社員数なし": Reason.NO_EMPLOYEE_COUNT,
        "請求済み": Reason.ALREADY_BILLED, "退会済み": Reason.WITHDRAWN, "住所なし": Reason.NO_ADDRESS,
        "連絡担当のみ": Reason.NO_BILLING_CONTACT,
    }  # fmt: skip
    run = builders.an_annual_run()
    assert {x["organisation"]: x["reason"] for x in run.left_out} == {k: v.value for k, v in reasons(plan).items()}


def test_the_liaison_is_billed_when_the_office_says_so(app: Flask) -> None:
    member = builders.a_paying_member(contact=False)
    builders.a_person(member.organisation, PersonRole.LIAISON)
    set_to("billing.to_liaison", "yes")
    assert len(planning.plan(YEAR, on=ON).billable) == 1


@pytest.mark.parametrize(("employees", "fee"), [(0, 120_000), (100, 120_000), (101, 360_000), (5_000, 360_000)])
def test_101_employees_pay_360000_and_100_pay_120000(app: Flask, employees: int, fee: int) -> None:
    builders.a_paying_member(employees=employees)
    builders.an_annual_run()
    (invoice,) = all_invoices()
    assert invoice.total == Yen(fee)


def test_the_count_on_the_first_day_of_the_year_decides(app: Flask) -> None:
    from crm.organisations.organisations import CountSource

    member = builders.a_paying_member(employees=100)
    with act(Kind.EMPLOYEES_COUNTED):
        member.organisation.count_employees(101, on=date(2026, 4, 2), source=CountSource.DECLARED)
    (billable,) = planning.plan(YEAR, on=ON).billable
    assert billable.basis.count is not None
    assert (billable.fee, billable.basis.employees, billable.basis.count.on) == (Yen(120_000), 100, date(2025, 4, 1))
    with act(Kind.EMPLOYEES_COUNTED):
        member.organisation.count_employees(101, on=date(2026, 4, 1), source=CountSource.DECLARED)
    assert planning.plan(YEAR, on=ON).billable[0].fee == Yen(360_000)


def test_a_tier_fixed_by_hand_rules(app: Flask) -> None:
    member = builders.a_paying_member(employees=5)
    with act(Kind.MEMBER_TIER_FIXED):
        term = terms.term_of(member, YEAR)
        assert term is not None
        large = next(t for t in tiers.all_tiers() if t.code == "corporate_large")
        terms.fix_tier(term, large, reason="グループ全体で101名以上のため")
    (billable,) = planning.plan(YEAR, on=ON).billable
    assert (billable.fee, billable.basis.is_fixed) == (Yen(360_000), True)


def test_an_associate_who_becomes_corporate_in_the_year_is_billed(app: Flask) -> None:
    member = builders.a_paying_member(associate=True)
    with act(Kind.MEMBER_CLASS_CHANGED):
        terms.change_class(member, MemberClass.CORPORATE, on=date(2026, 6, 1), reason="見本")
    assert len(planning.plan(YEAR, on=ON).billable) == 1


def test_a_part_of_the_year_is_billed_in_full_or_by_month_as_the_office_decides(app: Flask) -> None:
    builders.a_paying_member(employees=101, on=date(2026, 10, 15))
    assert planning.plan(YEAR, on=date(2026, 10, 20)).billable[0].fee == Yen(360_000)
    set_to("fees.part_year", "monthly")
    (billable,) = planning.plan(YEAR, on=date(2026, 10, 20)).billable
    assert billable.fee == Yen(180_000)
    builders.an_annual_run(on=date(2026, 10, 20), due=date(2026, 11, 30))
    (invoice,) = all_invoices()
    assert (invoice.total, invoice.lines[0].served_from, invoice.lines[0].served_until) == (
        Yen(180_000), date(2026, 10, 15), date(2027, 3, 31),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "due", "field"),
    [
        (date(2026, 4, 2), date(2026, 4, 1), "due_on"),
        (date(2029, 4, 1), date(2029, 5, 1), "issue_on"),
        (date(2024, 4, 1), date(2026, 5, 1), "issue_on"),
        (date(2026, 4, 1), date(2062, 4, 30), "due_on"),
    ],
)
def test_dates_that_cannot_be_are_refused(app: Flask, on: date, due: date, field: str) -> None:
    builders.a_paying_member()
    builders.a_bank_account()
    with pytest.raises(Refused) as refused, act(Kind.ANNUAL_RUN_STARTED):
        issuing.begin(YEAR, on=on, due=due)
    assert refused.value.field == field
    assert db.session.scalar(sa.select(sa.func.count(AnnualRun.id))) == 0


def test_without_an_account_to_pay_to_nothing_begins(app: Flask) -> None:
    builders.a_paying_member()
    with pytest.raises(Refused), act(Kind.ANNUAL_RUN_STARTED):
        issuing.begin(YEAR, on=ON, due=DUE)


def test_a_failure_leaves_no_gap_in_the_numbers(app: Flask) -> None:
    for _ in range(3):
        builders.a_paying_member()
    builders.a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED):
        run = issuing.begin(YEAR, on=ON, due=DUE)
    with pytest.raises(ZeroDivisionError), act(Kind.ANNUAL_INVOICES_ISSUED):
        issuing.work_off(run.id)
        raise ZeroDivisionError
    assert all_invoices() == []
    assert numbering.last_taken("INV", YEAR) == 0
    builders.an_annual_run()
    assert [i.number for i in all_invoices()] == ["INV-2026-0001", "INV-2026-0002", "INV-2026-0003"]
    assert numbering.last_taken("INV", YEAR) == 3


def test_a_name_no_font_can_print_is_named_and_takes_no_number(app: Flask) -> None:
    builders.a_paying_member("株式会社一")
    builders.a_paying_member("株式会社\U0001f98a狐")
    builders.a_paying_member("株式会社三")
    run = builders.an_annual_run()
    (failed,) = run.failed
    assert failed["organisation"] == "株式会社\U0001f98a狐"
    assert "U+1F98A" in failed["reason"]
    assert [i.number for i in all_invoices()] == ["INV-2026-0001", "INV-2026-0002"]
    assert numbering.last_taken("INV", YEAR) == 2
    assert run.expected == runs.issued_by(run) + len(run.failed)
    assert run.state is RunState.ENDED


def test_an_interrupted_run_goes_on_with_the_dates_it_began_with(app: Flask) -> None:
    for _ in range(3):
        builders.a_paying_member()
    builders.a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED):
        run = issuing.begin(YEAR, on=ON, due=DUE)
    with act(Kind.ANNUAL_INVOICES_ISSUED):
        assert issuing.work_off(run.id, most=1) == 2
    again = builders.an_annual_run(on=date(2026, 5, 1), due=date(2026, 5, 31))
    assert again.id == run.id
    assert {i.issued_on for i in all_invoices()} == {ON}
    assert len(all_invoices()) == 3


def test_who_changed_since_the_run_began_is_named_at_its_end(app: Flask) -> None:
    first, second = builders.a_paying_member("株式会社一"), builders.a_paying_member("株式会社二")
    builders.a_bank_account()
    with act(Kind.ANNUAL_RUN_STARTED):
        run = issuing.begin(YEAR, on=ON, due=DUE)
    with act(Kind.MEMBER_WITHDRAWN):
        terms.withdraw(second, asked_on=ON, effective_on=date(2026, 3, 31), reason="見本")
    builders.a_paying_member("株式会社三")
    run = builders.an_annual_run()
    assert [i.member for i in all_invoices()] == [first]
    assert [f["organisation"] for f in run.failed] == ["株式会社二"]


def test_a_cancelled_invoice_keeps_its_number_and_the_fee_can_be_billed_again(app: Flask) -> None:
    member = builders.a_paying_member()
    run = builders.an_annual_run()
    (invoice,) = all_invoices()
    with act(Kind.INVOICE_VOIDED, about=invoice):
        corrections.void(invoice, reason="宛名の誤り")
    (letter,) = db.session.scalars(outbox.about(invoice))
    assert (letter.state, letter.trouble) == (LetterState.HELD, Trouble.BY_HAND)
    assert runs.remaining(run) == []
    builders.an_annual_run()
    assert [(i.number, i.state) for i in all_invoices()] == [
        ("INV-2026-0001", InvoiceState.VOID), ("INV-2026-0002", InvoiceState.ISSUED),
    ]  # fmt: skip
    assert {i.member for i in all_invoices()} == {member}


def test_a_void_needs_a_reason_and_happens_once(app: Flask) -> None:
    invoice = builders.an_issued_invoice()
    with pytest.raises(Refused), act(Kind.INVOICE_VOIDED):
        corrections.void(invoice, reason="　")
    with act(Kind.INVOICE_VOIDED):
        corrections.void(invoice, reason="誤り")
    with pytest.raises(Refused), act(Kind.INVOICE_VOIDED):
        corrections.void(invoice, reason="誤り")


def test_the_letter_waits_for_the_paper_and_goes_to_the_billing_contact(app: Flask) -> None:
    invoice = builders.an_issued_invoice(builders.a_paying_member("株式会社髙﨑"))
    (letter,) = db.session.scalars(outbox.about(invoice))
    assert letter.recipient_name == "見本 太郎"
    assert invoice.number is not None
    assert invoice.number in letter.subject
    assert "120,000円" in letter.body
    assert [a.document for a in letter.attachments] == [invoice.document]


def test_a_contact_without_mail_address_gets_a_held_letter(app: Flask) -> None:
    member = builders.a_paying_member(contact=False)
    builders.a_person(member.organisation, PersonRole.BILLING, email="")
    invoice = builders.an_issued_invoice(member)
    (letter,) = db.session.scalars(outbox.about(invoice))
    assert (letter.state, letter.trouble) == (LetterState.HELD, Trouble.NO_ADDRESS)


def text_of(invoice: Invoice) -> str:
    assert invoice.document is not None
    return "".join(p.extract_text() for p in PdfReader(io.BytesIO(issued.pdf(invoice.document))).pages)


def test_what_the_invoice_says(app: Flask) -> None:
    text = text_of(builders.an_issued_invoice(builders.a_paying_member("株式会社𠮷野﨑", employees=101)))
    for words in (
        "請求書", "INV-2026-0001", "株式会社𠮷野﨑", "経理部", "見本 太郎　様", "令和8年4月1日〜令和9年3月31日", "￥360,000", "不課税",
        "令和8年4月30日", "川崎見本銀行", "1234567", "本会費は消費税の課税対象外（不課税）です。",
    ):  # fmt: skip
        assert words.replace("　", "") in text.replace("　", ""), words
    assert "適格" not in text
    assert "登録番号" not in text
    assert "10%" not in text


def test_a_qualified_invoice_needs_a_registration_number_and_taxed_lines(app: Flask) -> None:
    set_to("issuer.registration_number", "T7000020141305")
    untaxed = text_of(builders.an_issued_invoice())
    assert "T7000020141305" not in untaxed
    set_to("fees.tax", Tax.STANDARD.value)
    invoice = builders.an_issued_invoice()
    assert invoice.total == Yen(132_000)
    text = text_of(invoice)
    for words in ("T7000020141305", "10%対象", "￥120,000", "￥12,000", "￥132,000", "令和8年4月1日〜令和9年3月31日"):
        assert words in text, words
    assert "不課税" not in text
    set_to("issuer.registration_number", "")
    unregistered = text_of(builders.an_issued_invoice())
    assert "T7000020141305" not in unregistered
    assert "適格" not in unregistered


def test_an_issued_document_stays_as_it_was_issued(app: Flask) -> None:
    invoice = builders.an_issued_invoice(builders.a_paying_member("株式会社旧名"))
    assert invoice.document is not None
    before = issued.pdf(invoice.document)
    set_to("issuer.name", "新しい名前")
    with act(Kind.ORGANISATION_CHANGED):
        invoice.member.organisation.change(name="株式会社新名")
    db.session.expire_all()
    assert issued.pdf(invoice.document) == before
    with pytest.raises(RuntimeError, match="does not change"), act(Kind.INVOICE_ISSUED):
        invoice.lines[0].text = "後から"


def test_english_on_request(app: Flask) -> None:
    member = builders.a_paying_member(contact=False)
    builders.a_person(member.organisation, PersonRole.BILLING, locale="en", name="Hanako Mihon")
    text = text_of(builders.an_issued_invoice(member))
    assert "Annual membership fee FY2026" in text
    assert "Invoice" in text


def test_nothing_is_found_broken_after_a_run(app: Flask) -> None:
    for _ in range(3):
        builders.a_paying_member()
    builders.an_annual_run()
    assert verifying.breaches() == []
    with act(Kind.INVOICE_ISSUED):
        numbering.advance("INV", YEAR)
    assert verifying.breaches() == ["numbers: INV-2026-0004 was taken and stands on no document"]


def test_the_first_account_is_printed_and_the_same_is_refused(app: Flask) -> None:
    first: Any = builders.a_bank_account()
    second = builders.a_bank_account(number="７６５４３２１")
    assert (first.is_printed, second.is_printed, second.number) == (True, False, "7654321")
    with pytest.raises(Refused) as refused:
        builders.a_bank_account()
    assert refused.value.field == "number"
    with pytest.raises(Refused) as refused:
        builders.a_bank_account(number="12345678")
    assert refused.value.field == "number"
    with pytest.raises(Refused) as refused:
        builders.a_bank_account(number="7", holder_kana="漢字名義")
    assert refused.value.field == "holder_kana"
    with act(Kind.BANK_ACCOUNT_CHANGED):
        bank_accounts.print_on_invoices(second)
    assert bank_accounts.printed() is second
