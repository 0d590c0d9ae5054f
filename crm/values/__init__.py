"""Quantities that know their own rules: pure Python, no database, no web, no clock.

Words
    yen (円)              whole yen, nothing smaller: `yen.Yen`
    consumption tax (消費税) category, dated rates, one rounding per rate and document: `tax`
    fiscal year (年度)     1 April to 31 March: `fiscal_year.FiscalYear`
    period (期間)          from a day to a day, both included, open where unknown: `period.Period`
    day, month (年月日)    Japanese dates in and out, precision kept, bank days: `dates`
    address (住所)         postal code, prefecture, the rest; how it is printed: `address.Address`
    mail address           its form: `mail_address`
    text (文字)            width and kana folding, what may be kept, phone and corporate numbers: `japanese`

Two rules hold for all of them. What cannot be understood is refused with a `BadValue`, never guessed. What a person typed
as a name or address is kept to the letter; folding is for keys and for numbers only.

This floor may not import the catalogue, so a `BadValue` carries its English message id as plain text. A form shows it by
`_(str(error))`; `MESSAGES` lists every one so that the catalogue can be held against it.
"""


class BadValue(ValueError):
    """A text or number that is not the value it should be. `str(error)` is an English message id without places to fill."""


def N_(text: str) -> str:
    """Marks a message for the catalogue, as `crm.text.N_` does for the floors above."""
    return text


MESSAGES = (
    N_("Write the amount in digits, for example 360,000."),
    N_("The amount may not be negative."),
    N_("The amount must be whole yen, without fractions."),
    N_("The amount is too large: at most ten digits."),
    N_("The commas in the amount do not separate thousands."),
    N_("No consumption tax rate is known for this day."),
    N_("Write the fiscal year as 2026, R8 or 令和8年度."),
    N_("There is no such fiscal year in that era."),
    N_("The fiscal year must lie between 1873 and 2199."),
    N_("The end lies before the start."),
    N_("Write the date as 2026-04-01 or 令和8年4月1日."),
    N_("Write the date as 2026-04-01, or as 2026-04 if only the month is known."),
    N_("There is no such day in the calendar."),
    N_("There is no such day in that era."),
    N_("The year must lie between 1873 and 2199."),
    N_("This is not a mail address."),
    N_("Write the postal code with seven digits, for example 210-0821."),
    N_("This is not one of the 47 prefectures."),
    N_("The text contains a NUL character."),
    N_("The text contains a control character."),
    N_("The text contains a broken character (half of a surrogate pair)."),
    N_("The text holds a � where a character was lost."),
    N_("The text contains an invisible character that reverses the direction of writing."),
    N_("The text may not contain a line break."),
    N_("Write the reading in katakana."),
    N_("A bank name may contain only katakana, capital letters, digits, blanks and ( ) - ."),
    N_("Write the phone number in digits, for example 044-123-4567."),
    N_("Write the corporate number with 13 digits."),
    N_("Twelve digits may be a person's My Number, which must not be entered here. A corporate number has 13 digits."),
    N_("The check digit of the corporate number is wrong. Please compare it with the register."),
    N_("Write the registration number as T and 13 digits."),
    N_("The check digit of the registration number is unusual. Please compare it with the register."),
)
