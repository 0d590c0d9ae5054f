"""Texts that a spreadsheet program shows and never runs.

A text that begins with = + - @ (half or full width), a tab or a line break may be taken for a formula when a CSV file is
opened (OWASP WSTG-INPV-21). Such a text gets an apostrophe in front when it goes out, and loses it when it comes back; an
apostrophe that was there already is doubled, so every text survives the round trip unchanged. A plain negative number is
left alone: it can only be a number.
"""

from __future__ import annotations

import re

# Full-width and small forms count because Japanese input methods produce them and Excel folds some of them.
_MAY_RUN = re.compile(r"'*(?!-[0-9]{1,15}\Z)(?:[\t\r\n]|\s*[=+\-@＝＋－＠﹦﹢﹣﹫−])")


_BEGINNINGS = frozenset("'=+-@＝＋－＠﹦﹢﹣﹫−")


def may_run(text: str) -> bool:
    """Whether a spreadsheet program might take the text for a formula, apostrophes in front not counted."""
    first = text[:1]
    return (first in _BEGINNINGS or first.isspace()) and _MAY_RUN.match(text) is not None


def safe_cell(text: str) -> str:
    """The text as it may stand in a CSV file: with an apostrophe in front if it could run."""
    return f"'{text}" if may_run(text) else text


def as_stored(cell: str) -> str:
    """The text behind a cell: the apostrophe that `safe_cell` put in front is taken off, any other stays."""
    return cell[1:] if cell.startswith("'") and may_run(cell) else cell
