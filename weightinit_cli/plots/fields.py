"""The figures that maps show, as colours: what they are, how they are coloured, their scales."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.engine.colors import as_bytes, diverging, palette
from weightinit_cli.plots.engine.drawing import INK, WHITE, Align, Box, Cells, Item, Label, polyline
from weightinit_cli.plots.engine.fonts import elide
from weightinit_cli.plots.engine.logaxis import log_of, power_label
from weightinit_cli.results.comparison import RATIO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from weightinit_cli.plots.engine.drawing import Color
    from weightinit_cli.results.comparison import ComparedRun

NOTHING: Color = (0.78, 0.78, 0.78)
UNRESOLVED: Color = (0.6, 0.6, 0.6)
FEWEST, MOST = 1, 4  # decades of a scale
STEPS = 128


class Field(NamedTuple):
    """A figure of a run; which level from 0 to 1 a value has; the colours, and their ticks.

    `paths` are those that the figure is made of.
    """

    words: str
    paths: tuple[str, ...]
    value: Callable[[ComparedRun], float | None]
    level: Callable[[float], float]
    colors: Callable[[NDArray[np.float64]], NDArray[np.uint8]]
    ticks: tuple[tuple[float, str], ...]

    def unresolved(self, run: ComparedRun) -> bool:
        """Whether the run has no value because its dtype cannot tell it."""
        return self.value(run) is None and run.cannot_tell(*self.paths)


def fields(runs: Sequence[ComparedRun]) -> list[Field]:
    """The figures that some run has, or would have if its dtype could tell."""
    found = [_distinct(runs), _saturation(), _gradient(runs)]
    return [
        each
        for each in found
        if any(each.value(run) is not None or each.unresolved(run) for run in runs)
    ]


def _signal(run: ComparedRun) -> float | None:
    across, std = run.last("std_across_inputs"), run.last("std")
    return across / std if across is not None and std else None


def _saturated(run: ComparedRun) -> float | None:
    low, high = run.last("saturation.low"), run.last("saturation.high")
    return None if low is None or high is None else low + high


def _distinct(runs: Sequence[ComparedRun]) -> Field:
    """In decades up to 1, which is where all of the spread is from input to input."""
    values = [value for run in runs if (value := _signal(run)) is not None]
    logs = [log for log in map(log_of, values) if log is not None]
    least = math.floor(min(logs, default=0.0) + 1e-9)
    low = -min(max(-least, FEWEST), MOST)
    beyond = "≤ " if min(values, default=1.0) < 10.0**low * (1 - 1e-9) else ""

    def level(value: float) -> float:
        log = log_of(value)
        return 0.0 if log is None else min(max(1 - log / low, 0.0), 1.0)

    ticks = tuple(
        (1 - k / low, f"{beyond if k == low else ''}{100 * 10.0**k:g} %") for k in range(low, 1)
    )
    paths = "std_across_inputs", "std"
    return Field("std across inputs / std, last layer", paths, _signal, level, palette, ticks)


def _saturation() -> Field:
    ticks = tuple((k / 4, f"{25 * k} %" if k else "0") for k in range(5))
    paths = "saturation.low", "saturation.high"
    return Field("saturated, last layer", paths, _saturated, _share, palette, ticks)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _gradient(runs: Sequence[ComparedRun]) -> Field:
    """In decades around 1, where the gradient's power stays as it is."""
    values = [run.gradient for run in runs if run.gradient is not None]
    logs = [log for log in map(log_of, values) if log is not None]
    reach = min(max(math.ceil(max(map(abs, logs), default=0.0) - 1e-9), FEWEST), MOST)
    low = "≤ " if any(value < 10.0**-reach for value in values) else ""
    high = "≥ " if any(value > 10.0**reach for value in values) else ""

    def level(value: float) -> float:
        log = -reach if value <= 0 else log_of(value)
        return 1.0 if log is None else min(max(0.5 + log / reach / 2, 0.0), 1.0)

    step = 2 if reach > 2 else 1
    ticks = tuple(
        (
            0.5 + k / reach / 2,
            {-reach: low, reach: high}.get(k, "") + (power_label(k) if k else "1"),
        )
        for k in range(-reach, reach + 1)
        if k % step == 0 or abs(k) == reach
    )
    words = "gradient's total power, × a layer"
    return Field(words, (RATIO,), lambda run: run.gradient, level, diverging, ticks)


def colored(field: Field, runs: Sequence[Sequence[ComparedRun | None]]) -> NDArray[np.uint8]:
    """The cells, rows as given: white where no run is, grey where it has no such figure.

    Dark grey where its dtype cannot tell it.
    """
    values = [[None if run is None else field.value(run) for run in row] for row in runs]
    levels = [[0.0 if value is None else field.level(value) for value in row] for row in values]
    rgb = field.colors(np.array(levels, dtype=np.float64))
    rgb[np.array([[value is None for value in row] for row in values])] = as_bytes(NOTHING)
    lost = [[run is not None and field.unresolved(run) for run in row] for row in runs]
    rgb[np.array(lost)] = as_bytes(UNRESOLVED)
    rgb[np.array([[run is None for run in row] for row in runs])] = as_bytes(WHITE)
    return rgb


def bar_items(box: Box, field: Field) -> list[Item]:
    """The colours from left to right with ticks below and the figure's name above."""
    cells = field.colors(np.linspace(0.0, 1.0, STEPS))[None, :, :]
    name = elide(field.words, axes.LABEL_SIZE, box.width + 8)
    items: list[Item] = [
        Cells(box, cells),
        axes.outline(box),
        Label(box.x, box.top + 6, name, axes.LABEL_SIZE),
    ]
    for part, text in field.ticks:
        x = box.x + part * box.width
        items.append(polyline([(x, box.y), (x, box.y - axes.TICK)], INK, axes.FRAME))
        y = box.y - axes.TICK - 1 - axes.TICK_SIZE
        align: Align = "left" if part == 0 else "right" if part == 1 else "center"
        items.append(Label(x, y, text, axes.TICK_SIZE, align=align))
    return items
