"""Japanese text: width and kana folding, what may be kept, and the numbers that people type in many ways.

Folding is for keys, numbers and readings. A name or an address passes through `clean_text`, which refuses what no page,
paper or database can hold and otherwise returns it to the letter: NFKC, and even NFC, would change 神 (U+FA19) and others.
"""

import re
import unicodedata

import jaconv

from crm.values import BadValue

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xFFE3: "~"}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―⁃−─━﹘﹣－ーｰ"), "-")
_VARIATION_SELECTORS = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x180E)])
_LONE_VOICED_MARKS = {0x309B: "\u3099", 0x309C: "\u309a"}
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DOUBTFUL = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffd-\\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_LONGEST_PHONE = 60
_LINE_BREAKS = frozenset("\n\r\u2028\u2029")


class BadText(BadValue):
    """A text with a character that is never kept. `character` says which, `position` where (from 0)."""

    def __init__(self, message: str, character: str, position: int) -> None:
        super().__init__(message)
        self.character, self.position = f"U+{ord(character):04X}", position


class NotKana(BadValue):
    """A reading that is not kana."""


class NotBankText(BadValue):
    """A text the banks' character set cannot hold."""


class NotPhone(BadValue):
    """A text that is not a phone number."""


class NotCorporateNumber(BadValue):
    """A text that is not a corporate number."""


class NotRegistrationNumber(BadValue):
    """A text that is not an invoice registration number."""


class UnusualRegistrationNumber(NotRegistrationNumber):
    """T and 13 digits whose check digit does not fit: to be compared, and kept if the office insists."""


def narrow(text: str) -> str:
    """Full-width letters, digits, signs and blanks as half-width ones; everything else stays (NFKC would change more)."""
    return text.translate(_FULL_WIDTH)


def plain_dashes(text: str) -> str:
    """Every hyphen, dash, minus and long vowel sign as "-". NFKC does not unify them."""
    return text.translate(_DASHES)


def fold(text: str) -> str:
    """For keys: as `fold_width`, and katakana for hiragana. Folding twice changes nothing."""
    return katakana(fold_width(text))


def fold_width(text: str) -> str:
    """For keys: one width, one case, one dash, no variation selectors; hiragana and katakana stay apart."""
    folded = text.translate(_VARIATION_SELECTORS).translate(_LONE_VOICED_MARKS)
    for _round in range(2):  # casefold can undo the composition of a few letters, and NFKC their case
        folded = unicodedata.normalize("NFKC", folded).casefold()
    return plain_dashes(unicodedata.normalize("NFKC", folded))


def katakana(text: str) -> str:
    """Hiragana as katakana; the rest stays."""
    return jaconv.hira2kata(text)


def large_kana(text: str) -> str:
    """Small katakana as large ones, as banks write them (キャ → キヤ); also キヤノン and キャノン become one."""
    return text.translate(_SMALL_KANA)


def is_kana(text: str) -> bool:
    """Whether a text is full-width katakana, with long vowel sign, middle dot and blanks, and holds at least one kana."""
    return re.fullmatch(r"(?=.*[ァ-ヺ])[ァ-ヺー・ 　]+", text) is not None


def kana(text: str) -> str:
    """A reading as full-width katakana, from hiragana or half-width kana too. Raises `NotKana`."""
    composed = unicodedata.normalize("NFKC", text.translate(_LONE_VOICED_MARKS)).strip()
    reading = re.sub(r"(?<=[ァ-ヺー])[-‐‑‒–—―−]", "ー", katakana(composed))
    if not is_kana(reading):
        raise NotKana("Write the reading in katakana.")
    return reading


def bank_text(text: str) -> str:
    """A kana text in the banks' half-width characters, one byte each, voiced marks apart (全銀協 record formats, party names).

    Small kana become large, the long vowel sign a hyphen, ヲ an ｵ, a middle dot a full stop. Raises `NotBankText`.
    """
    plain = plain_dashes(katakana(unicodedata.normalize("NFKC", text.translate(_LONE_VOICED_MARKS)))).upper()
    plain = large_kana(plain).translate(str.maketrans("ヲヰヱ・", "オイエ."))
    half = jaconv.z2h(plain, kana=True, ascii=True, digit=True)
    if not re.fullmatch(r"[ｱ-ﾟA-Z0-9 ().-]*", half):
        raise NotBankText("A bank name may contain only katakana, capital letters, digits, blanks and ( ) - .")
    return half


def clean_text(text: str, *, multiline: bool = False) -> str:
    """The text to the letter as it came, or `BadText` naming what cannot be kept.

    Refused: NUL, other control and non-characters, halves of surrogate pairs, the � that stands where a character was lost,
    and characters that turn the direction of writing (a name could show as another). Line breaks and tabs pass where `multiline`.
    """
    for doubtful in _DOUBTFUL.finditer(text):
        if message := _never_kept(doubtful[0], multiline):
            raise BadText(message, doubtful[0], doubtful.start())
    return text


def _never_kept(character: str, multiline: bool) -> str | None:
    if character == "\0":
        return "The text contains a NUL character."
    if character in _LINE_BREAKS and not multiline:
        return "The text may not contain a line break."
    if character in _DIRECTION_CONTROLS:
        return "The text contains an invisible character that reverses the direction of writing."
    if unicodedata.category(character) == "Cs":
        return "The text contains a broken character (half of a surrogate pair)."
    if character == "\ufffd":
        return "The text holds a � where a character was lost."
    if multiline and (character in _LINE_BREAKS or character == "\t"):
        return None
    return "The text contains a control character."


def phone(text: str) -> str:
    """A phone number in half width, its grouping kept: 044-123-4567, +81 44 123 4567, with 内線12. Raises `NotPhone`."""
    number = plain_dashes(narrow(text)).strip()
    if len(number) > _LONGEST_PHONE:
        raise NotPhone("Write the phone number in digits, for example 044-123-4567.")
    main, _extension = _phone_parts(number)
    if not re.fullmatch(r"\+?[0-9(][0-9 ()-]*", main) or not 9 <= len(re.sub(r"[^0-9]", "", main)) <= 15:
        raise NotPhone("Write the phone number in digits, for example 044-123-4567.")
    return number


def phone_key(text: str) -> str:
    """The digits of a phone number for comparing: without grouping and extension, +81 as 0. Empty where there are none."""
    main, _extension = _phone_parts(plain_dashes(narrow(text[:_LONGEST_PHONE])))
    domestic = re.sub(r"^\s*\+\s*81[\s-]*(\(0\)|0)?", "0", main)
    return re.sub(r"[^0-9]", "", domestic)


def _phone_parts(number: str) -> tuple[str, str]:
    """Number and extension; a text whose end is no extension is a number throughout."""
    parts = re.fullmatch(r"(.*?)[ (,]*(?:内線|ext\.?|x)[ :.]*([0-9]{1,6})\)? *", number, re.IGNORECASE)
    return (parts[1], parts[2]) if parts else (number, "")


def corporate_number(text: str) -> str:
    """The 13 digits of a corporate number (法人番号), from any width, with or without blanks and hyphens.

    The first digit checks the others (法人番号の指定等に関する省令 2条, 平成26年財務省令70号). Raises `NotCorporateNumber`; twelve
    digits get their own warning, for they may be a person's My Number, which is never to be stored.
    """
    digits = _bare_number(text)
    if re.fullmatch(r"[0-9]{12}", digits):
        raise NotCorporateNumber(
            "Twelve digits may be a person's My Number, which must not be entered here. A corporate number has 13 digits."
        )
    if not re.fullmatch(r"[0-9]{13}", digits):
        raise NotCorporateNumber("Write the corporate number with 13 digits.")
    if int(digits[0]) != check_digit(digits[1:]):
        raise NotCorporateNumber(
            "The check digit of the corporate number is wrong. Please compare it with the register."
        )
    return digits


def registration_number(text: str, *, accept_unusual: bool = False) -> str:
    """The number of a qualified-invoice issuer: T and 13 digits (適格請求書発行事業者の登録番号, 消費税法 57条の2).

    A bare corporate number is refused: having one does not mean being registered. A check digit that does not fit raises
    `UnusualRegistrationNumber`, unless it is accepted: the law does not promise one for issuers without a corporate number.
    """
    number = _bare_number(text).upper()
    if not re.fullmatch(r"T[0-9]{13}", number):
        raise NotRegistrationNumber("Write the registration number as T and 13 digits.")
    if not accept_unusual and int(number[1]) != check_digit(number[2:]):
        raise UnusualRegistrationNumber(
            "The check digit of the registration number is unusual. Please compare it with the register."
        )
    return number


def check_digit(base: str) -> int:
    """The digit before the twelve of a corporate number: 9 − (Σ Pn × Qn mod 9), counted from the right, Qn 1 and 2 in turn."""
    weighted = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(base), start=1))
    return 9 - weighted % 9


def _bare_number(text: str) -> str:
    return re.sub(r"[\s-]", "", plain_dashes(narrow(text)))
