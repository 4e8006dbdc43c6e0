"""Text in the font that matplotlib brings along: what it can show, how wide it is, what fits."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weightinit_cli.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
UNIT = 100.0


@cache
def font_file() -> str:
    """DejaVu Sans from matplotlib's own data: the same on every machine."""
    import matplotlib as mpl

    return str(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


@lru_cache(maxsize=4096)
def has_glyph(character: str) -> bool:
    """Whether the font can show the character."""
    from matplotlib.font_manager import get_font

    return bool(get_font(font_file()).get_char_index(ord(character)))


def drawable(text: str) -> str:
    """The text on one line, with characters that the font lacks replaced."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if has_glyph(c) else REPLACEMENT for c in printable(text))


def lacking(texts: Iterable[str]) -> str:
    """The characters of these texts that the font cannot show, each once."""
    characters = (c for text in texts if not text.isascii() for c in printable(text))
    return "".join(c for c in dict.fromkeys(characters) if not has_glyph(c))


def _no_hinting() -> Any:
    from matplotlib import ft2font

    module: Any = ft2font
    if hasattr(module, "LoadFlags"):  # since matplotlib 3.10
        return module.LoadFlags.NO_HINTING
    return module.LOAD_NO_HINTING


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    """The advance of one character at size 1; shaping a whole line costs 20 times as much."""
    from matplotlib.font_manager import get_font

    font = get_font(font_file())
    font.set_size(UNIT, 72)
    glyph = font.load_char(ord(character), flags=_no_hinting())
    return float(glyph.linearHoriAdvance) / 65536 / UNIT


def width_of(text: str, size: float) -> float:
    """The width of a line of text in points."""
    return sum(map(_advance, text)) * size


@lru_cache(maxsize=1024)
def written(text: str, size: float, dpi: float) -> tuple[NDArray[np.uint8], float, int]:
    """A line of text as coverage from 0 to 255, rows from the top; a picture repeats many.

    With it, in pixels: where its left side is beside the line's beginning, and how many rows
    are below the baseline. A third of the time of `draw_text`, which paints by the glyph.
    """
    import numpy as np
    from matplotlib.font_manager import get_font

    font = get_font(font_file())
    font.set_size(size, dpi)
    font.set_text(text, 0.0, flags=_no_hinting())
    font.draw_glyphs_to_bitmap(antialiased=True)
    image = np.array(font.get_image(), dtype=np.uint8)
    return image, font.get_bitmap_offset()[0] / 64, math.ceil(font.get_descent() / 64)


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
    """A sentence broken between words into at most so many lines, the last elided."""
    return wrap(text.split(), " ", size, room, lines) if text.strip() else []
