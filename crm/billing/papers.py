"""請求書 and 領収書: what they say and in which order.

With a registration number and taxable lines an invoice carries everything 消費税法 57条の4第1項 asks of a 適格請求書: issuer and number,
date of supply, what was supplied (reduced rate marked), totals and tax per rate, the recipient. Without a number it must not look
like one: no T number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date

from crm.billing.bank_accounts import BankAccount
from crm.billing.invoices import Bill
from crm.billing.payments import Payment
from crm.documents import blocks
from crm.documents.blocks import Addressee, Line, day
from crm.documents.papers import Issuer, Paper, Story
from crm.members.tiers import FeeTier
from crm.organisations.people import Person
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import TaxTotal
from crm.values.yen import Yen, total

WORDS = {
    "ja": {
        "invoice": "請求書", "number": "請求番号", "issued": "発行日", "due": "お支払期限",
        "asked": "下記のとおりご請求申し上げます。", "sum": "ご請求金額",
        "gross": "ご請求金額（税込）", "year": "対象年度", "period": "対象期間",
        "receipt": "領収書", "receipt_number": "領収書番号", "received": "領収日", "receipt_text": "上記の金額を正に領収いたしました。",
        "for": "但し", "way": "お支払方法", "as": "として", "received_sum": "領収金額",
    },
    "en": {
        "invoice": "Invoice", "number": "Invoice No.", "issued": "Issued",
        "due": "Due", "asked": "We kindly ask for payment of the amount below.", "sum": "Amount due",
        "gross": "Amount due (incl. tax)", "year": "Fiscal year",
        "period": "Period", "receipt": "Receipt", "receipt_number": "Receipt No.", "received": "Received",
        "receipt_text": "Received with thanks.", "for": "For", "way": "Paid by", "as": "",
        "received_sum": "Amount received",
    },
}  # fmt: skip

TIER = "　"  # parts the fee from its tier, which a paper puts on a line of its own


@dataclass(frozen=True, kw_only=True)
class InvoicePaper(Paper, kind="invoice"):
    """請求書; a qualified invoice when the issuer is registered and a line is taxed."""

    number: str
    to: Addressee
    issued_on: date
    due_on: date
    year: FiscalYear | None
    served_from: date
    served_until: date
    lines: tuple[Line, ...]
    totals: tuple[TaxTotal, ...]
    account: blocks.BankAccount
    notes: tuple[str, ...]

    @property
    def is_qualified(self) -> bool:
        """Whether it is a 適格請求書. The law asks for what it says, not for that word in its title."""
        return bool(self.issuer.registration_number) and self.is_taxed

    @property
    def is_taxed(self) -> bool:
        """Whether any line bears consumption tax."""
        return any(row.tax.is_taxed for row in self.totals)

    @property
    def title(self) -> str:
        return WORDS[self.language]["invoice"]

    @property
    def running_title(self) -> str:
        return f"{self.title}　{self.number}"

    def under(self, number: str) -> InvoicePaper:
        """The same paper with its number."""
        return replace(self, number=number)

    def story(self) -> Story:
        words, language = WORDS[self.language], self.language
        issuer = self.issuer if self.is_qualified else replace(self.issuer, registration_number="")
        meta = [(words["number"], self.number), (words["issued"], day(self.issued_on, language))]
        about = [(words["period"], span(self.served_from, self.served_until, language))]
        if self.year is not None:
            year = f"{self.year.era}（{self.year.label}）" if language == "ja" else f"FY{self.year.start}"
            about.insert(0, (words["year"], year))
        about.append((words["due"], day(self.due_on, language, western=True)))
        return [
            blocks.title(self.title),
            blocks.heading([self.to], issuer, meta, language),
            blocks.paragraph(words["asked"]),
            blocks.grand_total(words["gross" if self.is_taxed else "sum"], total(row.gross for row in self.totals)),
            blocks.pairs(about),
            *blocks.lines(self.lines, language),
            blocks.totals(self.totals, language),
            blocks.bank_accounts([self.account], language),
            *blocks.notes(self.notes, language),
        ]


@dataclass(frozen=True, kw_only=True)
class ReceiptPaper(Paper, kind="receipt"):
    """領収書 for one payment, with its 但し書き."""

    number: str
    to: Addressee
    issued_on: date
    received_on: date
    amount: Yen
    purpose: str
    way: str
    stamp_box: bool

    @property
    def title(self) -> str:
        return WORDS[self.language]["receipt"]

    def story(self) -> Story:
        words, language = WORDS[self.language], self.language
        meta = [(words["receipt_number"], self.number), (words["issued"], day(self.issued_on, language))]
        issuer = replace(self.issuer, registration_number="")
        facts = [
            (words["for"], worded_purpose(self.purpose) + words["as"]), (words["received"], day(self.received_on, language, western=True)),
            (words["way"], self.way),
        ]  # fmt: skip
        return [
            blocks.title(self.title),
            blocks.heading([self.to], issuer, meta, language),
            blocks.gap(),
            blocks.grand_total(words["received_sum"], self.amount, closed=language == "ja"),
            blocks.pairs(facts),
            blocks.paragraph(words["receipt_text"]),
            *([blocks.stamp_box()] if self.stamp_box else []),
        ]


def invoice(
    bill: Bill,
    contact: Person,
    issuer: Issuer,
    account: BankAccount,
    *,
    on: date,
    due: date,
    notes: tuple[str, ...],
) -> InvoicePaper:
    """The facts of an invoice as it is issued to a contact, still without its number."""
    organisation, language, name = bill.member.organisation, contact.locale, contact.known_name
    return InvoicePaper(
        issuer=issuer, language=language, number="", issued_on=on, due_on=due, year=bill.annual_fee_for, notes=notes,
        to=Addressee(
            organisation=organisation.name, department=contact.department, people=(name,) if name else (),
            postal_code=organisation.place_for_invoices[0], address=organisation.place_for_invoices[1],
        ),
        lines=tuple(
            Line(text=x.text.replace(TIER, "\n"), net=x.net, tax=x.tax, percent=x.percent) for x in bill.items
        ),
        totals=bill.totals, account=account.as_printed(issuer.name, language),
        served_from=min(x.served_from for x in bill.items), served_until=max(x.served_until for x in bill.items),
    )  # fmt: skip


def annual_fee_text(year: FiscalYear, tier: FeeTier, language: str) -> str:
    """What the line of the yearly fee says."""
    if language == "en":
        return f"Annual membership fee FY{year.start}"
    return f"{year.era}（{year.label}）年会費{TIER}{tier.name}"


def span(first: date, last: date, language: str = "ja") -> str:
    """令和8年4月1日〜令和9年3月31日."""
    return f"{day(first, language)}{'〜' if language == 'ja' else ' – '}{day(last, language)}"


def worded_purpose(text: str) -> str:
    """What a person wrote as 但し書き, without the words that are printed around it: 但し before, として behind."""
    return re.sub(r"^(但し|但(?=[、，,\s]))[、，,\s]*|\s*として[。．.]?$", "", text.strip())


def purpose_of(payment: Payment, language: str = "ja") -> str:
    """The 但し書き: what the payment settled."""
    texts = [line.text for a in payment.allocations if a.undone_on is None for line in a.invoice.lines]
    return ("、" if language == "ja" else ", ").join(dict.fromkeys(texts))
