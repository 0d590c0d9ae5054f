"""Every setting of the office: its key, meaning, default, and how a value is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm.text import N_
from crm.values import address, japanese
from crm.values.tax import Rounding, Tax

Check = Callable[[str], str]


def one_of(*words: str) -> Check:
    """Only these words."""

    def check(text: str) -> str:
        if text not in words:
            raise ValueError("Please choose one of the list.")
        return text

    return check


def whole(least: int, most: int) -> Check:
    """A whole number in a range, kept as text."""

    def check(text: str) -> str:
        if not (text.isascii() and text.isdecimal() and len(text) <= 18 and least <= int(text) <= most):
            raise ValueError("Only digits, without sign or fraction.")
        return str(int(text))

    return check


def line(text: str) -> str:
    """One line of at most 200 characters."""
    text = japanese.clean_text(text).strip()
    if len(text) > 200:
        raise ValueError("At most 200 characters.")
    return text


def paragraph(text: str) -> str:
    """Several lines, at most 4,000 characters."""
    text = japanese.clean_text(text, multiline=True).strip()
    if len(text) > 4000:
        raise ValueError("At most 4,000 characters.")
    return text


def digest(text: str) -> str:
    """The SHA-256 of a kept file, or empty."""
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError("This is not the digest of a file.")
    return text


def empty_or(check: Check) -> Check:
    """Empty, or what ``check`` allows."""
    return lambda text: check(text) if text.strip() else ""


@dataclass(frozen=True)
class Key:
    """One setting. ``group`` orders the screen; ``choices`` are offered as a list; ``example`` is shown beside the field."""

    name: str
    group: str
    meaning: str
    default: str
    check: Check
    choices: tuple[str, ...] = ()
    long: bool = False
    example: str = ""

    def value(self, text: str) -> Any:
        """The typed value: ``True``/``False`` for yes and no, a number for whole numbers, else the text."""
        if self.choices == YES_NO:
            return text == "yes"
        return int(text) if text.isdecimal() and self.default.isdecimal() else text


YES_NO = ("no", "yes")
TAXES = tuple(t.value for t in Tax)
ROUNDINGS = tuple(r.value for r in Rounding)
ISSUER, FEES, BILLING, MEMBERS, PORTAL, EVENTS, TEXTS, PRIVACY = (
    N_("Issuer"), N_("Fees and tax"), N_("Billing"), N_("Members"), N_("Portal"), N_("Events"), N_("Texts"),
    N_("Privacy"),
)  # fmt: skip
WHEN = ("review", "at_once")
CHANGES = (
    ("name", N_("Legal name"), "review"), ("kana", N_("Reading"), "review"), ("industry", N_("Industry"), "at_once"),
    ("representative", N_("Representative"), "review"), ("postal_code", N_("Postal code"), "at_once"),
    ("address", N_("Address"), "at_once"), ("phone", N_("Telephone"), "at_once"),
    ("billing_postal_code", N_("Postal code for invoices"), "at_once"),
    ("billing_address", N_("Address for invoices"), "at_once"),
)  # fmt: skip

KEYS: tuple[Key, ...] = (
    Key("issuer.name", ISSUER, N_("Name printed on papers"), "かわさきケアデザインコンソーシアム", line),
    Key("issuer.name_en", ISSUER, N_("Name in English"), "Kawasaki Care Design Consortium", line),
    Key("issuer.representative", ISSUER, N_("Representative"), "", line),
    Key("issuer.corporate_number", ISSUER, N_("Corporate number"), "", empty_or(japanese.corporate_number)),
    Key("issuer.registration_number", ISSUER, N_("Registration number for qualified invoices; empty = not registered"), "",
        empty_or(japanese.registration_number), example="T7000020141305"),
    Key("issuer.postal_code", ISSUER, N_("Postal code"), "210-0821", empty_or(address.postal_code)),
    Key("issuer.address", ISSUER, N_("Address"), "神奈川県川崎市川崎区殿町3-25-14", line),
    Key("issuer.department", ISSUER, N_("Department that sends papers"), "事務局", line),
    Key("issuer.phone", ISSUER, N_("Phone"), "", empty_or(japanese.phone)),
    Key("issuer.email", ISSUER, N_("Mail address for answers"), "", line),
    Key("issuer.seal", ISSUER, N_("Seal image"), "", digest),
    Key("fees.tax", FEES, N_("Tax treatment of membership fees"), Tax.OUT_OF_SCOPE.value, one_of(*TAXES), TAXES),
    Key("fees.part_year", FEES, N_("Fee when joining during the year"), "full", one_of("full", "monthly"), ("full", "monthly")),
    Key("fees.outside_scope_notice", FEES, N_("Notice printed when fees are outside the scope of consumption tax"),
        "本会費は消費税の課税対象外（不課税）です。", line),
    Key("tax.rounding", FEES, N_("Rounding of tax, once per rate and document"), Rounding.FLOOR.value, one_of(*ROUNDINGS),
        ROUNDINGS),
    Key("billing.due_days", BILLING, N_("Days from issue to due date"), "30", whole(0, 365)),
    Key("billing.to_liaison", BILLING, N_("Send invoices to the liaison when there is no billing contact"), "no",
        one_of(*YES_NO), YES_NO),
    Key("billing.transfer_fee_note", BILLING, N_("Note on bank charges"), "恐れ入りますが、振込手数料は貴社にてご負担ください。",
        line),
    Key("billing.stamp_box", BILLING, N_("Print a stamp box on receipts"), "no", one_of(*YES_NO), YES_NO),
    Key("members.approval", MEMBERS, N_("Who decides about applications"), "office", one_of("office", "board"),
        ("office", "board")),
    Key("members.unconfirmed_days", MEMBERS, N_("Days after which an application is deleted whose mail address nobody confirmed"),
        "30", whole(1, 365)),
    Key("members.declarations", MEMBERS, N_("When an employee figure that a member tells us counts"), "same_fee",
        one_of("review", "same_fee", "at_once"), ("review", "same_fee", "at_once")),
    Key("members.ask_again_days", MEMBERS, N_("Days before a member is asked for its employee figure again"), "14",
        whole(1, 365)),
    Key("certificates.to", MEMBERS, N_("Who gets a certificate of membership each year"), "everyone",
        one_of("everyone", "corporate"), ("everyone", "corporate")),
    Key("certificates.valid_text", MEMBERS, N_("Wording of the membership certificate"),
        "上記の者は、当コンソーシアムの会員であることを証明します。", paragraph, long=True),
    *(Key(f"portal.change.{field}", PORTAL, words, usual, one_of(*WHEN), WHEN) for field, words, usual in CHANGES),
    Key("events.offer_hours", EVENTS, N_("Hours an offer from the waiting list stands"), "48", whole(1, 720)),
    Key("events.cancel_until_hours", EVENTS, N_("Hours before an event until which a registration may be cancelled"), "1",
        whole(0, 720)),
    Key("privacy.answer_days", PRIVACY, N_("Days within which a request about personal data is answered"), "30", whole(1, 90)),
    Key("privacy.keep_years", PRIVACY, N_("Years personal data is kept after its purpose has ended"), "3", whole(1, 30)),
    Key("privacy.books_years", PRIVACY, N_("Years papers of the books are kept: 7, or 10 for years with a tax loss"), "10",
        one_of("7", "10"), ("7", "10")),
    Key("texts.rules", TEXTS, N_("Rules of membership shown with the application"),
        "会員は、当コンソーシアムの目的に賛同し、会則および年会費の定めに従うものとします。", paragraph, long=True),
    Key("texts.privacy", TEXTS, N_("Privacy notice shown on every public form"),
        "ご記入いただいた個人情報は、当コンソーシアムの運営（入会審査、会員管理、請求、行事のご案内と受付、実績の集計）のためにのみ"
        "利用し、法令に基づく場合を除き、ご本人の同意なく第三者に提供しません。開示・訂正・削除のご請求は事務局まで。",
        paragraph, long=True),
    Key("letters.signature", TEXTS, N_("Signature under every letter"), "かわさきケアデザインコンソーシアム 事務局", paragraph,
        long=True),
    Key("letters.auditor", TEXTS, N_("Mail address that receives the head of the record each day"), "", line),
)  # fmt: skip

BY_NAME = {key.name: key for key in KEYS}
MESSAGES = (N_("At most 200 characters."), N_("At most 4,000 characters."), N_("This is not the digest of a file."))
