"""Curves below the map of a symmetric start: the loss, and how many directions weights span."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots import axes
from weightinit_cli.plots.bars import said_inside
from weightinit_cli.plots.curves import RADIUS, Axis, linear_axis, spaced
from weightinit_cli.plots.engine.colors import palette
from weightinit_cli.plots.engine.drawing import (
    AMBER,
    BLUE,
    MUTED,
    ORANGE,
    RULE,
    Box,
    Color,
    Dots,
    Item,
    Label,
    polyline,
)
from weightinit_cli.plots.engine.logaxis import runs
from weightinit_cli.plots.labels import NOTE_LINE, NOTE_SIZE
from weightinit_cli.plots.lossaxis import log_ticks, loss_axis
from weightinit_cli.plots.symmetrywords import hidden_words

if TYPE_CHECKING:
    from weightinit_cli.plots.stepmap import StepMap
    from weightinit_cli.results.symmetry import SymmetryResult

LOSS_HEIGHT, PARTICIPATION_HEIGHT = 84.0, 96.0
LABEL_GAP = 7.0
LOG_FROM = 20  # units from which the participation is shown in decades
PALEST = 0.4
THIN, THICK = 1.8, 3.2
MOST_DOTS = 60
MOST_CURVES = 16


class Curve(NamedTuple):
    """Values from the start on, 0 where nothing was recorded before the first step."""

    values: tuple[float | None, ...]
    words: tuple[str, ...]
    color: Color


class StepChart(NamedTuple):
    """A panel of curves below the map, and a level line that has a name.

    `absent` stands in the panel, where there is nothing to draw.
    """

    words: str
    curves: tuple[Curve, ...]
    axis: Axis
    height: float
    level: tuple[float, tuple[str, ...]] | None = None
    absent: str = ""


def loss_chart(result: SymmetryResult) -> StepChart:
    """After each step, with the best that a constant output reaches."""
    values = (result.start_loss, *result.loss)
    axis = loss_axis((*values, result.base_entropy))
    curve = Curve(values, (), BLUE)
    level = (result.base_entropy, ("entropy of", "the labels"))
    return StepChart(axis.named("loss"), (curve,), axis, LOSS_HEIGHT, level)


def participation_charts(result: SymmetryResult) -> list[StepChart]:
    """Of the hidden layers; those that are always alike share a curve."""
    hidden = result.layers[:-1]
    if not hidden:
        return []
    alike: dict[tuple[float | None, ...], list[int]] = {}
    for k, layer in enumerate(hidden, 1):
        alike.setdefault((layer.start_participation, *layer.participation), []).append(k)
    if len(alike) > MOST_CURVES:
        keys = list(alike)
        chosen = np.linspace(0, len(keys) - 1, MOST_CURVES).round().astype(int).tolist()
        alike = {keys[k]: alike[keys[k]] for k in chosen}
    levels = palette(np.linspace(1.0, PALEST, len(alike))) / 255
    colors = [(float(r), float(g), float(b)) for r, g, b in levels] if len(alike) > 1 else [BLUE]
    curves = tuple(
        Curve(values, (hidden_words(layers),), color)
        for (values, layers), color in zip(alike.items(), colors, strict=True)
    )
    units = max(layer.units for layer in hidden)
    words = ""
    if all(value is None for values in alike for value in values):
        words = "all hidden weights are zero"
        words += " or not finite" if result.diverged is not None else ""
    axis = _from_one(units)
    return [StepChart("participation ratio", curves, axis, PARTICIPATION_HEIGHT, absent=words)]


def _from_one(units: int) -> Axis:
    """From 1 to the number of units, with room for a line at either end."""
    if units >= LOG_FROM:
        top = math.log10(units)
        return Axis(-0.04 * top, 1.04 * top, log=True, ticks=log_ticks(0.0, top))
    if units == 1:
        return Axis(0.5, 1.5, log=False, ticks=((1.0, "1"),))
    ticks = [(at, text) for at, text in linear_axis([float(units)]).ticks if 1 < at <= units]
    whole = [(at, text) for at, text in ticks if at == int(at)]
    air = 0.04 * (units - 1)
    return Axis(1 - air, units + air, log=False, ticks=((1.0, "1"), *whole))


def chart_items(box: Box, chart: StepChart, shown: StepMap) -> list[Item]:
    """The curves over the map's steps, their names at the right, a line where the run diverged."""
    places = [(box.y + chart.axis.part(at) * box.height, text) for at, text in chart.axis.ticks]
    items: list[Item] = [polyline([(box.x, y), (box.right, y)], RULE) for y, _ in places]
    if chart.level is not None:
        y = _height(chart.level[0], chart.axis, box)
        if y is not None:
            items.append(polyline([(box.x, y), (box.right, y)], AMBER, THICK))
    across = shown.across(box, (0, *shown.result.steps))
    for curve in reversed(chart.curves):
        heights = [_height(value, chart.axis, box) for value in curve.values]
        points = [None if y is None else (x, y) for x, y in zip(across, heights, strict=True)]
        for run in runs(points):
            if run[1:]:
                items.append(polyline(run, curve.color, THIN))
            items.append(
                Dots(np.array(run if len(points) < MOST_DOTS else run[:1]), curve.color, RADIUS)
            )
    if shown.result.diverged is not None:
        x = across[-1]
        items.append(polyline([(x, box.y), (x, box.top)], ORANGE, 1.25))
    if chart.absent:
        items.append(said_inside(box, chart.absent, MUTED))
    items += [*axes.frame(box), *axes.side_ticks(box.x, places), axes.side_label(box, chart.words)]
    return [*items, *_names(box, chart)]


def _height(value: float | None, axis: Axis, box: Box) -> float | None:
    y = axis.place(value, box)
    return None if y is None else min(max(y, box.y), box.top)


def named(chart: StepChart) -> list[tuple[float, tuple[str, ...], Color]]:
    """What is named beside a chart: a value, its name in lines, the colour."""
    found: list[tuple[float, tuple[str, ...], Color]] = []
    for curve in chart.curves:
        last = next((value for value in reversed(curve.values) if value is not None), None)
        if last is not None and curve.words:
            found.append((last, curve.words, curve.color))
    if chart.level is not None:
        found.append((*chart.level, MUTED))
    return found


def _names(box: Box, chart: StepChart) -> list[Item]:
    most = int(box.height // NOTE_LINE)
    lines = [
        (y - k * NOTE_LINE + (len(words) - 1) * NOTE_LINE / 2, text, color)
        for value, words, color in named(chart)
        if (y := _height(value, chart.axis, box)) is not None
        for k, text in enumerate(words)
    ]
    if len(lines) > most:
        lines = [lines[round(k * (len(lines) - 1) / (most - 1))] for k in range(most)]
    lines.sort(key=lambda line: -line[0])
    heights = spaced([y for y, _, _ in lines], box.y + 3, box.top - 3)
    return [
        Label(box.right + LABEL_GAP, y - 0.36 * NOTE_SIZE, text, NOTE_SIZE, color)
        for y, (_, text, color) in zip(heights, lines, strict=True)
    ]
