"""Fields take what an office in Japan types, in any width, and refuse with words what no record may hold."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from crm.settings.keys import BY_NAME
from crm.values.fiscal_year import FiscalYear
from crm.values.yen import Yen
from crm.web import fields
from crm.web.forms import Form


class Everything(Form):
    """One field of each kind."""

    text = fields.TextField()
    notes = fields.LongTextField()
    email = fields.EmailField()
    kana = fields.KanaField()
    phone = fields.PhoneField()
    postal_code = fields.PostalCodeField()
    number = fields.CorporateNumberField()
    amount = fields.YenField()
    day = fields.DayField()
    month = fields.MonthOrDayField()
    year = fields.FiscalYearField()
    count = fields.WholeNumberField(least=0, most=1000)


@pytest.fixture
def typed(app: Flask) -> Any:
    def fill(**values: str) -> Everything:
        with app.test_request_context(method="POST"):
            form = Everything(formdata=MultiDict(values))
            form.validate()
            form.errors  # noqa: B018  (computed while the request is there)
            return form

    return fill


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("text", "  株式会社髙﨑𠮷　", "株式会社髙﨑𠮷"),
        ("kana", "ﾐﾎﾝｶﾌﾞｼｷ", "ミホンカブシキ"),
        ("kana", "みほん", "ミホン"),
        ("email", "Hanako@EXAMPLE.JP", "Hanako@example.jp"),
        ("postal_code", "〒２１０－０８２１", "210-0821"),
        ("number", "７０００－０２０１－４１３０５", "7000020141305"),
        ("amount", "￥３６０，０００円", Yen(360000)),
        ("day", "令和8年4月1日", date(2026, 4, 1)),
        ("day", "R8.4.1", date(2026, 4, 1)),
        ("year", "令和８年度", FiscalYear(2026)),
        ("count", "１００", 100),
    ],
)
def test_what_an_office_types_is_understood(typed: Any, name: str, value: str, expected: object) -> None:
    form = typed(**{name: value})
    assert not form.errors
    assert form[name].data == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", "-1"), ("amount", "1.5"), ("amount", "12345678901"), ("amount", "１２万"), ("amount", "²"), ("amount", "1e3"),
        ("day", "2026-02-30"), ("day", "平成31年5月1日"), ("day", "令和0年1月1日"), ("number", "123456789012"),
        ("number", "1234567890123"), ("text", "見本\0"), ("text", "見本\x1b[31m"), ("text", "\u202eexe.pdf"),
        ("text", "見\ud800本"), ("text", "あ" * 201), ("notes", "あ" * 4001), ("email", "not-a-mail"), ("kana", "漢字"),
        ("count", "-1"), ("count", "1001"), ("count", "3.5"), ("year", "来年"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field_in_japanese(typed: Any, name: str, value: str) -> None:
    form = typed(**{name: value})
    assert list(form.errors) == [name]
    message = form.errors[name][0]
    assert any(ord(character) > 0x3000 for character in message), message


def test_a_field_left_empty_is_nothing_and_no_error(typed: Any) -> None:
    form = typed()
    assert not form.errors
    assert form.amount.data is None
    assert form.text.data == ""


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_every_default_of_a_setting_passes_its_own_check(name: str) -> None:
    key = BY_NAME[name]
    assert key.check(key.default) == key.default


class Needed(Form):
    """One field that must be filled in."""

    text = fields.TextField(validators_=[fields.required()])
    amount = fields.YenField(validators=[fields.required()])


@pytest.mark.parametrize("blank", ["", "   ", "　"])
def test_blanks_do_not_fill_a_required_field(app: Flask, blank: str) -> None:
    with app.test_request_context(method="POST"):
        form = Needed(formdata=MultiDict({"text": blank, "amount": blank}))
        assert not form.validate()
        assert set(form.errors) == {"text", "amount"}


def test_a_required_field_keeps_its_own_error(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        form = Needed(formdata=MultiDict({"text": "x", "amount": "-1"}))
        assert not form.validate()
        assert set(form.errors) == {"amount"}
