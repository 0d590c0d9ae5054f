"""What a rule answers when it says no.

``Refused`` is expected and speaks to the person; everything else that is raised is a defect and may crash loudly.
"""

from __future__ import annotations

import errno


class Refused(Exception):
    """A rule said no.

    ``message`` is a lazy text for the person; ``field`` names the form field or import column it belongs to, if any.
    """

    def __init__(self, message: object, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class Stale(Refused):
    """Someone else saved this record after it was read; nothing was written."""


class Busy(Exception):
    """The database is in use by others; nothing was written and the same may be tried again."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PG_DISK_FULL = "53100"


def disk_is_full(error: BaseException) -> bool:
    """Whether something failed because there was no room to write: a file's own error, or the one a database error carries."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, OSError):
        return cause.errno in _NO_ROOM
    return getattr(cause, "sqlstate", None) == _PG_DISK_FULL or "disk is full" in str(cause)
