"""More than ten layers: a heat map, layers across, activations upwards, shares as colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import percent
from weightinit_cli.plots import axes, figures
from weightinit_cli.plots.engine.colors import (
    BAR_GAP,
    BAR_LABELS,
    BAR_WIDTH,
    as_bytes,
    color_scale,
    palette,
)
from weightinit_cli.plots.engine.drawing import (
    MUTED,
    ORANGE,
    Box,
    Cells,
    Drawing,
    Item,
    Label,
    Panel,
)
from weightinit_cli.plots.engine.fonts import elide
from weightinit_cli.plots.engine.logaxis import decade_ticks
from weightinit_cli.plots.engine.numbers import Scale
from weightinit_cli.plots.heading import heading
from weightinit_cli.plots.labels import GROUPING, NOTE_SIZE, x_label
from weightinit_cli.plots.stdcurve import std_curve
from weightinit_cli.results.figures import resolved
from weightinit_cli.results.words import is_rounded, layer_words, of_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightinit_cli.plots.binning import Binned
    from weightinit_cli.results.model import LayerStatistics, Result

WIDTH = 660.0
MAP_HEIGHT = 210.0
STRIP_HEIGHT = 66.0
STRIP_GAP = 12.0
OWN = Scale(0.0, 1.0, 0)
ENDS = [(0.0, "lowest"), (1.0, "highest")]
COLORS = "share of a layer's values per bin (log; white: none)"
NOTE_LINE = 11.0
FAINTEST = 1e-3
NOTHING = (1.0, 1.0, 1.0)
NONFINITE = (0.75, 0.75, 0.75)


def map_picture(result: Result, binned: Binned) -> Drawing:
    """The drawing: heading, what the map cannot show, the map, the colours' scale.

    Where each layer has its own axis, a strip below the map shows their standard deviations.
    """
    own = binned.grouping == "own"
    scale = OWN if own else binned.scale
    ticks = ENDS if own else axes.fitting_ticks(scale, MAP_HEIGHT, axes.TICK_SIZE)
    stds = [resolved(layer, "std") for layer in result.layers]
    decades = decade_ticks(stds) if own else []
    wide = axes.widest([text for _, text in ticks + decades])
    left = axes.MARGIN + axes.LABEL_SIZE + 8 + wide + axes.TICK + 2
    head = heading(result, WIDTH - 2 * axes.MARGIN)
    notes = map_notes(result, binned)
    bottom = axes.BENEATH
    base = bottom + (STRIP_HEIGHT + STRIP_GAP if own else 0.0)
    height = base + MAP_HEIGHT + 10 + NOTE_LINE * len(notes) + head.height
    right = axes.MARGIN + axes.LABEL_SIZE + BAR_LABELS + BAR_WIDTH + BAR_GAP
    box = Box(left, base, WIDTH - left - right, MAP_HEIGHT)
    items = head.items(height)
    items.append(Cells(box, _colored(binned)))
    words = "activation, in each layer's own range" if own else x_label(scale.exponent)
    items += _side(box, scale, ticks, words)
    strip = Box(left, bottom, box.width, STRIP_HEIGHT)
    if own:
        items += std_curve(strip, stds, decades)
    items += axes.layer_axis(strip if own else box, len(binned.layers))
    bar = Box(box.right + BAR_GAP, box.y, BAR_WIDTH, box.height)
    items += color_scale(bar, WIDTH, _percents(), COLORS)
    for k, (note, color) in enumerate(reversed(notes)):
        text = elide(note, NOTE_SIZE, WIDTH - left - axes.MARGIN)
        items.append(Label(left, box.top + 7 + k * NOTE_LINE, text, NOTE_SIZE, color))
    layers = (0.5, len(binned.layers) + 0.5)
    panel = Panel("layers", box, layers, (scale.low, scale.high))
    return Drawing(WIDTH, height, tuple(items), (panel,))


def map_notes(result: Result, binned: Binned) -> list[tuple[str, tuple[float, float, float]]]:
    """The ends' standard deviations, and the most that lies outside or is not finite."""
    ends = ((1, result.layers[0]), (len(result.layers), result.layers[-1]))
    stds = ", ".join(_std(*end) for end in ends if end[1].std is not None)
    words = " · ".join(filter(None, (stds, GROUPING[binned.grouping])))
    notes = [(words, MUTED)] if words else []
    if binned.grouping == "own":
        pairs = enumerate(zip(result.layers, binned.layers, strict=True), 1)
        drawn = [(k, layer) for k, (layer, shares) in pairs if not shares.empty]
        alike = [k for k, layer in drawn if layer.min == layer.max or is_rounded(layer)]
        lost = [k for k in alike if "std" in result.layers[k - 1].unresolved]
        flat = [k for k in alike if k not in lost]
        below = f"std below the resolution of {figures.dtype(result)}"
        for words, found in (("all finite values are equal", flat), (below, lost)):
            if found:
                notes.append((f"{words} (drawn in the middle): in {layer_words(found)}", ORANGE))
    columns = (("below", "below the range"), ("above", "above the range"))
    for name, words in (*columns, ("nonfinite", "inf or nan (grey: nothing else)")):
        shares = [getattr(layer, name) for layer in binned.layers]
        found = [k for k, share in enumerate(shares, 1) if share]
        if found:
            most = max(shares)
            where = f"up to {percent(most)} (layer {shares.index(most) + 1})"
            notes.append((f"{words}: from layer {found[0]}, {where}", ORANGE))
    return notes


def _std(number: int, layer: LayerStatistics) -> str:
    words = f"std {figures.measured(layer, 'std')} in layer {number}"
    return f"{words} ({of_finite(layer)})" if layer.nonfinite else words


def _percents() -> list[str]:
    decades = round(-math.log10(FAINTEST))
    return [f"{'' if k else '≤ '}{100 * FAINTEST * 10**k:g} %" for k in range(decades + 1)]


def _colored(binned: Binned) -> NDArray[np.uint8]:
    shares = np.stack([layer.bins for layer in binned.layers], axis=1)[::-1]
    with np.errstate(divide="ignore"):
        level = 1 - np.log10(shares) / math.log10(FAINTEST)
    cells = palette(np.clip(level, 0.0, 1.0))
    cells[shares == 0] = as_bytes(NOTHING)
    cells[:, [layer.empty for layer in binned.layers]] = as_bytes(NONFINITE)
    return cells


def _side(box: Box, scale: Scale, ticks: list[tuple[float, str]], words: str) -> list[Item]:
    places = [(box.y + scale.position(value) * box.height, text) for value, text in ticks]
    return [axes.outline(box), *axes.side_ticks(box.x, places), axes.side_label(box, words)]
