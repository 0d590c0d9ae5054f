"""A chart, drawn once: as inline SVG on a page and as vectors in a PDF.

The SVG obeys a strict content policy (no style attributes, no script), carries a title and a description for those who do
not see it, and may stand on a page more than once. Colours are told apart also by people with colour blindness and in
print: the Digital Agency's blue, orange and grey differ in lightness, and lines carry marks.
The figures belong beside the chart as a table; that is the caller's affair.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markupsafe import Markup
from reportlab.graphics import renderPDF, renderSVG
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import STATE_DEFAULTS, Drawing, Rect, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from crm.documents import fonts
from crm.documents.papers import render_lock

# Digital Agency design tokens (MIT): blue-900, orange-600, gray-536, green-600, light-blue-400, yellow-700.
PALETTE = tuple(HexColor(c) for c in ("#0017c1", "#fb5b01", "#767676", "#259d63", "#57b8ff", "#b78f00"))
INK, GRID = HexColor("#333333"), HexColor("#d9d9d9")
MARKS = ("FilledCircle", "FilledSquare", "FilledDiamond", "FilledTriangle")


@dataclass(frozen=True)
class Series:
    """Named figures, one for each label; nothing where none is known. ``as_line`` draws a line instead of bars."""

    name: str
    figures: Sequence[float | None]
    as_line: bool = False


@dataclass(frozen=True)
class Chart:
    """Figures by label: bars side by side or stacked, lines over them. ``title`` and ``description`` are read aloud."""

    title: str
    description: str
    labels: Sequence[str]
    series: Sequence[Series]
    stacked: bool = False
    unit: str = ""
    width: float = 480
    height: float = 240

    def svg(self) -> Markup:
        """The chart for a page, safe to stand in it as it is."""
        with render_lock:
            raw = renderSVG.drawToString(_drawing(self))
        return Markup(_inline(raw, self.title, self.description))

    def flowable(self) -> Flowable:
        """The chart for a paper."""
        return _Drawn(self)


class _Drawn(Flowable):
    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart

    def wrap(self, available_width: float, _available_height: float) -> tuple[float, float]:
        self.scale = min(1.0, available_width / self.chart.width)
        self.width, self.height = self.chart.width * self.scale, self.chart.height * self.scale
        return self.width, self.height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.scale(self.scale, self.scale)
        renderPDF.draw(_drawing(self.chart), self.canv, 0, 0)
        self.canv.restoreState()


def _drawing(chart: Chart) -> Drawing:
    for font in (fonts.SANS, fonts.BOLD):
        fonts.registered(font)
    STATE_DEFAULTS["fontName"] = fonts.SANS  # else every drawing names Helvetica, which is not embedded
    for text in (chart.title, chart.unit, *chart.labels, *(one.name for one in chart.series)):
        fonts.check(text)
    drawing = Drawing(chart.width, chart.height)
    bars = [one for one in chart.series if not one.as_line]
    trends = [one for one in chart.series if one.as_line]
    top = _round_top(chart, bars, trends)
    if bars:
        drawing.add(_bars(chart, bars, top))
    if trends:
        drawing.add(_trends(chart, trends, top, len(bars), hidden=bool(bars)))
    _legend(drawing, chart, bars, trends)
    if chart.unit:
        drawing.add(String(8, chart.height - 34, f"（{chart.unit}）", fontName=fonts.SANS, fontSize=8, fillColor=INK))
    return drawing


def _round_top(chart: Chart, bars: Sequence[Series], trends: Sequence[Series]) -> float:
    """The end of the axis: a round number not below any figure."""
    known = [figure for one in (*bars, *trends) for figure in one.figures if figure is not None]
    if chart.stacked and bars:
        known += [sum(one.figures[i] or 0 for one in bars) for i in range(len(chart.labels))]
    most = max(known, default=0) or 1
    step = 10 ** (len(str(int(most))) - 1)
    return next(float(step * n) for n in (1, 2, 4, 5, 10, 20) if step * n >= most)


def _bars(chart: Chart, bars: Sequence[Series], top: float) -> VerticalBarChart:
    plot = VerticalBarChart()
    _place(plot, chart, top)
    plot.data = [[figure or 0 for figure in one.figures] for one in bars]
    plot.categoryAxis.style = "stacked" if chart.stacked else "parallel"
    plot.groupSpacing, plot.barSpacing = 8, 1
    for i in range(len(bars)):
        plot.bars[i].fillColor, plot.bars[i].strokeColor = PALETTE[i % len(PALETTE)], None
    return plot


def _trends(chart: Chart, trends: Sequence[Series], top: float, used: int, *, hidden: bool) -> HorizontalLineChart:
    plot = HorizontalLineChart()
    _place(plot, chart, top)
    empty = [all(figure is None for figure in one.figures) for one in trends]
    plot.data = [[0] * len(one.figures) if none else list(one.figures) for one, none in zip(trends, empty, strict=True)]
    plot.joinedLines = 1
    plot.categoryAxis.visible, plot.valueAxis.visible = int(not hidden), int(not hidden)
    plot.valueAxis.visibleGrid = int(not hidden)  # a second grid would lie over the bars
    for i in range(len(trends)):
        if empty[i]:  # ReportLab fails on a line without points: one is given and not drawn
            plot.lines[i].strokeColor = None
            continue
        colour = PALETTE[(used + i) % len(PALETTE)]
        plot.lines[i].strokeColor, plot.lines[i].strokeWidth = colour, 2
        plot.lines[i].symbol = makeMarker(MARKS[i % len(MARKS)], size=7, fillColor=colour, strokeColor=colour)
    return plot


def _place(plot: Any, chart: Chart, top: float) -> None:
    plot.x, plot.y, plot.width, plot.height = 44, 26, chart.width - 54, chart.height - 68
    values, names = plot.valueAxis, plot.categoryAxis
    values.valueMin, values.valueMax, values.valueStep = 0, top, top / (4 if str(int(top))[0] in "24" else 5)
    values.labelTextFormat = _figure
    values.visibleGrid, values.gridStrokeColor, values.gridStrokeWidth = 1, GRID, 0.5
    names.categoryNames = list(chart.labels)
    for axis in (values, names):
        axis.strokeColor, axis.strokeWidth = INK, 0.6
        axis.labels.fontName, axis.labels.fontSize, axis.labels.fillColor = fonts.SANS, 8, INK


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _legend(drawing: Drawing, chart: Chart, bars: Sequence[Series], trends: Sequence[Series]) -> None:
    x, y = 44.0, chart.height - 14
    for i, one in enumerate((*bars, *trends)):
        colour = PALETTE[i % len(PALETTE)]
        height = 2.0 if one.as_line else 8.0
        drawing.add(Rect(x, y + 4 - height / 2, 14, height, fillColor=colour, strokeColor=None))
        if one.as_line:
            mark = makeMarker(MARKS[(i - len(bars)) % len(MARKS)], size=7, fillColor=colour, strokeColor=colour)
            mark.x, mark.y = x + 7, y + 4
            drawing.add(mark)
        drawing.add(String(x + 18, y, one.name, fontName=fonts.SANS, fontSize=9, fillColor=INK))
        x += 18 + fonts.width(one.name, fonts.SANS, 9) + 16


def _inline(svg: str, title: str, description: str) -> str:
    """ReportLab's SVG made fit to stand inside a page: attributes for styles, ids of its own, words for screen readers."""
    svg = svg[svg.index("<svg") :]
    own = "c" + hashlib.sha256((svg + title + description).encode()).hexdigest()[:10]
    svg = re.sub(r'style="([^"]*)"', _attributes, svg)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{own}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{own}-\1)", svg)
    svg = re.sub(r"<title>.*?</title>", f'<title id="{own}-title">{escape(title)}</title>', svg, count=1, flags=re.S)
    svg = re.sub(r"<desc>.*?</desc>", f'<desc id="{own}-desc">{escape(description)}</desc>', svg, count=1, flags=re.S)
    return svg.replace("<svg ", f'<svg role="img" aria-labelledby="{own}-title {own}-desc" class="chart" ', 1)


def _attributes(style: re.Match[str]) -> str:
    found = []
    for name, _, value in (part.partition(":") for part in style[1].split(";") if ":" in part):
        name, value = name.strip(), value.strip()
        if name == "font-family":
            found += ['font-weight="bold"'] if value == fonts.BOLD else []
            value = "sans-serif"
        found.append(f'{name}="{value}"')
    return " ".join(found)
