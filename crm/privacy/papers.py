"""保有個人データ開示書: everything we hold about someone, on paper or as PDF by their choice (個人情報保護法 33条2項).

It is drawn when it is asked for and not kept among the issued papers: those can never be erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from crm import clock
from crm.documents import blocks, fonts, papers
from crm.documents.blocks import Addressee, day
from crm.documents.lines import Style
from crm.documents.papers import Paper, Story, letterhead
from crm.privacy import hand_overs, holdings
from crm.privacy.finding import Whom
from crm.settings import wordings
from crm.settings.settings import office_setting
from crm.text import label, speaking

WORDS = {
    "ja": {
        "title": "保有個人データ開示書", "lead": "当コンソーシアムが保有するあなたの個人データを、"
        "個人情報の保護に関する法律第33条により次のとおり開示します。",
        "number": "受付番号", "on": "作成日", "purposes": "利用目的", "version": "（第{number}版）",
        "held": "保有する個人データ",
        "given": "第三者提供の記録", "none": "第三者に提供した記録はありません。",
        "ask": "訂正・利用停止・消去のご請求は、上記の事務局へお申し出ください。",
        "nothing": "該当する個人データはありません。",
    },
    "en": {
        "title": "Personal data held", "lead": "The consortium holds the following personal data about you, disclosed "
        "under Article 33 of the Act on the Protection of Personal Information.",
        "number": "Request No.", "on": "Date", "purposes": "Purposes of use", "version": " (version {number})",
        "held": "Personal data held",
        "given": "Record of provision to third parties", "none": "Nothing was provided to third parties.",
        "ask": "Please contact the office above to have data corrected, no longer used or erased.",
        "nothing": "No such personal data is held.",
    },
}  # fmt: skip
HEADING, ROW = Style(size=12, face=fonts.BOLD), Style(size=9)
LONGEST = 3000  # characters of one value that are printed: the rest stands in the JSON


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table: its heading, and its rows, each as a line of text."""

    heading: str
    rows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PersonalDataPaper(Paper, kind="personal_data"):
    """保有個人データ開示書 for one person."""

    to: Addressee
    number: str
    made_on: date
    purposes: str
    purposes_version: int
    sections: tuple[Section, ...]
    handed_over: tuple[str, ...]

    @property
    def title(self) -> str:
        return WORDS[self.language]["title"]

    def story(self) -> Story:
        words, language = WORDS[self.language], self.language
        meta = [(words["number"], self.number)] if self.number else []
        story = [
            blocks.heading([self.to], self.issuer, [*meta, (words["on"], day(self.made_on, language))], language),
            blocks.gap(), blocks.title(self.title), blocks.paragraph(words["lead"]),
            blocks.paragraph(words["purposes"] + words["version"].format(number=self.purposes_version), HEADING),
            *(blocks.paragraph(line) for line in self.purposes.split("\n") if line.strip()),
            blocks.paragraph(words["held"], HEADING),
        ]  # fmt: skip
        for section in self.sections:
            story += [blocks.paragraph(f"■ {section.heading}", Style(size=10, face=fonts.BOLD), after=4)]
            story += [
                blocks.paragraph(line, ROW, after=5) for row in section.rows for line in row.split("\n") if line.strip()
            ]
        if not self.sections:
            story.append(blocks.paragraph(words["nothing"]))
        story.append(blocks.paragraph(words["given"], HEADING))
        story += [blocks.paragraph(line, ROW) for line in self.handed_over or (words["none"],)]
        return [*story, blocks.gap(), blocks.paragraph(words["ask"])]


def personal_data(who: Whom, *, number: str = "", language: str = "ja") -> PersonalDataPaper:
    """The paper of everything we hold about a person, in their language."""
    text = wordings.in_force(holdings.PURPOSES, office_setting(holdings.PURPOSES))
    with speaking(language):
        said = (
            (str(holding.words), [_line(pairs) for pairs in holding.said(who) if pairs]) for holding in holdings.of(who)
        )
        sections = tuple(Section(heading=heading, rows=tuple(rows)) for heading, rows in said if rows)
        given = tuple(_given(one) for one in hand_overs.of(who.person))
    return PersonalDataPaper(
        issuer=letterhead(), language=language, to=Addressee(people=(_printable(who.person.name),)), number=number, made_on=clock.today(),
        purposes=text.words, purposes_version=text.number, sections=sections, handed_over=given,
    )  # fmt: skip


def drawn(paper: PersonalDataPaper) -> bytes:
    """The paper as PDF."""
    return papers.render(paper)


def _line(pairs: list[tuple[object, str]]) -> str:
    return _printable("／".join(f"{words}：{value[:LONGEST]}" for words, value in pairs))


def _printable(text: str) -> str:
    """Characters no font has become 〓: the paper must be handed over whatever somebody once typed; the JSON has the letter."""
    return "".join(character if _has_glyph(character) else "〓" for character in fonts.printable(text))


def _has_glyph(character: str) -> bool:
    try:
        fonts.check(character)
    except fonts.MissingGlyph:
        return False
    return True


def _given(one: hand_overs.HandOver) -> str:
    parts = (f"{one.handed_on:%Y-%m-%d}", one.recipient, one.items, f"{label(one.ground)} {one.ground_note}".strip())
    return _printable("／".join(filter(None, parts)))
