"""Papers: facts come back as they were, and the same facts give the same bytes."""

import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest
from PIL import Image
from pypdf import PdfReader

from crm.documents import blocks, facts, fonts, papers
from crm.documents.blocks import Addressee, Line
from crm.documents.papers import render
from crm.values.fiscal_year import FiscalYear
from crm.values.tax import Tax
from crm.values.yen import Yen
from tests.documents.sample_papers import ISSUER, SampleCertificate, a_letter


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_facts_come_back_as_they_were() -> None:
    letter = a_letter(remark="備考", to=(Addressee(organisation="髙島屋", people=("﨑山",)),))
    assert papers.unpacked("test-letter", letter.packed()) == letter


@dataclass(frozen=True)
class Everything:
    """A fact of every known type."""

    money: Yen
    year: FiscalYear
    day: date
    moment: datetime
    tax: Tax
    maybe: Yen | None
    several: tuple[date, ...]
    yes: bool


def test_facts_of_every_known_type_come_back() -> None:
    day, moment = date(2026, 4, 1), datetime(2026, 4, 1, tzinfo=UTC)
    everything = Everything(Yen(-440), FiscalYear(2026), day, moment, Tax.REDUCED, None, (day, day), True)
    stored = json.loads(json.dumps(facts.packed(everything)))
    assert facts.unpacked(Everything, stored) == everything


def test_a_fact_of_an_unknown_type_is_refused_when_it_is_stored() -> None:
    with pytest.raises(TypeError, match="float"):
        facts.packed((1.5,))


def test_an_older_document_without_a_newer_fact_and_with_a_dropped_one_is_still_read() -> None:
    packed = a_letter().packed()
    del packed["remark"]
    packed["dropped"] = "x"
    assert papers.unpacked("test-letter", packed) == a_letter()


def test_the_same_facts_give_the_same_bytes() -> None:
    assert render(a_letter()) == render(a_letter())
    assert render(a_letter()) != render(a_letter(number="TST-2026-0002"))


def test_a_paper_says_its_title_language_and_author() -> None:
    reader = PdfReader(io.BytesIO(render(a_letter())))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("請求書", ISSUER.name)
    assert reader.trailer["/Root"]["/Lang"] == "ja"
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]


def test_every_font_of_a_paper_is_embedded() -> None:
    for paper in (a_letter(), SampleCertificate(issuer=ISSUER)):
        for font in PdfReader(io.BytesIO(render(paper))).pages[0]["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


def test_names_copy_back_from_a_paper_and_no_glyph_is_missing() -> None:
    name = "株式会社髙﨑𠮷㈱①～"
    pdf = render(a_letter(to=(Addressee(organisation=name),)))
    assert name in text_of(pdf)


def test_a_heading_with_spaced_letters_still_copies_as_one_word() -> None:
    assert "請求書" in text_of(render(a_letter()))


def test_long_papers_repeat_the_head_and_number_their_pages() -> None:
    line = Line(text="講座 参加費", net=Yen(3000), tax=Tax.STANDARD, percent=10)
    pages = PdfReader(io.BytesIO(render(a_letter(lines=(line,) * 80)))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page.extract_text()
    assert "単価" in pages[1].extract_text()


def test_a_copy_is_marked_on_every_page() -> None:
    line = Line(text="講座", net=Yen(3000), tax=Tax.STANDARD, percent=10)
    copy = render(a_letter(lines=(line,) * 60), mark=papers.COPY_MARK["ja"])
    assert all("再発行" in page.extract_text() for page in PdfReader(io.BytesIO(copy)).pages)


def test_a_paper_with_a_character_no_font_has_is_refused_when_its_facts_are_stored() -> None:
    with pytest.raises(fonts.MissingGlyph):
        a_letter(remark="よろしく😀").packed()


def test_totals_show_net_and_tax_per_rate_and_no_row_for_a_rate_that_does_not_occur() -> None:
    lines = (
        Line(text="講座", net=Yen(315), tax=Tax.STANDARD, percent=10),
        Line(text="弁当", net=Yen(4000), tax=Tax.REDUCED, percent=8),
    )
    text = text_of(render(a_letter(lines=lines)))
    for shown in ("消費税（10%）", "￥31", "弁当 ※", "※は軽減税率対象"):
        assert shown in text
    assert "不課税" not in text
    assert "消費税（" not in text_of(render(a_letter()))


def test_honorifics_follow_the_rules() -> None:
    assert Addressee(organisation="株式会社ケア").names() == ["株式会社ケア　御中"]
    assert Addressee(organisation="株式会社ケア", department="経理部").names() == ["株式会社ケア", "経理部　御中"]
    both = Addressee(organisation="株式会社ケア", people=("山田 太郎", "鈴木 花子"))
    assert both.names() == ["株式会社ケア", "山田 太郎　様", "鈴木 花子　様"]
    assert both.names("en") == ["株式会社ケア", "Attn: 山田 太郎, 鈴木 花子"]
    assert Addressee(people=("山田 太郎",)).names() == ["山田 太郎　様"]


def test_days_are_written_in_the_era_or_in_english() -> None:
    assert blocks.day(date(2026, 4, 1)) == "令和8年4月1日"
    assert blocks.day(date(2026, 4, 1), western=True) == "令和8年4月1日（2026年4月1日）"
    assert blocks.day(date(2026, 4, 1), "en") == "1 April 2026"


def test_the_issuer_and_the_seal_of_the_day_are_facts() -> None:
    assert a_letter().packed()["issuer"]["registration_number"] == "T7000020141305"


def test_a_seal_image_takes_the_place_of_the_drawn_one() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (200, 50, 30, 255)).save(buffer, "PNG")
    letter = a_letter()
    sealed = replace(letter, issuer=replace(letter.issuer, seal="a" * 64))
    with_image = render(sealed, images={"a" * 64: buffer.getvalue()})
    assert "/XObject" in PdfReader(io.BytesIO(with_image)).pages[0]["/Resources"]
