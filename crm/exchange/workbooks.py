"""Excel workbooks: measured before they are opened, then read by calamine.

A workbook is a zip of XML written by anyone. 200 kB can unpack to gigabytes, 5 kB can claim 17 billion cells, and the
sizes a zip states may be lies. So the few parts that are needed are unpacked here with a limit, `workbook_measure` counts
their cells and texts, and calamine gets a small archive of exactly these parts and nothing else.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from crm.exchange.archives import DAMAGED_ZIP
from crm.exchange.sheets import Sheet, Unreadable, sheet_of
from crm.exchange.workbook_measure import damaged, measure, scan_of
from crm.text import _

# The limits of Warehouse, the Python package index: above 64 MiB unpacked, at most 50 times the packed size.
_RATIO_FREE = 64 * 1024 * 1024
_MAX_RATIO = 50
_MAX_UNPACKED = 128 * 1024 * 1024
_MAX_PARTS = 5_000
_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_RELATION_ID = "}id"


def read_workbook(data: bytes, name: str) -> Sheet:
    """The first visible worksheet of an XLSX workbook. Raises `Unreadable`.

    Whole numbers come without a decimal point, days as 2026-04-01, moments as 2026-04-01 13:30; a formula counts by its
    last result, and a cell with an error (#N/A) is refused with its address.
    """
    title, parts = _needed_parts(data)
    measure(parts)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(_packed(parts))) as workbook:
            rows = workbook.get_sheet_by_name(title).iter_rows()
            return sheet_of(([_shown(value) for value in row] for row in rows), name=name, form="xlsx")
    except (CalamineError, ValueError, OverflowError):
        raise damaged() from None


def _needed_parts(data: bytes) -> tuple[str, dict[str, bytes]]:
    """The title of the first visible worksheet, and the unpacked parts needed to read it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bombs(archive, len(data))
            names = set(archive.namelist())
            if _WORKBOOK not in names or _RELATIONS not in names:
                raise Unreadable(_("This is not an Excel workbook (.xlsx), though it is a compressed file."))
            parts: dict[str, bytes] = {}
            for needed in (_WORKBOOK, _RELATIONS):
                _unpack(archive, needed, parts)
                scan_of(parts[needed])  # no entity and no endless nesting reaches the tree parser
            title, wanted = _first_sheet(parts)
            for needed in [n for n in ("[Content_Types].xml", "_rels/.rels", *wanted) if n in names and n not in parts]:
                _unpack(archive, needed, parts)
            return title, parts
    except DAMAGED_ZIP:
        raise damaged() from None
    except ElementTree.ParseError:
        raise damaged() from None


def _refuse_bombs(archive: zipfile.ZipFile, packed: int) -> None:
    stated = sum(part.file_size for part in archive.infolist())
    if len(archive.infolist()) > _MAX_PARTS or (stated > _RATIO_FREE and stated > packed * _MAX_RATIO):
        raise _unpacks_to_too_much()


def _unpacks_to_too_much() -> Unreadable:
    return Unreadable(
        _(
            "The Excel workbook unpacks to too much data (more than %(most)s MB). Please save only the rows you need.",
            most=_MAX_UNPACKED // 1024**2,
        )
    )


def _unpack(archive: zipfile.ZipFile, name: str, parts: dict[str, bytes]) -> None:
    """Unpack one part, counting what really comes out and not what the archive states."""
    left = _MAX_UNPACKED - sum(len(part) for part in parts.values())
    with archive.open(name) as stream:
        content = stream.read(left + 1)
    if len(content) > left:
        raise _unpacks_to_too_much()
    parts[name] = content


def _first_sheet(parts: dict[str, bytes]) -> tuple[str, list[str]]:
    """The title of the first visible worksheet; the parts with its cells, texts and number formats."""
    targets = {}
    shared = []
    for relation in ElementTree.fromstring(parts[_RELATIONS]):
        kind = relation.get("Type", "").rpartition("/")[2]
        target = relation.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if kind == "worksheet":
            targets[relation.get("Id")] = path
        elif kind in ("styles", "sharedStrings"):
            shared.append(path)
    for sheet in ElementTree.fromstring(parts[_WORKBOOK]).iter():
        if sheet.tag.rpartition("}")[2] != "sheet" or sheet.get("state", "visible") != "visible":
            continue
        relation_id = next((value for key, value in sheet.items() if key.endswith(_RELATION_ID)), None)
        if relation_id in targets:
            return sheet.get("name", ""), [targets[relation_id], *shared]
    raise Unreadable(_("The Excel workbook has no sheet with cells."))


def _packed(parts: dict[str, bytes]) -> bytes:
    """An archive of these parts, uncompressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _shown(value: object) -> str:
    """A cell's value as text, the way the office would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Excel has only floating-point numbers: 4010001000001.0 was typed without a point, and never as 4.01E+12.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        if value.time() == time(0):
            return value.date().isoformat()
        return value.isoformat(" ", "minutes" if not (value.second or value.microsecond) else "seconds")
    if isinstance(value, time):
        return value.isoformat("minutes" if not (value.second or value.microsecond) else "seconds")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    return value.isoformat() if isinstance(value, date) else str(value)
