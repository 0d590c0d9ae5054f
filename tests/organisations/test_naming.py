"""Names: found again whatever the shape, proposed as one, never changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.organisations import naming
from crm.organisations.legal_forms import LEGAL_FORMS
from crm.organisations.naming import Position, bank_kana, bank_key, duplicate_key, legal_form, search_key
from crm.organisations.variants import VARIANTS

words = st.text(alphabet="株式会社(有)（株）㈱ 髙﨑𠮷ソニー・アオゾラカ)ユCo.,Ltd.K-− あ", max_size=20)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("リリアム", "(株)リリアム大塚"), ("株式会社リリアム", "㈱リリアム大塚"), ("（株）ﾘﾘｱﾑ", "株式会社リリアム大塚"), ("りりあむ", "(株)リリアム大塚"),
        ("nano mrna", "ＮＡＮＯ　ＭＲＮＡ(株)"), ("mrna", "NANO MRNA(株)"), ("高崎", "髙﨑商店"), ("髙﨑", "高崎商店"), ("吉野", "𠮷野家"), ("葛城", "葛\U000e0100城"),
        ("きやのん", "キヤノン株式会社"), ("キャノン", "キヤノン株式会社"), ("デ−タ", "NTTデータ"), ("ブレイゾンセラピ", "(株)ブレイゾン・セラピューティクス"),
        ("東急ホテルズ＆リゾート", "東急ホテルズ&リゾート(株)"), ("大學", "川崎市立看護大学"), ("慶応義塾", "慶應義塾"), ("浜田", "濵田"), ("株式会社", "㊑アオゾラ"),
        ("特定非営利活動法人", "（特非）かわさき"), ("npo法人", "ＮＰＯ法人かわさき"), ("株式會社", "株式会社アオゾラ"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_part_of_it_in_any_shape(typed: str, stored: str) -> None:
    assert search_key(typed)
    assert search_key(typed) in search_key(stored)


def test_marks_alone_are_nothing_to_search_for() -> None:
    assert search_key(" ・．") == ""


@pytest.mark.parametrize(
    "name",
    [
        "株式会社アオゾラ商事", "アオゾラ商事株式会社", "㈱アオゾラ商事", "(株)アオゾラ商事", "（株）アオゾラ商事", "アオゾラ商事㈱", "株式会社 アオゾラ 商事", "㍿アオゾラ商事",
        "ｱｵｿﾞﾗ商事（株）", "合同会社アオゾラ商事", "有限会社アオゾラ商事", "アオゾラ商事", "アオゾラ・商事", "アオゾラ‐商事", "㊑アオゾラ商事", "一般社団法人アオゾラ商事",
        "アオゾラ商事 Co., Ltd.", "アオゾラ商事 Co.,Ltd", "アオゾラ商事 Inc.", "K.K. アオゾラ商事", "アオゾラ商事 K.K.", "株式會社アオゾラ商事", "アオゾラ商事 Ｃｏ．，Ｌｔｄ．",
        "アオゾラ株式会社商事", "（公財）アオゾラ商事", "医療法人社団アオゾラ商事",
    ],
)  # fmt: skip
def test_names_that_differ_in_form_alone_are_proposed_as_one(name: str) -> None:
    assert duplicate_key(name) == duplicate_key("アオゾラ商事")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("トヨタ自動車", "株式会社トヨタ自動車"), ("髙﨑商店", "高崎商店"), ("渡邊製作所", "渡辺製作所"), ("齋藤工業", "斉藤工業"), ("BioSeeds(株)", "BIOSEEDS株式会社"),
        ("Crafton Biotechnology(株)", "Crafton Biotechnology K.K."), ("ACME Company Limited", "Acme"), ("ACME, Inc.", "Acme Corporation"), ("Acme (Co., Ltd.)", "acme"),
        ("キャノン", "キヤノン株式会社"), ("ソニ−", "ソニー株式会社"), ("葛\U000e0100城", "葛城"), ("Acme GK", "acme gk"), ("Johnson’s", "Johnson's"),
    ],
)  # fmt: skip
def test_the_same_name_written_in_two_ways_has_one_key(one: str, other: str) -> None:
    assert duplicate_key(one) == duplicate_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("アオゾラ", "アオソラ"), ("みずほ", "ミズホ"), ("川崎病院", "井田病院"), ("Incline", "Cline"), ("Kkodak", "odak"), ("Corporation Bank", "Bank"),
        ("Limited Brands", "Brands"), ("株式会社アカネ", "株式会社アサネ"), ("東京大学", "東京科学大学"), ("Zinc", "Z"), ("社団", "財団"),
    ],
)  # fmt: skip
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert duplicate_key(one) != duplicate_key(other)


def test_a_name_that_is_only_a_form_is_its_own_key() -> None:
    assert duplicate_key("株式会社") == "株式会社"
    assert duplicate_key("Inc.") == "inc"
    assert duplicate_key("") == ""


@given(words)
def test_keys_of_keys_are_the_keys(name: str) -> None:
    assert search_key(search_key(name)) == search_key(name)
    assert bank_key(bank_key(name)) == bank_key(name)


@given(words, st.sampled_from([form.name for form in LEGAL_FORMS if form.bank]))
def test_a_form_in_front_or_at_the_end_never_changes_the_key(name: str, form: str) -> None:
    bare = duplicate_key(f"商{name}会")
    assert duplicate_key(f"{form}商{name}会") == duplicate_key(f"商{name}会 {form}") == bare


@pytest.mark.parametrize(
    ("name", "form", "position"),
    [
        ("株式会社アオゾラ", "株式会社", Position.FRONT), ("アオゾラ㈱", "株式会社", Position.END), ("(有)アオゾラ", "有限会社", Position.FRONT),
        ("アオゾラ株式会社川崎支店", "株式会社", Position.MIDDLE), ("医療法人社団 石心会", "医療法人社団", Position.FRONT), ("(医)和光会総合川崎臨港病院", "医療法人", Position.FRONT),
        ("(公社)川崎市看護協会", "公益社団法人", Position.FRONT), ("公益財団法人がん研究会", "公益財団法人", Position.FRONT), ("社会医療法人財団石心会", "社会医療法人財団", Position.FRONT),
        ("国立研究開発法人量子科学技術研究開発機構", "国立研究開発法人", Position.FRONT), ("地方独立行政法人X", "地方独立行政法人", Position.FRONT), ("X合同会社", "合同会社", Position.END),
        ("生活協同組合ユーコープ", "生活協同組合", Position.FRONT), ("かわさき農業協同組合", "農業協同組合", Position.END), ("ＮＰＯ法人かわさき", "NPO法人", Position.FRONT),
        ("Acme K.K.", "株式会社", Position.END), ("Acme Co., Ltd.", "Co., Ltd.", Position.END), ("Acme GK", "合同会社", Position.END), ("Acme G.K.", "合同会社", Position.END),
        ("株式会社アオゾラ (Aozora Co., Ltd.)", "株式会社", Position.FRONT),
    ],
)  # fmt: skip
def test_the_legal_form_and_its_place_are_read_from_a_name(name: str, form: str, position: Position) -> None:
    written = legal_form(name)
    assert written is not None
    assert (written.form.name, written.position) == (form, position)


@pytest.mark.parametrize("name", ["東京大学", "川崎市", "株", "社会", "", "Incline", "味の素"])
def test_a_name_without_form_has_none(name: str) -> None:
    assert legal_form(name) is None


@pytest.mark.parametrize(
    "payer",
    [
        "ｶ)ｱｵｿﾞﾗｼﾖｳｼﾞ", "カ）アオゾラショウジ", "(カ)アオゾラショウジ", "ｱｵｿﾞﾗｼﾖｳｼﾞ(ｶ", "ｱｵｿﾞﾗｼﾖｳｼﾞ(ｶ)", "ｱｵｿﾞﾗｼﾖｳｼﾞ ｶ)", "ｱｵｿﾞﾗ ｼﾖｳｼﾞ ｶ", "ｶ ｱｵｿﾞﾗｼﾖｳｼﾞ",
        "ｶﾌﾞｼｷｶﾞｲｼﾔ ｱｵｿﾞﾗｼﾖｳｼﾞ", "カブシキガイシャアオゾラショウジ", "あおぞらしょうじ", "ｱｵｿﾞﾗ(ｶ)ｼﾖｳｼﾞ", "ﾕ)ｱｵｿﾞﾗｼﾖｳｼﾞ", "アオゾラ・ショウジ", "ﾄﾞ)ｱｵｿﾞﾗｼﾖｳｼﾞ",
        "ｱｵｿﾞﾗｼﾖｳｼﾞ(", "ｻﾞｲ)ｱｵｿﾞﾗｼﾖｳｼﾞ", "ｼﾔ)ｱｵｿﾞﾗｼﾖｳｼﾞ", "アオソ゛ラシヨウシ゛", "ｱｵｿﾞﾗ.ｼﾖｳｼﾞ",
    ],
)  # fmt: skip
def test_a_payer_is_known_however_the_form_is_written(payer: str) -> None:
    assert bank_key(payer) == "アオゾラシヨウジ"


@pytest.mark.parametrize(
    ("kana", "key"),
    [
        ("ソニー", "ソニ-"), ("ｿﾆ-", "ソニ-"), ("ｿﾆｰ", "ソニ-"), ("nano エムアールエヌエー", "NANOエムア-ルエヌエ-"), ("カナガワ", "カナガワ"), ("ユナイト", "ユナイト"),
        ("シヤチハタ", "シヤチハタ"), ("ハシ", "ハシ"), ("0012ｶ)ｱｵｿﾞﾗ", "0012アオゾラ"), ("カ)", "カ)"), ("", ""), ("ﾊﾟﾅ", "パナ"), ("バナ", "バナ"), ("タナカ(カワサキ)", "タナカ(カワサキ)"),
    ],
)  # fmt: skip
def test_bank_keys_keep_what_belongs_to_the_name(kana: str, key: str) -> None:
    assert bank_key(kana) == key


@pytest.mark.parametrize(
    ("name", "reading", "kana"),
    [
        ("株式会社アオゾラ", "アオゾラ", "ｶ)ｱｵｿﾞﾗ"), ("アオゾラ株式会社", "アオゾラ", "ｱｵｿﾞﾗ(ｶ"), ("(有)アオゾラ", "あおぞら", "ﾕ)ｱｵｿﾞﾗ"),
        ("川崎市", "カワサキシ", "ｶﾜｻｷｼ"), ("一般社団法人アオゾラ", "アオゾラ", "ｼﾔ)ｱｵｿﾞﾗ"), ("アオゾラ税理士法人", "アオゾラ", "ｱｵｿﾞﾗ(ｾﾞｲ"), ("ソニー㈱", "ソニー", "ｿﾆ-(ｶ"),
        ("株式会社アオゾラ", "カブシキガイシャ アオゾラ", "ｶ)ｱｵｿﾞﾗ"), ("アオゾラ㈱", "アオゾラカブシキガイシャ", "ｱｵｿﾞﾗ(ｶ"),
        ("アオゾラ株式会社川崎支店", "アオゾラカブシキガイシャカワサキシテン", "ｱｵｿﾞﾗ(ｶ)ｶﾜｻｷｼﾃﾝ"), ("アオゾラ株式会社川崎支店", "アオゾラカワサキシテン", "ｱｵｿﾞﾗｶﾜｻｷｼﾃﾝ"),
        ("学校法人アオゾラ", "アオゾラ", "ｶﾞｸ)ｱｵｿﾞﾗ"), ("Acme Co., Ltd.", "アクメ", "ｱｸﾒ"), ("弁護士法人X", "エックス", "ﾍﾞﾝ)ｴﾂｸｽ"),
    ],
)  # fmt: skip
def test_bank_kana_carry_the_form_where_the_name_does(name: str, reading: str, kana: str) -> None:
    assert bank_kana(reading, legal_form(name)) == kana


@given(
    st.text(alphabet="アオゾラショウジガパーンヴ", min_size=3, max_size=12).filter(
        lambda text: bank_key(text) == bank_key(f"{text} ")
    ),
    st.sampled_from([form for form in LEGAL_FORMS if form.bank]),
    st.sampled_from([Position.FRONT, Position.END]),
)
def test_what_a_member_is_told_to_write_is_recognised(reading: str, form: naming.LegalForm, position: Position) -> None:
    written = bank_kana(reading, naming.Written(form, position))
    assert bank_key(written) == bank_key(reading)


def test_variants_fold_to_a_shape_that_is_not_folded_again() -> None:
    assert not {ord(shape) for shape in VARIANTS.values()} & set(VARIANTS)
    assert all(len(shape) == 1 for shape in VARIANTS.values())


def test_no_two_forms_share_a_spelling() -> None:
    for spellings in (
        [f.name for f in LEGAL_FORMS],
        [w for f in LEGAL_FORMS for w in f.brackets],
        [f.reading for f in LEGAL_FORMS if f.reading],
    ):
        assert len(set(spellings)) == len(spellings)
