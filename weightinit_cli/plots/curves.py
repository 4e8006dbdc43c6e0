"""Curves of many runs over depth as data: of which figures, how each looks, over which axis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from weightinit_cli.plots.choice import MOST_CURVES
from weightinit_cli.plots.depth import axis_for
from weightinit_cli.plots.engine.colors import HUES, palette_of_lines
from weightinit_cli.plots.varied import at, in_words, key
from weightinit_cli.results.comparison import VARIANT
from weightinit_cli.results.figures import FIGURES, charts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.choice import Curves
    from weightinit_cli.plots.engine.drawing import Color, Shape
    from weightinit_cli.plots.engine.page import Array, Axis
    from weightinit_cli.plots.varied import VariedAxis
    from weightinit_cli.results.comparison import ComparedRun
    from weightinit_cli.results.figures import Unit

HEIGHT = 96.0
HEIGHTS = {"saturated": 58.0, "gradient δ, rms": 110.0}
FEWEST_DECADES = 2
MOST_DECADES = 8  # of an axis, unless half of the values need more
AIR = 1  # decades, on both sides of these
MOST_LISTED = 24  # numbers; more are a scale of colours
MARKERS: tuple[Shape, ...] = ("disc", "square", "triangle", "diamond", "cross")
SAME = 1.5  # points between curves that cover each other

Group = list[int]


class Shown(NamedTuple):
    """One value of what was varied, its words, and what its curves look like."""

    value: Any
    words: str
    color: Color
    marker: Shape


class ComparedFigure(NamedTuple):
    """What a row of panels shows, and of which unit.

    Of several paths, as of the shares in both flat ends, the sum is shown where all are known.
    """

    words: str
    paths: tuple[str, ...]
    unit: Unit

    @property
    def height(self) -> float:
        """The height of its panels in points."""
        return HEIGHTS.get(self.words, HEIGHT)

    def values(self, run: ComparedRun) -> Array:
        """The figure's value in every layer of a run, nan where it has none."""
        found: Array = np.sum([run.figures[path] for path in self.paths], axis=0)
        return found

    def unresolved(self, run: ComparedRun) -> bool:
        """Whether a run's dtype cannot tell the figure in some layer."""
        return run.cannot_tell(*self.paths)


class Curve(NamedTuple):
    """A figure over depth of one run, which may have no value of it."""

    shown: Shown
    run: ComparedRun
    values: Array

    @property
    def known(self) -> Array:
        """The values that exist."""
        return self.values[~np.isnan(self.values)]

    @property
    def logs(self) -> Array:
        """The logarithms of the values that a log axis can show."""
        return np.log10(self.values[(self.values > 0) & (self.values < np.inf)])


class Column(NamedTuple):
    """The runs of one value of what has a column each, or all of them, and what each looks like.

    Its title says the path where it is the first one, its name always.
    """

    name: str
    title: str
    runs: tuple[tuple[Shown, ComparedRun], ...]


class FigureRow(NamedTuple):
    """One figure's row of panels: the curves of each column, over one axis."""

    figure: ComparedFigure
    curves: list[list[Curve]]
    axis: Axis

    def groups(self, column: int) -> list[Group]:
        """Which of a column's curves cover each other as they are drawn, those that are seen."""
        return _coinciding(self.curves[column], self.axis, self.figure.height)


def shown_values(axis: VariedAxis) -> list[Shown]:
    """The values, at most `MOST_CURVES` evenly chosen: names in hues, numbers in a scale's order.

    A few numbers are as far apart in the scale as can be; many are where a bar shows them.
    """
    number, most = len(axis.values), MOST_CURVES
    chosen = [round(k * (number - 1) / (most - 1)) for k in range(most)]
    if number <= most:
        chosen = list(range(number))
    if not axis.numeric:
        looks = [(HUES[n % len(HUES)], MARKERS[n // len(HUES)]) for n in range(len(chosen))]
        named = zip((axis.values[k] for k in chosen), looks, strict=True)
        return [Shown(value, in_words(value), *look) for value, look in named]
    axis = axis.ordered()
    parts = np.linspace(0.0, 1.0, number) if is_listed(axis) else np.array(axis.parts())
    colors = [tuple(color) for color in (palette_of_lines(parts) / 255).tolist()]
    return [Shown(axis.values[k], in_words(axis.values[k]), colors[k], "disc") for k in chosen]


def is_listed(axis: VariedAxis) -> bool:
    """Whether each value has a line of the legend, which else is a scale of colours."""
    return not axis.numeric or len(axis.values) <= MOST_LISTED


def columns_of(runs: Sequence[ComparedRun], every: Sequence[Shown], layout: Curves) -> list[Column]:
    """The runs of the shown values, in a column for each value of the layout's."""
    color, column = layout
    found = at(runs, [axis for axis in (column, color) if axis is not None])
    if column is None:
        pairs = [(shown, found.get((key(shown.value),))) for shown in every]
        return [Column("", "", tuple((shown, run) for shown, run in pairs if run is not None))]
    columns: list[Column] = []
    for value, words in zip(column.values, column.words, strict=True):
        pairs = [(shown, found.get((key(value), key(shown.value)))) for shown in every]
        name = words if column.path == VARIANT else f"{column.title}: {words}"
        own = tuple((shown, run) for shown, run in pairs if run is not None)
        columns.append(Column(name, words if columns else name, own))
    return columns


def compared_figures() -> list[ComparedFigure]:
    """The figures that have a row of panels."""
    found = []
    for rows in charts(FIGURES).values():
        panels = {row.panel: row for row in rows.values() if row.panel}
        for words, row in panels.items():
            paths = tuple(path for path, each in rows.items() if each.panel == words)
            found.append(ComparedFigure(words, paths, row.unit))
    return found


def figure_rows(columns: Sequence[Column]) -> list[FigureRow]:
    """The rows of the figures that some run has, or would have if its dtype could tell."""
    rows = []
    for figure in compared_figures():
        curves = [
            [Curve(shown, run, figure.values(run)) for shown, run in column.runs]
            for column in columns
        ]
        every = [curve for own in curves for curve in own]
        if any(len(curve.known) or figure.unresolved(curve.run) for curve in every):
            values = np.concatenate([curve.known for curve in every]).tolist()
            axis = axis_for(figure.unit, figure.words, values, FEWEST_DECADES)
            rows.append(FigureRow(figure, curves, _followed(axis, every)))
    return rows


def _followed(axis: Axis, curves: Sequence[Curve]) -> Axis:
    """The axis, or of one that is too long the shortest part in which half of all values lie.

    Else a few curves that run away over many decades would leave no room to tell the others apart.
    """
    if not axis.log or axis.high - axis.low <= MOST_DECADES or len(curves) == 1:
        return axis
    logs = np.sort(np.concatenate([each.logs for each in curves]))
    half = len(logs) // 2
    first = int(np.argmin(logs[half:] - logs[: len(logs) - half]))
    low = max(float(np.floor(logs[first])) - AIR, axis.low)
    high = min(float(np.ceil(logs[first + half])) + AIR, axis.high)
    missing = max(MOST_DECADES - (high - low), 0.0)
    above = min(axis.high - high, missing // 2)
    below = min(low - axis.low, missing - above)
    above = min(axis.high - high, missing - below)
    return replace(axis, low=low - below, high=high + above)


def _coinciding(curves: Sequence[Curve], axis: Axis, height: float) -> list[Group]:
    """The curves that are seen, those together that are nearly equal in all layers."""
    longest = max((len(each.values) for each in curves), default=0)
    values = np.full((len(curves), longest), np.nan)
    for k, each in enumerate(curves):
        values[k, : len(each.values)] = each.values
    places = height * axis.parts(values)
    gaps = ~((places >= 0) & (places <= height))
    places[gaps] = np.nan
    left = [k for k in range(len(curves)) if not gaps[k].all()]
    groups = []
    while left:
        first = left[0]
        near = np.abs(places[left] - places[first]) < SAME
        both = gaps[left] & gaps[first]
        same = (near | both).all(axis=1)
        groups.append([k for k, one in zip(left, same, strict=True) if one])
        left = [k for k, one in zip(left, same, strict=True) if not one]
    return groups
