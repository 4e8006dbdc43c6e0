"""Tiny fonts with a few characters, and a machine that has these fonts alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib as mpl
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from weightinit_cli.plots.engine import systemfonts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

EMPTY = "空"
UNITS = 1000
ADVANCE = 1200


def tiny_font(file: Path, characters: str, name: str, weight: int = 400) -> str:
    """Write a font in which characters are boxes, 0.1 to 1.1 of 1.2 em; `EMPTY` is nothing."""
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for c in characters:
        pen = TTGlyphPen(None)
        if c != EMPTY:
            pen.moveTo((100, 0))
            for corner in ((100, 700), (1100, 700), (1100, 0)):
                pen.lineTo(corner)
            pen.closePath()
        glyphs[f"u{ord(c):X}"] = pen.glyph()
    builder = FontBuilder(UNITS)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({ord(c): f"u{ord(c):X}" for c in characters})
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (ADVANCE, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    style = "Regular" if weight == 400 else "Bold"
    builder.setupNameTable({"familyName": name, "styleName": style, "psName": name + style})
    builder.setupOS2(usWeightClass=weight)
    builder.setupPost()
    builder.save(file)
    return str(file)


@contextmanager
def only_fonts(*files: str, unlisted: tuple[str, ...] = ()) -> Iterator[pytest.MonkeyPatch]:
    """Have matplotlib's own fonts and these, `unlisted` ones on no list."""
    import pytest

    manager = font_manager.fontManager
    data = mpl.get_data_path()
    own = [entry for entry in manager.ttflist if entry.fname.startswith(data)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manager, "ttflist", own)
        patch.setattr(font_manager, "findSystemFonts", lambda: list(unlisted))
        for file in files:
            manager.addfont(file)
        _forget()
        yield patch
    _forget()


def _forget() -> None:
    for cached in (systemfonts._showing, systemfonts._listed, systemfonts._unlisted):
        cached.cache_clear()
