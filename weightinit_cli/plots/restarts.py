"""Many starts of one network: how their test losses spread, what the best of k of them gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.bars import said_inside
from weightinit_cli.plots.curves import RADIUS, Axis, log_suits
from weightinit_cli.plots.engine.drawing import (
    MUTED,
    RULE,
    Area,
    Box,
    Dots,
    Item,
    Label,
    Panel,
    equal_sides,
    polyline,
    step_line,
    steps,
    tint,
)
from weightinit_cli.plots.engine.numbers import Scale, scale_for
from weightinit_cli.plots.labels import NOTE_SIZE
from weightinit_cli.plots.lossaxis import log_ticks
from weightinit_cli.results.training import best_of_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.losstable import ColoredResult

HEIGHT = 110.0
BINS = 10, 40
FIRST_DOTS = 10
RIDGE = 0.88  # of a row's height
LARGEST = 2.0**1022  # as far as an axis goes either way, so that its length is a float, too


def spread_panel(box: Box, entries: Sequence[ColoredResult]) -> tuple[list[Item], Panel]:
    """A histogram of the networks' test losses in a row for each entry, on a common axis."""
    losses = [
        [e.test.loss for e in entry.result.networks if e.test.loss is not None] for entry in entries
    ]
    known = [loss for each in losses for loss in each if math.isfinite(loss)]
    log = bool(known) and min(known) > 0 and log_suits(known)
    axis = _value_axis([math.log10(loss) for loss in known] if log else known, log=log)
    number = min(max(round(2 * math.sqrt(len(known))), BINS[0]), BINS[1])
    edges = np.linspace(axis.low, axis.high, number + 1)
    sides = equal_sides(box, number)
    items: list[Item] = []
    high = box.height / len(entries)
    for k, (entry, each) in enumerate(zip(entries, losses, strict=True)):
        row = Box(box.x, box.top - (k + 1) * high, box.width, RIDGE * high)
        places = np.log10(each) if log else np.array(each)
        counts = np.histogram(places, edges)[0].astype(np.float64)
        if counts.max() > 0:
            parts = counts / counts.max()
            items.append(steps(sides, parts, row, tint(entry.color, 0.35)))
            items.append(step_line(sides, parts, row, entry.color, 1.0))
    if known:
        items += [*axes.frame(box), *_ticks_beneath(box, axis)]
    else:
        items += [*axes.frame(box), said_inside(box, "none is finite", MUTED)]
    words = "final test loss (log)" if log else "final test loss"
    items.append(_name(box, words))
    count = f"{_number(entries)} networks"
    items.append(Label(box.x + 4, box.top + 4, count, NOTE_SIZE, MUTED))
    return items, Panel(words, box, (axis.low, axis.high), (0.0, 1.0))


def best_panel(box: Box, entries: Sequence[ColoredResult]) -> tuple[list[Item], Panel]:
    """The test accuracy of the best of k on validation data, with one deviation each way."""
    every = [best for entry in entries for best in best_of_few(entry.result)]
    ends = [
        min(max(best.accuracy_mean + sign * best.accuracy_std, 0.0), 1.0)
        for best in every
        for sign in (-1, 1)
    ]
    axis = _value_axis([100 * end for end in ends], log=False, limits=(0.0, 100.0))
    most = max(best.k for best in every)
    top = math.log10(max(most, 2))
    across = Axis(-0.04 * top, 1.04 * top, log=True, ticks=log_ticks(0.0, top))
    lines: list[Item] = []
    bands: list[Item] = []
    for entry in entries:
        best_of = best_of_few(entry.result)
        x = [box.x + across.part(math.log10(best.k)) * box.width for best in best_of]

        def heights(values: list[float]) -> list[float]:
            inside = (min(max(value, 0.0), 1.0) for value in values)
            return [box.y + axis.part(100 * value) * box.height for value in inside]

        low = heights([best.accuracy_mean - best.accuracy_std for best in best_of])
        high = heights([best.accuracy_mean + best.accuracy_std for best in best_of])
        middle = list(zip(x, heights([best.accuracy_mean for best in best_of]), strict=True))
        outline = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        bands.append(Area(np.array(outline), tint(entry.color)))
        if middle[1:]:
            lines.append(polyline(middle, entry.color, 1.8))
        lines.append(Dots(np.array(middle[:FIRST_DOTS]), entry.color, RADIUS))
    places = [(box.y + axis.part(at) * box.height, f"{text} %") for at, text in axis.ticks]
    rules = [polyline([(box.x, y), (box.right, y)], RULE) for y, _ in places if y > box.y]
    items = [*bands, *rules, *lines, *axes.frame(box), *axes.side_ticks(box.x, places)]
    chosen = f"best of k of the {_number(entries)} trained, by validation loss (log)"
    items += [*_ticks_beneath(box, across), _name(box, chosen)]
    words = "test accuracy, mean ± standard deviation over all choices of k"
    items.append(Label(box.x + 4, box.top + 4, words, NOTE_SIZE, MUTED))
    return items, Panel("test accuracy", box, (1.0, float(most)), (axis.low, axis.high))


def best_ticks_width() -> float:
    """The room for the widest tick beside the right panel."""
    return axes.widest(["99.95 %"]) + axes.TICK + 2


def _value_axis(
    values: Sequence[float], *, log: bool, limits: tuple[float, float] = (-LARGEST, LARGEST)
) -> Axis:
    inside = [min(max(value, limits[0]), limits[1]) for value in values]
    low, high = min(inside, default=0.0), max(inside, default=1.0)
    air = 0.08 * (high - low) or 0.05 * abs(high) or 0.5
    low, high = max(low - air, limits[0]), min(high + air, limits[1])
    if log:
        return Axis(low, high, log=True, ticks=log_ticks(low, high))
    scale: Scale = scale_for(low, high)
    factor = 10.0**scale.exponent
    power = f"e{scale.exponent}" if scale.exponent else ""
    ticks = tuple((at * factor, f"{text}{power}") for at, text in scale.ticks(5))
    return Axis(low, high, log=False, ticks=ticks)


def _ticks_beneath(box: Box, axis: Axis) -> list[Item]:
    scale = Scale(axis.low, axis.high, 0)
    ticks = list(axis.ticks)
    while len(ticks) > 7:
        ticks = ticks[::2]
    return axes.x_ticks(box, scale, ticks, axes.LABEL_SIZE)


def _number(entries: Sequence[ColoredResult]) -> str:
    """How many networks each entry has: `50`, or `30 to 50`."""
    numbers = [len(entry.result.networks) for entry in entries]
    return " to ".join(f"{n:,}" for n in sorted({min(numbers), max(numbers)}))


def _name(box: Box, words: str) -> Label:
    return Label(box.x + box.width / 2, axes.MARGIN, words, axes.LABEL_SIZE, align="center")
