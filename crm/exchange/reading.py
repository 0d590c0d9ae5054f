"""Reading a spreadsheet file, whatever it is: CSV in UTF-8 or CP932, or XLSX, told apart by its bytes and not its name."""

from __future__ import annotations

from crm.exchange.csv_files import read_csv
from crm.exchange.sheets import MAX_BYTES, Row, Sheet, Unreadable
from crm.exchange.workbooks import read_workbook
from crm.text import _

__all__ = ["Row", "Sheet", "Unreadable", "read"]

_ZIP = b"PK\x03\x04"
# Old .xls workbooks and workbooks under a password are both kept in Microsoft's compound file format.
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_KINDS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"<!DOCTYPE",
    b"<!doctype",
    b"<html",
    b"<?xml",
)


def read(data: bytes, name: str = "", *, encoding: str | None = None) -> Sheet:
    """The first sheet of a file as rows of texts with their row numbers.

    `name` is only remembered. `encoding` says how a CSV file is written (`utf-8`, `cp932`) when it cannot be told by
    itself. Raises `Unreadable` with what is wrong and where.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(_("The file is too large: at most %(most)s MB.", most=MAX_BYTES // 1024**2))
    if not data.strip():
        raise Unreadable(_("The file is empty."))
    if data.startswith(_COMPOUND_FILE):
        raise Unreadable(
            _("This is an old Excel file (.xls) or one with a password. Please save it as .xlsx without a password.")
        )
    if data.startswith(_ZIP):
        return read_workbook(data, name)
    if data.lstrip().startswith(_OTHER_KINDS):
        raise Unreadable(_("This is not a spreadsheet. Please use an Excel workbook (.xlsx) or a CSV file."))
    return read_csv(data, name, encoding)
