"""Figures against depth: standard deviations, saturation and gradient, panel below panel."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple

from weightinit_cli.plots import axes, figures
from weightinit_cli.plots.curves import Axis, axis_for, curves, direct_labels
from weightinit_cli.plots.depthcurve import ABSENT, DepthCurve, depth_curve, layer_words
from weightinit_cli.plots.engine.drawing import (
    BLUE,
    GREEN,
    ORANGE,
    RULE,
    Box,
    Drawing,
    Item,
    Label,
    Panel,
    polyline,
    tint,
)
from weightinit_cli.plots.engine.fonts import elide, width_of
from weightinit_cli.plots.heading import THEORY, Key, heading
from weightinit_cli.plots.labels import NOTE_LINE, NOTE_SIZE
from weightinit_cli.results.figures import charts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.results.model import Result

WIDTH = 660.0
GAP = 12.0
LABEL_GAP = 7.0
DECADES = 10

COLOURS = (BLUE, GREEN, ORANGE)
HEIGHT = 104.0
HEIGHTS = {"saturated": 58.0, "gradient, rms": 128.0}


class DepthChart(NamedTuple):
    """One of the panels: its curves over a common axis."""

    words: str
    curves: tuple[DepthCurve, ...]
    axis: Axis
    height: float

    @property
    def notes(self) -> list[str]:
        """What the curves cannot show, for all curves of which the same is true at once."""
        pairs = [(gap, each.words) for each in self.curves for gap in _missing(each, self.axis)]
        notes = dict.fromkeys(gap for gap, _ in pairs)
        return [f"{', '.join(words for s, words in pairs if s == gap)}: {gap}" for gap in notes]


def profile(result: Result) -> Drawing:
    """The drawing: heading, and each of the charts that has a curve."""
    charts = _charts(result)
    ticks = [text for chart in charts for _, text in chart.axis.ticks]
    words = [each.words for chart in charts for each in chart.curves]
    left = axes.MARGIN + axes.LABEL_SIZE + 6 + axes.widest(ticks) + axes.TICK + 2
    right = LABEL_GAP + max((width_of(text, NOTE_SIZE) for text in words), default=0) + axes.MARGIN
    head = heading(result, WIDTH - 2 * axes.MARGIN, _keys(result, charts))
    width = WIDTH - left - right
    y = axes.BENEATH
    items: list[Item] = []
    panels: list[Panel] = []
    number = len(result.layers)
    for chart in reversed(charts):
        box = Box(left, y, width, chart.height)
        items += axes.layer_axis(box, number) if not panels else []
        items += _chart(box, chart, WIDTH - left - axes.MARGIN)
        limits = (chart.axis.low, chart.axis.high)
        panels.insert(0, Panel(chart.words, box, (0.5, number + 0.5), limits))
        y = box.top + GAP + NOTE_LINE * len(chart.notes)
    height = y + head.height
    return Drawing(WIDTH, height, (*head.items(height), *items), tuple(panels))


def _charts(result: Result) -> list[DepthChart]:
    """The panels that some figure has a curve in."""
    found = []
    dtype = figures.dtype(result)
    for words, rows in charts().items():
        every = (
            depth_curve(result.layers, path, row.curve, color, dtype)
            for (path, row), color in zip(rows.items(), cycle(COLOURS), strict=False)
        )
        some = tuple(each for each in every if each is not None)
        if some:
            known = [value for each in some for value in each.known]
            axis = axis_for(next(iter(rows.values())).unit, known, DECADES)
            found.append(DepthChart(axis.named(words), some, axis, HEIGHTS.get(words, HEIGHT)))
    return found


def _keys(result: Result, charts: Sequence[DepthChart]) -> tuple[Key, ...]:
    every = [each for chart in charts for each in chart.curves]
    keys = []
    if any(value is not None for each in every for value in each.predicted):
        keys.append(THEORY)
    if any(value is not None for each in every for value in each.low):
        words = f"mean ± standard deviation over {figures.seeds(result)} seeds"
        keys.append(Key(words, tint(BLUE), band=True))
    return tuple(keys)


def _chart(box: Box, chart: DepthChart, room: float) -> list[Item]:
    places = [(box.y + chart.axis.part(at) * box.height, text) for at, text in chart.axis.ticks]
    rules = [polyline([(box.x, y), (box.right, y)], RULE) for y, _ in places[1:]]
    items = [*curves(box, chart.curves, chart.axis, rules), *axes.frame(box)]
    items += [*axes.side_ticks(box.x, places), axes.side_label(box, chart.words)]
    items += direct_labels(box, chart.curves, chart.axis, LABEL_GAP)
    for k, note in enumerate(reversed(chart.notes)):
        text = elide(note, NOTE_SIZE, room)
        items.append(Label(box.x, box.top + 4 + k * NOTE_LINE, text, NOTE_SIZE, ORANGE))
    return items


def _missing(each: DepthCurve, axis: Axis) -> list[str]:
    """Zeros on a log axis, and why layers have no figure, or one of finite values alone."""
    notes = [f"exactly zero in {layer_words(each.zeros)}"] if each.zeros and axis.log else []
    for reason in dict.fromkeys(filter(None, each.gaps)):
        layers = [layer for layer, gap in enumerate(each.gaps, 1) if gap == reason]
        whole = reason != ABSENT and len(layers) == len(each.gaps)
        notes.append(f"{reason} in {'all layers' if whole else layer_words(layers)}")
    return [*notes, each.partial] if each.partial else notes
