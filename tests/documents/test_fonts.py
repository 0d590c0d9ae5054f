"""Fonts: every character prints or is named, and copies back as it was typed."""

import io

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from crm.documents import font_building, fonts
from crm.text import speaking

NAMES = "株式会社髙﨑𠮷濵邉﨟㈱①Ⅳ～−¥€々ゝ鷗槗閒塚福神 Škoda Łódź şəğ Ελλάς Київ Nguyễn"


def drawn(text: str, face: str = fonts.SANS) -> PdfReader:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, initialFontName=fonts.SANS if fonts.registered(fonts.SANS) else "", pagesize=(2000, 100))
    fonts.draw(canvas, 10, 50, fonts.printable(text), face, 12)
    canvas.save()
    return PdfReader(buffer)


@pytest.mark.parametrize("face", [fonts.SANS, fonts.BOLD, fonts.SERIF, fonts.SERIF_BOLD])
def test_names_copy_back_exactly_in_every_face(face: str) -> None:
    assert drawn(NAMES, face).pages[0].extract_text().replace("\n", "") == NAMES


def test_every_letter_of_the_office_encoding_prints_but_one() -> None:
    """No installed font has ≒; it is refused by name like any other."""
    office = {bytes((a, b)).decode("cp932", "ignore") for a in range(0x81, 0xFD) for b in range(0x40, 0xFD)}
    missing = set()
    for character in sorted(c for c in office if len(c) == 1 and not "\ue000" <= c < "\uf900" and c.isprintable()):
        try:
            fonts.font_for(character, fonts.SANS)
        except fonts.MissingGlyph:
            missing.add(character)
    assert missing == {"≒"}


def test_a_character_no_font_has_is_named() -> None:
    with pytest.raises(fonts.MissingGlyph) as refused, speaking("en"):
        fonts.check("山田😀")
    assert refused.value.character == "😀"
    with speaking("en"):
        assert "😀" in str(refused.value)
        assert "U+1F600" in str(refused.value)


def test_what_has_no_ink_is_left_out_and_marks_are_joined() -> None:
    assert fonts.printable("辻\U000e0100\u200bか\u3099") == "辻が"


def test_compatibility_kanji_stay_as_typed() -> None:
    assert fonts.printable("神\ufa19か\u3099") == "神\ufa19が"


def test_both_weights_have_names_of_their_own_so_that_bold_prints_bold() -> None:
    names = set()
    for file in font_building.ready().glob("*.ttf"):
        with TTFont(file, lazy=True) as font:
            names.add(font["name"].getDebugName(6))
            assert "glyf" in font
    assert len(names) == 5


def test_bold_and_regular_are_both_embedded() -> None:
    buffer = io.BytesIO()
    fonts.registered(fonts.SANS)
    canvas = Canvas(buffer, initialFontName=fonts.SANS)
    fonts.draw(canvas, 10, 50, "常", fonts.SANS, 12)
    fonts.draw(canvas, 10, 80, "太", fonts.BOLD, 12)
    canvas.save()
    embedded = [f.get_object() for f in PdfReader(buffer).pages[0]["/Resources"]["/Font"].values()]
    assert {str(f["/BaseFont"]).partition("+")[2] for f in embedded} == {"CRMSansJP-Regular", "CRMSansJP-Bold"}
    assert all("/FontFile2" in f["/FontDescriptor"] for f in embedded)


def test_building_again_is_quick_and_changes_nothing() -> None:
    place = font_building.ready()
    before = sorted((f.name, f.stat().st_mtime_ns) for f in place.iterdir())
    assert font_building.build() == place
    assert sorted((f.name, f.stat().st_mtime_ns) for f in place.iterdir()) == before
