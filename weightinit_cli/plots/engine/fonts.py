"""Text: what the fonts can show, how wide it is, what fits.

It is drawn in DejaVu Sans, which matplotlib brings along, and what that lacks in a font of the
system. From matplotlib 3.11 on lines are shaped: Arabic letters join, and what is written from
right to left runs so. Older versions draw such letters apart, in the order of their characters.
"""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import bidirectional, category

from weightinit_cli.errors import printable
from weightinit_cli.plots.engine.systemfonts import showing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.systemfonts import Face

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FAMILY = "DejaVu Sans"
UNIT = 100.0
BETWEEN = re.compile(r"(?<![×±<≤]) (?![×±<≤%])(?:(?<=· )|(?!\d))")
# Classes of characters in Unicode that are drawn by what stands beside them.
SHAPED = ("R", "AL", "AN", "NSM")


# The file of the font that a picture is to be written in; empty for DejaVu Sans.
_CHOSEN: ContextVar[str] = ContextVar("font", default="")


@contextmanager
def letters(file: str) -> Iterator[None]:
    """Measure and write in the font of this file; in DejaVu Sans what it lacks."""
    former = _CHOSEN.set(file)
    try:
        yield
    finally:
        _CHOSEN.reset(former)


def font_file() -> str:
    """The file of the font: DejaVu Sans from matplotlib's own data, unless another is chosen."""
    return _CHOSEN.get() or _own_file()


@cache
def _own_file() -> str:
    import matplotlib as mpl

    return str(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


@lru_cache(maxsize=4096)
def _has_glyph(character: str, file: str) -> bool:
    from matplotlib.font_manager import get_font

    return bool(get_font(file).get_char_index(ord(character)))


def helpers(text: str) -> tuple[Face, ...]:
    """The fonts of the system that show what DejaVu Sans lacks of the text, where there are any."""
    beyond = [c for c in _missing(text, font_file()) if not _has_glyph(c, _own_file())]
    return showing(beyond) if beyond else ()


@lru_cache(maxsize=4096)
def _missing(text: str, file: str) -> str:
    """The characters that a font lacks."""
    return "".join(c for c in text if not _has_glyph(c, file))


def families(texts: Iterable[str]) -> list[str]:
    """The families that show these texts, as rcParams["font.family"] takes them.

    matplotlib's list of fonts gets those that it lacks.
    """
    from matplotlib.font_manager import fontManager

    faces = helpers(_line("".join(texts)))
    for face in faces:
        if all(entry.fname != face.file for entry in fontManager.ttflist):
            fontManager.addfont(face.file)
    return [FAMILY, *(face.name for face in faces)]


def drawable(text: str) -> str:
    """The text on one line, with characters that no font has replaced."""
    if text.isascii() and text.isprintable():
        return text
    line = _line(text)
    missing = set(lacking([line]) if _missing(line, _own_file()) else ())
    return "".join(REPLACEMENT if c in missing else c for c in line)


def lacking(texts: Iterable[str]) -> str:
    """The characters of these texts that no font here can show, each once."""
    line = "".join(_line(text) for text in texts if not text.isascii())
    beyond = [c for c in dict.fromkeys(line) if not _has_glyph(c, _own_file())]
    shown = set[str]().union(*(face.shows(beyond) for face in helpers(line)))
    return "".join(c for c in beyond if c not in shown)


def _line(text: str) -> str:
    """The text on one line; a space of any width is one."""
    return printable("".join(" " if category(c) == "Zs" else c for c in text))


def no_hinting() -> Any:
    """The flag of matplotlib's text that keeps glyphs as they are designed."""
    from matplotlib import ft2font

    module: Any = ft2font
    if hasattr(module, "LoadFlags"):  # since matplotlib 3.10
        return module.LoadFlags.NO_HINTING
    return module.LOAD_NO_HINTING


def files_of(text: str) -> tuple[str, ...]:
    """The files of the fonts that draw the text, as `get_font` takes them."""
    file = font_file()
    if not _missing(text, file):
        return (file,)
    return tuple(dict.fromkeys((file, _own_file(), *(face.file for face in helpers(text)))))


@lru_cache(maxsize=4096)
def _advance(character: str, file: str) -> float:
    """The advance of one character at size 1; nan for one whose width the whole line decides.

    These are what another font draws, letters that join or run from right to left, and marks on
    the letter before.
    """
    from matplotlib.font_manager import get_font

    if not _has_glyph(character, file) or bidirectional(character) in SHAPED:
        return math.nan
    font = get_font(file)
    font.set_size(UNIT, 72)
    glyph = font.load_char(ord(character), flags=no_hinting())
    return float(glyph.linearHoriAdvance) / 65536 / UNIT


@lru_cache(maxsize=4096)
def _advances(text: str, file: str) -> float:
    """Those of all characters; a picture has many a text several times."""
    return sum(_advance(character, file) for character in text)


@lru_cache(maxsize=1024)
def _line_advance(text: str, files: tuple[str, ...]) -> float:
    """The width of a line at size 1, shaped: 20 times the cost of adding up the characters."""
    from matplotlib.font_manager import get_font

    font = get_font(files)
    font.set_size(UNIT, 72)
    font.set_text(text, 0.0, flags=no_hinting())
    return float(font.get_width_height()[0]) / 64 / UNIT


def width_of(text: str, size: float) -> float:
    """The width of a line of text in points."""
    advance = _advances(text, font_file())
    return (_line_advance(text, files_of(text)) if math.isnan(advance) else advance) * size


def written(text: str, size: float, dpi: float) -> tuple[NDArray[np.uint8], float, int]:
    """A line of text as coverage from 0 to 255, rows from the top.

    With it, in pixels: where its left side is beside the line's beginning, and how many rows
    are below the baseline. A third of the time of `draw_text`, which paints by the glyph.
    """
    return _written(text, files_of(text), size, dpi)


@lru_cache(maxsize=1024)
def _written(
    text: str, files: tuple[str, ...], size: float, dpi: float
) -> tuple[NDArray[np.uint8], float, int]:
    """A picture has many a text several times."""
    import numpy as np
    from matplotlib.font_manager import get_font

    font = get_font(files)
    font.set_size(size, dpi)
    font.set_text(text, 0.0, flags=no_hinting())
    font.draw_glyphs_to_bitmap(antialiased=True)
    image = np.array(font.get_image(), dtype=np.uint8)
    return image, font.get_bitmap_offset()[0] / 64, math.ceil(font.get_descent() / 64)


@lru_cache(maxsize=1024)
def outline(text: str, files: tuple[str, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Vertices and codes of a line of text as one path, at size 1, from its beginning on."""
    import numpy as np
    from matplotlib.font_manager import get_font
    from matplotlib.textpath import text_to_path

    font = get_font(files)
    font.set_size(UNIT, 72)
    glyphs, paths, _ = text_to_path.get_glyphs_with_font(font, text)
    placed = [(paths[name][0] * scale + [x, y], paths[name][1]) for name, x, y, scale in glyphs]
    vertices, codes = (np.concatenate(parts) for parts in zip(*placed, strict=True))
    return vertices / UNIT, codes


def elide(text: str, size: float, room: float) -> str:
    """The text, or as much of its beginning as fits with an ellipsis."""
    if width_of(text, size) <= room:
        return text
    kept, lost = 0, len(text)
    while lost - kept > 1:
        middle = (kept + lost) // 2
        if width_of(text[:middle] + ELLIPSIS, size) <= room:
            kept = middle
        else:
            lost = middle
    return text[:kept].rstrip() + ELLIPSIS


def fit(text: str, size: float, room: float, smallest: float) -> tuple[str, float]:
    """The text and the size that fit: shrunk down to `smallest`, then elided."""
    width = width_of(text, size)
    if width <= room:
        return text, size
    shrunk = max(smallest, size * room / width * 0.99)
    return elide(text, shrunk, room), shrunk


def wrap(parts: list[str], separator: str, size: float, room: float, lines: int) -> list[str]:
    """The parts joined and broken between parts into at most so many lines, the last elided."""
    wrapped: list[str] = []
    for part in parts:
        joined = wrapped[-1] + separator + part if wrapped else part
        if wrapped and (width_of(joined, size) <= room or len(wrapped) == lines):
            wrapped[-1] = joined
        else:
            wrapped.append(part)
    return [elide(line, size, room) for line in wrapped]


def paragraph(text: str, size: float, room: float, lines: int) -> list[str]:
    """A sentence broken between words into at most so many lines, the last elided.

    A number stays with the word before it where the two have room: `layer 5`, `× 3.7e10`.
    """
    words: list[str] = []
    for each in BETWEEN.split(text.strip()):
        words += [each] if width_of(each, size) <= room else each.split()
    return wrap([word for word in words if word], " ", size, room, lines)
