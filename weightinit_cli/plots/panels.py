"""Up to ten layers: a row of panels that share both axes."""

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
from weightinit_cli.plots.labels import heading, notes, x_label
from weightinit_cli.plots.numbers import percent

if TYPE_CHECKING:
    from weightinit_cli.plots.binning import Common, Shares
    from weightinit_cli.results.model import Result

PANEL_HEIGHT = 132.0
GAP = 11.0
SMALLEST_WIDTH = 380.0
NOTE_SIZE = 7.5
NOTE_LINE = 10.0
BREAK = 3.0


@dataclass(frozen=True, slots=True)
class _Heights:
    limit: float
    top: float


def row_of_panels(result: Result, common: Common) -> Drawing:
    """The drawing: heading, one panel per layer with its notes above, one pair of axis labels."""
    limit = height_limit(common)
    heights = _Heights(limit, limit * HEADROOM)
    ticks = share_ticks(limit)
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.widest([t for _, t in ticks]) + axes.TICK + 2
    number = len(common.layers)
    panel_width = max(78.0 if number > 5 else 130.0, (SMALLEST_WIDTH - left) / number - GAP)
    width = left + number * (panel_width + GAP) - GAP + axes.MARGIN + 6
    head = heading(result, width - 2 * axes.MARGIN)
    said = [notes(s, layer.std) for s, layer in zip(common.layers, result.layers, strict=True)]
    above = axes.LABEL_SIZE + 7 + NOTE_LINE * max(map(len, said))
    bottom = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.TICK + axes.TICK_SIZE + 2
    height = bottom + PANEL_HEIGHT + above + axes.heading_height(head)
    boxes = [
        Box(left + k * (panel_width + GAP), bottom, panel_width, PANEL_HEIGHT)
        for k in range(number)
    ]
    items = axes.heading_items(head, height)
    items += _grid(boxes, ticks, heights)
    for k, (box, shares) in enumerate(zip(boxes, common.layers, strict=True)):
        items += _panel(box, shares, heights)
        items += _words(box, f"layer {k + 1}", said[k], box.top + above - axes.LABEL_SIZE)
    items += _axes(boxes, common, ticks, heights)
    scale = common.scale
    panels = tuple(
        Panel(f"layer {k + 1}", box, (scale.low, scale.high), (0.0, heights.top))
        for k, box in enumerate(boxes)
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
    boxes: list[Box], common: Common, ticks: list[tuple[float, str]], heights: _Heights
) -> list[Item]:
    items: list[Item] = []
    overhang = GAP / 2 - 2
    values = axes.fitting_ticks(common.scale, boxes[0].width, overhang)
    for box in boxes:
        items += axes.frame(box)
        items += axes.x_ticks(box, common.scale, values, overhang)
    first, last = boxes[0], boxes[-1]
    places = [(first.y + share / heights.top * first.height, text) for share, text in ticks]
    items += axes.side_ticks(first.x, places)
    side = axes.MARGIN + axes.LABEL_SIZE
    middle = first.y + first.height / 2
    items.append(Label(side, middle, "share of values per bin", axes.LABEL_SIZE, upright=True))
    words = x_label(common.scale.exponent)
    if common.regrouped:
        words += " · each layer's own bins regrouped into common ones"
    items.append(
        Label((first.x + last.right) / 2, axes.MARGIN, words, axes.LABEL_SIZE, align="center")
    )
    return items
