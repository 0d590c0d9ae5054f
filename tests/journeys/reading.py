"""What the journeys read back: papers as texts, letters as they were written, and the list of sixty companies they begin with."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa
from pypdf import PdfReader

from crm.db import db
from crm.exchange import writing
from crm.mail.outbox import Letter

HEADINGS = [
    "団体名", "団体名カナ", "種別", "業種", "社員数", "社員数基準日", "郵便番号", "住所", "電話", "代表者名", "担当者名", "担当者メール",
    "請求先メール", "会員区分", "入会日",
]  # fmt: skip
PLACES = [("朝日", "アサヒ"), ("多摩", "タマ"), ("殿町", "トノマチ"), ("幸", "サイワイ"), ("中原", "ナカハラ"), ("高津", "タカツ"),
          ("宮前", "ミヤマエ"), ("麻生", "アサオ"), ("渡田", "ワタリダ"), ("浅野", "アサノ")]  # fmt: skip
TRADES = [("医療機器", "イリョウキキ"), ("計測", "ケイソク"), ("介護用品", "カイゴヨウヒン"), ("情報通信", "ジョウホウツウシン"),
          ("精密加工", "セイミツカコウ"), ("化学", "カガク")]  # fmt: skip
EMPLOYEES = (101, 100, 2300, 12, 350, 99)


@dataclass(frozen=True)
class Company:
    """A company of the list: what it is called, how many work there, and what its year costs by the published table."""

    name: str
    kana: str
    employees: int

    @property
    def fee(self) -> int:
        """企業会員: 101 employees and more 360,000, otherwise 120,000 [4(3)イ]."""
        return 360_000 if self.employees >= 101 else 120_000


SIXTY = [
    Company(f"株式会社{place}{trade}", place_kana + trade_kana, EMPLOYEES[(i + 5 * k) % 6])
    for i, (place, place_kana) in enumerate(PLACES)
    for k, (trade, trade_kana) in enumerate(TRADES)
]


def spreadsheet(*, joined_on: str = "") -> bytes:
    """The sixty as the office's list; with a day of joining they are members by it."""
    rows = [
        [c.name, c.kana, "企業", "機械製造", c.employees, "2025-04-01", "210-0821", f"神奈川県川崎市川崎区殿町{n}", "044-000-0000",
         "見本 太郎", "見本 花子", f"liaison{n}@example.test", f"keiri{n}@example.test", "企業会員" if joined_on else "", joined_on]
        for n, c in enumerate(SIXTY, start=1)
    ]  # fmt: skip
    return writing.xlsx_bytes("団体", HEADINGS, rows)


def text_of(pdf: bytes) -> str:
    """What a reader copies from a paper, without blanks and line ends."""
    assert pdf.startswith(b"%PDF-")
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def letters_to(email: str) -> list[Letter]:
    """The letters written to an address, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Letter).where(Letter.recipient_email == email).order_by(Letter.id)))


def path_in(letter: Letter, start: str) -> str:
    """The first address of ours in a letter whose path begins with ``start``, without scheme and host."""
    return next(
        path for url in re.findall(r"https?://\S+", letter.body) if (path := urlsplit(url).path).startswith(start)
    )
