"""Colours of lines, and numbers as colours: all told apart by the colour-blind, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    Box,
    Cells,
    Color,
    Item,
    Label,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


# Least distance in CIELAB, also as deuteranopes and protanopes see them (Machado et al. 2009): 30.
HUES: tuple[Color, ...] = (
    BLUE,
    ORANGE,
    GREEN,
    (0.42, 0.76, 0.93),
    (0.16, 0.16, 0.16),
    (0.36, 0.24, 1.0),
    (0.52, 0.78, 0.45),
    (0.0, 0.0, 0.5),
)
LIGHTEST = 0.1  # of the map of colours: what is paler is taken for white
PALEST_LINE = 0.16
BAR_GAP = 14.0
BAR_WIDTH = 11.0
BAR_LABELS = 52.0


def palette(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of levels from 0 to 1: light is little, dark is much, and white is nothing."""
    return _of_map("YlGnBu", LIGHTEST + (1 - LIGHTEST) * level)


def palette_of_lines(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of lines for levels from 0 to 1: darker is more, and none is pale on white."""
    return _of_map("viridis_r", PALEST_LINE + (1 - PALEST_LINE) * level)


def diverging(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of levels from 0 to 1 that part at 0.5: blue below it, white, red above."""
    return _of_map("RdBu_r", level)


def _of_map(name: str, level: NDArray[np.float64]) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    colors = colormaps[name].resampled(256)  # a person's "image.lut" has another number
    table: NDArray[np.uint8] = np.asarray(colors(np.arange(256), bytes=True), dtype=np.uint8)[:, :3]
    return np.take(table, np.rint(level * 255).astype(np.intp), axis=0)


def as_bytes(color: Color) -> NDArray[np.uint8]:
    """One colour as a cell has it."""
    return np.array([round(255 * part) for part in color], dtype=np.uint8)


def color_scale(box: Box, width: float, ticks: Sequence[str], words: str) -> list[Item]:
    """The colours from few to many with ticks at equal distances, named at the right margin."""
    rows = palette(np.linspace(1.0, 0.0, 128))[:, None, :]
    places = [(box.y + box.height * k / (len(ticks) - 1), tick) for k, tick in enumerate(ticks)]
    x = width - axes.MARGIN - 2
    return [
        Cells(box, rows),
        axes.outline(box),
        *axes.side_ticks(box.right, places, "left"),
        Label(x, box.y + box.height / 2, words, axes.LABEL_SIZE, upright=True),
    ]
