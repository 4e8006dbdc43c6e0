"""More than ten layers: a heat map, layers across, activations upwards, shares as colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.drawing import (
    MUTED,
    ORANGE,
    Box,
    Cells,
    Drawing,
    Item,
    Label,
    Panel,
)
from weightinit_cli.plots.fonts import elide
from weightinit_cli.plots.labels import GROUPING, heading, x_label
from weightinit_cli.plots.numbers import Scale, percent, two_digits
from weightinit_cli.plots.strip import decade_ticks, std_strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightinit_cli.plots.binning import Binned
    from weightinit_cli.results.model import Result

WIDTH = 660.0
MAP_HEIGHT = 210.0
STRIP_HEIGHT = 66.0
STRIP_GAP = 12.0
OWN = Scale(0.0, 1.0, 0)
ENDS = [(0.0, "lowest"), (1.0, "highest")]
BAR_GAP = 14.0
BAR_WIDTH = 11.0
BAR_LABELS = 52.0
NOTE_SIZE = 7.5
NOTE_LINE = 11.0
FAINTEST = 1e-3
NOTHING = (1.0, 1.0, 1.0)
NONFINITE = (0.75, 0.75, 0.75)


def depth_picture(result: Result, binned: Binned) -> Drawing:
    """The drawing: heading, what the map cannot show, the map, the colours' scale.

    Where each layer has its own axis, a strip below the map shows their standard deviations.
    """
    own = binned.grouping == "own"
    scale = OWN if own else binned.scale
    ticks = ENDS if own else axes.fitting_ticks(scale, MAP_HEIGHT, axes.TICK_SIZE)
    stds = [layer.std for layer in result.layers]
    decades = decade_ticks(stds) if own else []
    wide = axes.widest([text for _, text in ticks + decades])
    left = axes.MARGIN + axes.LABEL_SIZE + 8 + wide + axes.TICK + 2
    head = heading(result, WIDTH - 2 * axes.MARGIN)
    said = depth_notes(result, binned)
    bottom = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.TICK + axes.TICK_SIZE + 2
    base = bottom + (STRIP_HEIGHT + STRIP_GAP if own else 0.0)
    height = base + MAP_HEIGHT + 10 + NOTE_LINE * len(said) + axes.heading_height(head)
    right = axes.MARGIN + axes.LABEL_SIZE + BAR_LABELS + BAR_WIDTH + BAR_GAP
    box = Box(left, base, WIDTH - left - right, MAP_HEIGHT)
    items = axes.heading_items(head, height)
    items.append(Cells(box, _colored(binned)))
    words = "activation, in each layer's own range" if own else x_label(scale.exponent)
    items += _side(box, scale, ticks, words)
    strip = Box(left, bottom, box.width, STRIP_HEIGHT)
    if own:
        items += std_strip(strip, stds, decades)
    items += _layer_axis(strip if own else box, len(binned.layers))
    items += _color_scale(Box(box.right + BAR_GAP, box.y, BAR_WIDTH, box.height))
    for k, (note, color) in enumerate(reversed(said)):
        text = elide(note, NOTE_SIZE, WIDTH - left - axes.MARGIN)
        items.append(Label(left, box.top + 7 + k * NOTE_LINE, text, NOTE_SIZE, color))
    layers = (0.5, len(binned.layers) + 0.5)
    panel = Panel("layers", box, layers, (scale.low, scale.high))
    return Drawing(WIDTH, height, tuple(items), (panel,))


def depth_notes(result: Result, binned: Binned) -> list[tuple[str, tuple[float, float, float]]]:
    """The ends' standard deviations, and the most that lies outside or is not finite."""
    last = len(result.layers)
    ends = ((1, result.layers[0].std), (last, result.layers[-1].std))
    stds = ", ".join(f"std {two_digits(std)} in layer {k}" for k, std in ends if std is not None)
    words = " · ".join(filter(None, (stds, GROUPING[binned.grouping])))
    said = [(words, MUTED)] if words else []
    if binned.grouping == "own":
        pairs = enumerate(zip(result.layers, binned.layers, strict=True), 1)
        flat = [k for k, (a, b) in pairs if a.min == a.max and not b.empty]
        if flat:
            said.append(
                (f"one finite value alone (drawn in the middle): from layer {flat[0]}", ORANGE)
            )
    columns = (("below", "below the range"), ("above", "above the range"))
    for name, words in (*columns, ("nonfinite", "inf or nan (grey: nothing else)")):
        shares = [getattr(layer, name) for layer in binned.layers]
        found = [k for k, share in enumerate(shares, 1) if share]
        if found:
            most = max(shares)
            where = f"up to {percent(most)} (layer {shares.index(most) + 1})"
            said.append((f"{words}: from layer {found[0]}, {where}", ORANGE))
    return said


def _colored(binned: Binned) -> NDArray[np.uint8]:
    shares = np.stack([layer.bins for layer in binned.layers], axis=1)[::-1]
    with np.errstate(divide="ignore"):
        level = 1 - np.log10(shares) / math.log10(FAINTEST)
    cells = _palette(np.clip(level, 0.0, 1.0))
    cells[shares == 0] = _bytes(NOTHING)
    cells[:, [layer.empty for layer in binned.layers]] = _bytes(NONFINITE)
    return cells


def _palette(level: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Viridis, dark where much is: perceptually uniform, safe for the colour-blind."""
    from matplotlib import colormaps

    table: NDArray[np.uint8] = np.asarray(
        colormaps["viridis_r"](np.arange(256), bytes=True), dtype=np.uint8
    )[:, :3]
    return np.take(table, np.rint(level * 255).astype(np.intp), axis=0)


def _bytes(color: tuple[float, float, float]) -> NDArray[np.uint8]:
    return np.array([round(255 * part) for part in color], dtype=np.uint8)


def _side(box: Box, scale: Scale, ticks: list[tuple[float, str]], words: str) -> list[Item]:
    places = [(box.y + scale.position(value) * box.height, text) for value, text in ticks]
    side = axes.MARGIN + axes.LABEL_SIZE
    label = Label(side, box.y + box.height / 2, words, axes.LABEL_SIZE, upright=True)
    return [axes.outline(box), *axes.side_ticks(box.x, places), label]


def _layer_axis(box: Box, layers: int) -> list[Item]:
    across = Scale(0.5, layers + 0.5, 0)
    items = axes.x_ticks(box, across, _layer_ticks(layers), axes.LABEL_SIZE)
    middle = box.x + box.width / 2
    items.append(Label(middle, axes.MARGIN, "layer", axes.LABEL_SIZE, align="center"))
    return items


def _layer_ticks(layers: int) -> list[tuple[float, str]]:
    if layers <= 20:
        return [(float(k), str(k)) for k in range(1, layers + 1)]
    regular = [value for value, _ in Scale(1, layers, 0).ticks(10)]
    step = regular[1] - regular[0]
    return [(1.0, "1")] + [(v, f"{v:.0f}") for v in regular if v > 1 + step / 3]


def _color_scale(box: Box) -> list[Item]:
    """The colours from few to many, in decades, with their axis label."""
    rows = _palette(np.linspace(1.0, 0.0, 128))[:, None, :]
    decades = round(-math.log10(FAINTEST))
    places = [
        (box.y + box.height * k / decades, f"{'' if k else '≤ '}{100 * FAINTEST * 10**k:g} %")
        for k in range(decades + 1)
    ]
    x = WIDTH - axes.MARGIN - 2
    words = "share of a layer's values per bin (log; white: none)"
    return [
        Cells(box, rows),
        axes.outline(box),
        *axes.side_ticks(box.right, places, "left"),
        Label(x, box.y + box.height / 2, words, axes.LABEL_SIZE, upright=True),
    ]
