"""Colours of lines, and numbers as colours: all told apart by the colour-blind, too."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.engine.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    Color,
)

if TYPE_CHECKING:
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
# The same on dark paper; each is 4.5 times as bright as black, as WCAG 2.1 asks of letters.
HUES_ON_DARK: tuple[Color, ...] = (
    (0.36, 0.5, 0.75),
    (0.88, 0.32, 0.08),
    (0.21, 0.56, 0.43),
    (0.7, 0.86, 1.0),
    (0.83, 1.0, 0.86),
    (0.5, 0.39, 1.0),
    (0.75, 0.99, 0.52),
    (1.0, 1.0, 0.17),
)
LIGHTEST = 0.1  # of the map of colours: what is paler is taken for white
PALEST_LINE = 0.16


def palette(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of levels from 0 to 1: light is little, dark is much, and white is nothing."""
    return _of_map("BuPu", LIGHTEST + (1 - LIGHTEST) * level)


def palette_of_lines(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of lines for levels from 0 to 1: darker is more, and none is pale on white."""
    return _of_map("viridis_r", PALEST_LINE + (1 - PALEST_LINE) * level)


def diverging(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The colours of levels from 0 to 1 that part at 0.5: blue below it, white, red above."""
    return _of_map("RdBu_r", level)


def _of_map(name: str, level: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.take(_table(name), np.rint(level * 255).astype(np.intp), axis=0)


@cache
def _table(name: str) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    colors = colormaps[name].resampled(256)  # a person's "image.lut" has another number
    table: NDArray[np.uint8] = np.asarray(colors(np.arange(256), bytes=True), dtype=np.uint8)[:, :3]
    return table


def as_bytes(color: Color) -> NDArray[np.uint8]:
    """One colour as a cell has it."""
    return np.array([round(255 * part) for part in color], dtype=np.uint8)
