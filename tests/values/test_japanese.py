"""Japanese text: folding, what is kept, phone and corporate numbers."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import japanese
from crm.values.japanese import (
    BadText,
    NotBankText,
    NotCorporateNumber,
    NotKana,
    NotPhone,
    NotRegistrationNumber,
    UnusualRegistrationNumber,
)

REAL_NUMBERS = (
    "7000012050002 1180301018771 8000012010038 8000020130001 1000020140007 7000020141305 1130001011420 5010401067252"
).split()


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert japanese.fold(japanese.fold(text)) == japanese.fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＫＡＮＡ", "kana"), ("ｶﾞｷﾞｸﾞ", "ガギグ"), ("かわさき", "カワサキ"), ("カ゛", "ガ"), ("ハ゜", "パ"), ("葛\U000e0100城", "葛城"), ("株︀", "株"),
        ("A−B", "A-B"), ("A‐B", "a―b"), ("デ−タ", "データ"), ("　空 白", "  空 白".replace("  ", " ")), ("㋿", "令和"), ("う゛", "ヴ"),
    ],
)  # fmt: skip
def test_what_reads_alike_folds_alike(one: str, other: str) -> None:
    assert japanese.fold(one) == japanese.fold(other)


def test_folding_of_width_keeps_hiragana_and_katakana_apart() -> None:
    assert japanese.fold_width("ﾐｽﾞﾎ") == "ミズホ" != japanese.fold_width("みずほ")


@pytest.mark.parametrize(
    "name",
    ["髙﨑𠮷濵邉", "神社", "福島", "塚田", "葛\U000e0100城", "（株）ア　イ", "が", "👩‍⚕️", " a ", "", "鷗外", "\ue000"],
)
def test_text_is_kept_to_the_letter(name: str) -> None:
    assert japanese.clean_text(name) == name
    assert japanese.clean_text(name, multiline=True) == name


@pytest.mark.parametrize(
    ("text", "what", "character", "position"),
    [
        ("ab\0", "NUL", "U+0000", 2), ("\x07", "control", "U+0007", 0), ("a\x7f", "control", "U+007F", 1), ("\x9b", "control", "U+009B", 0),
        ("\t", "control", "U+0009", 0), ("a\nb", "line break", "U+000A", 1), ("\r", "line break", "U+000D", 0), ("\u2028", "line break", "U+2028", 0),
        ("\ud800", "surrogate", "U+D800", 0), ("x\udfff", "surrogate", "U+DFFF", 1), ("山\u202e田", "direction", "U+202E", 1),
        ("\u200f", "direction", "U+200F", 0), ("\u2066", "direction", "U+2066", 0), ("\u061c", "direction", "U+061C", 0),
        ("\uffff", "control", "U+FFFF", 0), ("\ufdd0", "control", "U+FDD0", 0), ("\U0001fffe", "control", "U+1FFFE", 0), ("\x85", "control", "U+0085", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_by_name(text: str, what: str, character: str, position: int) -> None:
    with pytest.raises(BadText, match=what) as refused:
        japanese.clean_text(text)
    assert (refused.value.character, refused.value.position) == (character, position)


def test_longer_texts_may_have_lines_and_tabs_but_nothing_else() -> None:
    assert japanese.clean_text("a\r\nb\tc\n", multiline=True) == "a\r\nb\tc\n"
    for bad in ("\0", "\x0b", "\u202e", "\ud800"):
        with pytest.raises(BadText):
            japanese.clean_text(f"a\n{bad}", multiline=True)


@given(st.text(alphabet=st.characters(codec=None), max_size=20))
def test_every_text_that_passes_can_be_written_down(text: str) -> None:
    try:
        kept = japanese.clean_text(text)
    except BadText:
        return
    assert kept == text
    kept.encode()
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in kept)


@pytest.mark.parametrize(
    ("typed", "reading"),
    [
        ("かわさき", "カワサキ"),
        ("ｱｵｿﾞﾗ", "アオゾラ"),
        (" アオゾラ　ショウジ ", "アオゾラ ショウジ"),
        ("ソニ−", "ソニー"),
        ("アオゾラ-", "アオゾラー"),
        ("ヴォルフ", "ヴォルフ"),
    ],
)
def test_readings_become_katakana(typed: str, reading: str) -> None:
    assert japanese.kana(typed) == reading
    assert japanese.is_kana(reading)


@pytest.mark.parametrize("typed", ["", " ", "ー", "川崎", "ABC", "アオゾラ1", "ア\0", "-ア"])
def test_what_is_no_reading_is_refused(typed: str) -> None:
    with pytest.raises(NotKana):
        japanese.kana(typed)


@pytest.mark.parametrize(
    ("text", "bank"),
    [
        ("アオゾラショウジ", "ｱｵｿﾞﾗｼﾖｳｼﾞ"), ("ソニー", "ｿﾆ-"), ("カ）アオゾラ", "ｶ)ｱｵｿﾞﾗ"), ("エヌ・ティ・ティ", "ｴﾇ.ﾃｲ.ﾃｲ"), ("ヲ", "ｵ"), ("ヴ", "ｳﾞ"),
        ("Bio １", "BIO 1"), ("ぱんだ", "ﾊﾟﾝﾀﾞ"), ("", ""),
    ],
)  # fmt: skip
def test_bank_text_has_one_byte_for_each_sign(text: str, bank: str) -> None:
    assert japanese.bank_text(text) == bank
    assert len(bank.encode("cp932")) == len(bank)


@pytest.mark.parametrize("text", ["川崎", "ア&イ", "ア/イ", "「ア」", "ア\n", "é"])
def test_what_banks_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(NotBankText):
        japanese.bank_text(text)


@given(st.text(alphabet=[chr(c) for c in range(0x30A1, 0x30F7)] + list("ー・ ABCabc012（）．")))
def test_every_reading_has_a_bank_text(text: str) -> None:
    assert set(japanese.bank_text(text)) <= {chr(c) for c in range(0xFF71, 0xFFA0)} | set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ().-"
    )


@pytest.mark.parametrize(
    "text",
    [
        "044-123-4567",
        "０４４−１２３−４５６７",
        "044(123)4567",
        "+81-44-123-4567",
        "+81 (0)44 123 4567",
        "0441234567",
        "044-123-4567 内線12",
        "０４４ー１２３ー４５６７（内線１２）",
    ],
)
def test_one_phone_number_has_one_key(text: str) -> None:
    assert japanese.phone_key(text) == "0441234567"
    assert japanese.phone(text) == japanese.phone(japanese.phone(text))


def test_phone_numbers_keep_their_grouping() -> None:
    assert japanese.phone("０４４−１２３−４５６７") == "044-123-4567"
    assert japanese.phone("+81 44 123 4567") == "+81 44 123 4567"


@pytest.mark.parametrize(
    "text", ["", "12345678", "電話なし", "044-123-456a", "1" * 16, "044\n1234567", "044-123-4567\n内線12"]
)
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(NotPhone):
        japanese.phone(text)


@pytest.mark.parametrize("number", REAL_NUMBERS)
def test_corporate_numbers_in_use_pass(number: str) -> None:
    assert japanese.corporate_number(number) == number
    assert japanese.corporate_number(f" {number[0]}-{number[1:5]}−{number[5:9]} {number[9:]}") == number
    assert japanese.corporate_number(number.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789"})) == number
    assert japanese.registration_number(f"Ｔ{number}") == japanese.registration_number(f"t-{number}") == f"T{number}"


@given(
    st.text(alphabet="0123456789", min_size=12, max_size=12), st.integers(0, 9), st.integers(1, 12), st.integers(1, 9)
)
def test_a_mistyped_digit_is_found_unless_it_is_nought_for_nine(base: str, first: int, at: int, by: int) -> None:
    number = f"{japanese.check_digit(base)}{base}"
    assert japanese.corporate_number(number) == number
    assert number[0] != "0"
    if str(first) != number[0]:
        with pytest.raises(NotCorporateNumber, match="check digit"):
            japanese.corporate_number(f"{first}{base}")
    wrong = str((int(number[at]) + by) % 10)
    mistyped = number[:at] + wrong + number[at + 1 :]
    if {wrong, number[at]} != {"0", "9"}:
        with pytest.raises(NotCorporateNumber, match="check digit"):
            japanese.corporate_number(mistyped)


def test_twelve_digits_are_refused_as_a_possible_my_number() -> None:
    for text in ("123456789012", "1234-5678-9012", "１２３４５６７８９０１２"):
        with pytest.raises(NotCorporateNumber, match="My Number"):
            japanese.corporate_number(text)


@pytest.mark.parametrize(
    "text", ["", "123", "12345678901234", "T7000012050002", "700001205000²", "7000012050002a", "abc"]
)
def test_what_is_no_corporate_number_is_refused(text: str) -> None:
    with pytest.raises(NotCorporateNumber, match="13 digits"):
        japanese.corporate_number(text)


def test_a_registration_number_needs_its_t_and_its_check_digit_may_be_accepted() -> None:
    for text in ("7000012050002", "T700001205000", "TT7000012050002", "", "T70000120500023"):
        with pytest.raises(NotRegistrationNumber, match="T and 13"):
            japanese.registration_number(text)
    with pytest.raises(UnusualRegistrationNumber):
        japanese.registration_number("T1234567890123")
    assert japanese.registration_number("T1234567890123", accept_unusual=True) == "T1234567890123"
