"""Japanese addresses: parted, normalised in the code only, printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.address import PREFECTURES, Address, NotPostalCode, NotPrefecture, postal_code
from crm.values.japanese import BadText


@pytest.mark.parametrize(
    "text", ["210-0821", "2100821", "〒210-0821", "〒２１０−０８２１", "〒 210ー0821 ", "２１００８２１"]
)
def test_postal_codes_become_one_spelling(text: str) -> None:
    assert postal_code(text) == "210-0821"


@pytest.mark.parametrize("text", ["", "210", "210-082", "210-08211", "21-00821", "abc-defg", "²10-0821"])
def test_what_is_no_postal_code_is_refused(text: str) -> None:
    with pytest.raises(NotPostalCode):
        postal_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "〒210-0821 神奈川県川崎市川崎区殿町３丁目２５番２２号",
        "210-0821神奈川県川崎市川崎区殿町３丁目２５番２２号",
        "〒２１０−０８２１　神奈川県 川崎市川崎区殿町３丁目２５番２２号",
        "〒2100821\n神奈川県川崎市川崎区殿町３丁目２５番２２号",
    ],
)
def test_a_written_address_is_parted_and_the_rest_kept_to_the_letter(text: str) -> None:
    assert Address.parse(text) == Address("210-0821", "神奈川県", "川崎市川崎区殿町３丁目２５番２２号")


def test_later_lines_are_the_building() -> None:
    address = Address.parse("〒210-0821\r\n神奈川県川崎市川崎区殿町3-25-22\r\nライフイノベーションセンター\r\n4階")
    assert address.lines == ("〒210-0821", "神奈川県川崎市川崎区殿町3-25-22", "ライフイノベーションセンター", "4階")
    assert str(address) == "〒210-0821 神奈川県川崎市川崎区殿町3-25-22 ライフイノベーションセンター 4階"


def test_a_prefecture_that_is_not_written_is_not_guessed() -> None:
    assert Address.parse("川崎市川崎区殿町") == Address(street="川崎市川崎区殿町")
    assert Address.parse("123 Main Street, Boston") == Address(street="123 Main Street, Boston")
    assert Address.parse("123-4567890 Street") == Address(street="123-4567890 Street")
    assert Address.parse("京都府京都市上京区") == Address("", "京都府", "京都市上京区")
    assert Address.parse("東京都") == Address("", "東京都", "")


def test_an_empty_address_is_false_and_prints_nothing() -> None:
    assert not Address()
    assert Address().lines == ()
    assert not Address.parse("  ")


def test_wrong_parts_are_refused() -> None:
    with pytest.raises(NotPrefecture):
        Address("", "神奈川", "")
    with pytest.raises(NotPostalCode):
        Address("12", "", "")
    with pytest.raises(BadText):
        Address("", "", "a\nb")


def test_there_are_47_prefectures() -> None:
    assert len(set(PREFECTURES)) == 47


@given(st.sampled_from(PREFECTURES), st.text(alphabet="川崎市殿町１2-3丁目﨑髙 ", min_size=1).map(str.strip))
def test_what_is_printed_reads_back(prefecture: str, street: str) -> None:
    address = Address("210-0821", prefecture, street)
    assert Address.parse(str(address)) == address
