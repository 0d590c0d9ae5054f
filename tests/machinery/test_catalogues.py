"""Joining catalogues: one message has one translation, and what is wrong is named with its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.support import Translations

from crm.translations import compiling
from crm.translations.compiling import Contradiction

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"\n\n'


def _write(folder: Path, **files: str) -> Path:
    (folder / "ja").mkdir(exist_ok=True)
    for name, body in files.items():
        (folder / "ja" / f"{name}.po").write_text(HEAD + body, encoding="utf-8")
    return folder


def test_catalogues_of_all_packages_are_joined(tmp_path: Path) -> None:
    _write(tmp_path, members='msgid "Save"\nmsgstr "保存"\n', billing='msgctxt "State"\nmsgid "due"\nmsgstr "未払い"\n')
    compiling.compile_all(tmp_path)
    words = Translations.load(tmp_path, ["ja"])
    assert words.gettext("Save") == "保存"
    assert words.upgettext("State", "due") == "未払い"


def test_the_same_translation_may_stand_twice(tmp_path: Path) -> None:
    _write(tmp_path, one='msgid "Save"\nmsgstr "保存"\n', two='msgid "Save"\nmsgstr "保存"\n')
    assert len(compiling.compile_all(tmp_path)) == 1


def test_two_translations_of_one_message_are_refused_with_both_files(tmp_path: Path) -> None:
    _write(tmp_path, one='msgid "Save"\nmsgstr "保存"\n', two='msgid "Save"\nmsgstr "保存する"\n')
    with pytest.raises(Contradiction, match=r"one\.po.*two\.po"):
        compiling.compile_all(tmp_path)
    assert not (tmp_path / "ja" / "LC_MESSAGES" / "messages.mo").exists()


def test_a_catalogue_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    _write(tmp_path)
    (tmp_path / "ja" / "broken.po").write_bytes(HEAD.encode() + 'msgid "Save"\nmsgstr "保存"\n'.encode("cp932"))
    with pytest.raises(Contradiction, match=r"broken\.po"):
        compiling.compile_all(tmp_path)


def test_nothing_is_compiled_twice(tmp_path: Path) -> None:
    _write(tmp_path, one='msgid "Save"\nmsgstr "保存"\n')
    assert len(compiling.compile_all(tmp_path)) == 1
    assert compiling.compile_all(tmp_path) == []
