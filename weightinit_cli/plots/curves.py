"""Curves over depth on a linear or a log axis: bands, what theory expects, points and lines."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots.engine.drawing import (
    AMBER,
    Area,
    Box,
    Dots,
    Item,
    Label,
    polyline,
    tint,
)
from weightinit_cli.plots.engine.logaxis import log_of, runs, ticks_around
from weightinit_cli.plots.engine.numbers import Scale, scale_for
from weightinit_cli.plots.labels import NOTE_LINE, NOTE_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.depthcurve import DepthCurve, Values
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.logaxis import Point
    from weightinit_cli.results.figures import Unit

MOST_DOTS = 60
RADIUS = 1.7
THEORY_WIDTH = 3.8
WIDTH = 1.8
FACTOR = 20.0  # values that span more need a log axis
ORDINARY = (1e-3, 1e4)
MOST_TICKS = 5
HIGHEST = sys.float_info.max / 1.05  # with some room above it a float, too


class Axis(NamedTuple):
    """A y axis from `low` to `high`, in decades where `log`, with its ticks."""

    low: float
    high: float
    log: bool
    ticks: tuple[tuple[float, str], ...]

    def part(self, at: float) -> float:
        """Which part of the height lies below; `at` in decades where `log`."""
        return (at - self.low) / (self.high - self.low)

    def place(self, value: float | None, box: Box) -> float | None:
        """The height of a value, None where the axis cannot show it."""
        at = log_of(value) if self.log else value
        return None if at is None else box.y + self.part(at) * box.height

    def named(self, words: str) -> str:
        """The words, and that the axis is logarithmic."""
        return f"{words} (log)" if self.log else words


def log_suits(values: Sequence[float]) -> bool:
    """Whether the values span too much for a linear axis, or are tiny or huge."""
    positive = [value for value in values if value > 0]
    if not positive:
        return False
    low, high = min(positive), max(positive)
    return high / FACTOR > low or not ORDINARY[0] <= high < ORDINARY[1]


def log_axis(values: Sequence[float], decades: int = 1) -> Axis:
    """Whole decades around the values, at least so many, more below than above."""
    logs = [log for log in map(log_of, values) if log is not None]
    low, high = (math.floor(min(logs)), math.ceil(max(logs))) if logs else (0, 1)
    missing = max(decades - (high - low), 0)
    low, high = low - (missing + 1) // 2, high + missing // 2
    ticks = ticks_around(low, high, MOST_TICKS)
    inside = tuple((at, text) for at, text in ticks if low <= at <= high)
    return Axis(float(low), float(high), log=True, ticks=inside)


def linear_axis(values: Sequence[float], *, percent: bool = False) -> Axis:
    """From 0 to a tick above the highest value."""
    factor, least = (100.0, 1.0) if percent else (1.0, 0.0)
    top = min(max(max(values, default=0.0) * factor, least), HIGHEST) or 1.0
    scale: Scale = scale_for(0.0, top * 1.04)
    unit = " %" if percent else ""
    ticks = tuple(
        (value * 10.0**scale.exponent / factor, f"{text}{unit if value else ''}")
        for value, text in scale.ticks(3 if percent else MOST_TICKS)
    )
    return Axis(0.0, top * 1.04 / factor, log=False, ticks=ticks)


def axis_for(unit: Unit, values: Sequence[float], decades: int) -> Axis:
    """In decades for gradients, at least so many; in percent for shares; else as the values ask."""
    if unit == "gradient":
        return log_axis(values, decades)
    if unit == "share":
        return linear_axis(values, percent=True)
    return log_axis(values) if log_suits(values) else linear_axis(values)


def curves(box: Box, every: Sequence[DepthCurve], axis: Axis, rules: Sequence[Item]) -> list[Item]:
    """All curves, with the bands below the rules and the measured above the predicted.

    What theory expects ends in a dot of the colour of the figure that it is about, but not where
    that figure is missing: the dot would look like a measured one.
    """
    items: list[Item] = []
    for each in every:
        items += _bands(box, each, axis)
    items += rules
    for each in every:
        measured = {point[0] for point in _points(box, each.values, axis) if point is not None}
        for run in runs(_points(box, each.predicted, axis)):
            ends = run if run[1:] else [(run[0][0] - 4, run[0][1]), (run[0][0] + 4, run[0][1])]
            items.append(polyline(ends, AMBER, THEORY_WIDTH))
            last = np.array(run[-1:])
            items.append(Dots(last, AMBER, 2 * RADIUS))
            if run[-1][0] in measured or not (measured or any(each.gaps)):
                items.append(Dots(last, each.color, RADIUS))
    for each in reversed(every):
        stretches = list(runs(_points(box, each.values, axis)))
        items += [polyline(run, each.color, WIDTH) for run in stretches if run[1:]]
        few = len(each.values) <= MOST_DOTS
        dots = [point for run in stretches for point in run if few or not run[1:]]
        if dots:
            items.append(Dots(np.array(dots), each.color, RADIUS))
    return items


def _points(box: Box, values: Values, axis: Axis) -> list[Point | None]:
    wide = box.width / len(values)
    heights = (axis.place(value, box) for value in values)
    return [
        None if y is None else (box.x + (k + 0.5) * wide, min(max(y, box.y), box.top))
        for k, y in enumerate(heights)
    ]


def _bands(box: Box, each: DepthCurve, axis: Axis) -> list[Item]:
    """Between one deviation below the mean and one above, cut at the panel's sides."""
    upper = _points(box, each.high, axis)
    lower = [
        point if point is not None or top is None else (top[0], box.y)
        for point, top in zip(_points(box, each.low, axis), upper, strict=True)
    ]
    items: list[Item] = []
    start = 0
    for run in runs(upper):
        start = upper.index(run[0], start)
        below = [point for point in lower[start : start + len(run)] if point is not None]
        start += len(run)
        if run[1:]:
            items.append(Area(np.array([*run, *below[::-1]]), tint(each.color)))
        else:
            (x, high), (_, low) = run[0], below[0]
            corners = [(x - 3, low), (x - 3, high), (x + 3, high), (x + 3, low)]
            items.append(Area(np.array(corners), tint(each.color)))
    return items


def direct_labels(box: Box, every: Sequence[DepthCurve], axis: Axis, gap: float) -> list[Item]:
    """Each curve's name at its last point's height, moved apart where they would collide.

    Where nothing was measured, at the height of what theory expects.
    """
    wanted: list[tuple[float, str, Color]] = []
    for each in every:
        measured, predicted = (
            [point[1] for point in _points(box, values, axis) if point is not None]
            for values in (each.values, each.predicted)
        )
        if measured or predicted:
            wanted.append(((measured or predicted)[-1], each.words, each.color))
    order = sorted(wanted, reverse=True)
    heights = spaced([y for y, _, _ in order], box.y + 3, box.top - 3)
    return [
        Label(box.right + gap, y - 0.36 * NOTE_SIZE, words, NOTE_SIZE, color)
        for y, (_, words, color) in zip(heights, order, strict=True)
    ]


def spaced(heights: Sequence[float], low: float, high: float) -> list[float]:
    """Descending heights moved as little as keeps them a line apart and between the limits."""
    placed: list[float] = []
    for y in heights:
        y = min(y, high if not placed else placed[-1] - NOTE_LINE)
        placed.append(y)
    for k in reversed(range(len(placed))):
        floor = low if k + 1 == len(placed) else placed[k + 1] + NOTE_LINE
        placed[k] = max(placed[k], floor)
    return placed
