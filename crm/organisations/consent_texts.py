"""The words members agree to in the members' pages, in the language of who reads, and the version that names them.

A version is a digest of the words themselves: whoever changes a word has made another version.
"""

from __future__ import annotations

import hashlib

from crm.organisations.consents import Purpose
from crm.text import _

WORDS: dict[Purpose, object] = {
    Purpose.ANNOUNCEMENTS: _(
        "I agree to receive announcements of events and of the consortium's work by mail. I can stop them at any time."
    ),
    Purpose.DIRECTORY: _("I agree that my name, organisation and position stand in the directory the members see."),
    Purpose.PHOTOGRAPHS: _(
        "I agree that photographs of events on which I can be seen are used in reports and on the consortium's pages."
    ),
}
OFFERED = tuple(WORDS)
"""What can be agreed to and taken back in the members' pages. The privacy notice comes with each form that asks for data."""


def wording(purpose: Purpose) -> str:
    """The words as they are shown now."""
    return str(WORDS[purpose])


def version(purpose: Purpose) -> str:
    """What names these words."""
    return hashlib.sha256(wording(purpose).encode()).hexdigest()[:12]
