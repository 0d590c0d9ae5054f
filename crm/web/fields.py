"""Form fields for what an office in Japan types: yen, days in either calendar, kana, numbers in any width.

Each field reads text to the letter, refuses what no record may hold (NUL, control and bidi characters, stray surrogates) and
gives a value of ``crm.values`` or ``None`` when it was left empty.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FileField,
    IntegerField,
    MultipleFileField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    validators,
)
from wtforms.validators import ValidationError

from crm.text import _, gettext, label
from crm.values import address, dates, japanese
from crm.values.fiscal_year import FiscalYear
from crm.values.mail_address import mail_address
from crm.values.yen import Yen

LINE = 200
LONG = 4000

YesField = BooleanField
SecretField = PasswordField
UploadField = FileField
UploadsField = MultipleFileField
ClockField = TimeField

__all__ = [
    "ChoiceField", "ClockField", "CorporateNumberField", "DayField", "EmailField", "FiscalYearField", "KanaField",
    "LongTextField", "MonthOrDayField", "PhoneField", "PickField", "PickManyField", "PostalCodeField", "RadioChoiceField",
    "SecretField", "TextField", "UploadField", "UploadsField", "WholeNumberField", "YenField", "YesField", "optional",
    "required",
]  # fmt: skip


class _Required(validators.InputRequired):
    """Something besides white space must have been sent."""

    def __call__(self, form: Any, field: Any) -> None:
        sent = field.raw_data[0] if field.raw_data else None
        if isinstance(sent, str) and not sent.strip():
            field.raw_data = []
        super().__call__(form, field)


def required() -> validators.InputRequired:
    """The field may not be left empty."""
    return _Required()


def optional() -> validators.Optional:
    """The field may be left empty."""
    return validators.Optional()


class _Parsed(StringField):
    """A text input whose data is what ``parse`` makes of it; its ``ValueError`` becomes the field's error."""

    longest = 40

    def parse(self, text: str) -> Any:
        raise TypeError("a parsed field says how it parses")

    def spell(self, value: Any) -> str:
        """The value as the input shows it."""
        return str(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        typed = valuelist[0] if valuelist else ""
        if len(typed) > max(self.longest, 1) * 4:
            raise ValidationError(gettext("At most %(n)s characters.", n=self.longest))
        try:
            typed = japanese.clean_text(typed)
            self.data = self.parse(typed.strip()) if typed.strip() else None
        except ValueError as error:
            raise ValidationError(gettext(str(error))) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.spell(self.data)


class TextField(StringField):
    """One line, kept to the letter; white space at its ends is dropped. ``longest`` in characters."""

    def __init__(self, label: Any = None, validators_: Any = (), *, longest: int = LINE, **kwargs: Any) -> None:
        super().__init__(label, validators_, **kwargs)
        self.longest = longest

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = ""
        typed = valuelist[0] if valuelist else ""
        if len(typed) > self.longest:
            raise ValidationError(gettext("At most %(n)s characters.", n=self.longest))
        try:
            self.data = self.clean(typed)
        except ValueError as error:
            raise ValidationError(gettext(str(error))) from error

    def clean(self, typed: str) -> str:
        """The text without what no record may hold."""
        return japanese.clean_text(typed).strip()


class LongTextField(TextField, TextAreaField):
    """Several lines."""

    def __init__(self, label: Any = None, validators_: Any = (), *, longest: int = LONG, **kwargs: Any) -> None:
        super().__init__(label, validators_, longest=longest, **kwargs)

    def clean(self, typed: str) -> str:
        return japanese.clean_text(typed, multiline=True).strip()


class EmailField(TextField):
    """One mail address, checked by its form only; the domain part is folded to lower case."""

    def __init__(self, label: Any = None, validators_: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators_, longest=254, **kwargs)

    def clean(self, typed: str) -> str:
        typed = unicodedata.normalize("NFKC", super().clean(typed))
        if not typed:
            return ""
        return mail_address(typed)


class KanaField(TextField):
    """A reading; half-width kana and hiragana are accepted and kept as full-width katakana."""

    def clean(self, typed: str) -> str:
        typed = super().clean(typed)
        return japanese.kana(typed) if typed else ""


class PhoneField(TextField):
    """A telephone number: digits, hyphens, brackets, plus."""

    def __init__(self, label: Any = None, validators_: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators_, longest=30, **kwargs)

    def clean(self, typed: str) -> str:
        typed = super().clean(typed)
        return japanese.phone(typed) if typed else ""


class PostalCodeField(TextField):
    """〒123-4567 in any width; kept as 123-4567."""

    def __init__(self, label: Any = None, validators_: Any = (), **kwargs: Any) -> None:
        super().__init__(label, validators_, longest=12, **kwargs)

    def clean(self, typed: str) -> str:
        typed = super().clean(typed)
        return address.postal_code(typed) if typed else ""


class CorporateNumberField(_Parsed):
    """法人番号: 13 digits with a valid check digit."""

    def parse(self, text: str) -> str:
        return japanese.corporate_number(text)


class YenField(_Parsed):
    """Whole yen, never guessed: no sign, no fraction, at most ten digits."""

    def parse(self, text: str) -> Yen:
        return Yen.parse(text)


class DayField(_Parsed):
    """A day: 2026-04-01, 2026/4/1, 令和8年4月1日, R8.4.1."""

    def parse(self, text: str) -> date:
        return dates.parse(text)

    def spell(self, value: date) -> str:
        return value.isoformat()


class DayPicker(DateField):
    """A day chosen in the browser's own calendar."""


class MonthOrDayField(_Parsed):
    """A day, or a month where only the month is known."""

    def parse(self, text: str) -> dates.DayOrMonth:
        return dates.DayOrMonth.parse(text)


class FiscalYearField(_Parsed):
    """2026, R8, 令和8年度."""

    def parse(self, text: str) -> FiscalYear:
        return FiscalYear.parse(text)

    def spell(self, value: FiscalYear) -> str:
        return str(value.start)


class WholeNumberField(_Parsed):
    """A whole number from ``least`` to ``most``, digits in any width."""

    def __init__(
        self, label: Any = None, validators_: Any = (), *, least: int = 0, most: int = 1_000_000, **kw: Any
    ) -> None:
        super().__init__(label, validators_, **kw)
        self.least, self.most = least, most

    def parse(self, text: str) -> int:
        digits = unicodedata.normalize("NFKC", text).replace(",", "")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 12):
            raise ValueError("Only digits, without sign or fraction.")
        if not self.least <= int(digits) <= self.most:
            raise ValidationError(gettext("From %(least)s to %(most)s.", least=self.least, most=self.most))
        return int(digits)


def _listed(choices: Any) -> Any:
    """Pairs of value and label as WTForms declares choices."""
    return [SelectChoice(*each) if isinstance(each, tuple) else each for each in choices] if choices else choices


class PickField(SelectField):
    """One of a list of (value, label)."""

    def __init__(self, label: Any = None, validators_: Any = None, *, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators_, choices=choices if callable(choices) else _listed(choices), **kwargs)


class PickManyField(SelectMultipleField):
    """Several of a list of (value, label)."""

    def __init__(self, label: Any = None, validators_: Any = None, *, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators_, choices=choices if callable(choices) else _listed(choices), **kwargs)


def _choices(members: type[StrEnum], empty: Any) -> Callable[[], list[tuple[str, str]]]:
    def listed() -> list[tuple[str, str]]:
        first = [] if empty is None else [("", str(empty))]
        return [*first, *((m.value, label(m)) for m in members)]

    return listed


class ChoiceField(SelectField):
    """One member of an enum; ``empty`` is the text of the choice that chooses nothing."""

    def __init__(self, label: Any, members: type[StrEnum], *, empty: Any = None, **kwargs: Any) -> None:
        self._members = members
        super().__init__(label, choices=_choices(members, empty), coerce=self._member, **kwargs)

    def _member(self, value: Any) -> StrEnum | None:
        return value if isinstance(value, self._members) else self._members(value) if value else None

    def iter_choices(self) -> Any:
        chosen = self.data.value if self.data else ""
        for choice in super().iter_choices():
            yield choice._replace(selected=choice.value == chosen)

    def pre_validate(self, form: Any) -> None:
        values = [value for value, _text in self.choices or []]
        if (self.data.value if self.data else "") not in values:
            raise ValidationError(gettext("Please choose one of the list."))


class RadioChoiceField(ChoiceField, RadioField):
    """The same as buttons beside each other."""

    widget = RadioField.widget
    option_widget = RadioField.option_widget


class WholeField(IntegerField):
    """A hidden number."""


MESSAGES = (_("Only digits, without sign or fraction."),)
