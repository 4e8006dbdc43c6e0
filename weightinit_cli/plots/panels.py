"""Up to ten layers: a row of panels that share the y axis, and the x axis where one shows all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.drawing import (
    BLUE,
    MUTED,
    ORANGE,
    RULE,
    WHITE,
    Area,
    Box,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
    steps,
)
from weightinit_cli.plots.fonts import width_of
from weightinit_cli.plots.heights import HEADROOM, height_limit, share_ticks
from weightinit_cli.plots.labels import GROUPING, heading, notes, x_label
from weightinit_cli.plots.numbers import percent

if TYPE_CHECKING:
    from weightinit_cli.plots.binning import Binned, Shares
    from weightinit_cli.results.model import Result

PANEL_HEIGHT = 132.0
GAP = 11.0
SMALLEST_WIDTH = 380.0
NOTE_SIZE = 7.5
NOTE_LINE = 10.0
BREAK = 3.0
POWER_LINE = 11.0


@dataclass(frozen=True, slots=True)
class _Heights:
    limit: float
    top: float


def row_of_panels(result: Result, binned: Binned) -> Drawing:
    """The drawing: heading, one panel per layer with its notes above, one pair of axis labels."""
    limit = height_limit(binned)
    heights = _Heights(limit, limit * HEADROOM)
    ticks = share_ticks(limit)
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.widest([t for _, t in ticks]) + axes.TICK + 2
    number = len(binned.layers)
    panel_width = max(78.0 if number > 5 else 130.0, (SMALLEST_WIDTH - left) / number - GAP)
    width = left + number * (panel_width + GAP) - GAP + axes.MARGIN + 6
    head = heading(result, width - 2 * axes.MARGIN)
    said = [notes(s, layer.std) for s, layer in zip(binned.layers, result.layers, strict=True)]
    above = axes.LABEL_SIZE + 7 + NOTE_LINE * max(map(len, said))
    bottom = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.TICK + axes.TICK_SIZE + 2
    if any(_powers(binned)):
        bottom += POWER_LINE
    height = bottom + PANEL_HEIGHT + above + axes.heading_height(head)
    boxes = [
        Box(left + k * (panel_width + GAP), bottom, panel_width, PANEL_HEIGHT)
        for k in range(number)
    ]
    items = axes.heading_items(head, height)
    full = [box for box, s in zip(boxes, binned.layers, strict=True) if not s.empty]
    items += _grid(full, ticks, heights)
    for k, (box, shares) in enumerate(zip(boxes, binned.layers, strict=True)):
        items += _panel(box, shares, heights)
        items += _words(box, f"layer {k + 1}", said[k], box.top + above - axes.LABEL_SIZE)
    items += _axes(boxes, binned, ticks, heights)
    panels = tuple(
        Panel(f"layer {k + 1}", box, (scale.low, scale.high), (0.0, heights.top))
        for k, (box, scale) in enumerate(zip(boxes, binned.scales, strict=True))
    )
    return Drawing(width, height, tuple(items), panels)


def _grid(boxes: list[Box], ticks: list[tuple[float, str]], heights: _Heights) -> list[Item]:
    return [
        polyline([(box.x, y), (box.right, y)], RULE)
        for share, _ in ticks[1:]
        for box in boxes
        for y in [box.y + share / heights.top * box.height]
    ]


def _panel(box: Box, shares: Shares, heights: _Heights) -> list[Item]:
    if shares.empty:
        middle = box.x + box.width / 2
        text = f"{percent(shares.nonfinite)} inf or nan"
        return [Label(middle, box.y + box.height / 2, text, NOTE_SIZE, ORANGE, "center")]
    cut = shares.bins > heights.limit * (1 + 1e-9)
    items: list[Item] = [steps(np.where(cut, 1.0, shares.bins / heights.top), box, BLUE)]
    items += [_break(box, int(k), len(shares.bins)) for k in np.flatnonzero(cut)]
    if cut.any():
        tallest = int(shares.bins.argmax())
        items.append(_height_label(box, tallest, shares))
    return items


def _break(box: Box, k: int, number: int) -> Area:
    """A slanted gap near the top of a bar that goes on beyond the picture."""
    bar = box.width / number
    x = box.x + k * bar
    y = box.top - 0.6 * (HEADROOM - 1) * box.height
    corners = [(x, y), (x + bar, y + BREAK), (x + bar, y + BREAK + 1.6), (x, y + 1.6)]
    return Area(np.array(corners), WHITE)


def _height_label(box: Box, k: int, shares: Shares) -> Label:
    bar = box.width / len(shares.bins)
    text = f"↑ {percent(float(shares.bins[k]))}"
    x = box.x + (k + 1) * bar + 3
    if x + width_of(text, NOTE_SIZE) > box.right:
        x = box.x + k * bar - 3 - width_of(text, NOTE_SIZE)
    return Label(x, box.top - NOTE_SIZE, text, NOTE_SIZE, MUTED)


def _words(box: Box, title: str, said: list[str], y: float) -> list[Item]:
    middle = box.x + box.width / 2
    items: list[Item] = [Label(middle, y, title, axes.LABEL_SIZE, align="center")]
    for k, note in enumerate(said):
        color = ORANGE if k else MUTED
        items.append(Label(middle, y - (k + 1) * NOTE_LINE - 1, note, NOTE_SIZE, color, "center"))
    return items


def _axes(
    boxes: list[Box], binned: Binned, ticks: list[tuple[float, str]], heights: _Heights
) -> list[Item]:
    items: list[Item] = []
    own = binned.grouping == "own"
    overhang = GAP / 2 - (4 if own else 2)
    for box, scale, shares in zip(boxes, binned.scales, binned.layers, strict=True):
        items += axes.frame(box)
        if not (own and shares.empty):
            values = axes.fitting_ticks(scale, box.width, overhang)
            items += axes.x_ticks(box, scale, values, overhang)
    for box, power in zip(boxes, _powers(binned), strict=True):
        x, y = box.x + box.width / 2, box.y - axes.TICK - 1 - axes.TICK_SIZE - POWER_LINE
        if power:
            items.append(Label(x, y, power, axes.TICK_SIZE, align="center"))
    first, last = boxes[0], boxes[-1]
    places = [(first.y + share / heights.top * first.height, text) for share, text in ticks]
    items += axes.side_ticks(first.x, places)
    side = axes.MARGIN + axes.LABEL_SIZE
    middle = first.y + first.height / 2
    items.append(Label(side, middle, "share of values per bin", axes.LABEL_SIZE, upright=True))
    words = "activation" if own else x_label(binned.scale.exponent)
    if binned.grouping != "alike":
        words += f" · {GROUPING[binned.grouping]}"
    items.append(
        Label((first.x + last.right) / 2, axes.MARGIN, words, axes.LABEL_SIZE, align="center")
    )
    return items


def _powers(binned: Binned) -> list[str]:
    """What each panel's ticks are to be multiplied by, where each has its own axis."""
    if binned.grouping != "own":
        return [""] * len(binned.scales)
    return [f"× 1e{scale.exponent}" if scale.exponent else "" for scale in binned.scales]
