"""Layers down, steps across: how large each layer's gradient is, and how many units differ."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.axes import TICK, TICK_SIZE
from weightinit_cli.plots.engine.colors import as_bytes, palette
from weightinit_cli.plots.engine.drawing import (
    INK,
    ORANGE,
    WHITE,
    Box,
    Cells,
    Color,
    Item,
    Label,
    polyline,
    rectangle,
)
from weightinit_cli.plots.engine.fonts import width_of
from weightinit_cli.plots.engine.logaxis import log_of
from weightinit_cli.plots.ticks import upwards
from weightinit_cli.plots.verdictcells import DARK, letter_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from weightinit_cli.results.symmetry import LayerSteps, SymmetryResult

MOST_COLUMNS = 24
FIRST = 8  # steps that are always shown
STILL: Color = (0.78, 0.78, 0.78)
NONFINITE: Color = ORANGE
SHADES = 40
MOST_ROWS = 60
STRIP = 0.24  # of a cell's height
MOST_DECADES = 12
BETWEEN = 4.0  # points between two tick labels


class Decades(NamedTuple):
    """The gradients of a map's colours: powers of ten; whether some are below the palest."""

    low: int
    high: int
    beyond: bool

    def level(self, value: float | None) -> float:
        """How dark a gradient is, from 0 to 1."""
        log = log_of(value)
        at = 0.0 if log is None else (log - self.low) / (self.high - self.low)
        return min(max(at, 0.0), 1.0)


class StepMap(NamedTuple):
    """What the map shows: which of the recorded steps, by their indices, and the colours."""

    result: SymmetryResult
    chosen: tuple[int, ...]
    decades: Decades | None

    @property
    def steps(self) -> list[int]:
        """The steps across, the start among them as 0."""
        return [0, *(self.result.steps[k] for k in self.chosen)]

    @property
    def rows(self) -> list[LayerSteps]:
        """The layers from above: the output, which wakes first, then down to layer 1."""
        return list(reversed(self.result.layers))

    def across(self, box: Box, steps: Iterable[float]) -> list[float]:
        """Where steps stand above or below the map; between two columns in proportion."""
        wide = box.width / len(self.steps)
        middles = box.x + (np.arange(len(self.steps)) + 0.5) * wide
        placed: list[float] = np.interp(list(steps), self.steps, middles).tolist()
        return placed


def step_map(result: SymmetryResult) -> StepMap:
    """At most so many steps, the first and those in which a layer wakes among them."""
    return StepMap(result, _chosen(result), _decades(result.layers))


def _chosen(result: SymmetryResult) -> tuple[int, ...]:
    number = len(result.steps)
    if number <= MOST_COLUMNS:
        return tuple(range(number))
    woken = {layer.first_moved for layer in result.layers}
    kept = {*range(FIRST), number - 1}
    for k, step in enumerate(result.steps):
        if step in woken and len(kept) < MOST_COLUMNS - FIRST:
            kept.add(k)
    rest = [k for k in range(number) if k not in kept]
    places = np.linspace(0, len(rest) - 1, MOST_COLUMNS - len(kept) + 1)[1:]
    return tuple(sorted(kept | {rest[round(float(at))] for at in places}))


def _decades(layers: Sequence[LayerSteps]) -> Decades | None:
    """Whole powers of ten around all gradients but zero, in at most four equal steps."""
    values = [
        value
        for layer in layers
        for pair in zip(layer.weight_gradient_rms, layer.bias_gradient_rms, strict=True)
        for value in pair
    ]
    logs = [log for log in map(log_of, values) if log is not None]
    if not logs:
        return None
    high = math.ceil(max(logs) - 1e-9)
    low = max(math.floor(min(logs) + 1e-9), high - MOST_DECADES)
    step = max(-(-(high - low) // 4), 1)
    low = high - step * max(-(-(high - low) // step), 1)
    return Decades(low, high, min(logs) < low - 1e-9)


def map_items(box: Box, shown: StepMap) -> list[Item]:
    """The cells with their numbers, and the layers' names beside them."""
    rows = shown.rows
    rgb = np.array([[_color(layer, None, shown), *_row(layer, shown)] for layer in rows])
    items = _cells(box, rgb)
    high, wide = box.height / len(rows), box.width / rgb.shape[1]
    for n, layer in enumerate(rows if len(rows) <= MOST_ROWS else ()):
        y = box.top - (n + 1) * high
        for k, index in enumerate(shown.chosen, 1):
            if bias_alone(layer, index) and shown.decades is not None:
                strip = Box(box.x + k * wide, y, wide, STRIP * high)
                items.append(rectangle(strip, _shade(layer.bias_gradient_rms[index], shown)))
    if high > 8:
        lines = [box.y + n * high for n in range(1, len(rows))]
        items += [polyline([(box.x, y), (box.right, y)], WHITE, 1.5) for y in lines]
    for n, layer in enumerate(rows):
        counts = [layer.start_distinct, *(layer.distinct_units[k] for k in shown.chosen)]
        row = Box(box.x, box.top - (n + 1) * high, box.width, high)
        items += _numbers(row, counts, rgb[n])
    return [*items, axes.outline(box), *upwards(box, layer_names(len(rows)), descending=True)]


def _cells(box: Box, rgb: NDArray[np.uint8]) -> list[Item]:
    """As areas, of which a file of few colours can be made; as an image where there are many."""
    rows, columns = rgb.shape[:2]
    if rows > MOST_ROWS:
        return [Cells(box, rgb)]
    high, wide = box.height / rows, box.width / columns
    items: list[Item] = []
    for n, row in enumerate(rgb.tolist()):
        k = 0
        for color, run in groupby(row):
            number = len(list(run))
            part = Box(box.x + k * wide, box.top - (n + 1) * high, number * wide, high)
            red, green, blue = (channel / 255 for channel in color)
            items.append(rectangle(part, (red, green, blue)))
            k += number
    return items


def layer_names(number: int) -> list[str]:
    """From above."""
    return ["output", *(f"layer {k}" for k in range(number - 1, 0, -1))]


def bias_alone(layer: LayerSteps, index: int) -> bool:
    """Whether the layer moved in a step without any gradient of its weights."""
    return layer.moved[index] and layer.weight_gradient_rms[index] == 0


def _row(layer: LayerSteps, shown: StepMap) -> list[NDArray[np.uint8]]:
    return [_color(layer, index, shown) for index in shown.chosen]


def _color(layer: LayerSteps, index: int | None, shown: StepMap) -> NDArray[np.uint8]:
    if index is None:
        return as_bytes(WHITE)
    value = layer.weight_gradient_rms[index]
    if value is None:
        return as_bytes(NONFINITE)
    still = value == 0 or not layer.moved[index]
    return as_bytes(STILL if still else _shade(value, shown))


def _shade(value: float | None, shown: StepMap) -> Color:
    return shade(shown.decades.level(value) if shown.decades else 0.0)


def shade(level: float) -> Color:
    """The nearest of a few colours."""
    nearest = np.array([round(level * SHADES) / SHADES])
    red, green, blue = (float(part) / 255 for part in palette(nearest)[0])
    return red, green, blue


def _numbers(row: Box, counts: Sequence[int], rgb: NDArray[np.uint8]) -> list[Item]:
    """The counts in their cells; only the changes, at their cell's left, where these are narrow."""
    wide = row.width / len(counts)
    size = letter_size(wide, row.height)
    if size is None:
        return []
    narrow = max(width_of(str(count), size) for count in counts) + 3 > wide
    bright = (rgb @ np.array([0.299, 0.587, 0.114])) / 255
    y = row.y + row.height / 2 - 0.36 * size
    items: list[Item] = []
    for k, count in enumerate(counts):
        color = WHITE if bright[k] < DARK else INK
        x = row.x + (k + 0.5) * wide
        if not narrow:
            items.append(Label(x, y, str(count), size, color, "center"))
        elif k == 0 or counts[k - 1] != count:
            same = next((n for n in range(k, len(counts)) if counts[n] != count), len(counts))
            if width_of(str(count), size) + 3 <= (same - k) * wide:
                items.append(Label(row.x + k * wide + 2, y, str(count), size, color))
    return items


def step_ticks(box: Box, shown: StepMap) -> list[Item]:
    """The steps' numbers beneath a panel: the first and the last, between them what has room."""
    steps = shown.steps
    placed = list(zip(shown.across(box, steps), (f"{step:,}" for step in steps), strict=True))
    items: list[Item] = [polyline([(x, box.y), (x, box.y - TICK)], INK, 1.0) for x, _ in placed]
    last = placed[-1][0] - width_of(placed[-1][1], TICK_SIZE) / 2
    end = -math.inf
    for k, (x, words) in enumerate(placed):
        half = width_of(words, TICK_SIZE) / 2
        before = k + 1 == len(placed) or x + half + BETWEEN <= last
        if x - half >= end + BETWEEN and before:
            items.append(Label(x, box.y - TICK - 1 - TICK_SIZE, words, TICK_SIZE, align="center"))
            end = x + half
    return items
