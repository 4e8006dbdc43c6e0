"""The curve below a map whose layers have their own axes: their standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.drawing import BLUE, RULE, Box, Item, polyline
from weightinit_cli.plots.engine.logaxis import log_of, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

STROKE = 2.5


def std_curve(box: Box, stds: Sequence[float | None], ticks: list[tuple[float, str]]) -> list[Item]:
    """Standard deviations on a log axis, a step a layer, with gaps where a layer has none."""
    items: list[Item] = [axes.outline(box), axes.side_label(box, "std (log)")]
    if not ticks:
        return items
    low, high = ticks[0][0], ticks[-1][0]
    places = [(box.y + (log - low) / (high - low) * box.height, text) for log, text in ticks]
    items += [polyline([(box.x, y), (box.right, y)], RULE) for y, _ in places[1:-1]]
    items += axes.side_ticks(box.x, places)
    wide = box.width / len(stds)
    points: list[tuple[float, float] | None] = []
    for k, log in enumerate(map(log_of, stds)):
        if log is None:
            points.append(None)
        else:
            y = box.y + (log - low) / (high - low) * box.height
            points += [(box.x + k * wide, y), (box.x + (k + 1) * wide, y)]
    return items + [polyline(run, BLUE, STROKE) for run in runs(points)]
