"""The panel of loss curves: bands, raw losses behind, the smoothed ones, where runs end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.plots.engine.drawing import (
    AMBER,
    BLUE,
    INK,
    MUTED,
    RULE,
    Area,
    Box,
    Dots,
    Item,
    polyline,
    tint,
)
from weightinit_cli.plots.engine.logaxis import Point, runs
from weightinit_cli.plots.heading import Key
from weightinit_cli.plots.losses import length, window_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.curves import Axis
    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.plots.engine.numbers import Scale
    from weightinit_cli.plots.losses import LossCurve, Values
    from weightinit_cli.plots.losstable import ColoredResult

Drawn = tuple["ColoredResult", "LossCurve"]

MOST_RAW = 6  # networks whose raw losses are drawn behind the smoothed ones
PALE = 0.18
WIDTH, CROSS = 1.8, 3.5


def loss_keys(drawn: Sequence[Drawn]) -> tuple[Key, ...]:
    """How the curves are smoothed, and what stands behind them."""
    if not drawn:
        return ()
    several = [entry for entry, _ in drawn if len(entry.result.networks) > 1]
    windows = {window_of(length(entry.result)) for entry, _ in drawn}
    mean = "running mean over 1/40 of the steps"
    if len(windows) == 1:
        (window,) = windows
        mean = f"running mean over {window:,} steps" if window > 1 else "loss of each mini-batch"
    color = BLUE if len(drawn) == 1 else MUTED
    keys = [Key(f"median of the networks, {mean}" if several else mean, color)]
    if several:
        keys.append(Key("80 % of the networks (quantiles 10 % to 90 %)", tint(color), band=True))
    elif windows != {1} and len(drawn) <= MOST_RAW:
        keys.append(Key("mini-batches", tint(color, PALE), band=True))
    return tuple(keys)


def curve_items(
    box: Box, drawn: Sequence[Drawn], axis: Axis, across: Scale, guess: float | None
) -> list[Item]:
    """All curves; behind them the bands, the rules and the line of guessing."""
    items: list[Item] = []

    def points(steps: Values, values: Values) -> list[Point | None]:
        xs = (box.x + across.position(step) * box.width for step in steps.tolist())
        return [_point(x, value, axis, box) for x, value in zip(xs, values.tolist(), strict=True)]

    for entry, curve in reversed(drawn):
        if curve.raw is not None and len(drawn) <= MOST_RAW and len(curve.steps) > 1:
            steps, low, high = curve.raw
            items += _between(points(steps, low), points(steps, high), tint(entry.color, PALE))
        if curve.low is not None and curve.high is not None:
            low_points = points(curve.steps, curve.low)
            items += _between(low_points, points(curve.steps, curve.high), tint(entry.color))
    heights = [box.y + axis.part(at) * box.height for at, _ in axis.ticks]
    items += [polyline([(box.x, y), (box.right, y)], RULE) for y in heights if y > box.y]
    level = axis.place(guess, box) if guess is not None else None
    if level is not None:
        items.append(polyline([(box.x, level), (box.right, level)], AMBER, 2.4))
    for entry, curve in reversed(drawn):
        stretches = list(runs(points(curve.steps, curve.middle)))
        for run in stretches:
            line = polyline(run, entry.color, WIDTH)
            items.append(line if run[1:] else Dots(np.array(run), entry.color, 2.2))
        if stretches and any(each.diverged is not None for each in entry.result.networks):
            items += _ends(entry, curve, stretches[-1][-1])
    return items


def _ends(entry: ColoredResult, curve: LossCurve, last: Point) -> list[Item]:
    """A cross where the curve of a run that diverged ends."""
    single = len(entry.result.networks) == 1
    if not single and np.isfinite(curve.middle[-1]):
        return []
    x, y = last
    return [
        polyline([(x - CROSS, y - sign * CROSS), (x + CROSS, y + sign * CROSS)], INK, 1.6)
        for sign in (-1, 1)
    ]


def _point(x: float, value: float, axis: Axis, box: Box) -> Point | None:
    if np.isnan(value):
        return None
    y = box.top if np.isinf(value) else axis.place(value, box)
    return (x, box.y if y is None else min(max(y, box.y), box.top))


def _between(low: Sequence[Point | None], high: Sequence[Point | None], color: Color) -> list[Item]:
    """The area between two curves."""
    pairs = [(a, b) for a, b in zip(low, high, strict=True) if a is not None and b is not None]
    if len(pairs) < 2:
        return []
    outline = [*(b for _, b in pairs), *(a for a, _ in reversed(pairs))]
    return [Area(np.array(outline), color)]
