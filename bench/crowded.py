"""A consortium's office grown very large: 100,000 organisations and 300,000 people, with names as they are found in Japan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from bench.places import Place
from crm.db import db
from crm.organisations.organisations import Organisation, OrganisationKind, key_of
from crm.organisations.people import Person
from crm.values.japanese import check_digit

INDUSTRIES = ("医療機器", "情報通信", "機械製造", "介護サービス", "建設", "食品")
BATCH = 5_000


def _pairs(written: str) -> list[tuple[str, str]]:
    return [(pair.split(":")[0], pair.split(":")[1]) for pair in written.split()]


TOWNS = _pairs(
    "川崎:カワサキ 横浜:ヨコハマ 殿町:トノマチ 多摩:タマ 溝口:ミゾノクチ 相模:サガミ 湘南:ショウナン "
    "鎌倉:カマクラ 羽田:ハネダ 蒲田:カマタ 大森:オオモリ 品川:シナガワ 浜松:ハママツ 名古屋:ナゴヤ "
    "岐阜:ギフ 金沢:カナザワ 京都:キョウト 大阪:オオサカ 神戸:コウベ 岡山:オカヤマ 広島:ヒロシマ "
    "高松:タカマツ 博多:ハカタ 熊本:クマモト 鹿児島:カゴシマ 那覇:ナハ 札幌:サッポロ 仙台:センダイ "
    "秋田:アキタ 新潟:ニイガタ 髙崎:タカサキ 長野:ナガノ 甲府:コウフ 静岡:シズオカ 豊橋:トヨハシ "
    "四日市:ヨッカイチ 奈良:ナラ 和歌山:ワカヤマ 鳥取:トットリ 松江:マツエ"
)
WORDS = _pairs(
    "青空:アオゾラ 緑風:リョクフウ 黄金:コガネ 未来:ミライ 光洋:コウヨウ 東和:トウワ 共栄:キョウエイ "
    "三和:サンワ 大成:タイセイ 日新:ニッシン 富士:フジ 旭:アサヒ 千代田:チヨダ 平和:ヘイワ 昭和:ショウワ "
    "第一:ダイイチ 中央:チュウオウ 協和:キョウワ 新光:シンコウ 明和:メイワ ケア:ケア ナノ:ナノ "
    "ライフ:ライフ メディカル:メディカル ロボ:ロボ サイエンス:サイエンス テクノ:テクノ ハート:ハート "
    "アイ:アイ ネオ:ネオ 丸山:マルヤマ 𠮷田:ヨシダ 渡邉:ワタナベ 齋藤:サイトウ 濵田:ハマダ 北斗:ホクト "
    "南海:ナンカイ 西川:ニシカワ 若葉:ワカバ 白鳥:ハクチョウ 清水:シミズ 高木:タカギ 松風:マツカゼ "
    "竹内:タケウチ 梅林:バイリン 桜井:サクライ 藤沢:フジサワ 菊池:キクチ 鶴見:ツルミ 亀甲:キッコウ"
)
TRADES = _pairs(
    "精機:セイキ 製薬:セイヤク 電子:デンシ 工業:コウギョウ 商事:ショウジ 食品:ショクヒン 建設:ケンセツ "
    "運輸:ウンユ 化学:カガク 医療機器:イリョウキキ 福祉:フクシ 情報:ジョウホウ 設計:セッケイ "
    "印刷:インサツ 繊維:センイ 金属:キンゾク 光学:コウガク 計測:ケイソク 環境:カンキョウ 開発:カイハツ "
    "産業:サンギョウ 物産:ブッサン 技研:ギケン 薬品:ヤクヒン 器械:キカイ 介護:カイゴ 住宅:ジュウタク "
    "通信:ツウシン 水産:スイサン 農園:ノウエン 紙業:シギョウ 陶器:トウキ 家具:カグ 音響:オンキョウ "
    "照明:ショウメイ 総研:ソウケン 倉庫:ソウコ 警備:ケイビ 教育:キョウイク 出版:シュッパン 玩具:ガング "
    "樹脂:ジュシ 塗料:トリョウ 硝子:ガラス 航空:コウクウ 造船:ゾウセン 鉄工:テッコウ 興業:コウギョウ "
    "企画:キカク 販売:ハンバイ"
)
FAMILIES = _pairs(
    "佐藤:サトウ 鈴木:スズキ 高橋:タカハシ 田中:タナカ 伊藤:イトウ 渡辺:ワタナベ 山本:ヤマモト "
    "中村:ナカムラ 小林:コバヤシ 加藤:カトウ 吉田:ヨシダ 山田:ヤマダ 佐々木:ササキ 山口:ヤマグチ "
    "松本:マツモト 井上:イノウエ 木村:キムラ 林:ハヤシ 斎藤:サイトウ 清水:シミズ 山﨑:ヤマザキ 森:モリ "
    "池田:イケダ 橋本:ハシモト 阿部:アベ 石川:イシカワ 山下:ヤマシタ 中島:ナカジマ 石井:イシイ "
    "小川:オガワ 前田:マエダ 岡田:オカダ 長谷川:ハセガワ 藤田:フジタ 後藤:ゴトウ 近藤:コンドウ "
    "村上:ムラカミ 遠藤:エンドウ 青木:アオキ 坂本:サカモト 福田:フクダ 太田:オオタ 西村:ニシムラ "
    "藤井:フジイ 金子:カネコ 岡本:オカモト 藤原:フジワラ 三浦:ミウラ 中野:ナカノ 原田:ハラダ 松田:マツダ "
    "竹内:タケウチ 小野:オノ 中山:ナカヤマ 和田:ワダ 石田:イシダ 森田:モリタ 上田:ウエダ 原:ハラ "
    "内田:ウチダ 柴田:シバタ 酒井:サカイ 宮崎:ミヤザキ 横山:ヨコヤマ 高木:タカギ 安藤:アンドウ "
    "宮本:ミヤモト 大野:オオノ 小島:コジマ 谷口:タニグチ 今井:イマイ 工藤:クドウ 高田:タカダ 増田:マスダ "
    "丸山:マルヤマ 杉山:スギヤマ 村田:ムラタ 大塚:オオツカ 新井:アライ 小山:コヤマ 平野:ヒラノ "
    "藤本:フジモト 河野:コウノ 上野:ウエノ 野口:ノグチ 武田:タケダ 松井:マツイ 千葉:チバ"
)
GIVEN = _pairs(
    "太郎:タロウ 花子:ハナコ 一郎:イチロウ 美咲:ミサキ 大輔:ダイスケ 陽子:ヨウコ 健:ケン 翔:ショウ "
    "葵:アオイ 蓮:レン 結衣:ユイ 直樹:ナオキ 智子:トモコ 誠:マコト 恵:メグミ 浩:ヒロシ 由美:ユミ "
    "隆:タカシ 幸子:サチコ 拓也:タクヤ 愛:アイ 亮:リョウ 千夏:チナツ 学:マナブ 久美子:クミコ 悟:サトル "
    "舞:マイ 豊:ユタカ 彩:アヤ 剛:ツヨシ 涼:リョウ 京子:キョウコ 明:アキラ 沙織:サオリ 進:ススム "
    "遥:ハルカ 茂:シゲル 凛:リン 清:キヨシ 楓:カエデ 勇:イサム"
)


def corporate_number(number: int) -> str:
    """A corporate number of one's own, with its check digit."""
    return f"{check_digit(f'{100_000_000_000 + number}')}{100_000_000_000 + number}"


def company(number: int) -> tuple[str, str]:
    """The legal name and the reading of organisation ``number``: a town, a word and a trade, different up to 100,000."""
    town, rest = number % len(TOWNS), number // len(TOWNS)
    parts = TOWNS[town], WORDS[rest % len(WORDS)], TRADES[rest // len(WORDS) % len(TRADES)]
    name, kana = ("".join(part[side] for part in parts) for side in (0, 1))
    return (f"株式会社{name}" if number % 3 else f"{name}株式会社"), kana


def someone(number: int) -> tuple[str, str, str]:
    """Name, reading and mail address of person ``number``."""
    (family, family_kana), (given, given_kana) = FAMILIES[number % len(FAMILIES)], GIVEN[number * 7 % len(GIVEN)]
    return f"{family} {given}", f"{family_kana} {given_kana}", f"p{number}@example{number % 3000}.jp"


def fill(place: Place, begin: int, end: int, people_each: int = 0) -> None:
    """Organisations number ``begin`` to ``end`` with their people, in bulk past the record: only reading them is measured."""
    with place.app(), db.engine.connect().execution_options(crm_writing=True) as connection, connection.begin():
        for noun, row, first, last in (
            (Organisation, _organisation, begin, end),
            (Person, _person(people_each), begin * people_each, end * people_each),
        ):
            for rows in _batches(row, first, last):
                connection.execute(sa.insert(noun), rows)
            if place.engine == "PostgreSQL":
                connection.exec_driver_sql(f"SELECT setval('{noun.__tablename__}_id_seq', {max(last, 1)})")
        connection.exec_driver_sql("ANALYZE")


def _batches(row: Callable[[int], dict[str, Any]], first: int, last: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(first, last, BATCH):
        yield [row(number) for number in range(start, min(start + BATCH, last))]


def _organisation(number: int) -> dict[str, Any]:
    (name, kana), number_ = company(number), corporate_number(number)
    return {
        "id": number + 1, "name": name, "kana": kana, "kind": list(OrganisationKind)[number % 8], "kind_known": True,
        "industry": INDUSTRIES[number % len(INDUSTRIES)], "corporate_number": number_, "number_state": None,
        "postal_code": "210-0821", "address": f"神奈川県川崎市川崎区殿町{number}", "phone": "", "representative": "", "remark": "",
        "source": "", "is_example": False, "version": 1, "duplicate_key": key_of(name),
        "search_key": Organisation.found_by(number_, name, kana),
    }  # fmt: skip


def _person(each: int) -> Callable[[int], dict[str, Any]]:
    def row(number: int) -> dict[str, Any]:
        name, kana, email = someone(number)
        return {
            "id": number + 1, "organisation_id": number // each + 1, "name": name, "kana": kana, "email": email, "phone": "",
            "department": "", "title": "", "locale": "ja", "version": 1, "search_key": Person.found_by(name, kana, email),
        }  # fmt: skip

    return row
