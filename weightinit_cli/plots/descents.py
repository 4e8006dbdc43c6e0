"""Descents over their steps: the axis, losses, curves that hide others, many runs together."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from weightinit_cli.numerals import two_digits
from weightinit_cli.plots.engine.colors import HUES, as_bytes, palette
from weightinit_cli.plots.engine.drawing import AMBER, MUTED, ORANGE, WHITE, Color
from weightinit_cli.plots.engine.fonts import drawable
from weightinit_cli.plots.engine.numbers import power_label
from weightinit_cli.plots.engine.page import (
    Axis,
    Cells,
    Entry,
    Key,
    Legend,
    Level,
    Line,
    Mark,
    Page,
    Panel,
    Row,
    array,
)
from weightinit_cli.plots.engine.scales import close, layers_axis
from weightinit_cli.plots.engine.stripes import stripes
from weightinit_cli.plots.varied import in_words
from weightinit_cli.plots.words import runs_heading
from weightinit_cli.results.comparison import VARIANT, shared_parts
from weightinit_cli.results.symmetry import divergence
from weightinit_cli.results.words import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightinit_cli.plots.engine.page import Array
    from weightinit_cli.results.comparison import DescentRun
    from weightinit_cli.results.symmetry import SymmetryResult

MOST_LINEAR = 20  # steps that stand on a linear axis
FINE = 200  # steps up to which 2 and 5 have ticks
AXIS_END = 1.02  # of the last step, where the axis is logarithmic
STEP = "step (0: before the first)"
ROW, HIGHEST, LOSSES_HEIGHT = 19.0, 190.0, 150.0
STILL: Color = (0.44, 0.44, 0.44)  # others are like a colour of the map to the colour-blind
MOST_DOTS = 30
RADIUS = 1.7
THIN, THICK = 1.8, 3.2
SAME = 0.3  # of the steps: curves that are one in more of them are striped
EXPLODED = 1e3  # times the loss of a constant output
DOTTED = (1.8, 2.4)  # where the hues have come to an end
ENTROPY = Key("labels' entropy: the best loss of a constant output", AMBER)


def descents_page(name: str, runs: Sequence[DescentRun], number: int) -> Page:
    """The page of many runs: their losses, and for each run and layer what became of the units."""
    results = [run.result for run in runs]
    names = [", ".join(in_words(value) for _, value in run.varied) for run in runs]
    across = steps_axis([result.steps[-1] for result in results if result.steps])
    colors = [HUES[k % len(HUES)] for k in range(len(runs))]
    entries = [
        Entry((names[k],), colors[k], _plain(k), second=_ending(result))
        for k, result in enumerate(results)
    ]
    height = min(ROW * len(runs), HIGHEST)
    rows = (
        Row((loss_panel(results, names, colors, across),), LOSSES_HEIGHT, caption=STEP),
        Row(tuple(_maps(results, names)), height, caption="layer (out: the output)", gap=16.0),
    )
    parts = [described(result.spec) for result in results]
    left = [f"drawn: {some_of(len(runs), number)}"] if number > len(runs) else []
    same = len({result.base_entropy for result in results}) == 1
    keys = (ENTROPY,) if same else ()
    heading = runs_heading(name, [*shared_parts(parts[0], parts), *left], keys)
    paths = [path for path, _ in runs[0].varied]
    title = "" if paths == [VARIANT] else drawable(", ".join(paths))
    return Page(heading, rows, legend=Legend(title, tuple(entries)))


def some_of(drawn: int, number: int) -> str:
    """How many runs of all are drawn."""
    return f"{drawn} of {number:,} runs, evenly spread"


def _ending(result: SymmetryResult) -> tuple[str, Color]:
    """How a run has ended, in words."""
    if result.diverged is not None:
        return divergence(result), ORANGE
    last = result.loss[-1]
    return "" if last is None else f"loss {last:.3g}", MUTED


def steps_axis(ends: Sequence[int]) -> Axis:
    """From 0 to the last of these steps: linear where these are few, else logarithmic above 1."""
    last = max(ends, default=1)
    if last <= MOST_LINEAR:
        return Axis(-0.5, last + 0.5, ticks=tuple((float(k), str(k)) for k in range(last + 1)))
    scale = Axis(0.0, 1.0, log=True, zero=True)
    top = math.log10(AXIS_END * last)
    powers = range(math.ceil(top))
    named = [0, *(m * 10**k for k in powers for m in ((1, 2, 5) if last <= FINE else (1,)))]
    low, *ticks = scale.parts([-0.5, *named]).tolist()
    words = (f"{step:,}" if step <= 1e4 else power_label(len(str(step)) - 1) for step in named)
    short = scale.parts([m * 10**k for k in powers for m in range(2, 10)]).tolist()
    return Axis(
        low, top, log=True, zero=True, ticks=tuple(zip(ticks, words, strict=True)),
        short=tuple(at for at in short if at <= top),
    )  # fmt: skip


def loss_panel(
    results: Sequence[SymmetryResult], names: Sequence[str], colors: Sequence[Color], across: Axis
) -> Panel:
    """After each step, with the best that a constant output reaches where all runs share it.

    Of several runs none that explodes squeezes the others.
    """
    curves = [
        (np.array([0.0, *result.steps]), array((result.start_loss, *result.loss)))
        for result in results
    ]
    every = {result.base_entropy for result in results}
    level = every if len(every) == 1 else set()
    losses = [value for _, curve in curves for value in curve[np.isfinite(curve)].tolist()]
    top = EXPLODED * max(every) if len(results) > 1 else math.inf
    shown = [value for value in losses if value <= top]
    notes = []
    if len(shown) < len(losses):
        notes.append(f"losses up to {two_digits(max(losses), 1)} are cut at the upper side")
    y = close("loss", [*level, *shown])
    return Panel(
        across, y,
        (
            *(Level(value, AMBER, THICK, words=ENTROPY.words) for value in level),
            *lines_of(curves, names, colors, y),
            *(divergence_lines(results[0]) if len(results) == 1 else ()),
        ),
        notes=tuple((note, ORANGE) for note in notes), align="left", rules=True,
    )  # fmt: skip


def lines_of(
    curves: Sequence[tuple[Array, Array]], names: Sequence[str], colors: Sequence[Color], y: Axis
) -> list[Line]:
    """Steps and values as lines, with gaps where they would hide those that were drawn before."""
    found = []
    for k, (curve, striped) in enumerate(zip(curves, stripes(curves, y, SAME), strict=True)):
        steps, values = curve
        radius = RADIUS if len(steps) <= MOST_DOTS else 0.0
        dash = striped.dash or _plain(k)
        before = np.cumsum(striped.on) == 0  # stripes begin where all do, else some are hidden
        dashed = np.where(before, np.nan, values) if striped.dash else values
        found.append(Line(steps, dashed, colors[k], THIN, dash, radius, names[k]))
        alone = ~striped.on
        alone[1:] |= ~striped.on[:-1]
        alone[:-1] |= ~striped.on[1:]
        if striped.dash and alone.any():
            found.append(Line(steps, np.where(alone, values, np.nan), colors[k], THIN, _plain(k)))
    return found


def _plain(number: int) -> tuple[float, ...]:
    return DOTTED if number >= len(HUES) else ()


def divergence_lines(result: SymmetryResult) -> list[Mark]:
    """A line where a run diverged."""
    if result.diverged is None or not result.steps:
        return []
    return [Level(float(result.steps[-1]), ORANGE, upright=True)]


def _maps(results: Sequence[SymmetryResult], names: Sequence[str]) -> list[Panel]:
    """How many units differ at the end, and when each layer first moves: a row for each run."""
    number = len(results)
    deepest = max(len(result.layers) for result in results)
    ticks = tuple((float(number - k), words) for k, words in enumerate(names))
    y = Axis(0.5, number + 0.5, ticks=ticks, names=True)
    found = []
    if deepest > 1:
        ends = [_ended(result, deepest - 1) for result in reversed(results)]
        note = "at the end; dark: all"
        found.append(_cells(_layers(deepest - 1), y, ends, "units that differ", note))
        y = replace(y, labelled=False)
    last = max((result.steps[-1] for result in results if result.steps), default=1)
    moved = [_moved(result, deepest, last) for result in reversed(results)]
    x = _layers(deepest)
    ticks = tuple(tick for tick in x.ticks or () if tick[0] < 0.93 * deepest)
    x = replace(x, ticks=(*ticks, (float(deepest), "out")))
    return [*found, _cells(x, y, moved, "first moves in step", "dark: late, grey: never")]


def _layers(number: int) -> Axis:
    return replace(layers_axis(number), name="", names=True, numbers=True)


def _cells(
    x: Axis, y: Axis, rows: Sequence[Sequence[tuple[str, Color]]], title: str, note: str
) -> Panel:
    """A map of words on colours."""
    rgb = np.array([[as_bytes(color) for _, color in row] for row in rows])
    words = tuple(tuple(text for text, _ in row) for row in rows)
    xs, ys = (np.array([axis.low, axis.high]) for axis in (x, y))
    marks: list[Mark] = [Cells(xs, ys, rgb, words=words)]
    marks += [Level(k + 0.5, WHITE) for k in range(1, len(rows))]
    return Panel(x, y, tuple(marks), title, ((note, MUTED),), frame="closed")


def _ended(result: SymmetryResult, layers: int) -> list[tuple[str, Color]]:
    """How many units of each hidden layer differ at the end; nothing of layers there are not."""
    cells = []
    for layer in result.layers[:-1]:
        count = (layer.start_distinct, *layer.distinct_units)[-1]
        part = (count - 1) / (layer.units - 1) if layer.units > 1 else 1.0
        cells.append((f"{count:,}", _shade(part)))
    return [*cells, *[("", WHITE)] * (layers - len(cells))]


def _moved(result: SymmetryResult, layers: int, last: int) -> list[tuple[str, Color]]:
    """In which step each layer first moves, the output in the last column."""
    cells = [
        ("", STILL)
        if layer.first_moved is None
        else (f"{layer.first_moved:,}", _shade(math.log(layer.first_moved) / math.log(last + 1)))
        for layer in result.layers
    ]
    *hidden, output = cells
    return [*hidden, *[("", WHITE)] * (layers - len(cells)), output]


def _shade(level: float) -> Color:
    red, green, blue = (palette(np.array([level]))[0] / 255).tolist()
    return red, green, blue
