"""Figures against depth: standard deviations, saturation and gradient, panel below panel."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightinit_cli.plots import figures
from weightinit_cli.plots.engine.drawing import AMBER, BLUE, GREEN, MUTED, ORANGE, Color
from weightinit_cli.plots.engine.page import Band, Key, Line, Mark, Page, Panel, Row, array
from weightinit_cli.plots.engine.scales import decades, fitting, layers_axis, shares
from weightinit_cli.plots.engine.stripes import stripes
from weightinit_cli.plots.words import THEORY, run_heading
from weightinit_cli.results.figures import charts, resolved
from weightinit_cli.results.histogram import told
from weightinit_cli.results.words import finite, is_partial, layer_words, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.page import Array, Axis
    from weightinit_cli.results.figures import Figure, Unit
    from weightinit_cli.results.model import LayerStatistics, Result

ABSENT, NOT_FLAT = "no finite value", "no such end"
DECADES = 10
VIOLET: Color = (0.36, 0.24, 1.0)
COLORS = (BLUE, GREEN, ORANGE, VIOLET)
HEIGHT = 104.0
HEIGHTS = {"saturated": 58.0, "gradient, rms": 128.0}
MOST_DOTS = 60
RADIUS, RIM = 1.7, 0.9
SAME = 0.5  # of the layers
WIDTH, THEORY_WIDTH, THIN = 1.8, 3.8, 0.7
LOW, MIDDLE, HIGH = "0.05", "0.5", "0.95"

Values = tuple[float | None, ...]


class DepthCurve(NamedTuple):
    """One figure of every layer: measured, over the seeds where there are several, predicted.

    `values` are of the only seed, or the medians; `low` and `high` are the quantiles 0.05 and 0.95
    of many seeds, `seeds` the curves of a few. `gaps` says why a layer has no value, and nothing
    where it has one; `zeros` has the layers in which the figure is 0 and of all values; `partial`
    says in which layers it is of the finite values alone.
    """

    words: str
    color: Color
    values: Values
    predicted: Values = ()
    low: Values = ()
    high: Values = ()
    seeds: tuple[Values, ...] = ()
    gaps: tuple[str, ...] = ()
    zeros: tuple[int, ...] = ()
    partial: str = ""

    @property
    def shown(self) -> list[float]:
        """All values for which the axis has room."""
        every = (self.values, self.predicted, self.low, self.high, *self.seeds)
        return [value for values in every for value in values if value is not None]

    def end(self, axis: Axis) -> float | None:
        """Where the curve ends on an axis, for its name; without one where theory's ends."""
        for values in (self.values, self.predicted):
            known = [value for value in values if value is not None and (value or not axis.log)]
            if known:
                return known[-1]
        return None

    def behind(self) -> list[Mark]:
        """What stands behind the curve itself: theory's line, and on it the seeds."""
        layers = np.arange(1.0, len(self.values) + 1)
        marks: list[Mark] = []
        if any(value is not None for value in self.predicted):
            theory = array(self.predicted)
            marks.append(Line(layers, theory, AMBER, THEORY_WIDTH, words="mean-field theory"))
        if self.low:
            low, high = array(self.low), array(self.high)
            marks.append(Band(layers, low, high, self.color))
            marks += [Line(layers, side, self.color, THIN) for side in (low, high)]
        return marks + [Line(layers, array(seed), self.color, THIN) for seed in self.seeds]

    @property
    def points(self) -> tuple[Array, Array]:
        """The layers, and the curve's value in each."""
        layers: Array = np.arange(1.0, len(self.values) + 1)
        return layers, array(self.values)

    def line(self, dash: tuple[float, ...] = (), rim: float = 0.0) -> Line:
        """The curve itself, its dots larger by a rim where another curve's lie on them."""
        radius = RADIUS + rim if len(self.values) <= MOST_DOTS else 0.0
        return Line(*self.points, self.color, WIDTH, dash, radius, self.words)


def depth_page(result: Result) -> Page:
    """The page: a panel for each of the charts that has a curve."""
    dtype = figures.dtype(result)
    found: list[tuple[list[DepthCurve], Axis, float]] = []
    blocks = "residual" in result.spec
    for words, rows in charts(told(result)).items():
        every = (
            depth_curve(result.layers, path, curve_name(row, blocks=blocks), color, dtype)
            for (path, row), color in zip(rows.items(), cycle(COLORS), strict=False)
        )
        some = [each for each in every if each is not None]
        if some:
            unit = next(iter(rows.values())).unit
            values = [value for each in some for value in each.shown]
            axis = axis_for(unit, words, values, DECADES)
            found.append((some, axis, HEIGHTS.get(words, HEIGHT)))
    layers = layers_axis(len(result.layers))
    rows_of_page = []
    for curves, axis, height in found:
        last = curves is found[-1][0]
        marks = [mark for each in curves for mark in each.behind()]
        marks += _lines(curves[::-1], axis)
        ends = [(each.end(axis), each.words, each.color) for each in curves]
        panel = Panel(
            layers,
            axis,
            tuple(marks),
            notes=tuple((note, ORANGE) for note in curve_notes(curves, axis)),
            align="left",
            beside=tuple((end, *rest) for end, *rest in ends if end is not None),  # type: ignore[misc]
            rules=True,
        )
        caption = layers.name if last else ""
        rows_of_page.append(Row((panel,), height, caption=caption, ticks=last))
    every_curve = [each for curves, _, _ in found for each in curves]
    heading = run_heading(result, curve_keys(result, every_curve))
    nothing = () if found else (("no layer has a finite value", ORANGE),)
    return Page(heading, tuple(rows_of_page), foot=nothing)


def curve_name(row: Figure, *, blocks: bool) -> str:
    """What a figure's curve is called, in residual blocks by what it is of."""
    return row.in_blocks if blocks and row.in_blocks else row.curve


def _lines(curves: Sequence[DepthCurve], axis: Axis) -> list[Line]:
    """The curves in the order they are drawn; those in one place show what lies below them."""
    found = stripes([each.points for each in curves], axis, SAME)
    above = [sum(bool(other.dash) for other in found[k + 1 :]) for k in range(len(found))]
    return [
        each.line(striped.dash, RIM * number)
        for each, striped, number in zip(curves, found, above, strict=True)
    ]


def axis_for(unit: Unit, words: str, values: Sequence[float], least: int) -> Axis:
    """In decades for gradients, at least so many; in percent for shares; else as the values ask."""
    if unit == "gradient":
        return decades(words, values, least)
    return shares(words, values) if unit == "share" else fitting(words, values)


def depth_curve(
    layers: Sequence[LayerStatistics], path: str, words: str, color: Color, dtype: str
) -> DepthCurve | None:
    """The figure at a path over depth; None where no layer has it.

    A gradient that is inf or nan in all layers was measured, and is said to have no finite value.
    """
    values = tuple(_middle(layer, path) for layer in layers)
    gaps = tuple(
        "" if value is not None else _gap(layer, path, dtype)
        for layer, value in zip(layers, values, strict=True)
    )
    overflown = any(
        layer.gradient and layer.gradient.nonfinite
        for layer in layers
        if path.startswith("gradient.")
    )
    if all(gap in (ABSENT, NOT_FLAT) for gap in gaps) and not overflown:
        return None
    zeros = tuple(
        number
        for number, (layer, value) in enumerate(zip(layers, values, strict=True), 1)
        if value == 0 and not is_partial(layer, path)
    )
    seeds = _seeds(layers, path)
    low, high = (_quantiles(layers, path, name) for name in (LOW, HIGH))
    return DepthCurve(
        words,
        color,
        values,
        tuple(figures.predicted(layer, path) for layer in layers),
        () if seeds else low,
        () if seeds else high,
        seeds,
        gaps,
        zeros,
        _partial(layers, path),
    )


def _middle(layer: LayerStatistics, path: str) -> float | None:
    """A layer's figure: of its only seed, or the median of all."""
    over = figures.spread(layer, path)
    if over is None or path in layer.unresolved:
        return resolved(layer, path)
    return over.quantiles[MIDDLE] if over.quantiles else over.mean


def _quantiles(layers: Sequence[LayerStatistics], path: str, name: str) -> Values:
    """One quantile over the seeds in every layer, nothing where there are none."""
    every = [None if path in layer.unresolved else figures.spread(layer, path) for layer in layers]
    found = tuple(over.quantiles[name] if over and over.quantiles else None for over in every)
    return found if any(value is not None for value in found) else ()


def _seeds(layers: Sequence[LayerStatistics], path: str) -> tuple[Values, ...]:
    """The curve of each of a few seeds."""
    every = [None if path in layer.unresolved else figures.spread(layer, path) for layer in layers]
    number = max((len(over.values) for over in every if over and over.values), default=0)
    return tuple(
        tuple(over.values[k] if over and over.values else None for over in every)
        for k in range(number)
    )


def _gap(layer: LayerStatistics, path: str, dtype: str) -> str:
    """Why a layer has no value of the figure at a path."""
    if path not in layer.unresolved:
        return NOT_FLAT if path.startswith("saturation.") and not layer.nonfinite else ABSENT
    where = "lost to" if layer.unresolved[path] is None else "below"
    return f"{where} the resolution of {dtype}"


def _partial(layers: Sequence[LayerStatistics], path: str) -> str:
    """Of which values the figure is: `of 160 to 3,906 finite values in layers 1 to 4`.

    Nothing is said where all values are finite. Of the pre-activations, whose shares are saturated,
    it is not known how many are.
    """
    counts = {}
    for number, layer in enumerate(layers, 1):
        of = values_of(layer, path)
        if of is not None and of.nonfinite and resolved(layer, path) is not None:
            counts[number] = finite(of.histogram)
    if not counts:
        return ""
    least, most = min(counts.values()), max(counts.values())
    number_of = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    if path.startswith("saturation."):
        number_of = "the"
    return f"of {number_of} finite values in {layer_words(list(counts))}"


def curve_notes(curves: Sequence[DepthCurve], axis: Axis) -> list[str]:
    """What the curves cannot show, for all curves of which the same is true at once."""
    pairs = [(gap, each.words) for each in curves for gap in _missing(each, axis)]
    notes = dict.fromkeys(gap for gap, _ in pairs)
    return [f"{', '.join(words for s, words in pairs if s == gap)}: {gap}" for gap in notes]


def _missing(each: DepthCurve, axis: Axis) -> list[str]:
    """Zeros on a log axis, and why layers have no figure, or one of finite values alone."""
    notes = [f"exactly zero in {layer_words(each.zeros)}"] if each.zeros and axis.log else []
    for reason in dict.fromkeys(filter(None, each.gaps)):
        layers = [layer for layer, gap in enumerate(each.gaps, 1) if gap == reason]
        whole = reason != ABSENT and len(layers) == len(each.gaps)
        notes.append(f"{reason} in {'all layers' if whole else layer_words(layers)}")
    return [*notes, each.partial] if each.partial else notes


def curve_keys(result: Result, curves: Sequence[DepthCurve]) -> tuple[Key, ...]:
    """What the curves' lines and bands are."""
    keys = []
    if any(value is not None for each in curves for value in each.predicted):
        keys.append(THEORY)
    number = figures.seeds(result)
    if any(each.low for each in curves):
        words = f"median over {number} seeds, quantiles 0.05 to 0.95"
        keys.append(Key(words, BLUE, band=True))
    elif any(each.seeds for each in curves):
        keys.append(Key(f"median over {number} seeds, thin: each seed", MUTED))
    return tuple(keys)
