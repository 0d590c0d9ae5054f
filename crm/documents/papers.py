"""A paper: frozen facts and the story they are printed as.

A kind of paper is a frozen dataclass with its facts, a title and a ``story()`` made of ``blocks``. Its facts hold the
issuer's details of the day, so that later changes of name or address do not touch it. ``render`` is a pure function: the
same facts and images give the same bytes.
"""

from __future__ import annotations

import io
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm as mm  # offered to the other packages, which do not import ReportLab
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageBreak, PageTemplate

from crm.documents import facts, fonts, ornaments
from crm.documents.lines import INK
from crm.settings.settings import office_setting

GREY, RED = HexColor("#595959"), HexColor("#ce0000")
Story = list[Flowable]  # what other packages write as the type of their stories: ReportLab is named in this one only
COPY_MARK = {"ja": "再発行", "en": "REISSUED"}

_kinds: dict[str, type[Paper]] = {}
render_lock = threading.Lock()  # ReportLab's fonts keep their place in the file while they are cut: one paper at a time


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who issues a paper, as printed on it. ``seal`` is the SHA-256 of a kept image; empty draws one from the name."""

    name: str
    name_en: str = ""
    department: str = ""
    representative: str = ""
    postal_code: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    registration_number: str = ""
    corporate_number: str = ""
    seal: str = ""


def letterhead() -> Issuer:
    """The issuer as the office's settings have it now, to be stored with a paper."""
    names = ("name", "name_en", "department", "representative", "postal_code", "address", "phone", "email")
    numbers = ("registration_number", "corporate_number", "seal")
    return Issuer(**{name: office_setting(f"issuer.{name}") for name in (*names, *numbers)})


@dataclass(frozen=True)
class Layout:
    """A sheet: its size and margins in points, what is drawn around the story."""

    size: tuple[float, float] = A4
    left: float = 20 * mm
    right: float = 20 * mm
    top: float = 18 * mm
    bottom: float = 18 * mm
    numbered: bool = True
    bordered: bool = False

    @property
    def width(self) -> float:
        """What is left for the story."""
        return self.size[0] - self.left - self.right


LETTER = Layout()
WIDE = Layout(size=landscape(A4), left=15 * mm, right=15 * mm)
CERTIFICATE = Layout(left=30 * mm, right=30 * mm, top=30 * mm, bottom=26 * mm, numbered=False, bordered=True)
SHEET = Layout(left=0, right=0, top=0, bottom=0, numbered=False)


@dataclass(frozen=True, kw_only=True)
class Paper(ABC):
    """The base of all papers. A kind says ``class InvoicePaper(Paper, kind="invoice")``; the word is stored and stays.

    ``signed`` papers carry the consortium's electronic signature. ``language`` is ``ja`` or ``en``.
    """

    kind: ClassVar[str]
    layout: ClassVar[Layout] = LETTER
    signed: ClassVar[bool] = False

    issuer: Issuer
    language: str = "ja"

    def __init_subclass__(cls, *, kind: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = kind
        if kind in _kinds and _kinds[kind].__qualname__ != cls.__qualname__:
            raise TypeError(f"two papers of kind {kind!r}")
        _kinds[kind] = cls

    @property
    @abstractmethod
    def title(self) -> str:
        """What the paper is, as its heading says and a reader's window shows."""

    @abstractmethod
    def story(self) -> Story:
        """The blocks from top to bottom; the title is one of them."""

    @property
    def running_title(self) -> str:
        """What stands on top of every page after the first."""
        return self.title

    def packed(self) -> dict[str, Any]:
        """The facts as JSON. Raises ``MissingGlyph`` for a character that could not be printed."""
        packed: dict[str, Any] = facts.packed(self)
        fonts.check("".join(facts.texts(packed)))
        return packed


def unpacked(kind: str, stored: dict[str, Any]) -> Paper:
    """The paper of stored facts. Raises ``KeyError`` for a kind that no longer exists."""
    return facts.unpacked(_kinds[kind], stored)


def render(paper: Paper, *, images: Mapping[str, bytes] | None = None, mark: str = "") -> bytes:
    """The paper as PDF: the same facts, images (by SHA-256) and mark give the same bytes. Raises ``MissingGlyph``."""
    with render_lock:
        pdf, pages = _drawn(paper, images or {}, mark, 1)
        return pdf if pages == 1 else _drawn(paper, images or {}, mark, pages)[0]


def _drawn(paper: Paper, images: Mapping[str, bytes], mark: str, pages: int) -> tuple[bytes, int]:
    out, layout = io.BytesIO(), paper.layout
    document = BaseDocTemplate(
        out, pagesize=layout.size, title=paper.title, author=paper.issuer.name, subject="", creator="",
        lang=paper.language, initialFontName=fonts.SANS, invariant=1, pageCompression=1,
    )  # fmt: skip
    frame = Frame(
        layout.left, layout.bottom, layout.width, layout.size[1] - layout.top - layout.bottom,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip

    def around(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.images = images
        canvas.setViewerPreference("DisplayDocTitle", "true")
        _around(canvas, paper, mark, document.page, pages)

    document.addPageTemplates(PageTemplate(frames=[frame], onPage=around))
    fonts.registered(fonts.SANS)
    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        document.build(paper.story())
    finally:
        rl_config.useA85 = before
    return out.getvalue(), document.page


def render_together(papers: Sequence[tuple[str, Paper]], *, images: Mapping[str, bytes] | None = None) -> bytes:
    """Several papers of one size in one PDF to print, each beginning on a new page under a bookmark of its name.

    They carry no signature and no page numbers. The same papers give the same bytes. Raises ``MissingGlyph``.
    """
    with render_lock:
        return _bound(papers, images or {})


def _bound(papers: Sequence[tuple[str, Paper]], images: Mapping[str, bytes]) -> bytes:
    out, first = io.BytesIO(), papers[0][1]
    document = BaseDocTemplate(
        out, pagesize=first.layout.size, title=first.title, author=first.issuer.name, subject="", creator="",
        lang=first.language, initialFontName=fonts.SANS, invariant=1, pageCompression=1,
    )  # fmt: skip
    story: Story = []
    for number, (name, paper) in enumerate(papers):
        document.addPageTemplates(_sheet(str(number), name, paper, images))
        story += [NextPageTemplate(str(number)), *([PageBreak()] if number else []), *paper.story()]
    fonts.registered(fonts.SANS)
    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        document.build(story)
    finally:
        rl_config.useA85 = before
    return out.getvalue()


def _sheet(number: str, name: str, paper: Paper, images: Mapping[str, bytes]) -> PageTemplate:
    """The page of one of several papers: its frame, and around it what belongs there."""
    layout = paper.layout
    frame = Frame(
        layout.left, layout.bottom, layout.width, layout.size[1] - layout.top - layout.bottom,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    marked: list[str] = []

    def around(canvas: Canvas, _document: BaseDocTemplate) -> None:
        canvas.images = images
        if not marked:
            marked.append(name)
            canvas.bookmarkPage(number)
            canvas.addOutlineEntry(name, number)
        _around(canvas, paper, "", 1, 1)

    return PageTemplate(id=number, frames=[frame], onPage=around)


def _around(canvas: Canvas, paper: Paper, mark: str, page: int, pages: int) -> None:
    """What is drawn around the story: border, mark of a copy, running title, page number."""
    layout = paper.layout
    width, height = layout.size
    if layout.bordered:
        ornaments.frame(canvas, width, height)
    if mark:
        _mark(canvas, mark, width - max(layout.right, 12 * mm), height - (18 * mm if layout.bordered else 7 * mm))
    canvas.setFillColor(GREY)
    if layout.numbered and page > 1:
        fonts.draw(canvas, layout.left, height - 11 * mm, fonts.printable(paper.running_title), fonts.SANS, 8)
    if layout.numbered and pages > 1:
        fonts.draw(canvas, width / 2, 9 * mm, f"{page} / {pages}", fonts.SANS, 8, align="centre")
    canvas.setFillColor(INK)  # what most texts are printed in: they need not set it each


def _mark(canvas: Canvas, mark: str, right: float, top: float) -> None:
    wide = fonts.width(mark, fonts.BOLD, 11) + 6 * mm
    canvas.setStrokeColor(RED)
    canvas.setFillColor(RED)
    canvas.setLineWidth(1.2)
    canvas.roundRect(right - wide, top - 7 * mm, wide, 7 * mm, 1.2 * mm)
    fonts.draw(canvas, right - wide / 2, top - 5 * mm, mark, fonts.BOLD, 11, align="centre")
