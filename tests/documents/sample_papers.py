"""Papers the tests issue: a letter with lines and totals, and a signed certificate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reportlab.platypus import Flowable

from crm.documents import blocks, fonts, papers
from crm.documents.blocks import Addressee, Line
from crm.documents.codes import Code
from crm.documents.papers import Issuer, Paper
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Tax, by_rate
from crm.values.yen import Yen, total

ISSUER = Issuer(
    name="かわさきケアデザインコンソーシアム",
    name_en="Kawasaki Care Design Consortium",
    department="事務局",
    representative="代表 﨑山 花子",
    postal_code="210-0821",
    address="神奈川県川崎市川崎区殿町3-25-14",
    registration_number="T7000020141305",
)


@dataclass(frozen=True, kw_only=True)
class SampleLetter(Paper, kind="test-letter"):
    """A letter with lines and totals."""

    number: str = "TST-2026-0001"
    year: FiscalYear = FiscalYear(2026)
    issued_on: date = date(2026, 4, 1)
    to: tuple[Addressee, ...] = (Addressee(organisation="株式会社ケア"),)
    lines: tuple[Line, ...] = (Line(text="年会費", net=Yen(360000), tax=Tax.OUT_OF_SCOPE, percent=0),)
    remark: str | None = None

    @property
    def title(self) -> str:
        return "請求書"

    def story(self) -> list[Flowable]:
        totals = by_rate(self.lines)
        return [
            blocks.title(self.title),
            blocks.heading(self.to, self.issuer, [("請求書番号", self.number), ("発行日", blocks.day(self.issued_on))]),
            blocks.grand_total("ご請求金額", total(row.gross for row in totals)),
            *blocks.lines(self.lines, self.language),
            blocks.totals(totals, self.language),
            *blocks.notes([self.remark or ""]),
        ]


@dataclass(frozen=True, kw_only=True)
class SampleCertificate(Paper, kind="test-certificate"):
    """A signed certificate."""

    layout = papers.CERTIFICATE
    signed = True
    name: str = "株式会社髙﨑𠮷"

    @property
    def title(self) -> str:
        return "会員証明書"

    def story(self) -> list[Flowable]:
        return [
            blocks.title(self.title, face=fonts.SERIF_BOLD),
            blocks.name_line(self.name, width=self.layout.width),
            blocks.declaration("上記の者は、会員であることを証明します。"),
            blocks.closing(self.issuer, date(2026, 4, 1), width=self.layout.width),
            Code("https://example.jp/verify/1"),
        ]


def a_letter(**facts: object) -> SampleLetter:
    """A letter with the given facts."""
    return SampleLetter(issuer=ISSUER, **facts)  # type: ignore[arg-type]
