"""Which passwords are accepted."""

from __future__ import annotations

import pytest

from crm.access import passwords
from crm.access.permissions import Role
from crm.errors import Refused

GUESSED = """
password1234 Password1234! p@ssw0rd1234 passwordpassword 123456789012 1234567890123 qwertyuiop123 qwertyuiopasdf qwerty123456
1q2w3e4r5t6y 1qaz2wsx3edc4rfv abcdefghijkl aaaaaaaaaaaa 111111111111 abcabcabcabc iloveyou1234 administrator administrator1
welcome12345 letmein12345 kawasaki2026 kawasaki-2026 Kawasaki12345 caresaki2026! CareDesign2026 iconm-iconm-iconm
かわさきケアデザインコンソーシアム ケアさきケアさきケアさき パスワードパスワード123 ａｄｍｉｎ１２３４５６７８ sakurasakura1 dragon123456
sato2026sato sato@example.jp changeme1234 test12345678 summer2026!! 000000000000 asdfghjkl123 zxcvbnm12345 correcthorsebattery
""".split()


@pytest.mark.parametrize("password", GUESSED)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(Refused):
        passwords.accept(password, role=Role.CLERK, context=("sato@example.jp", "佐藤 花子"))


@pytest.mark.parametrize(
    "password",
    [
        "夕焼けの多摩川を渡る青い電車",
        "we walked the long way home",
        "kU7#vexo29plm",
        "ほうじ茶と団子で一服する午後",
        "        tea leaf maple  ",
        "x" + "ab3-" * 3 + "kq9wz7",
    ],
)
def test_a_sentence_or_a_random_word_is_accepted_without_rules_about_characters(password: str) -> None:
    passwords.accept(password, role=Role.CLERK, context=("sato@example.jp", "佐藤 花子"))


def test_length_is_what_counts() -> None:
    long = "k7 vexo 29plm zu wy qo " * 6
    for good in (long[:12], long[:64], long[:128]):
        passwords.accept(good, role=Role.CLERK)
    for bad in (long[:11], long[:129]):
        with pytest.raises(Refused) as refused:
            passwords.accept(bad, role=Role.CLERK)
        assert refused.value.field == "password"
    passwords.accept(long[:10], role=Role.MEMBER)


def test_a_hash_matches_its_password_alone(app: object) -> None:
    kept = passwords.hashed("夕焼け" * 30)
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "夕焼け" * 30)
    assert not passwords.matches(kept, "夕焼け" * 29)
    assert not passwords.matches(None, "nobody's password")
    assert not passwords.matches("broken", "x")
