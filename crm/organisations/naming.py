"""Keys for finding the same name again; the legal form in a name; the kana a bank knows an organisation by.

Everything here makes keys and proposals. Stored names are never changed by it, and equal keys never merge two records by
themselves: 株式会社X and 合同会社X are different companies, 前株 and 後株 too (会社法 6条, 8条); a person decides.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from crm.organisations.legal_forms import LEGAL_FORMS, LegalForm
from crm.organisations.variants import VARIANTS
from crm.values.japanese import bank_text, fold, fold_width, katakana, large_kana, plain_dashes

_MARKS = re.compile(r"[\s・·•‧'’`.,]")
_LATIN = re.compile("[a-z]")
_LONGEST = (
    400  # characters of a name that make its keys: no name is longer, and a flood of text must not hold up the office
)
_CIRCLED_FORMS = str.maketrans({"㊑": "(株)", "㊒": "(有)", "㊓": "(社)", "㊔": "(名)", "㊕": "(特)", "㊖": "(財)"})


class Position(StrEnum):
    """Where in a name its legal form stands: 前株, in the middle, 後株."""

    __labelled__ = False

    FRONT = "front"
    MIDDLE = "middle"
    END = "end"


class Written(NamedTuple):
    """A legal form as a name carries it."""

    form: LegalForm
    position: Position


def search_key(name: str) -> str:
    """The key a name is found by, as part of it is typed: folded, old shapes of kanji as new, ㈱ and (株) in full.

    Blanks, middle dots and punctuation are dropped, small kana are large (キヤノン is found as キャノン), hyphens and long
    vowel signs are one. A text of marks alone gives an empty key, which must not be searched for.
    """
    plain = _MARKS.sub("", large_kana(fold(name[:_LONGEST].translate(_CIRCLED_FORMS)).translate(VARIANTS)))
    return _kanji_forms().sub(lambda match: _form_written(match[0]).name.casefold(), plain)


def duplicate_key(name: str) -> str:
    """The key by which two records are proposed as one: folded, without legal form, blanks, dots and hyphens.

    The long vowel sign goes with the hyphens, for people type either; アサヒビール and アサヒビル are thus proposed together, and a
    person tells them apart. Hiragana and katakana stay apart (みずほ, ミズホ). A name that is nothing but a form is its own key.
    """
    plain = _plain(name)
    bare, before = plain, ""
    while bare != before:
        before = bare
        for _form, start, end in _forms_in(bare):
            bare = f"{bare[:start]} {bare[end:]}".strip()
            break
    return _bare(bare) or _bare(plain)


def legal_form(name: str) -> Written | None:
    """The legal form written in a name and where, or None. One in front goes before one at the end, the longer before the shorter."""
    plain = _plain(name)
    ranks = {Position.FRONT: 0, Position.END: 1, Position.MIDDLE: 2}
    found = [(Written(form, _position(plain, start, end)), start - end) for form, start, end in _forms_in(plain)]
    best = min(found, key=lambda item: (ranks[item[0].position], item[1]), default=None)
    return best[0] if best else None


def _plain(name: str) -> str:
    return fold_width(name[:_LONGEST].translate(_CIRCLED_FORMS)).translate(VARIANTS).strip()


def _bare(plain: str) -> str:
    return _MARKS.sub("", large_kana(plain)).replace("-", "").replace("()", "")


def _position(plain: str, start: int, end: int) -> Position:
    if not plain[:start].strip():
        return Position.FRONT
    return Position.MIDDLE if plain[end:].strip(" )],.") else Position.END


def _forms_in(plain: str) -> Iterator[tuple[LegalForm, int, int]]:
    """Each legal form in a folded name, with its first and past-last position."""
    for match in _kanji_forms().finditer(plain):
        yield _form_written(match[0]), match.start(), match.end()
    for form, pattern in _english_forms() if _LATIN.search(plain) else ():
        for match in pattern.finditer(plain):
            yield form, match.start(), match.end()


def _form_written(text: str) -> LegalForm:
    """The form a match of `_kanji_forms` stands for: 株式会社 for (株) and 株式会社."""
    bare = text.strip("()[]〔〕【】")
    return next(
        form for form in LEGAL_FORMS if bare == form.name.casefold() or (bare != text and bare in form.brackets)
    )


@cache
def _kanji_forms() -> re.Pattern[str]:
    names = [re.escape(form.name.casefold()) for form in LEGAL_FORMS if not form.words or form.bank]
    words = [re.escape(word) for form in LEGAL_FORMS for word in form.brackets]
    return re.compile(rf"[(\[〔【](?:{_longest_first(words)})[)\]〕】]|{_longest_first(names)}")


@cache
def _english_forms() -> tuple[tuple[LegalForm, re.Pattern[str]], ...]:
    """K.K. and its like stand in front or at the end of a name; Co., Ltd. and its like only at the end."""
    patterns = []
    for form in LEGAL_FORMS:
        for word in form.words:
            at_end = rf",?\s?(?<![a-z0-9])(?:{word})(?=[\s)\],.]*$)"
            in_front = rf"^(?:{word})(?=[\s,])|" if form.bank else ""
            patterns.append((form, re.compile(in_front + at_end)))
    return tuple(patterns)


def _longest_first(alternatives: list[str]) -> str:
    return "|".join(sorted(set(alternatives), key=lambda text: (-len(text), text)))


def bank_key(kana: str) -> str:
    """The key by which a payer's name in a bank file and a registered kana name are compared.

    Katakana with large letters, hyphens for long vowels, capitals; no blanks or dots; no legal form, whether shortened in
    front, middle or end, with the bracket closed or not, or spelt out. Voiced marks stay. A name of nothing else keeps it.
    """
    plain = _bank_plain(kana)
    without = _without_bank_forms(_MARKS.sub("", _without_bank_forms(plain)))
    return _MARKS.sub("", without) or _MARKS.sub("", plain)


def bank_kana(reading: str, written: Written | None) -> str:
    """The name as a bank account carries it, in half-width bank characters: ｶ)ｱｵｿﾞﾗ, ｱｵｿﾞﾗ(ｶ.

    `reading` is the kana without the legal form, as the register gives it; a form spelt out in it is shortened where it
    stands. A form in the middle is left out, since the reading does not say where. Raises `NotBankText`.
    """
    plain = _bank_plain(reading)
    spelt = _spelt_forms().search(plain)
    if spelt is not None:
        bank = next(form.bank for form in LEGAL_FORMS if _bank_plain(form.reading) == spelt[0])
        front, back = plain[: spelt.start()].strip(), plain[spelt.end() :].strip()
    elif written is not None and written.form.bank and written.position is not Position.MIDDLE:
        bank = written.form.bank
        front, back = ("", plain) if written.position is Position.FRONT else (plain, "")
    else:
        return bank_text(plain)
    return bank_text(f"{front}{'(' if front else ''}{bank}{')' if back or not front else ''}{back}")


def _bank_plain(kana: str) -> str:
    composed = unicodedata.normalize("NFKC", kana[:_LONGEST].replace("゛", "\u3099").replace("゜", "\u309a"))
    return large_kana(plain_dashes(katakana(composed))).upper().strip()


def _without_bank_forms(plain: str) -> str:
    before = None
    while plain != before:
        before = plain
        plain = _spelt_forms().sub(" ", plain)
        for pattern in _short_forms():
            plain = pattern.sub(" ", plain)
        plain = plain.strip().removesuffix("(").strip()
    return plain


@cache
def _spelt_forms() -> re.Pattern[str]:
    return re.compile(_longest_first([_bank_plain(form.reading) for form in LEGAL_FORMS if form.reading]))


@cache
def _short_forms() -> tuple[re.Pattern[str], ...]:
    """The abbreviations as payers write them: (カ), カ) in front or after a number, (カ or カ) at the end, カ apart by a blank.

    Apart by a blank only the one-letter ones count; longer ones could be words.
    """
    shorts = {_bank_plain(form.bank) for form in LEGAL_FORMS if form.bank}
    any_short = f"(?:{_longest_first(sorted(shorts))})"
    one_letter = f"(?:{'|'.join(sorted(short for short in shorts if len(short) == 1))})"
    return (
        re.compile(rf"\(\s*{any_short}\s*\)"),
        re.compile(rf"(?:^|(?<=[0-9\s])){any_short}\)"),
        re.compile(rf"\({any_short}\s*$"),
        re.compile(rf"(?<=[^(]){any_short}\)$"),
        re.compile(rf"^{one_letter}\s+|\s+{one_letter}$"),
    )
