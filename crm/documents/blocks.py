"""The blocks a paper's story is made of: addressee, title, lines, totals, bank account, seal. Widths are in points.

Facts that many papers share (`Addressee`, `Line`, `BankAccount`) stand here, too. What is printed on request in English
takes ``language``; the texts of one paper stand with that paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from crm.documents import fonts, seals
from crm.documents.lines import Style, Text, fitting_size
from crm.documents.papers import LETTER, Issuer
from crm.values import dates
from crm.values.tax import Tax, TaxTotal
from crm.values.yen import Yen, total

RULE, SHADE, FIRM = HexColor("#b3b3b3"), HexColor("#f0f3fb"), HexColor("#333333")
BODY = Style(size=9.5)
SMALL = Style(size=8)
WIDTH = LETTER.width
REDUCED_MARK = "※"

WORDS = {
    "ja": {
        "registration": "登録番号", "phone": "電話", "description": "内容", "quantity": "数量", "unit_price": "単価",
        "amount": "金額", "rate": "税率", "legend": "※は軽減税率対象", "net": "小計", "tax": "消費税", "total": "合計",
        "taxed": "{percent}%対象（税抜）", "reduced": "{percent}%対象（軽減税率・税抜）", "tax_of": "消費税（{percent}%）",
        Tax.EXEMPT: "非課税", Tax.OUT_OF_SCOPE: "課税対象外（不課税）", "bank": "お振込先", "holder": "口座名義",
        "notes": "備考", "outside": "不課税", "exempt": "非課税",
    },
    "en": {
        "registration": "Registration No.", "phone": "Phone", "description": "Description", "quantity": "Qty",
        "unit_price": "Unit price", "amount": "Amount", "rate": "Tax", "legend": "※ reduced tax rate", "net": "Subtotal",
        "tax": "Consumption tax", "total": "Total", "taxed": "Subject to {percent}% (net)",
        "reduced": "Subject to {percent}% (reduced rate, net)", "tax_of": "Consumption tax ({percent}%)",
        Tax.EXEMPT: "Exempt from consumption tax", Tax.OUT_OF_SCOPE: "Outside the scope of consumption tax",
        "bank": "Bank transfer to", "holder": "Account holder", "notes": "Notes", "outside": "out of scope",
        "exempt": "exempt",
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """To whom a paper goes, as printed. ``people`` are one or more names, each with 様; without them the body has 御中."""

    organisation: str = ""
    department: str = ""
    people: tuple[str, ...] = ()
    postal_code: str = ""
    address: str = ""

    @property
    def first_line(self) -> str:
        """Who it is to in a register's one line, without honorific."""
        return self.organisation or "、".join(self.people)

    def names(self, language: str = "ja") -> list[str]:
        """The lines of the name. 御中 stands after a body's last line, 様 after a person's name, never both."""
        body = [part for part in (self.organisation, self.department) if part]
        if language == "en":
            return body + ([f"Attn: {', '.join(self.people)}"] if self.people and body else list(self.people))
        if not self.people and body:
            body[-1] += "　御中"
        return body + [f"{person}　様" for person in self.people]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of an invoice, priced without tax. ``served`` is the day or period of the supply, as printed."""

    text: str
    net: Yen
    tax: Tax
    percent: int
    quantity: int = 1
    unit: str = ""
    unit_price: Yen | None = None
    served: str = ""


@dataclass(frozen=True, kw_only=True)
class BankAccount:
    """Where to pay to, as printed."""

    bank: str
    branch: str
    kind: str
    number: str
    holder: str
    holder_kana: str = ""


def day(value: date, language: str = "ja", *, western: bool = False) -> str:
    """令和8年4月1日, with the western year in brackets if asked for; in English 1 April 2026."""
    if language == "en":
        return f"{value.day} {value:%B} {value.year}"
    return dates.era_with_western(value) if western else dates.era(value)


def gap(height: float = 4 * mm) -> Flowable:
    """Empty space."""
    return Spacer(1, height)


def title(text: str, *, size: float = 20, face: str = fonts.BOLD) -> Flowable:
    """The heading in the middle; a short Japanese one with its letters spaced."""
    spacing = 0 if text.isascii() or len(text) > 6 else size * (1 if len(text) <= 4 else 0.4)
    return Text(text, Style(face, size, align="centre", spacing=spacing), after=5 * mm)


def heading(to: Sequence[Addressee], issuer: Issuer, meta: Sequence[tuple[str, str]], language: str = "ja") -> Flowable:
    """The upper part of a letter: who it is to on the left; number, dates and who sends it with seal on the right."""
    left, right = WIDTH * 0.54, WIDTH * 0.42
    senders = [*_meta(meta, right), gap(3 * mm), IssuerBlock(issuer, language)]
    return _plain([[addressees(to, language), gap(), senders]], [left, WIDTH - left - right, right])


def addressees(to: Sequence[Addressee], language: str = "ja") -> list[Flowable]:
    """Each addressee's postal code, address and name."""
    parts: list[Flowable] = []
    for addressee in to:
        where = [f"〒{addressee.postal_code}"] if addressee.postal_code else []
        where += [addressee.address] if addressee.address else []
        parts += [Text(line, BODY) for line in where]
        names = addressee.names(language)
        parts += [
            Text(name, Style(size=12.5, leading=19), before=1.5 * mm if i == 0 else 0) for i, name in enumerate(names)
        ]
        parts.append(gap(3 * mm))
    return parts


def _meta(rows: Sequence[tuple[str, str]], width: float) -> list[Flowable]:
    label = max((fonts.width(fonts.printable(k), BODY.face, BODY.size) for k, _ in rows), default=0) + 4 * mm
    cells = [[Text(k, BODY), Text(v, BODY.but(align="right"))] for k, v in rows]
    return [_plain(cells, [label, width - label])] if cells else []


def pairs(
    rows: Sequence[tuple[str, str]], *, width: float = WIDTH, style: Style = BODY, roomy: bool = False
) -> Flowable:
    """Labels and what they say, one below the other with a thin rule: year, period, due date. ``roomy`` on a certificate."""
    label = max(fonts.width(fonts.printable(k), style.face, style.size) for k, _ in rows) + (14 if roomy else 8) * mm
    cells = [[Text(k, style), Text(v, style)] for k, v in rows]
    drawn = Table(cells, [label, width - label], spaceAfter=4 * mm, hAlign="CENTER" if roomy else "LEFT")
    inner = _tight(2.1 * mm, 4 * mm) if roomy else _tight(1 * mm)
    drawn.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE), ("VALIGN", (0, 0), (-1, -1), "TOP"), *inner])
    return drawn


class IssuerBlock(Flowable):
    """Who issues the paper, the seal over the end of the name as it is pressed on paper.

    With address and numbers as on a letter, or ``formal`` with name and representative only, as under a certificate.
    """

    def __init__(self, issuer: Issuer, language: str = "ja", *, formal: bool = False) -> None:
        super().__init__()
        self.issuer, self.language, self.formal = issuer, language, formal
        self._parts: list[tuple[Text, float]] = []

    def _texts(self, room: float) -> list[Text]:
        issuer, words = self.issuer, WORDS[self.language]
        name = issuer.name_en if self.language == "en" and issuer.name_en else issuer.name
        if self.formal:
            size = fitting_size(fonts.printable(name), fonts.SERIF, room, largest=14, smallest=9)
            rows = (name, issuer.representative or issuer.department)
            return [Text(row, Style(fonts.SERIF, size, leading=24)) for row in rows if row]
        where = f"〒{issuer.postal_code}\n{issuer.address}" if issuer.postal_code else issuer.address
        small = [where, f"{words['phone']} {issuer.phone}" if issuer.phone else "", issuer.email]
        small.append(f"{words['registration']} {issuer.registration_number}" if issuer.registration_number else "")
        size = fitting_size(fonts.printable(name), fonts.BOLD, room, largest=11, smallest=8.5)
        texts = [Text(name, Style(fonts.BOLD, size, leading=17))]
        texts += [Text(line, BODY) for line in (issuer.department, issuer.representative) if line]
        return texts + [Text(line, SMALL.but(leading=12.5)) for line in small if line]

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """The width taken and the height needed, in points."""
        self.width = available_width
        room = self.width - seals.SIZE * 0.45
        self._parts = [(text, text.wrap(room, available_height)[1]) for text in self._texts(room)]
        self.height = max(sum(height for _, height in self._parts), seals.SIZE + 2 * mm)
        return self.width, self.height

    def draw(self) -> None:
        """Print the texts, then the seal over them."""
        y = self.height
        for text, height in self._parts:
            y -= height
            text.drawOn(self.canv, 0, y)
        left, bottom = self.width - seals.SIZE, self.height - seals.SIZE - 1 * mm
        seals.draw(self.canv, left, bottom, self.issuer.seal, self.issuer.name)


def paragraph(text: str, style: Style = BODY, *, after: float = 3 * mm) -> Flowable:
    """Running text."""
    return Text(text, style, after=after)


def grand_total(label: str, amount: Yen, remark: str = "", *, closed: bool = False) -> Flowable:
    """The one figure that matters, boxed; without a label alone in the middle. ``closed`` adds a receipt's closing stroke."""
    figure = f"{amount.formatted}{'－' if closed else ''}"
    shown = Text(figure, Style(fonts.BOLD, 17, align="right" if label else "centre"))
    cells = [[Text(label, Style(fonts.BOLD, 11)), shown, Text(remark, SMALL)] if label else [shown]]
    box = Table(cells, [42 * mm, 58 * mm, 30 * mm] if label else [130 * mm], hAlign="LEFT", spaceAfter=5 * mm)
    shade = [("BACKGROUND", (0, 0), (0, 0), SHADE)] if label else []
    box.setStyle([
        ("BOX", (0, 0), (-1, -1), 1.1, FIRM), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *shade, *_tight(1.5 * mm),
    ])  # fmt: skip
    return box


def lines(rows: Sequence[Line], language: str = "ja") -> list[Flowable]:
    """What was supplied: text, quantity, unit price, rate, amount; reduced-rate lines are marked and explained."""
    words = WORDS[language]
    head = [words[key] for key in ("description", "quantity", "unit_price", "rate", "amount")]
    body = [[_described(line), _quantity(line), _unit_price(line), _rate(line, words), str(line.net)] for line in rows]
    parts: list[Flowable] = [
        table(head, body, (0.47, 0.11, 0.14, 0.12, 0.16), ("left", "right", "right", "centre", "right"))
    ]
    if any(line.tax is Tax.REDUCED for line in rows):
        parts.append(Text(words["legend"], SMALL, before=1 * mm))
    return [*parts, gap(3 * mm)]


def _described(line: Line) -> str:
    text = f"{line.text} {REDUCED_MARK}" if line.tax is Tax.REDUCED else line.text
    return f"{text}\n{line.served}" if line.served else text


def _quantity(line: Line) -> str:
    return f"{line.quantity:,}{line.unit}"


def _unit_price(line: Line) -> str:
    return (
        str(line.unit_price if line.unit_price is not None else line.net)
        if line.quantity == 1 or line.unit_price
        else ""
    )


def _rate(line: Line, words: dict[Any, str]) -> str:
    if line.tax.is_taxed:
        return f"{line.percent}%"
    return words["exempt"] if line.tax is Tax.EXEMPT else words["outside"]


def totals(rows: Iterable[TaxTotal], language: str = "ja") -> Flowable:
    """Net and tax per rate that occurs, and the total (消費税法 57条の4第1項4号, 5号). No row for a rate that does not occur."""
    rows, words = list(rows), WORDS[language]
    cells: list[tuple[str, Yen]] = []
    for row in rows:
        if not row.tax.is_taxed:
            cells.append((words[row.tax], row.net))
            continue
        label = words["reduced" if row.tax is Tax.REDUCED else "taxed"]
        cells += [
            (label.format(percent=row.percent), row.net),
            (words["tax_of"].format(percent=row.percent), row.amount),
        ]
    cells.append((words["total"], total(row.gross for row in rows)))
    texts = [[Text(label, BODY), Text(amount.formatted, BODY.but(align="right"))] for label, amount in cells[:-1]]
    bold = Style(fonts.BOLD, 11)
    texts.append([Text(cells[-1][0], bold), Text(cells[-1][1].formatted, bold.but(align="right"))])
    drawn = Table(texts, [54 * mm, 34 * mm], hAlign="RIGHT", spaceAfter=4 * mm)
    drawn.setStyle([
        ("LINEBELOW", (0, 0), (-1, -2), 0.4, RULE), ("LINEABOVE", (0, -1), (-1, -1), 1, FIRM),
        ("LINEBELOW", (0, -1), (-1, -1), 1, FIRM), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *_tight(1.2 * mm),
    ])  # fmt: skip
    return drawn


def bank_accounts(accounts: Sequence[BankAccount], language: str = "ja", *, note: str = "") -> Flowable:
    """Where to pay to, and who bears the bank's charge."""
    words = WORDS[language]
    texts: list[Flowable] = [Text(words["bank"], BODY.but(face=fonts.BOLD))]
    for account in accounts:
        texts.append(Text(f"{account.bank}　{account.branch}　{account.kind}　{account.number}", BODY))
        kana = f"（{account.holder_kana}）" if account.holder_kana else ""
        texts.append(Text(f"{words['holder']}{'：' if language == 'ja' else ': '}{account.holder}{kana}", BODY))
    texts += [Text(note, SMALL)] if note else []
    return framed(texts)


def notes(texts: Sequence[str], language: str = "ja") -> list[Flowable]:
    """Remarks under a heading; nothing when there are none."""
    written = [text for text in texts if text]
    if not written:
        return []
    return [Text(WORDS[language]["notes"], BODY.but(face=fonts.BOLD), before=2 * mm), *(Text(t, BODY) for t in written)]


def framed(content: list[Flowable], width: float = WIDTH) -> Flowable:
    """Content in a thin frame, kept on one page."""
    box = Table([[content]], [width], spaceAfter=4 * mm)
    box.setStyle([("BOX", (0, 0), (-1, -1), 0.6, RULE), *_tight(2 * mm, 3 * mm)])
    return KeepTogether([box])


def table(
    head: Sequence[str], rows: Sequence[Sequence[str | Flowable]], shares: Sequence[float], aligns: Sequence[str] = (),
    *, width: float = WIDTH, style: Style = BODY,
) -> Table:  # fmt: skip
    """A ruled table whose head is repeated on each page. ``shares`` are parts of the width, ``aligns`` left, right, centre."""
    aligns = aligns or ["left"] * len(shares)
    bold = style.but(face=fonts.BOLD, size=style.size - 0.5, align="centre")
    cells: list[list[Any]] = [[Text(text, bold) for text in head]]
    for row in rows:
        cells.append([
            cell if isinstance(cell, Flowable) else Text(cell, style.but(align=align))
            for cell, align in zip(row, aligns, strict=True)
        ])  # fmt: skip
    drawn = Table(cells, [share * width for share in shares], repeatRows=1, splitInRow=1)
    drawn.setStyle([
        ("BACKGROUND", (0, 0), (-1, 0), SHADE), ("LINEABOVE", (0, 0), (-1, 0), 1, FIRM), ("LINEBELOW", (0, 0), (-1, 0), 0.6, FIRM),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE), ("LINEBELOW", (0, -1), (-1, -1), 1, FIRM),
        ("VALIGN", (0, 0), (-1, 0), "MIDDLE"), ("VALIGN", (0, 1), (-1, -1), "TOP"), *_tight(1.4 * mm, 1.6 * mm),
    ])  # fmt: skip
    return drawn


def declaration(text: str, *, size: float = 13) -> Flowable:
    """The sentence a certificate is for, in the serif face; a Japanese one begins one character in."""
    indent = "" if text[:1].isascii() else "　"
    return Text(f"{indent}{text}", Style(fonts.SERIF, size, leading=size * 2), before=7 * mm, after=7 * mm)


def name_line(text: str, *, size: float = 22, width: float) -> Flowable:
    """The name a certificate is about, large and on one line if that is possible, with a rule below."""
    size = fitting_size(fonts.printable(text), fonts.SERIF_BOLD, width, largest=size, smallest=12)
    ruled = Table(
        [[Text(text, Style(fonts.SERIF_BOLD, size, align="centre"))]], [width], spaceBefore=6 * mm, spaceAfter=6 * mm
    )
    ruled.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.8, FIRM), *_tight(2 * mm)])
    return ruled


def closing(issuer: Issuer, issued_on: date, *, width: float, language: str = "ja") -> Flowable:
    """The end of a certificate: the day, then the issuer on the right, sealed."""
    dated = Text(day(issued_on, language), Style(fonts.SERIF, 13))
    signed = IssuerBlock(issuer, language, formal=True)
    return KeepTogether([dated, gap(8 * mm), _plain([[gap(), signed]], [width - 104 * mm, 104 * mm])])


def stamp_box(text: str = "収入\n印紙") -> Flowable:
    """The place for a revenue stamp on a receipt handed over on paper (印紙税法 別表第一 17号)."""
    box = Table(
        [[Text(text, SMALL.but(align="centre", colour=RULE))]], [22 * mm], [26 * mm], hAlign="LEFT", spaceAfter=4 * mm
    )
    box.setStyle(
        [("BOX", (0, 0), (-1, -1), 0.6, RULE, None, (2, 2)), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *_tight(0)]
    )
    return box


def beside(*columns: tuple[float, list[Flowable]]) -> Flowable:
    """Columns of blocks next to each other, each with its width."""
    return _plain([[content for _, content in columns]], [width for width, _ in columns])


def cards(cells: Sequence[list[Flowable]], *, columns: int, width: float, height: float) -> Flowable:
    """A sheet of equal cards with thin rules to cut along, such as name badges; goes on over pages."""
    filled = [*cells, *([[gap()]] * (-len(cells) % columns))]
    rows = [filled[i : i + columns] for i in range(0, len(filled), columns)]
    sheet = Table(rows, [width] * columns, [height] * len(rows))
    sheet.setStyle(
        [("GRID", (0, 0), (-1, -1), 0.3, RULE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), *_tight(3 * mm, 4 * mm)]
    )
    return sheet


def _plain(cells: list[list[Any]], widths: list[float]) -> Table:
    drawn = Table(cells, widths, hAlign="LEFT", spaceAfter=3 * mm)
    drawn.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight(0.3 * mm, 0)])
    return drawn


def _tight(above: float, beside: float = 2 * mm) -> list[Any]:
    """Inner margins; and our font, since ReportLab names Helvetica in every cell it is not told another one for."""
    return [
        ("FONTNAME", (0, 0), (-1, -1), fonts.SANS), ("TOPPADDING", (0, 0), (-1, -1), above), ("BOTTOMPADDING", (0, 0), (-1, -1), above),
        ("LEFTPADDING", (0, 0), (-1, -1), beside), ("RIGHTPADDING", (0, 0), (-1, -1), beside),
    ]  # fmt: skip
