"""Legal forms (法人格) as names carry them: written in full, in brackets, in English, in kana, and as banks shorten them.

Bank abbreviations: 全国銀行協会 内国為替取扱規則, 別表「法人略語」, as banks publish them; those of cooperatives and of bodies under
public law vary between banks.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegalForm:
    """One legal form: its full name, the word it takes in brackets, its reading in kana and its bank abbreviation in kana.

    `words` are regular expressions for English spellings, matched as whole words at the beginning or end of folded text.
    A form known only by an English spelling that several Japanese forms use (Co., Ltd.) has no reading and no abbreviation.
    """

    name: str
    brackets: tuple[str, ...] = ()
    reading: str = ""
    bank: str = ""
    words: tuple[str, ...] = ()


LEGAL_FORMS = (
    LegalForm("株式会社", ("株",), "カブシキガイシャ", "カ", (r"k\.\s?k\.?", "kk", "kabushiki (?:kaisha|gaisha)")),
    LegalForm("有限会社", ("有",), "ユウゲンガイシャ", "ユ", (r"y\.\s?k\.?", "yk", "yugen (?:kaisha|gaisha)")),
    LegalForm("合名会社", ("名",), "ゴウメイガイシャ", "メ"),
    LegalForm("合資会社", ("資",), "ゴウシガイシャ", "シ"),
    LegalForm("合同会社", ("同", "合"), "ゴウドウガイシャ", "ド", (r"g\.\s?k\.?", "gk", "godo (?:kaisha|gaisha)")),
    LegalForm("相互会社", ("相",), "ソウゴガイシャ", "ソ"),
    LegalForm("特定目的会社", ("特",), "トクテイモクテキガイシャ", "トクモク"),
    LegalForm("社会医療法人社団", (), "シャカイイリョウホウジンシャダン", "イ"),
    LegalForm("社会医療法人財団", (), "シャカイイリョウホウジンザイダン", "イ"),
    LegalForm("社会医療法人", ("社医",), "シャカイイリョウホウジン", "イ"),
    LegalForm("医療法人社団", ("医社",), "イリョウホウジンシャダン", "イ"),
    LegalForm("医療法人財団", ("医財",), "イリョウホウジンザイダン", "イ"),
    LegalForm("医療法人", ("医",), "イリョウホウジン", "イ"),
    LegalForm("一般財団法人", ("一財",), "イッパンザイダンホウジン", "ザイ"),
    LegalForm("公益財団法人", ("公財",), "コウエキザイダンホウジン", "ザイ"),
    LegalForm("財団法人", ("財",), "ザイダンホウジン", "ザイ"),
    LegalForm("一般社団法人", ("一社",), "イッパンシャダンホウジン", "シャ"),
    LegalForm("公益社団法人", ("公社",), "コウエキシャダンホウジン", "シャ"),
    LegalForm("社団法人", ("社",), "シャダンホウジン", "シャ"),
    LegalForm("学校法人", ("学",), "ガッコウホウジン", "ガク"),
    LegalForm("社会福祉法人", ("福", "社福"), "シャカイフクシホウジン", "フク"),
    LegalForm("宗教法人", ("宗",), "シュウキョウホウジン", "シュウ"),
    LegalForm("更生保護法人", (), "コウセイホゴホウジン", "ホゴ"),
    LegalForm("特定非営利活動法人", ("特非",), "トクテイヒエイリカツドウホウジン", "トクヒ"),
    LegalForm("NPO法人", ("npo",), "エヌピーオーホウジン", "トクヒ"),
    LegalForm("地方独立行政法人", ("地独",), "チホウドクリツギョウセイホウジン", "チドク"),
    LegalForm("国立研究開発法人", ("国研",), "コクリツケンキュウカイハツホウジン", "ドク"),
    LegalForm("独立行政法人", ("独",), "ドクリツギョウセイホウジン", "ドク"),
    LegalForm("国立大学法人", ("大",), "コクリツダイガクホウジン", "ダイ"),
    LegalForm("公立大学法人", (), "コウリツダイガクホウジン", "ダイ"),
    LegalForm("弁護士法人", ("弁",), "ベンゴシホウジン", "ベン"),
    LegalForm("税理士法人", ("税",), "ゼイリシホウジン", "ゼイ"),
    LegalForm("司法書士法人", (), "シホウショシホウジン", "シホウ"),
    LegalForm("行政書士法人", (), "ギョウセイショシホウジン", "ギョ"),
    LegalForm("社会保険労務士法人", (), "シャカイホケンロウムシホウジン", "ロウム"),
    LegalForm("農事組合法人", ("農",), "ノウジクミアイホウジン", "ノウ"),
    LegalForm("管理組合法人", (), "カンリクミアイホウジン", "カンリ"),
    LegalForm("有限責任中間法人", (), "ユウゲンセキニンチュウカンホウジン", "チュウ"),
    LegalForm("中間法人", ("中",), "チュウカンホウジン", "チュウ"),
    LegalForm("生活協同組合", ("生協",), "セイカツキョウドウクミアイ", "セイキョウ"),
    LegalForm("農業協同組合", (), "ノウギョウキョウドウクミアイ", "ノウキョウ"),
    LegalForm("漁業協同組合", (), "ギョギョウキョウドウクミアイ", "ギョキョウ"),
    LegalForm("協同組合", ("協",), "キョウドウクミアイ", "キョウクミ"),
    LegalForm(
        "Co., Ltd.",
        words=(r"co\.?\s?,?\s?ltd\.?", r"company,? limited", r"ltd\.?", "limited", r"pty\.? ltd\.?", r"pte\.? ltd\.?"),
    ),
    LegalForm("Inc.", words=(r"inc\.?", "incorporated")),
    LegalForm("Corporation", words=(r"corp\.?", "corporation")),
    LegalForm("LLC", words=("llc", r"l\.l\.c\.?", "llp")),
    LegalForm("GmbH", words=("gmbh",)),
)
"""Longer names stand with the shorter ones they contain; who matches must try the longest first."""
