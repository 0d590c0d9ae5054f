"""Passwords: which new ones are accepted, how they are kept, how one is checked.

Length is what protects; there are no rules about kinds of characters and no expiry. Refused is what a guesser tries first:
common words, years, runs and repetitions in any mixture, and words of the house itself. The check is a rule, not a
downloaded list, and works offline. A password is used exactly as given, in any script (OWASP ASVS 5.0, V6.2).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from crm.access.permissions import Role
from crm.config import settings
from crm.errors import Refused
from crm.text import _

ADVISED = 15
SHORTEST_STAFF = 12
SHORTEST_MEMBER = 10
LONGEST = 128
UNGUESSED = 5  # so many characters must remain when everything a guesser tries first is taken out

HOUSE_WORDS = (
    "caresaki kawasaki care design consortium iconm innovation kingskyfront tonomachi crm office jimukyoku "
    "ケアさき かわさき 川崎 ケアデザイン コンソーシアム 事務局"
)
COMMON_WORDS = (
    "password passwd passcode passphrase pass word secret admin administrator root user guest login signin welcome hello letmein access "
    "default change changeme master manager system server test testing demo sample temp temporary example private qwerty "
    "qwertz azerty asdf zxcv dragon monkey football baseball soccer princess sunshine shadow superman batman pokemon iloveyou "
    "trustno1 michael jordan charlie daniel jessica ashley computer internet windows microsoft google apple samsung android "
    "iphone summer winter spring autumn monday friday january april august october december flower cookie chocolate cheese "
    "orange banana purple yellow silver golden diamond freedom whatever starwars matrix ninja killer hunter ranger tiger "
    "lovely angel baby family friend forever happy love money lucky blessed correct horse battery staple japan nippon tokyo "
    "yokohama osaka sakura fuji fujisan samurai naruto doraemon pikachu hanako taro tanaka suzuki sato yamada arigatou "
    "konnichiwa ohayou himitsu aiueo kazoku tomodachi neko inu パスワード ひみつ 秘密 さくら あいうえお こんにちは ありがとう"
)
RUNS = (
    "01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "qwertyuiop", "asdfghjkl",
    "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv",
    "あいうえおかきくけこさしすせそ", "アイウエオカキクケコサシスセソ",
)  # fmt: skip
LOOKALIKES = str.maketrans("@$!013457", "asioieast")
YEAR = re.compile(r"(19|20)\d\d")


def accept(password: str, *, role: Role, context: tuple[str, ...] = ()) -> None:
    """Raise ``Refused`` for a new password that is too short, too long or too easily guessed.

    ``context`` is what is known about the person: mail address, name.
    """
    shortest = SHORTEST_MEMBER if role is Role.MEMBER else SHORTEST_STAFF
    if len(password) < shortest:
        raise Refused(
            _("At least %(n)s characters; a sentence of your own is easiest to keep.", n=shortest), field="password"
        )
    if len(password) > LONGEST:
        raise Refused(_("At most %(n)s characters.", n=LONGEST), field="password")
    if unguessed(password, context) < UNGUESSED:
        raise Refused(_("This password is among the first to be guessed. Please choose another."), field="password")


def unguessed(password: str, context: tuple[str, ...] = ()) -> int:
    """How many characters remain when common words, names, years, runs and repetitions are taken out."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    words = _words() | _known_of(context)
    return min(_remaining(spelling, words) for spelling in (folded, folded.translate(LOOKALIKES)))


def _remaining(text: str, words: frozenset[str]) -> int:
    """The least number of characters no guessed piece covers, counting a repeated piece once."""
    least = list(range(len(text) + 1))
    longest = max(map(len, words))
    for end in range(1, len(text) + 1):
        least[end] = least[end - 1] + (text[end - 1].isalnum())
        for start in range(max(0, end - longest), end):
            piece = text[start:end]
            if piece in words or _is_pattern(piece) or (len(piece) > 1 and text[:start].endswith(piece)):
                least[end] = min(least[end], least[start])
    return least[-1]


def _is_pattern(piece: str) -> bool:
    if len(piece) >= 3 and (len(set(piece)) == 1 or any(piece in run for run in RUNS)):
        return True
    return YEAR.fullmatch(piece) is not None


@cache
def _words() -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFKC", f"{HOUSE_WORDS} {COMMON_WORDS}").casefold().split())


def _known_of(context: tuple[str, ...]) -> frozenset[str]:
    parts = re.split(r"[\s@._+\-・　]+", unicodedata.normalize("NFKC", " ".join(context)).casefold())
    return frozenset(part for part in parts if len(part) >= 3 or (len(part) == 2 and not part.isascii()))


def hashed(password: str) -> str:
    """The password's argon2id hash with its parameters and salt."""
    return _hasher(settings().fast_passwords).hash(_bytes(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether a password fits a hash. Without a hash a dummy is worked through, so that both answers take as long."""
    fast = settings().fast_passwords
    try:
        _hasher(fast).verify(stored or _dummy(fast), _bytes(password))
    except (Argon2Error, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher(settings().fast_passwords).check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    """Nobody's password is longer than ``LONGEST``; what is sent beyond it only makes sure that nothing matches."""
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")


@cache
def _hasher(fast: bool) -> PasswordHasher:
    """Argon2id with 46 MiB, one pass and one lane (OWASP's first choice); cheap in tests."""
    return PasswordHasher(1, 8, 1) if fast else PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)


@cache
def _dummy(fast: bool) -> str:
    return _hasher(fast).hash(b"nobody's password")
