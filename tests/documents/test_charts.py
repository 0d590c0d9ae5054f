"""Charts: fit for a strict content policy, readable without seeing, the same in page and paper."""

import io
import re

import pytest
from lxml import etree
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from crm.documents import fonts
from crm.documents.charts import Chart, Series

CHART = Chart(
    "新たな参入企業", "目標は毎年3社、実績は令和8年度4社", ["R8", "R9", "R10"],
    [Series("実績", [4, 2, None]), Series("目標", [3, 3, None], as_line=True)], unit="社",
)  # fmt: skip


def test_the_chart_on_a_page_needs_no_inline_style_or_script() -> None:
    svg = CHART.svg()
    assert "style=" not in svg
    assert "<script" not in svg
    assert not re.search(r"\son\w+=", svg)


def test_the_chart_says_in_words_what_it_shows() -> None:
    root = etree.fromstring(CHART.svg().encode())
    assert root.get("role") == "img"
    named = {node.get("id"): node.text for node in root.iter("{*}title", "{*}desc")}
    assert [named[i] for i in root.get("aria-labelledby").split()] == [CHART.title, CHART.description]


def test_two_charts_on_one_page_share_no_id() -> None:
    other = Chart("別", "別", ["R8"], [Series("実績", [1])])
    ids = [re.findall(r'\bid="([^"]+)"', chart.svg()) for chart in (CHART, other)]
    assert not set(ids[0]) & set(ids[1])
    for used, chart in zip(ids, (CHART, other), strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", chart.svg())) <= set(used)


def test_texts_in_a_chart_cannot_become_markup() -> None:
    svg = Chart("<b>&", '"<script>"', ["<i>"], [Series("<u>&", [1])]).svg()
    assert "<script" not in svg
    etree.fromstring(svg.encode())


def test_the_chart_in_a_paper_holds_its_words_and_embeds_its_fonts() -> None:
    buffer = io.BytesIO()
    fonts.registered(fonts.SANS)
    canvas = Canvas(buffer, initialFontName=fonts.SANS)
    flowable = CHART.flowable()
    flowable.wrapOn(canvas, 300, 400)
    flowable.drawOn(canvas, 10, 10)
    canvas.save()
    page = PdfReader(buffer).pages[0]
    assert flowable.width == 300
    assert "目標" in page.extract_text()
    assert all("/FontFile2" in f.get_object()["/FontDescriptor"] for f in page["/Resources"]["/Font"].values())


@pytest.mark.parametrize("figures", [[0], [None], [0.5], [1], [999], [1_000_000], [7, 8, 9]])
def test_charts_of_any_size_can_be_drawn(figures: list[float | None]) -> None:
    labels = [str(i) for i in range(len(figures))]
    for stacked in (False, True):
        assert "<svg" in Chart("t", "d", labels, [Series("a", figures), Series("b", figures)], stacked=stacked).svg()
    assert "<svg" in Chart("t", "d", labels, [Series("a", figures, as_line=True)]).svg()
