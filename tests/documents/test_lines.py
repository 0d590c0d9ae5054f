"""Lines break as Japanese lines do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.documents import fonts, lines

CHARACTERS = "かなカナ漢字年月日円、。・ーっッゃ々「」（）『』…― aBz09,.%￥①※　\n"
texts = st.text(alphabet=CHARACTERS, max_size=120)
widths = st.floats(min_value=10, max_value=300)


def plain(text: str) -> str:
    return "".join(c for c in text if c not in " \u3000\n")


@settings(max_examples=300, deadline=None)
@given(texts, widths)
def test_no_line_is_too_wide_and_no_character_is_lost(text: str, width: float) -> None:
    broken = lines.broken(text, fonts.SANS, 10, width)
    assert plain("".join(broken)) == plain(text)
    for line in broken:
        assert fonts.width(line.rstrip(" \u3000"), fonts.SANS, 10) <= width + 1e-3 or len(line.strip(" \u3000")) == 1


@settings(max_examples=300, deadline=None)
@given(texts, widths)
def test_no_line_begins_or_ends_with_what_may_not_stand_there(text: str, width: float) -> None:
    for paragraph in text.split("\n"):
        too_wide = any(fonts.width(unit, fonts.SANS, 10) > width - 30 for unit in lines.units(paragraph))
        broken = lines.broken(paragraph, fonts.SANS, 10, width)
        if too_wide or paragraph[:1] in ("", " ", "\u3000"):
            continue
        for before, after in zip(broken, broken[1:], strict=False):
            assert not before or before[-1] not in lines.NOT_LAST or " " in paragraph or "\u3000" in paragraph
            assert after[0] not in lines.NOT_FIRST or " " in paragraph or "\u3000" in paragraph


def test_brackets_marks_and_small_kana_stay_with_their_word() -> None:
    text = "あいうえ「お」かき。くけこッさしす"
    assert lines.broken(text, fonts.SANS, 10, 50) == ["あいうえ", "「お」か", "き。くけ", "こッさしす"]


def test_latin_words_and_numbers_with_their_unit_stay_whole() -> None:
    broken = lines.broken("会費は360,000円です。Care Design です", fonts.SANS, 10, 75)
    assert broken == ["会費は", "360,000円で", "す。Care", "Design です"]


def test_a_word_wider_than_the_line_is_broken_rather_than_overflowing() -> None:
    broken = lines.broken("https://example.com/" + "a" * 80, fonts.SANS, 10, 100)
    assert len(broken) > 3
    assert all(fonts.width(line, fonts.SANS, 10) <= 100 for line in broken)


def test_line_ends_in_the_text_are_kept_and_an_indent_too() -> None:
    assert lines.broken("　一\n\n二", fonts.SANS, 10, 100) == ["　一", "", "二"]


def test_a_long_name_gets_the_size_that_fits() -> None:
    size = lines.fitting_size("長" * 20, fonts.SANS, 200, largest=22, smallest=6)
    assert size == 10
