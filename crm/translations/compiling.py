"""Joining a language's catalogues (``ja/*.po``) into the one compiled file the application reads.

Two packages may say the same message as long as they translate it alike; where they differ, nothing is compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

HERE = Path(__file__).parent
Key = tuple[str | None, str]  # (context, English text; of a plural its singular)


class Contradiction(Exception):
    """Two catalogues translate one message differently, or a catalogue cannot be read; the text names the files."""


def compile_all(folder: Path = HERE) -> list[Path]:
    """Compile every language whose catalogues are newer than its compiled file. Returns what was written.

    Raises ``Contradiction`` and writes nothing of that language.
    """
    return [compiled(language) for language in languages(folder) if _is_due(language)]


def languages(folder: Path = HERE) -> list[Path]:
    """The folders that hold catalogues, one per language."""
    return sorted({file.parent for file in folder.glob("*/*.po")})


def compiled(language: Path) -> Path:
    """Write ``<language>/LC_MESSAGES/messages.mo`` in one step, so that no half file is ever read."""
    target = _target(language)
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        write_mo(file, joined(language))
    unfinished.replace(target)
    return target


def joined(language: Path) -> Catalog:
    """All catalogues of a language as one. Raises ``Contradiction``."""
    whole = Catalog(locale=language.name, fuzzy=False)
    said: dict[Key, tuple[Message, str]] = {}
    for name, message in messages(language):
        key = key_of(message)
        earlier = said.get(key)
        if earlier is None:
            said[key] = (message, name)
            whole.add(message.id, message.string, context=message.context, flags=message.flags)
        elif earlier[0].string != message.string or earlier[0].id != message.id:
            raise Contradiction(
                f"{language.name}: {key[1]!r} is {earlier[0].string!r} in {earlier[1]} and {message.string!r} in {name}"
            )
    return whole


def messages(language: Path) -> Iterator[tuple[str, Message]]:
    """Every message of a language with the name of its file. Raises ``Contradiction`` for a file that cannot be read."""
    for file in sorted(language.glob("*.po")):
        try:
            with file.open("rb") as opened:
                catalogue = read_po(opened, locale=language.name, abort_invalid=True)
        except (PoFileError, UnicodeDecodeError, ValueError) as error:
            raise Contradiction(f"{language.name}/{file.name} cannot be read: {error}") from error
        for message in catalogue:
            if message.id:
                yield file.name, message


def key_of(message: Message) -> Key:
    """What a message is looked up by."""
    identity = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
    return (message.context, str(identity))


def _target(language: Path) -> Path:
    return language / "LC_MESSAGES" / "messages.mo"


def _is_due(language: Path) -> bool:
    target = _target(language)
    if not target.exists():
        return True
    sources = [language, *language.glob("*.po")]  # the folder itself: a catalogue may have been removed
    return max(source.stat().st_mtime for source in sources) > target.stat().st_mtime


if __name__ == "__main__":
    try:
        for written in compile_all():
            print(f"catalogue {written.parent.parent.name} compiled")
    except Contradiction as problem:
        sys.exit(str(problem))
