"""Builds, once, the static TrueType fonts that papers are printed with.

ReportLab embeds TrueType outlines only and draws a variable font in its thinnest weight, and no package brings static
Japanese TrueType fonts with all kanji of names. So Noto Sans JP (variable), Noto Serif JP (PostScript outlines) and Noto
Sans (variable; for the Latin, Greek and Cyrillic letters the Japanese fonts lack) are turned into five plain files. The
result lies in a cache folder named by the content of the sources and of this module; ``python -m
crm.documents.font_building`` makes it if it is missing. Two builders at once are safe. Needs neither database nor web.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.filterPen import DecomposingFilterPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.varLib.iup import iup_delta
from fontTools.varLib.models import normalizeLocation, piecewiseLinearMap, supportScalar

CURVE_ERROR = 1.0  # of 1000 units an em: a cubic curve becomes quadratic ones no further away than this
GLYPHS_A_TASK = 1400


@dataclass(frozen=True)
class Source:
    """A font file inside an installed package, and the weights cut from it as (file name, weight)."""

    package: str
    file: str
    family: str
    cuts: tuple[tuple[str, int], ...]

    @property
    def path(self) -> Path:
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError(f"the installation lacks the font package {self.package}")
        return Path(spec.submodule_search_locations[0]) / self.file


SOURCES = (
    Source("pylopdf_fonts_jp", "NotoSerifJP-Regular.otf", "CRM Serif JP", (("serif-regular", 400),)),
    Source(
        "justmytype_intl_cjk",
        "fonts/ofl/notosansjp/NotoSansJP[wght].ttf",
        "CRM Sans JP",
        (("sans-regular", 400), ("sans-bold", 700)),
    ),
    Source(
        "fontpkg_noto_sans",
        "files/NotoSans[wdth,wght].ttf",
        "CRM Latin",
        (("latin-regular", 400), ("latin-bold", 700)),
    ),
)


@dataclass(frozen=True)
class Outline:
    """One glyph as TrueType data, with what the font's tables say about it."""

    data: bytes
    advance: int
    left: int
    points: int
    contours: int


@cache
def folder() -> Path:
    """Where the built fonts lie or will lie; ``CRM_FONT_DIR`` overrides the user's cache folder."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in SOURCES:
        digest.update(hashlib.sha256(source.path.read_bytes()).digest())
    base = os.environ.get("CRM_FONT_DIR") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "crm-fonts"
    )
    return Path(base) / digest.hexdigest()[:16]


def ready() -> Path:
    """The folder with the built fonts; builds them first, in a process of their own, if nobody has yet.

    Raises ``RuntimeError`` with the builder's last words if that fails.
    """
    if not folder().is_dir():
        # a process of its own: this one may run threads, and threads and forked workers do not go together
        done = subprocess.run(
            [sys.executable, "-m", __name__], capture_output=True, text=True, check=False,
            cwd=Path(__file__).parents[2], env={**os.environ, "CRM_FONT_DIR": str(folder().parent.absolute())},
        )  # fmt: skip
        if done.returncode or not folder().is_dir():
            raise RuntimeError(f"the fonts could not be built: {done.stderr.strip()[-500:]}")
    return folder()


def build() -> Path:
    """Build what is missing and return the folder. The folder appears complete or not at all."""
    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_builder(target.parent):
        if target.is_dir():
            return target
        draft = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
        try:
            _build_into(draft)
            draft.chmod(0o755)
            with contextlib.suppress(OSError):  # somebody without file locks was faster: theirs is the same
                draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target


@contextlib.contextmanager
def _one_builder(place: Path) -> Iterator[None]:
    """Lets a second builder wait for the first, where the system has file locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(place / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_into(place: Path) -> None:
    with ProcessPoolExecutor() as pool:
        waiting = []
        for number, source in enumerate(SOURCES):
            names = _glyph_names(_opened(number))
            parts = [names[i : i + GLYPHS_A_TASK] for i in range(0, len(names), GLYPHS_A_TASK)]
            waiting.append((source, names, [pool.submit(_outlines, number, part) for part in parts]))
        for source, names, tasks in waiting:
            parts_done = [task.result() for task in tasks]
            for cut, (file, weight) in enumerate(source.cuts):
                outlines = [outline for part in parts_done for outline in part[cut]]
                _write(source, weight, dict(zip(names, outlines, strict=True)), place / f"{file}.ttf")


@cache
def _opened(number: int) -> TTFont:
    return TTFont(SOURCES[number].path, lazy=True, recalcBBoxes=False, recalcTimestamp=False)


def _glyph_names(font: TTFont) -> list[str]:
    """Glyphs a character leads to, after .notdef. Alternates reached by layout features only are left out."""
    return [".notdef", *sorted(set(font.getBestCmap().values()) - {".notdef"}, key=font.getGlyphID)]


def _outlines(number: int, names: list[str]) -> list[list[Outline]]:
    """The glyphs of a source once for each of its weights; runs in a worker process."""
    font, weights = _opened(number), [weight for _, weight in SOURCES[number].cuts]
    if "CFF " in font:
        drawn = font.getGlyphSet()
        return [[_from_curves(drawn, name) for name in names]]
    if any(font["glyf"][name].isComposite() for name in names):
        sets = [font.getGlyphSet(location={"wght": weight}) for weight in weights]
        return [[_from_parts(drawn, name) for name in names] for drawn in sets]
    places = [_normalized(font, weight) for weight in weights]
    by_glyph = [_from_deltas(font, name, places) for name in names]
    return [[cuts[i] for cuts in by_glyph] for i in range(len(weights))]


def _from_curves(drawn: Any, name: str) -> Outline:
    pen = TTGlyphPen(None)
    drawn[name].draw(Cu2QuPen(pen, CURVE_ERROR, reverse_direction=True))
    return _from_glyph(pen.glyph(), drawn[name].width)


def _from_parts(drawn: Any, name: str) -> Outline:
    pen = TTGlyphPen(None)
    drawn[name].draw(DecomposingFilterPen(pen, drawn))
    return _from_glyph(pen.glyph(), drawn[name].width)


def _from_glyph(glyph: Glyph, advance: float) -> Outline:
    if not glyph.numberOfContours:
        return Outline(b"", round(advance), 0, 0, 0)
    return _outline(list(glyph.coordinates), glyph.flags, glyph.endPtsOfContours, advance)


def _from_deltas(font: TTFont, name: str, places: list[dict[str, float]]) -> list[Outline]:
    """A simple glyph of a variable font at several places; the deltas, which cost most, are worked out once."""
    glyf = font["glyf"]
    base, control = glyf._getCoordinatesAndControls(name, font["hmtx"].metrics)
    deltas = []
    for variation in font["gvar"].variations.get(name, ()):
        delta = variation.coordinates
        if None in delta:
            delta = iup_delta(delta, base, control.endPts)
        deltas.append((variation.axes, delta))
    return [_moved(glyf[name], list(base), deltas, place) for place in places]


def _moved(glyph: Glyph, points: list[tuple[float, float]], deltas: list[Any], place: dict[str, float]) -> Outline:
    for axes, delta in deltas:
        scale = supportScalar(place, axes)
        if scale:
            points = [(x + scale * dx, y + scale * dy) for (x, y), (dx, dy) in zip(points, delta, strict=True)]
    advance = points[-3][0] - points[-4][0]  # the last four are not drawn: left, right, top and bottom of the body
    if not glyph.numberOfContours:
        return Outline(b"", round(advance), 0, 0, 0)
    return _outline(points[:-4], glyph.flags, glyph.endPtsOfContours, advance)


def _normalized(font: TTFont, weight: int) -> dict[str, float]:
    axes = {a.axisTag: (a.minValue, a.defaultValue, a.maxValue) for a in font["fvar"].axes}
    place: dict[str, float] = normalizeLocation({"wght": weight}, axes)
    return {tag: piecewiseLinearMap(v, font["avar"].segments[tag]) for tag, v in place.items()}


def _outline(points: list[tuple[float, float]], on: Any, ends: list[int], advance: float) -> Outline:
    """A simple glyph in the form of the table ``glyf`` (OpenType 1.9, "Simple Glyph Description"), without hints."""
    xs, ys = [round(x) for x, _ in points], [round(y) for _, y in points]
    flags, dxs, dys = bytearray(flag & 1 for flag in on), bytearray(), bytearray()
    last_x = last_y = 0
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        flags[i] |= _step(x - last_x, dxs, 0x02, 0x10) | _step(y - last_y, dys, 0x04, 0x20)
        last_x, last_y = x, y
    left = min(xs)
    head = struct.pack(f">hhhhh{len(ends)}HH", len(ends), left, min(ys), max(xs), max(ys), *ends, 0)
    data = head + flags + dxs + dys
    return Outline(data + b"\0" * (-len(data) % 4), round(advance), left, len(points), len(ends))


def _step(step: int, out: bytearray, short: int, same: int) -> int:
    """Append one coordinate's step and return its flag bits."""
    if step == 0:
        return same
    if -256 < step < 256:
        out.append(abs(step))
        return short | same if step > 0 else short
    out += step.to_bytes(2, "big", signed=True)
    return 0


def _write(source: Source, weight: int, outlines: dict[str, Outline], file: Path) -> None:
    """A static font with only the tables a PDF needs. The same sources give the same bytes."""
    font = TTFont(source.path, recalcBBoxes=False, recalcTimestamp=False)
    characters = font.getBestCmap()
    for tag in ("head", "hhea", "maxp", "OS/2", "post", "name"):
        font[tag]  # read before the glyph order changes
    for tag in set(font.keys()) - {"GlyphOrder", "head", "hhea", "maxp", "OS/2", "post", "name"}:
        del font[tag]
    font.sfntVersion = "\0\1\0\0"
    font.setGlyphOrder(list(outlines))
    font["loca"], font["glyf"], font["hmtx"], font["cmap"] = (newTable(t) for t in ("loca", "glyf", "hmtx", "cmap"))
    font["glyf"].glyphOrder = list(outlines)
    font["glyf"].glyphs = {name: Glyph(o.data) for name, o in outlines.items()}
    font["hmtx"].metrics = {name: (o.advance, o.left) for name, o in outlines.items()}
    font["cmap"].tableVersion = 0
    font["cmap"].tables = [_cmap(4, 1, {c: n for c, n in characters.items() if c < 0x10000}), _cmap(12, 10, characters)]
    font["OS/2"].usWeightClass = weight
    font["post"].formatType = 3.0
    _set_limits(font["maxp"], outlines)
    _set_names(font["name"], source.family, "Bold" if weight > 500 else "Regular")
    font.save(file)


def _cmap(form: int, encoding: int, characters: dict[int, str]) -> CmapSubtable:
    table = CmapSubtable.newSubtable(form)
    table.platformID, table.platEncID, table.language, table.cmap = 3, encoding, 0, characters
    return table


def _set_limits(maxp: Any, outlines: dict[str, Outline]) -> None:
    maxp.tableVersion, maxp.numGlyphs, maxp.maxZones = 0x00010000, len(outlines), 1
    maxp.maxPoints = max(o.points for o in outlines.values())
    maxp.maxContours = max(o.contours for o in outlines.values())
    for name in (
        "CompositePoints",
        "CompositeContours",
        "TwilightPoints",
        "Storage",
        "FunctionDefs",
        "InstructionDefs",
    ):
        setattr(maxp, f"max{name}", 0)
    for name in ("StackElements", "SizeOfInstructions", "ComponentElements", "ComponentDepth"):
        setattr(maxp, f"max{name}", 0)


def _set_names(table: Any, family: str, style: str) -> None:
    """Own PostScript names: ReportLab takes two fonts of one name for the same and prints bold as regular."""
    postscript = f"{family.replace(' ', '')}-{style}"
    kept = {record.nameID: record.toUnicode() for record in table.names if record.nameID in (0, 13, 14)}
    table.names = []
    names = {**kept, 1: family, 2: style, 3: postscript, 4: f"{family} {style}", 6: postscript}
    for number, text in sorted(names.items()):
        table.setName(text, number, 3, 1, 0x409)


if __name__ == "__main__":
    build()
