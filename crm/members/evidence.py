"""Proof that an applicant attaches, such as a page of the register or of a report: which files are taken, and keeping them."""

from __future__ import annotations

from crm.documents import files
from crm.documents.files import StoredFile
from crm.errors import Refused
from crm.text import _
from crm.values import japanese

LARGEST = 10 * 1024 * 1024
SUFFIXES = ".pdf,.png,.jpg,.jpeg"
LONGEST_NAME = 120
TAIL = 2048  # bytes in which a whole PDF says that it ends


def keep(content: bytes, *, name: str) -> StoredFile:
    """Keep an uploaded proof in the running act, under its SHA-256.

    Raises ``Refused`` naming the field ``evidence`` for what is empty, longer than 10 MB, or no PDF, PNG or JPEG by its content:
    the name and the type a browser claims are not believed.
    """
    if not content:
        raise Refused(_("The file is empty."), field="evidence")
    if len(content) > LARGEST:
        raise Refused(_("At most %(n)s MB.", n=LARGEST // 1024 // 1024), field="evidence")
    media_type = media_type_of(content)
    if media_type is None:
        raise Refused(_("Please attach a PDF, PNG or JPEG file; this one is none, or is damaged."), field="evidence")
    return files.keep(content, name=_named(name, media_type), media_type=media_type)


def media_type_of(content: bytes) -> str | None:
    """What a file is by its first and last bytes; ``None`` for anything not taken and for a file that was cut short."""
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-TAIL:]:
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in content[-16:]:
        return "image/png"
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-TAIL:]:
        return "image/jpeg"
    return None


def _named(name: str, media_type: str) -> str:
    """The file's name without folders and with the ending of what it is; a plain one where it cannot be kept."""
    ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}[media_type]
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].strip()[:LONGEST_NAME]
    try:
        stem = japanese.clean_text(stem)
    except ValueError:
        stem = ""
    return f"{stem or 'evidence'}.{ending}"
