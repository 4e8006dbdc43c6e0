"""Below a map whose layers have their own axes: their standard deviations on a log axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from weightinit_cli.plots import axes
from weightinit_cli.plots.drawing import BLUE, RULE, Box, Item, Label, polyline
from weightinit_cli.plots.numbers import nice_step

if TYPE_CHECKING:
    from collections.abc import Sequence

STROKE = 1.2
MOST_TICKS = 3


def decade_ticks(stds: Sequence[float | None]) -> list[tuple[float, str]]:
    """Powers of ten around all standard deviations: their logarithms, their labels."""
    logs = [log for log in map(_log, stds) if log is not None]
    if not logs:
        return []
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    step = max(round(nice_step(max(high - low, 1), MOST_TICKS)), 1)
    first = low // step
    last = max(-(-high // step), first + 1)
    return [(float(k * step), f"1e{k * step}") for k in range(first, last + 1)]


def std_strip(box: Box, stds: Sequence[float | None], ticks: list[tuple[float, str]]) -> list[Item]:
    """A line of one step a layer, with gaps where there is nothing to show on a log axis."""
    items: list[Item] = [axes.outline(box)]
    middle = box.y + box.height / 2
    side = axes.MARGIN + axes.LABEL_SIZE
    items.append(Label(side, middle, "std (log)", axes.LABEL_SIZE, upright=True))
    if not ticks:
        return items
    low, high = ticks[0][0], ticks[-1][0]
    places = [(box.y + (log - low) / (high - low) * box.height, text) for log, text in ticks]
    items += [polyline([(box.x, y), (box.right, y)], RULE) for y, _ in places[1:-1]]
    items += axes.side_ticks(box.x, places)
    wide = box.width / len(stds)
    run: list[tuple[float, float]] = []
    for k, log in enumerate([*map(_log, stds), None]):
        if log is not None:
            y = box.y + (log - low) / (high - low) * box.height
            run += [(box.x + k * wide, y), (box.x + (k + 1) * wide, y)]
        elif run:
            items.append(polyline(run, BLUE, STROKE))
            run = []
    return items


def _log(std: float | None) -> float | None:
    return math.log10(std) if std is not None and 0 < std < math.inf else None
