"""Definitions of indicators, as they are published with each figure: written, in both languages, and versioned.

Each rule is a choice. A new choice is a new version with a name of its own, never an edit of an old one: figures reported under
the old one must stay explainable.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.text import _


@dataclass(frozen=True)
class Definition:
    """What is counted, under which name: the ways to be counted, by number, and the rules that make them one figure."""

    version: str
    title: object
    source: str
    counted: tuple[object, ...]
    rules: tuple[object, ...]


R8_1 = Definition(
    version="r8-1",
    title=_("Companies that newly entered projects related to iCONM"),
    source="9(2)",
    counted=(
        _("New participant of CHANGE: the company's first participation in CHANGE begins in the fiscal year."),
        _("Joint-research company: its first joint-research contract ever is signed in the fiscal year."),
        _("Licence company: its first licence contract ever is signed in the fiscal year."),
        _(
            "Corporate member of Caresaki: it first becomes a corporate member in the fiscal year. Companies under 1 to 3"
            " are left out."
        ),
    ),
    rules=(
        _("Only organisations of the kind company count; universities, hospitals, bodies and offices never do."),
        _("Where the kind was not recorded, the legal form of a company, such as Kabushiki Kaisha, makes it one."),
        _("Associate members do not count."),
        _("A company counts once a year, under the lowest number it meets; the others it meets are listed beside it."),
        _(
            "Left out under 4 means that the company, with what it had absorbed by the day it became a member, meets 1, 2 or"
            " 3 in the same fiscal year by the as-of day."
        ),
        _(
            "The stricter reading, shown as a second figure, leaves out under 4 any earlier participant or partner, too."
        ),
        _(
            "First means first for the company as it stood on the day it entered: former names count, and what it had"
            " absorbed by that day counts, at second hand, too. What it absorbs later does not."
        ),
        _("An absorbed company that had entered earlier in the year, before it was absorbed, counts as it stood."),
        _("Leaving later in the year does not undo having entered. Returning is not new."),
        _("31 March belongs to the old fiscal year, 1 April to the new one, by the calendar in Tokyo."),
        _("As of a day, nothing dated after it is seen, changes of name and absorptions included."),
        _("A date known only to the month counts as the last day of that month."),
        _(
            "A participation without a known beginning was there before all others: it is never new, and a later one is not"
            " the first."
        ),
    ),
)
