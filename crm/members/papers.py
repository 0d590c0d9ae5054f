"""会員証明書: what it says and in which order. It is signed, and leads to the public page that tells whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from crm.documents import blocks, fonts
from crm.documents.blocks import day
from crm.documents.codes import Code
from crm.documents.lines import Style, Text
from crm.documents.ornaments import TitleLine
from crm.documents.papers import CERTIFICATE, Issuer, Paper, Story, mm
from crm.members.members import Member, MembershipTerm
from crm.members.tiers import MemberClass
from crm.values.fiscal_year import FiscalYear

WORDS = {
    "ja": {
        "title": "会員証明書", "honour": "　殿", "number": "証明書番号", "member": "会員番号", "class": "会員区分",
        "year": "対象年度", "valid": "有効期間", "check": "二次元コードまたは下記のページで、この証明書の有効性を確認できます。",
        MemberClass.CORPORATE: "企業会員", MemberClass.ASSOCIATE: "准会員",
    },
    "en": {
        "title": "Certificate of Membership", "honour": "", "number": "Certificate No.", "member": "Member No.",
        "class": "Class", "year": "Fiscal year", "valid": "Valid", "check": "Scan the code, or open this page, to check the certificate.",
        MemberClass.CORPORATE: "Corporate member", MemberClass.ASSOCIATE: "Associate member",
    },
}  # fmt: skip
ENGLISH_WORDING = "This is to certify that the organisation named above is a member of the {name}."


@dataclass(frozen=True, kw_only=True)
class CertificatePaper(Paper, kind="membership_certificate"):
    """会員証明書 of one member and fiscal year."""

    layout = CERTIFICATE
    signed = True

    number: str
    name: str
    member_number: str
    member_class: MemberClass
    year: FiscalYear
    valid_from: date
    valid_until: date
    issued_on: date
    wording: str
    verify_url: str

    @property
    def title(self) -> str:
        return WORDS[self.language]["title"]

    def under(self, number: str, verify_url: str) -> CertificatePaper:
        """The same paper with its number and the address that checks it."""
        return replace(self, number=number, verify_url=verify_url)

    def in_language(self, language: str, name: str, wording: str) -> CertificatePaper:
        """The same certificate in another language, with the name as printed in it; ``wording`` is the office's in Japanese."""
        words = wording if language == "ja" else _in_english(self.issuer)
        return replace(self, language=language, name=name or self.name, wording=words)

    def story(self) -> Story:
        words, language, width = WORDS[self.language], self.language, self.layout.width
        until = (
            f"{day(self.valid_from, language)}{'〜' if language == 'ja' else ' – '}{day(self.valid_until, language)}"
        )
        year = f"{self.year.era}（{self.year.label}）" if language == "ja" else f"FY{self.year.start}"
        facts = [
            (words["member"], self.member_number), (words["class"], words[self.member_class]), (words["year"], year),
            (words["valid"], until),
        ]  # fmt: skip
        small = Style(fonts.SANS, 8, leading=13)
        return [
            Text(f"{words['number']}　{self.number}", Style(fonts.SERIF, 10, align="right"), after=14 * mm),
            blocks.title(self.title, size=32, face=fonts.SERIF_BOLD),
            TitleLine(),
            blocks.gap(6 * mm),
            blocks.name_line(f"{self.name}{words['honour']}", size=22, width=width),
            blocks.declaration(self.wording, size=13.5),
            blocks.pairs(facts, width=width * 0.86, style=Style(fonts.SERIF, 11.5), roomy=True),
            blocks.gap(9 * mm),
            blocks.closing(self.issuer, self.issued_on, width=width, language=language),
            blocks.gap(7 * mm),
            blocks.beside((27 * mm, [Code(self.verify_url, size=25 * mm)]),
                          (width - 27 * mm, [blocks.gap(6 * mm), Text(words["check"], small), Text(self.verify_url, small)])),
        ]  # fmt: skip


def certificate(
    member: Member, term: MembershipTerm, issuer: Issuer, *, language: str, issued_on: date, wording: str
) -> CertificatePaper:
    """The facts of a certificate as it is issued, still without its number. ``wording`` is the office's own in Japanese."""
    return CertificatePaper(
        issuer=issuer, language=language, number="", name=member.organisation.name, member_number=member.number,
        member_class=term.member_class, year=term.year, valid_from=term.starts_on, valid_until=term.ends_on,
        issued_on=issued_on, wording=wording if language == "ja" else _in_english(issuer), verify_url="",
    )  # fmt: skip


def _in_english(issuer: Issuer) -> str:
    return ENGLISH_WORDING.format(name=issuer.name_en or "consortium")
