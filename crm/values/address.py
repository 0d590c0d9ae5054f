"""A Japanese address (住所): postal code, prefecture, the rest to the letter, and how it is printed."""

import re
from dataclasses import dataclass

from crm.values import BadValue
from crm.values.japanese import clean_text, narrow, plain_dashes

# 地方自治法 6条; in the order of the national codes (JIS X 0401).
PREFECTURES = tuple(
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 富山県 "
    "石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 "
    "岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県".split()
)

_POSTAL_CODE = re.compile(r"〒?\s*([0-9]{3})-?([0-9]{4})")
_LEADING_POSTAL_CODE = re.compile(
    r"\s*(〒\s*[0-9０-９]{3}[^0-9０-９]?[0-9０-９]{4}|[0-9０-９]{3}[-‐−－ー―][0-9０-９]{4})(?![0-9０-９])"
)


class NotPostalCode(BadValue):
    """A text that is not a postal code."""


class NotPrefecture(BadValue):
    """A prefecture that does not exist."""


def postal_code(text: str) -> str:
    """A postal code as 210-0821, from any width, with or without 〒 and hyphen. Raises `NotPostalCode`."""
    match = _POSTAL_CODE.fullmatch(plain_dashes(narrow(text)).strip())
    if match is None:
        raise NotPostalCode("Write the postal code with seven digits, for example 210-0821.")
    return f"{match[1]}-{match[2]}"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to send paper. All parts may be empty; an address abroad has no postal code and no prefecture.

    The postal code is normalised. `street` (city to house number) and `building` are kept to the letter as typed; a
    `building` of several lines is printed as such. Raises `NotPostalCode`, `NotPrefecture` or `BadText`.
    """

    postal_code: str = ""
    prefecture: str = ""
    street: str = ""
    building: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "postal_code", postal_code(self.postal_code) if self.postal_code else "")
        if self.prefecture and self.prefecture not in PREFECTURES:
            raise NotPrefecture("This is not one of the 47 prefectures.")
        clean_text(self.street)
        clean_text(self.building, multiline=True)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Part a written address: postal code and prefecture where it begins with them, then the rest as it stands.

        Later lines become the building. A prefecture that is not written is not guessed.
        """
        match = _LEADING_POSTAL_CODE.match(text)
        code, rest = (match[1], text[match.end() :]) if match else ("", text)
        street, _, building = rest.strip().partition("\n")
        prefecture = next((name for name in PREFECTURES if street.startswith(name)), "")
        return cls(code, prefecture, street.removeprefix(prefecture).strip(), building.strip().replace("\r\n", "\n"))

    @property
    def lines(self) -> tuple[str, ...]:
        """As an envelope or a paper prints it: 〒210-0821 / 神奈川県川崎市川崎区… / building. Empty parts give no line."""
        code = f"〒{self.postal_code}" if self.postal_code else ""
        written = (code, self.prefecture + self.street, *self.building.splitlines())
        return tuple(line for line in written if line)

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        return " ".join(self.lines)
